"""Frames to messages and back: Phoenix's V2 serializer (phoenix v2_json_serializer.ex).

It must not know what a message means; it checks its form only.
"""

from typing import Final, Protocol

from livestate_nb.codec import dumps, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol.message import Message

_FIELDS: Final = 5


class Serializer(Protocol):
    """Turn frames into messages and messages into frames, for one version of the wire."""

    def decode(self, frame: str | bytes) -> Message:
        """Return the message in a frame.

        Raises:
            ProtocolError: the frame holds none.
        """

    def encode(self, message: Message) -> str | bytes:
        """Return the frame of a message: str for a text frame, bytes for a binary one."""


class SerializerV2:
    """Speak V2: a text frame is the JSON array ``[join_ref, ref, topic, event, payload]``.

    Example:
        >>> serializer = SerializerV2()
        >>> message = serializer.decode('["1","1","todo:all","phx_join",{}]')
        >>> serializer.encode(message)
        '["1","1","todo:all","phx_join",{}]'
    """

    def decode(self, frame: str | bytes) -> Message:
        """Return the message in a text frame; members after the fifth are ignored.

        Args:
            frame: str for a text frame; bytes for a binary one.

        Raises:
            ProtocolError: it is binary, not JSON, or not an array of five or more.
        """
        if not isinstance(frame, str):
            raise ProtocolError("expected a text frame, got a binary one")
        try:
            fields = loads(frame)
        except ValueError as error:
            raise ProtocolError(
                f"expected a JSON array, got a frame that is not JSON: {error}"
            ) from error
        if not isinstance(fields, list):
            raise ProtocolError(f"expected a JSON array, got {_kind(fields)}")
        if len(fields) < _FIELDS:
            raise ProtocolError(
                f"expected [join_ref, ref, topic, event, payload], got {len(fields)} members"
            )
        return Message(*fields[:_FIELDS])

    def encode(self, message: Message) -> str:
        """Return the text frame of a message; a `Raw` payload goes in as it stands."""
        return dumps(message).decode()


def serializer_for(vsn: str) -> Serializer:
    """Return the serializer for the version that a client asks for.

    Args:
        vsn: the connect parameter ``vsn``, such as ``"2.0.0"``.

    Raises:
        ProtocolError: no serializer speaks it. (Phoenix: ``~> 2.0.0`` is V2.)
    """
    major, _, rest = vsn.partition(".")
    minor, dot, patch = rest.partition(".")
    if (major, minor) == ("2", "0") and dot and patch.isascii() and patch.isdigit():
        return SerializerV2()
    raise ProtocolError(f"expected vsn=2.0.0, got vsn={vsn!r}: ask for 2.0.0")


def _kind(value: object) -> str:
    return {dict: "an object", str: "a string", bool: "a boolean", type(None): "null"}.get(
        type(value), "a number"
    )

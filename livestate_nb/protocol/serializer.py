"""Frames to messages and back: Phoenix's serializers, versions 1 and 2 of the wire.

It must not know what a message means; it checks its form only. (Copied behaviour: phoenix
v1_json_serializer.ex and v2_json_serializer.ex.)
"""

import re
from itertools import accumulate, pairwise
from typing import Final, Protocol

from livestate_nb.codec import Json, TooDeep, dumps, is_deeper, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol.message import TOO_DEEP, Message

_FIELDS: Final = 5
_HEAD: Final = re.compile(
    r'\s*+\[(?:\s*+(?:"(?:[^"\\]|\\.)*+"|[^\s,"\[\]{}]++)\s*+,){4}', re.DOTALL
)
"""What stands in front of the payload in a V2 text frame, if none of it is an array or object."""

_PUSH: Final = 0
"""The first byte of a binary frame that pushes an event."""

_HEADER: Final = 5
"""Bytes in front of a client's binary push: its kind, and the lengths of four texts."""

_SERVER_HEADER: Final = 4
"""Bytes in front of a server's binary push, which has no ref."""

_LONGEST: Final = 255
"""Bytes of one text in a binary frame."""


class Serializer(Protocol):
    """Turn frames into messages and messages into frames, for one version of the wire."""

    def decode(self, frame: str | bytes) -> Message:
        """Return the message in a frame.

        Raises:
            ProtocolError: the frame holds none.
        """

    def encode(self, message: Message) -> str | bytes:
        """Return the frame of a message: str for a text frame, bytes for a binary one.

        Raises:
            ProtocolError: this version has no frame for it.
        """


class SerializerV2:
    r"""Speak V2: a text frame is the JSON array ``[join_ref, ref, topic, event, payload]``.

    Payloads that are bytes travel in binary frames, in which each text has at most 255 bytes.

    Args:
        has_binary: whether the way to the client carries binary frames.
        depth: arrays and objects that may be in one another in a payload, and in what stands
            beside it; None for as many as can be read.

    Example:
        >>> serializer = SerializerV2()
        >>> message = serializer.decode('["1","1","todo:all","phx_join",{}]')
        >>> serializer.encode(message)
        '["1","1","todo:all","phx_join",{}]'
        >>> serializer.encode(Message("1", None, "todo:all", "image", b"\x89PNG"))
        b'\x00\x01\x08\x051todo:allimage\x89PNG'
    """

    def __init__(self, *, has_binary: bool = True, depth: int | None = None) -> None:
        self._has_binary = has_binary
        self._depth = depth

    def decode(self, frame: str | bytes) -> Message:
        """Return the message in a frame; members of an array after the fifth are ignored.

        A payload that is nested too deeply comes as `TOO_DEEP`.

        Args:
            frame: str for a text frame; bytes for a binary one, whose payload is bytes and whose
                empty refs are None.

        Raises:
            ProtocolError: it is text but not JSON, or not an array of five or more, or its refs,
                topic or event are nested too deeply; it is binary but no push, or shorter than it
                says, or its texts are not UTF-8.
        """
        if not isinstance(frame, str):
            return _decode_binary(frame)
        try:
            fields = _decode_json(frame, "a JSON array")
        except TooDeep as error:
            head = _HEAD.match(frame)
            if head is None:
                raise ProtocolError(str(error)) from error
            join_ref, ref, topic, event, _ = _decode_json(f"{head[0]}null]", "a JSON array")
            return Message(join_ref, ref, topic, event, TOO_DEEP)
        if not isinstance(fields, list):
            raise ProtocolError(f"expected a JSON array, got {_kind(fields)}")
        if len(fields) < _FIELDS:
            raise ProtocolError(
                f"expected [join_ref, ref, topic, event, payload], got {len(fields)} members"
            )
        return _shallow(Message(*fields[:_FIELDS]), frame, self._depth)

    def encode(self, message: Message) -> str | bytes:
        """Return the frame of a message; a `Raw` payload goes in as it stands.

        Args:
            message: with a payload of bytes a push, else any.

        Raises:
            ProtocolError: the payload is bytes, and the way carries no binary frames or one of
                the texts is too long for them.
        """
        if type(message.payload) is bytes:
            if not self._has_binary:
                raise ProtocolError("long-poll carries no bytes to clients: a WebSocket does")
            return _encode_binary(message)
        return dumps(message).decode()


class SerializerV1:
    """Speak V1: a text frame is a JSON object, without join_ref from the server, never binary.

    Args:
        depth: arrays and objects that may be in one another in a payload, and in what stands
            beside it; None for as many as can be read.

    Example:
        >>> serializer = SerializerV1()
        >>> frame = '{"topic":"todo:all","event":"phx_join","payload":{},"ref":0}'
        >>> serializer.encode(serializer.decode(frame))
        '{"topic":"todo:all","event":"phx_join","payload":{},"ref":0}'
    """

    def __init__(self, *, depth: int | None = None) -> None:
        self._depth = depth

    def decode(self, frame: str | bytes) -> Message:
        """Return the message in a text frame; a client may send its join_ref, most do not.

        A payload that is nested too deeply comes as `TOO_DEEP`.

        Args:
            frame: str for a text frame; bytes for a binary one.

        Raises:
            ProtocolError: it is binary, not JSON, no object, or lacks one of the four keys; or
                its refs, topic or event are nested too deeply.
        """
        if not isinstance(frame, str):
            raise ProtocolError("expected a text frame, got a binary one: vsn=2.0.0 has those")
        try:
            fields = _decode_json(frame, "a JSON object")
        except TooDeep as error:
            raise ProtocolError(str(error)) from error
        if not isinstance(fields, dict):
            raise ProtocolError(f"expected a JSON object, got {_kind(fields)}")
        try:
            message = Message(
                fields.get("join_ref"),
                fields["ref"],
                fields["topic"],
                fields["event"],
                fields["payload"],
            )
        except KeyError as error:
            raise ProtocolError(
                f"expected the keys topic, event, payload and ref, got no {error.args[0]}"
            ) from error
        return _shallow(message, frame, self._depth)

    def encode(self, message: Message) -> str:
        """Return the text frame of a message; a `Raw` payload goes in as it stands.

        Raises:
            ProtocolError: the payload is bytes.
        """
        _, ref, topic, event, payload = message
        if type(payload) is bytes:
            raise ProtocolError("V1 has no binary frames: a client that asks for vsn=2.0.0 does")
        fields = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        return dumps(fields).decode()


def serializer_for(vsn: str, *, has_binary: bool = True, depth: int | None = None) -> Serializer:
    """Return the serializer for the version that a client asks for.

    Args:
        vsn: the connect parameter ``vsn``, such as ``"2.0.0"``.
        has_binary: whether the way to the client carries binary frames.
        depth: arrays and objects that may be in one another in a payload, and in what stands
            beside it; None for as many as can be read.

    Raises:
        ProtocolError: no serializer speaks it. (Phoenix: ``~> 2.0.0`` is V2, ``~> 1.0.0`` V1.)
    """
    major, _, rest = vsn.partition(".")
    minor, dot, patch = rest.partition(".")
    if minor == "0" and dot and patch.isascii() and patch.isdigit():
        if major == "2":
            return SerializerV2(has_binary=has_binary, depth=depth)
        if major == "1":
            return SerializerV1(depth=depth)
    raise ProtocolError(f"expected vsn=2.0.0 or 1.0.0, got vsn={vsn!r}: ask for 2.0.0")


def pushed(frame: bytes) -> Message:
    r"""Return the message in a binary frame of a server: an event that it pushes.

    Raises:
        ProtocolError: it is no such frame.

    Example:
        >>> pushed(b"\x00\x01\x06\x051todo:1image\x89PNG")
        Message(join_ref='1', ref=None, topic='todo:1', event='image', payload=b'\x89PNG')
    """
    (join_ref, topic, event), payload = _texts_of(frame, _SERVER_HEADER)
    return Message(join_ref or None, None, topic, event, payload)


def _shallow(message: Message, frame: str, depth: int | None) -> Message:
    """Return a message of a text frame, without its payload where that is nested too deeply.

    Raises:
        ProtocolError: what stands beside the payload is.
    """
    # counting is quick, and most frames have no more of them at all
    if depth is None or frame.count("[") + frame.count("{") - 1 <= depth:
        return message
    *head, payload = message
    if is_deeper(head, depth + 1):
        raise ProtocolError(
            f"expected at most {depth} arrays and objects in one another in refs, topic and event"
        )
    return message._replace(payload=TOO_DEEP) if is_deeper(payload, depth) else message


def _decode_json(frame: str, expected: str) -> Json:
    try:
        return loads(frame)
    except TooDeep:
        raise
    except ValueError as error:
        raise ProtocolError(
            f"expected {expected}, got a frame that is not JSON: {error}"
        ) from error


def _decode_binary(frame: bytes) -> Message:
    (join_ref, ref, topic, event), payload = _texts_of(frame, _HEADER)
    return Message(join_ref or None, ref or None, topic, event, payload)


def _texts_of(frame: bytes, header: int) -> tuple[list[str], bytes]:
    """Return the texts in a binary push, and what follows them."""
    if len(frame) < header or frame[0] != _PUSH:
        raise ProtocolError("expected a binary frame that pushes an event, got another one")
    ends = list(accumulate(frame[1:header], initial=header))
    if ends[-1] > len(frame):
        raise ProtocolError(f"expected {ends[-1]} bytes and a payload, got {len(frame)} bytes")
    try:
        texts = [frame[start:end].decode() for start, end in pairwise(ends)]
    except UnicodeDecodeError as error:
        raise ProtocolError(f"expected texts in UTF-8 before the payload: {error}") from error
    return texts, frame[ends[-1] :]


def pack(texts: list[bytes], payload: bytes) -> bytes:
    """Return a binary push: the lengths of its texts, the texts and the payload.

    Args:
        texts: join_ref, topic and event; from a client join_ref, ref, topic and event.
        payload: what follows them.

    Raises:
        ProtocolError: a text is too long.
    """
    if max(map(len, texts)) > _LONGEST:
        raise ProtocolError(
            f"expected at most {_LONGEST} bytes each of join_ref, topic and event in a binary "
            f"frame, got {', '.join(str(len(text)) for text in texts)}"
        )
    return b"".join((bytes((_PUSH, *map(len, texts))), *texts, payload))


def _encode_binary(message: Message) -> bytes:
    texts = [
        b"" if text is None else text.encode() if isinstance(text, str) else dumps(text)
        for text in (message.join_ref, message.topic, message.event)
    ]
    return pack(texts, message.payload)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")

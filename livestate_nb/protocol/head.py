"""The head of a frame: what it is about, read without its payload.

For who forwards frames that others understand. It must not know what a message means.
"""

from dataclasses import dataclass
from typing import Final

from livestate_nb.codec import Json, TooDeep, loads, split
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol.serializer import Serializer, SerializerV2

_HEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Head:
    """Hold a message but for its payload.

    Args:
        join_ref: ref of the join that the message belongs to, any JSON value.
        ref: ref of the message, any JSON value.
        topic: the channel's topic; whatever a client put there.
        event: the event's name; whatever a client put there.
    """

    join_ref: Json
    ref: Json
    topic: Json
    event: Json


def head_of(frame: str | bytes, serializer: Serializer) -> Head:
    """Return the head of a frame; the payload of a V2 text frame is looked at by nobody.

    Args:
        frame: str for a text frame, bytes for a binary one.
        serializer: the version of the wire that it is in.

    Raises:
        ProtocolError: the frame holds no message.

    Example:
        >>> head_of('["1","2","todo:all","lvs_evt:add",{"title":"milk"}]', SerializerV2()).topic
        'todo:all'
    """
    if not isinstance(frame, str) or not isinstance(serializer, SerializerV2):
        return Head(*serializer.decode(frame)[:_HEAD])
    try:
        fields = split(frame)
        if len(fields) <= _HEAD:
            raise ProtocolError(
                f"expected [join_ref, ref, topic, event, payload], got {len(fields)} members"
            )
        return Head(*(loads(field) for field in fields[:_HEAD]))
    except TooDeep:
        return Head(*serializer.decode(frame)[:_HEAD])
    except ValueError as error:
        raise ProtocolError(f"expected a JSON array: {error}") from error

"""The head of a frame: what it is about, read without its payload.

For who forwards frames that others understand. It must not know what a message means.
"""

from dataclasses import dataclass

from livestate_nb.codec import Json, loads, split
from livestate_nb.errors import ProtocolError

_HEAD = 4


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


def head_of(frame: str | bytes) -> Head:
    """Return the head of a V2 text frame.

    Raises:
        ProtocolError: it is binary, or no array that begins with a head.

    Example:
        >>> head_of('["1","2","todo:all","lvs_evt:add",{"title":"milk"}]').topic
        'todo:all'
    """
    if not isinstance(frame, str):
        raise ProtocolError("expected a text frame, got a binary one")
    try:
        fields = split(frame)
        if len(fields) <= _HEAD:
            raise ProtocolError(
                f"expected [join_ref, ref, topic, event, payload], got {len(fields)} members"
            )
        return Head(*(loads(field) for field in fields[:_HEAD]))
    except ValueError as error:
        raise ProtocolError(f"expected a JSON array: {error}") from error

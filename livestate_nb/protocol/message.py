"""One message of the wire, and the wire's names, each written once.

It must not know how a message is framed or what a channel does with it.
"""

from typing import Final, NamedTuple

from livestate_nb.codec import Json

PHOENIX_TOPIC: Final = "phoenix"
HEARTBEAT: Final = "heartbeat"
PHX_JOIN: Final = "phx_join"
PHX_LEAVE: Final = "phx_leave"
PHX_REPLY: Final = "phx_reply"
PHX_CLOSE: Final = "phx_close"
PHX_ERROR: Final = "phx_error"

EVENT_PREFIX: Final = "lvs_evt:"
REFRESH: Final = "lvs_refresh"
ERROR: Final = "error"

RESERVED_KEY: Final = "livestate"
"""Our own client's key in join params and join replies; a Phoenix client never sends it."""

# what stands under it in join params
SESSION: Final = "session"
RESUME: Final = "resume"
# in a join reply, or below `RESUME`
MAX_VERSION: Final = "max_version"
TOKEN: Final = "token"  # noqa: S105 - a name, no secret
GRACE: Final = "grace"
RESUMED: Final = "resumed"
RECEIVED: Final = "received"


class Message(NamedTuple):
    """Hold one message, as it came or as it goes: the five members of a V2 frame, in their order.

    Refs are opaque: any JSON value, echoed as it came (``0`` is a ref, ``"1"`` is not ``1``).

    Args:
        join_ref: ref of the join that the message belongs to; None on heartbeats.
        ref: ref of the message that asks or is answered; None on pushes.
        topic: the channel's topic. Whatever a client put there: check before use.
        event: the event's name. Whatever a client put there: check before use.
        payload: any JSON value from a client, an object to one (or `Raw` text of an object).

    Example:
        >>> Message("1", "1", "todo:all", "phx_join", {}).topic
        'todo:all'
    """

    join_ref: Json
    ref: Json
    topic: Json
    event: Json
    payload: Json


def reply(join_ref: Json, ref: Json, topic: Json, status: str, response: Json) -> Message:
    """Return the ``phx_reply`` that answers the message `ref`.

    Args:
        join_ref: that of the joined channel, None where there is none.
        ref: the ref that is answered.
        topic: the topic of the message that is answered.
        status: ``"ok"`` or ``"error"``.
        response: any JSON value; an object is what all clients understand.
    """
    return Message(join_ref, ref, topic, PHX_REPLY, {"status": status, "response": response})

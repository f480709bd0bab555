"""One message of the wire, and the wire's names, each written once.

It must not know how a message is framed or what a channel does with it.
"""

from enum import Enum, auto
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
SYNC: Final = "lvs_sync"
"""Our own client asks now and then whether it has all: {"last"}; the reply is {"sent", "open"}."""

ERROR: Final = "error"

PRESENCE_STATE: Final = "presence_state"
"""Event that tells a member who is present on its topic (phoenix presence.js)."""

PRESENCE_DIFF: Final = "presence_diff"
"""Event that tells all members who has come and gone."""

RESERVED_KEY: Final = "livestate"
"""Our own client's key in join params and join replies; a Phoenix client never sends it."""

LAST: Final = "last"
"""The number of the last event that the client sent on this join, "0" for none."""

SENT: Final = "sent"
"""How many messages of the channel, replies left out, the client was sent."""

OPEN: Final = "open"
"""How many of its events are not answered."""

KERNEL_RESTARTING: Final = "kernel restarting"
KERNEL_LOST: Final = "kernel lost"
KERNEL_GONE: Final = "kernel gone"
"""Reasons of a ``phx_error``, or of a refused join, of a topic that a kernel hosts."""

# In join params: {"session"?: key, "resume"?: {"token", "received"}}.
SESSION: Final = "session"
"""Names a cell's session."""

RESUME: Final = "resume"
"""Asks for the place that the client had."""

# In a join reply; all but the first two only where a place is kept.
MAX_VERSION: Final = "max_version"
"""The version that is followed by 0."""

MAX_BYTES: Final = "max_bytes"
"""Bytes of one frame of the client: its socket is closed for a larger one; left out where nothing
bounds them."""

TOKEN: Final = "token"  # noqa: S105 - a name, no secret
"""What the next `RESUME` is to bring."""

GRACE: Final = "grace"
"""Seconds that the place of a lost client is kept."""

RESUMED: Final = "resumed"
"""Whether the client has its place again: it goes on with its state, and sends again, with the
refs they had (numbers that grow), the events that were not answered."""

RECEIVED: Final = "received"
"""How many messages of the channel, replies left out, the client has; the reply says from which
number it counts on."""


TRY_AGAIN_LATER: Final = 1013
"""Close code of who has too much to do (RFC 6455 registry): clients come back."""

TOO_BIG: Final = 1009
"""Close code for a message that is too large (RFC 6455 section 7.4.1)."""

MAX_REASON: Final = 123
"""Bytes that fit into a close frame beside the code (RFC 6455 section 5.5)."""


def closing(reason: str) -> str:
    """Return as much of a reason as a close frame holds.

    Example:
        >>> closing("é" * 100) == "é" * 61
        True
    """
    return reason.encode()[:MAX_REASON].decode(errors="ignore")


class _Untaken(Enum):
    TOO_DEEP = auto()


TOO_DEEP: Final[Json] = _Untaken.TOO_DEEP
"""Stands for a client's payload that is nested too deeply: nobody takes it."""


class Message(NamedTuple):
    """Hold one message, as it came or as it goes: the five members of a V2 frame, in their order.

    Refs are opaque: any JSON value, echoed as it came (``0`` is a ref, ``"1"`` is not ``1``).

    Args:
        join_ref: ref of the join that the message belongs to; None on heartbeats.
        ref: ref of the message that asks or is answered; None on pushes,
            but for those to our own client: see `numbered`.
        topic: the channel's topic. Whatever a client put there: check before use.
        event: the event's name. Whatever a client put there: check before use.
        payload: any JSON value from a client, or `TOO_DEEP`; an object to one (or `Raw` text of
            an object).

    Example:
        >>> Message("1", "1", "todo:all", "phx_join", {}).topic
        'todo:all'
    """

    join_ref: Json
    ref: Json
    topic: Json
    event: Json
    payload: Json


def numbered(number: int, ref: Json) -> str:
    """Return the ref of a push to our own client, which shows where one before it is lost.

    Args:
        number: counts the channel's pushes to this client.
        ref: that of the event which ends with this update; None where none does.

    Example:
        >>> numbered(3, None), numbered(4, "7")
        ('#3', '#4 7')
    """
    return f"#{number}" if ref is None else f"#{number} {ref}"


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

"""The join table of one socket: what a frame means for it, and what it answers by itself.

A socket takes messages and returns actions; the runtime performs them, in order. It must not
know what a channel does, who may join, or how a frame is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple, TypeAlias

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError
from livestate_nb.limits import Limits
from livestate_nb.protocol.message import (
    HEARTBEAT,
    PHOENIX_TOPIC,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    TRY_AGAIN_LATER,
    Message,
    reply,
)

UNMATCHED: Final = {"reason": "unmatched topic"}
TOO_MANY_JOINED: Final = {"reason": "too many channels joined"}
CRASHED: Final = "channel_crash"


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """Ask for a topic: answer with `Socket.accept` or `Socket.refuse`.

    The object stands for the joined channel afterwards, until it has left, closed or crashed.

    Args:
        topic: the topic, matched by a declared pattern.
        join_ref: the client's join_ref, any JSON value; None when it sent none.
        ref: the ref to answer.
        payload: the join params, any JSON value.
    """

    topic: str
    join_ref: Json
    ref: Json
    payload: Json


class Send(NamedTuple):
    """Send this message to the client."""

    message: Message


class Reject(NamedTuple):
    """Send this message, by which the socket itself refuses what the client asks for.

    Attributes:
        is_limit: whether too much is joined already; if not, the topic is not there, or not joined.
    """

    message: Message
    is_limit: bool


class Start(NamedTuple):
    """Start the accepted channel: its reply is out, its first state may follow."""

    join: Join


class Deliver(NamedTuple):
    """Give this message to the joined channel."""

    join: Join
    message: Message


class Leave(NamedTuple):
    """Let the channel handle what came before, then call `Socket.left` with this ref."""

    join: Join
    ref: Json


class Stop(NamedTuple):
    """End the channel (or the wait for its join) at once: another join took its place."""

    join: Join


Action: TypeAlias = Join | Send | Reject | Start | Deliver | Leave | Stop


class _Status(Enum):
    JOINING = auto()
    JOINED = auto()
    LEAVING = auto()


@dataclass(slots=True)
class _Entry:
    join: Join
    replaced: list[Json]
    status: _Status = _Status.JOINING
    pending: list[Message] = field(default_factory=list)


class Socket:
    """Keep the channels that one client has joined (phoenix socket.ex, handle_in).

    Args:
        matches: whether a channel is declared for a topic.
        limits: `joins` and `waiting_for_join` are kept here.

    Example:
        >>> socket = Socket(lambda topic: topic == "room:1", Limits())
        >>> [join] = socket.receive(Message("1", "1", "room:1", "phx_join", {}))
        >>> reply, start = socket.accept(join, {})
        >>> reply.message.payload
        {'status': 'ok', 'response': {}}
        >>> socket.push(join, "hello", {}).join_ref
        '1'
    """

    def __init__(self, matches: Callable[[str], bool], limits: Limits) -> None:
        self._matches = matches
        self._limits = limits
        self._entries: dict[str, _Entry] = {}

    def receive(self, message: Message) -> list[Action]:
        """Return what a message from the client asks for.

        Raises:
            ProtocolError: too many messages wait for the answer to their join, or too many joins
                replaced one another before an answer.
        """
        topic, event = message.topic, message.event
        if topic == PHOENIX_TOPIC and event == HEARTBEAT:
            return [Send(reply(None, message.ref, topic, "ok", {}))]
        entry = self._entries.get(topic) if isinstance(topic, str) else None
        if event == PHX_JOIN:
            return self._join(message, entry)
        if entry is None:
            return [_answer_to_unjoined(message)]
        if entry.status is _Status.JOINING:
            if len(entry.pending) == self._limits.waiting_for_join:
                raise ProtocolError(
                    f"expected at most {self._limits.waiting_for_join} messages before the answer "
                    f"to the join of {topic[:80]!r}",
                    TRY_AGAIN_LATER,
                )
            entry.pending.append(message)
            return []
        if entry.status is _Status.LEAVING or not _belongs(message, entry.join):
            return []
        if event == PHX_LEAVE:
            entry.status = _Status.LEAVING
            return [Leave(entry.join, message.ref)]
        return [Deliver(entry.join, message)]

    def accept(self, join: Join, response: Json) -> list[Action]:
        """Answer a join with ok; what the client sent behind it follows the `Start`.

        Args:
            join: what `receive` asked for.
            response: any JSON value; Phoenix's clients expect an object.

        Raises:
            ValueError: it was answered already, or another join took its place.
        """
        entry = self._entry(join)
        entry.status = _Status.JOINED
        return [*_answer_to_join(entry, "ok", response), Start(join), *self._release(entry)]

    def refuse(self, join: Join, response: Json) -> list[Action]:
        """Answer a join with error; what the client sent behind it is unmatched.

        Args:
            join: what `receive` asked for.
            response: any JSON value; ``{"reason": text}`` is understood by all clients.
        """
        entry = self._entry(join)
        del self._entries[join.topic]
        return [*_answer_to_join(entry, "error", response), *self._release(entry)]

    def left(self, join: Join, ref: Json) -> list[Action]:
        """Answer a `Leave` when what came before it is done."""
        self._remove(join)
        return [
            Send(reply(join.join_ref, ref, join.topic, "ok", {})),
            Send(_ending(join, PHX_CLOSE, {})),
        ]

    def closed(self, join: Join) -> list[Action]:
        """Say that the server ended the channel for good: the client does not rejoin."""
        self._remove(join)
        return [Send(_ending(join, PHX_CLOSE, {}))]

    def crashed(self, join: Join, reason: str = CRASHED) -> list[Action]:
        """Say that the channel crashed: the client joins again.

        Args:
            join: the channel.
            reason: shown by clients; Phoenix 1.8 says ``channel_crash``.
        """
        self._remove(join)
        return [Send(_ending(join, PHX_ERROR, {"reason": reason}))]

    def push(self, join: Join, event: str, payload: Json, ref: Json = None) -> Message:
        """Return the message that pushes an event to the client.

        Args:
            join: a joined channel.
            event: the event's name.
            payload: an object, or `Raw` text of one.
            ref: for our own client, the ref of its event that this is the outcome of.
        """
        join_ref = join.ref if join.join_ref is None else join.join_ref
        return Message(join_ref, ref, join.topic, event, payload)

    def reply(self, join: Join, ref: Json, status: str, response: Json) -> Message:
        """Return the message that answers the client's message `ref`."""
        return reply(join.join_ref, ref, join.topic, status, response)

    def _join(self, message: Message, entry: _Entry | None) -> list[Action]:
        topic = message.topic
        if not isinstance(topic, str) or not self._matches(topic):
            return [_unmatched(message)]
        if entry is None and len(self._entries) >= self._limits.joins:
            answer = reply(message.join_ref, message.ref, topic, "error", TOO_MANY_JOINED)
            return [Reject(answer, is_limit=True)]
        join = Join(topic, message.join_ref, message.ref, message.payload)
        if entry is None:
            self._entries[topic] = _Entry(join, replaced=[])
            return [join]
        if len(entry.replaced) == self._limits.joins:
            raise ProtocolError(
                f"expected at most {self._limits.joins} joins of {topic[:80]!r} before an answer",
                TRY_AGAIN_LATER,
            )
        replaced = [*entry.replaced, entry.join.join_ref]  # and no more of it: params may be long
        self._entries[topic] = _Entry(join, replaced)
        left = [waiting for waiting in entry.pending if waiting.event == PHX_LEAVE]
        return [Stop(entry.join), *(_answer_to_unjoined(leave) for leave in left), join]

    def _entry(self, join: Join) -> _Entry:
        entry = self._entries.get(join.topic)
        if entry is None or entry.join is not join or entry.status is not _Status.JOINING:
            raise ValueError(f"expected a join that waits for its answer, got {join}")
        return entry

    def _release(self, entry: _Entry) -> list[Action]:
        pending, entry.pending = entry.pending, []
        return [action for message in pending for action in self.receive(message)]

    def _remove(self, join: Join) -> None:
        entry = self._entries.get(join.topic)
        if entry is not None and entry.join is join:
            del self._entries[join.topic]


def _belongs(message: Message, join: Join) -> bool:
    theirs, ours = message.join_ref, join.join_ref
    return theirs is None or (type(theirs) is type(ours) and theirs == ours)


def _answer_to_unjoined(message: Message) -> Send | Reject:
    if message.event == PHX_LEAVE:
        return Send(reply(message.join_ref, message.ref, message.topic, "ok", {}))
    return _unmatched(message)


def _unmatched(message: Message) -> Reject:
    return Reject(reply(None, message.ref, message.topic, "error", UNMATCHED), is_limit=False)


def _answer_to_join(entry: _Entry, status: str, response: Json) -> list[Action]:
    join = entry.join
    replaced, entry.replaced = entry.replaced, []
    return [
        Send(reply(join.join_ref, join.ref, join.topic, status, response)),
        *(Send(Message(old, old, join.topic, PHX_CLOSE, {})) for old in replaced),
    ]


def _ending(join: Join, event: str, payload: Json) -> Message:
    return Message(join.join_ref, join.join_ref, join.topic, event, payload)

"""The gate between an outsider's socket and the channels: what its share allows gets through.

It takes text frames and writes those anew that pass, so that nobody behind it reads something else
than it did. It must not know sockets, nor how a share is proved.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError
from livestate_nb.limits import Limits
from livestate_nb.protocol import Message
from livestate_nb.protocol.message import (
    ERROR,
    EVENT_PREFIX,
    HEARTBEAT,
    PHOENIX_TOPIC,
    PHX_JOIN,
    PHX_LEAVE,
    REFRESH,
    RESERVED_KEY,
    SESSION,
    SYNC,
    TOO_DEEP,
    reply,
)
from livestate_nb.protocol.serializer import Serializer
from livestate_nb.protocol.socket import UNMATCHED
from livestate_nb.runtime.failure import MAX_NAME, too_deep
from livestate_nb_server.errors import ShareRefused
from livestate_nb_server.shares import Share

MAX_JOIN: Final = 4_000
"""Characters of an outsider's join, at most, besides its token: it stays as long as its member."""

MAX_TOPIC: Final = 500
"""Characters of a topic that an outsider joins, at most."""

MAX_TOPICS: Final = 20
"""Topics that one connection of an outsider may join in its life."""

SHARE: Final = "share"
"""The join param that brings a token; channels never see it."""


@dataclass(frozen=True, slots=True)
class Knock:
    """Ask whether a join may pass: prove its token, then call `Gate.admit`.

    Args:
        join: the message, without the token.
        token: what came as the token; None where nothing came.
    """

    join: Message
    token: str | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Let this frame through."""

    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Send this frame back, and nothing on."""

    frame: str | bytes


Step: TypeAlias = Knock | Pass | Answer


class Gate:
    """Guard one connection, which has one share from its first join on.

    Args:
        serializer: the version of the wire that the client speaks.
        limits: say what is nested too deeply.
        offered: the token that came with the connection, for all its joins; None for none.
    """

    def __init__(self, serializer: Serializer, limits: Limits, offered: str | None) -> None:
        self._serializer = serializer
        self._limits = limits
        self._offered = offered
        self._share: Share | None = None
        self._topics: set[str] = set()
        self._is_own = False
        """Whether it is our own client, which waits for answers to its events."""

    def take(self, frame: str | bytes) -> Step:
        """Return what becomes of a frame of the client.

        Args:
            frame: str for a text frame, bytes for a binary one.

        Raises:
            ProtocolError: it is binary, or no message.
        """
        if not isinstance(frame, str):
            raise ProtocolError("expected a text frame, got a binary one: shares open none", 1003)
        message = self._serializer.decode(frame)
        if message.payload is TOO_DEEP:
            return self._answer(message, {"reason": too_deep(self._limits)})
        if message.event == PHX_JOIN:
            return self._knock(message)
        if message.topic == PHOENIX_TOPIC:
            return self._beat(message)
        if self._share is None or not self._opens(message.topic):
            return self._answer(message, UNMATCHED)
        if message.event in (PHX_LEAVE, REFRESH, SYNC) or self._takes(message.event):
            return Pass(self._serializer.encode(message))
        return self._turn_down(message)

    def admit(self, join: Message, share: Share) -> str | bytes:
        """Return the frame of a join that its share allows.

        Args:
            join: what `take` returned.
            share: what its token proves.

        Raises:
            ShareRefused: as `check`; or it is too large, or one topic too many.
        """
        self.check(join, share)
        frame = self._serializer.encode(join)
        if len(frame) > MAX_JOIN:
            raise ShareRefused(f"share takes joins of {MAX_JOIN} characters, got {len(frame)}")
        if len({*self._topics, join.topic}) > MAX_TOPICS:
            raise ShareRefused(f"share takes {MAX_TOPICS} topics on a connection: open another")
        self._topics.add(join.topic)
        self._share = share
        self._is_own = isinstance(join.payload, dict) and RESERVED_KEY in join.payload
        return frame

    def check(self, join: Message, share: Share) -> None:
        """Refuse a join that its share does not allow.

        Raises:
            ShareRefused: the connection has another share, or this one is not for the topic.
        """
        if self._share is not None and self._share.id != share.id:
            raise ShareRefused("this connection has another share: open one for each share")
        if isinstance(join.topic, str) and "*" in join.topic:
            raise ShareRefused(
                f"fill in which one: a topic such as {join.topic[:MAX_NAME]!r} stands for many"
            )
        if not isinstance(join.topic, str) or not share.opens(join.topic):
            raise ShareRefused("share not for this topic")
        if len(join.topic) > MAX_TOPIC:
            raise ShareRefused(f"share takes topics of {MAX_TOPIC} characters at most")

    def refuse(self, join: Message, response: Json) -> str | bytes:
        """Return the frame that refuses a join.

        Args:
            join: what `take` returned.
            response: an object with a ``reason``.
        """
        return self._answer(join, response).frame

    # inside

    def _knock(self, message: Message) -> Knock:
        params = message.payload
        if not isinstance(params, dict):
            return Knock(message, self._offered)
        token = params.get(SHARE, self._offered)
        told = {name: value for name, value in params.items() if name != SHARE}
        if isinstance(ours := told.get(RESERVED_KEY), dict):  # a cell's session is not shared
            told[RESERVED_KEY] = {name: one for name, one in ours.items() if name != SESSION}
        return Knock(message._replace(payload=told), token if isinstance(token, str) else None)

    def _beat(self, message: Message) -> Step:
        if message.event != HEARTBEAT:
            return self._answer(message, UNMATCHED)
        beat = Message(None, message.ref, PHOENIX_TOPIC, HEARTBEAT, {})
        if self._share is None:
            return self._answer(beat, {}, "ok")
        return Pass(self._serializer.encode(beat))

    def _opens(self, topic: Json) -> bool:
        return isinstance(topic, str) and self._share is not None and self._share.opens(topic)

    def _takes(self, event: Json) -> bool:
        if not isinstance(event, str) or not event.startswith(EVENT_PREFIX):
            return False
        return self._share is not None and self._share.takes(event.removeprefix(EVENT_PREFIX))

    def _turn_down(self, message: Message) -> Answer:
        """Refuse an event as channels do: in a reply to our own client, else in an error."""
        name = message.event if isinstance(message.event, str) else ""
        told = {
            "type": "refused",
            "event": name.removeprefix(EVENT_PREFIX)[:MAX_NAME],
            "message": "share not for this event",
        }
        if self._is_own:
            return self._answer(message, {**told, "reason": told["message"]})
        error = Message(message.join_ref, None, message.topic, ERROR, told)
        return Answer(self._serializer.encode(error))

    def _answer(self, message: Message, response: Json, status: str = "error") -> Answer:
        answer = reply(message.join_ref, message.ref, message.topic, status, response)
        return Answer(self._serializer.encode(answer))

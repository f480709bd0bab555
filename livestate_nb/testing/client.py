"""One client of an endpoint or server: its connection, and the topics that it joins.

It must not know states.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from livestate_nb.codec import Json
from livestate_nb.state.builder import STATE_CHANGE
from livestate_nb.testing.frames import Writer
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.joined import AsyncJoined


class Line(Protocol):
    """A client's way to its endpoint."""

    def feed(self, frame: str | bytes, /) -> None:
        """Send a frame."""

    def lost(self) -> None:
        """Close it."""


class AsyncClient:
    """Speak to an endpoint as our own client in a browser does; `AsyncRig.connect` makes one.

    Args:
        inbox: keeps the frames that come.
        line: carries those that go.
        dial: makes another line to the same endpoint, when this one is lost.
    """

    def __init__(self, inbox: Inbox, line: Line, dial: Callable[[], Awaitable[Line]]) -> None:
        self._inbox = inbox
        self._line = line
        self._dial = dial
        self._writer = Writer()
        self._joined: dict[str, AsyncJoined] = {}

    @property
    def frames(self) -> list[str | bytes]:
        """What came, as it came."""
        return self._inbox.frames

    @property
    def closed(self) -> tuple[int, str] | None:
        """The close code and reason, once the other side has closed the connection."""
        return self._inbox.closed

    async def join(
        self, topic: str, params: dict[str, Json] | None = None, *, first: str = STATE_CHANGE
    ) -> AsyncJoined:
        """Join a topic; return when its first state has come, or what came in its place.

        Args:
            topic: the topic.
            params: the join params that `Channel.authorize` and `Channel.init` get, an object.
            first: the event that brings the first state, where the channel's message builder
                gives it another name.

        Raises:
            Refuse: the join was refused; ``reason`` is the object that the client was told.
            AssertionError: nothing came in time.
        """
        __tracebackhide__ = True
        joined = AsyncJoined(topic, params or {}, first, self._inbox, self.push)
        await joined.join()
        self._joined[topic] = joined
        return joined

    def push(self, topic: str, event: str, payload: Json = None, *, ref: str | None = None) -> str:
        """Send any message and return its ref.

        Args:
            topic: the topic, joined but for ``phx_join``.
            event: the event's name on the wire.
            payload: any JSON value, or bytes; nothing means ``{}``.
            ref: the one that it had, if it is sent again.
        """
        payload = {} if payload is None else payload
        ref, frame = self._writer.write(topic, event, payload, ref)
        self.feed(frame)
        return ref

    def feed(self, frame: str | bytes) -> None:
        """Send a frame as it is, for what no well-made client sends."""
        self._line.feed(frame)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what has come holds.

        Raises:
            TimeoutError: it does not within the time-out.
        """
        await self._inbox.until(condition)

    def close(self) -> None:
        """Lose the connection, as when the page is closed or the network fails.

        Nothing comes any more, and events that are sent wait for `reconnect`.
        """
        self._line.lost()
        self._inbox.lose()

    async def reconnect(self) -> None:
        """Connect again, and join again what was joined, as our own client does in a browser.

        Where the server kept the client's place (`AsyncJoined.is_resumed`) it goes on: what it
        missed comes, and events without an answer are sent again, which the channel handles once.
        Else it joins afresh, with the params that it had, and gets the state anew.

        Raises:
            Refuse: a topic may not be joined any more; ``reason`` says why.
            AssertionError: nothing came in time.
        """
        __tracebackhide__ = True
        self.close()
        self._line = await self._dial()
        self._inbox.reopen()
        for joined in self._joined.values():
            if not joined.has_ended:
                await joined.join()

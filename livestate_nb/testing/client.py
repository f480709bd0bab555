"""One client of an endpoint or server: its connection, and the topics that it joins.

It must not know states.
"""

from collections.abc import Callable
from typing import Protocol

from livestate_nb.codec import Json
from livestate_nb.errors import Refuse
from livestate_nb.protocol.message import PHX_JOIN, RESERVED_KEY
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
    """

    def __init__(self, inbox: Inbox, line: Line) -> None:
        self._inbox = inbox
        self._line = line
        self._writer = Writer()

    @property
    def frames(self) -> list[str | bytes]:
        """What came, as it came."""
        return self._inbox.frames

    @property
    def closed(self) -> tuple[int, str] | None:
        """The close code and reason, once the other side has closed the connection."""
        return self._inbox.closed

    async def join(self, topic: str, params: dict[str, Json] | None = None) -> AsyncJoined:
        """Join a topic; return when its first state has come, or what came in its place.

        Args:
            topic: the topic.
            params: the join params that `authorize` and `init` get, an object.

        Raises:
            Refuse: the join was refused; `reason` is the object that the client was told.
            AssertionError: nothing came in time.
        """
        ref = self.push(topic, PHX_JOIN, {**(params or {}), RESERVED_KEY: {}})
        joined = AsyncJoined(topic, ref, self._inbox, self.push)
        status, response = await joined.answer(ref)
        if status != "ok":
            raise Refuse(response)
        await joined.begin(response)
        return joined

    def push(self, topic: str, event: str, payload: Json = None) -> str:
        """Send any message and return its ref.

        Args:
            topic: the topic, joined but for ``phx_join``.
            event: the event's name on the wire.
            payload: any JSON value, or bytes; nothing means ``{}``.
        """
        ref, frame = self._writer.write(topic, event, {} if payload is None else payload)
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
        """Lose the connection, as when the page is closed."""
        self._line.lost()

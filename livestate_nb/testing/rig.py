"""An endpoint in the test's own process, on the test's own loop.

It must not know how clients wait.
"""

import asyncio
from types import TracebackType
from typing import Self

from livestate_nb.channel import Channel
from livestate_nb.codec import Json
from livestate_nb.limits import Limits
from livestate_nb.roles import User
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.state.builder import STATE_CHANGE
from livestate_nb.testing.client import AsyncClient
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.joined import AsyncJoined

TIMEOUT = 5.0
"""Seconds that clients wait by default."""


class AsyncRig:
    """Run channels in an async test, without a server: the real endpoint and serializer.

    Args:
        *channels: declared from the start.
        timeout: seconds that its clients wait for anything.

    Attributes:
        endpoint: runs the channels.

    Example:
        >>> import asyncio
        >>> from livestate_nb import Channel, on
        >>> class Counter(Channel, topic="counter:*"):
        ...     def init(self, params):
        ...         return {"n": params["start"]}
        ...
        ...     @on("inc")
        ...     async def inc(self, payload, state):
        ...         state["n"] += 1
        >>> async def main():
        ...     async with AsyncRig(Counter) as rig:
        ...         counter = await rig.join("counter:a", {"start": 1})
        ...         counter.send_event("inc")
        ...         print(await counter.assert_state_patch(state={"n": 2}, version=1))
        >>> asyncio.run(main())
        [{'op': 'replace', 'path': '/n', 'value': 2}]
    """

    def __init__(self, *channels: type[Channel], timeout: float = TIMEOUT) -> None:
        # a test sends as fast as it can
        self.endpoint = Endpoint(limits=Limits(events_per_second=10**9, events_at_once=10**9))
        self._timeout = timeout
        self.declare(*channels)

    def declare(self, *channels: type[Channel]) -> None:
        """Serve more channels; a class with the same topic takes over its live sessions.

        Raises:
            DeclarationError: a class names no topic, or asks for a notebook's main thread.
        """
        for channel in channels:
            self.endpoint.declare(channel)

    def connect(self, user: User | None = None) -> AsyncClient:
        """Return a new client, for one that joins several topics.

        Args:
            user: who handlers see as ``self.member.user``.
        """
        inbox = Inbox(self._timeout)

        async def dial() -> Connection:
            return self._connect(inbox, user)

        return AsyncClient(inbox, self._connect(inbox, user), dial)

    async def join(
        self,
        topic: str,
        params: dict[str, Json] | None = None,
        *,
        user: User | None = None,
        first: str = STATE_CHANGE,
    ) -> AsyncJoined:
        """Join a topic with a client of its own; see `AsyncClient.join`.

        Args:
            topic: the topic.
            params: the join params that `Channel.authorize` and `Channel.init` get, an object.
            user: who handlers see as ``self.member.user``.
            first: the event that brings the first state.
        """
        return await self.connect(user).join(topic, params, first=first)

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to every session that subscribed to a topic."""
        self.endpoint.pubsub.publish(topic, message)

    async def settle(self) -> None:
        """Wait until channels have nothing left to do: handlers, generators, ``left``, ``ended``.

        Raises:
            AssertionError: they have not come to that within the time-out.
        """
        __tracebackhide__ = True
        try:
            async with asyncio.timeout(self._timeout):
                await self.endpoint.settle()
        except TimeoutError as error:
            raise AssertionError(
                f"expected channels to have nothing left to do within {self._timeout:g} s: a "
                "callback or a generator of theirs still runs"
            ) from error

    async def close(self) -> None:
        """End all that runs."""
        await self.endpoint.close()

    def _connect(self, inbox: Inbox, user: User | None) -> Connection:
        return self.endpoint.connect(inbox, vsn="2.0.0", user=user)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

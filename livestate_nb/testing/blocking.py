"""The same for plain tests: calls that block, while the channels run on a thread of their own.

It must not know how anything is done: the async face does it.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from unittest.mock import ANY

from livestate_nb.channel import Channel
from livestate_nb.codec import Json
from livestate_nb.roles import User
from livestate_nb.runtime import Loop
from livestate_nb.state.builder import STATE_CHANGE
from livestate_nb.testing.client import AsyncClient
from livestate_nb.testing.joined import AsyncJoined
from livestate_nb.testing.remote import connect_async
from livestate_nb.testing.rig import TIMEOUT, AsyncRig

T = TypeVar("T")


class Portal:
    """Run a rig's coroutines and calls, and raise their errors where a test asked for them."""

    def __init__(self) -> None:
        self._loop = Loop("livestate-rig")

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return what it returns."""
        __tracebackhide__ = True
        future = self._loop.start(coroutine)
        if error := future.exception():
            raise error  # from here: the future's own frames tell a test's author nothing
        return future.result()

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call a function and return what it returns."""
        __tracebackhide__ = True

        async def call() -> T:
            return function(*args)

        return self.run(call())

    @property
    def is_open(self) -> bool:
        """Whether it runs what is asked for."""
        return self._loop.is_running

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.stop()


class Joined:
    """Hold one joined topic; see `AsyncJoined`, whose waits block here."""

    def __init__(self, portal: Portal, joined: AsyncJoined) -> None:
        self._portal = portal
        self._joined = joined

    @property
    def topic(self) -> str:
        """The topic."""
        return self._joined.topic

    @property
    def state(self) -> Json:
        """The state as a client has it now; see `AsyncJoined.state`."""
        return self._joined.state

    @property
    def version(self) -> int:
        """The version of `state`."""
        return self._joined.version

    @property
    def versions(self) -> list[int]:
        """The versions of all whole states and patches that came, in order."""
        return self._joined.versions

    @property
    def events(self) -> list[tuple[str, Json]]:
        """The (name, detail) of all events that came; see `AsyncJoined.events`."""
        return self._joined.events

    @property
    def is_joined(self) -> bool:
        """Whether the channel has neither ended nor crashed, nor the connection closed."""
        return self._joined.is_joined

    @property
    def is_resumed(self) -> bool:
        """Whether the last join found the client's place again; see `AsyncJoined.is_resumed`."""
        return self._joined.is_resumed

    def send_event(self, event: str, payload: Json = None) -> None:
        """Dispatch an event to the channel; see `AsyncJoined.send_event`."""
        self._portal.call(self._joined.send_event, event, payload)

    def settle(self) -> None:
        """Wait until all events that were sent are handled; see `AsyncJoined.settle`."""
        __tracebackhide__ = True
        self._portal.run(self._joined.settle())

    def refresh(self) -> None:
        """Ask for the whole state, which comes as a ``state:change``."""
        self._portal.call(self._joined.refresh)

    def leave(self) -> None:
        """Leave the topic; see `AsyncJoined.leave`."""
        __tracebackhide__ = True
        self._portal.run(self._joined.leave())

    def assert_state_change(self, state: Any = ANY, *, version: Any = ANY) -> Json:
        """Wait for a whole state and return it; see `AsyncJoined.assert_state_change`."""
        __tracebackhide__ = True
        return self._portal.run(self._joined.assert_state_change(state, version=version))

    def assert_state_patch(
        self, patch: Any = ANY, *, state: Any = ANY, version: Any = ANY
    ) -> list[Json]:
        """Wait for a patch and return its operations; see `AsyncJoined.assert_state_patch`."""
        __tracebackhide__ = True
        return self._portal.run(
            self._joined.assert_state_patch(patch, state=state, version=version)
        )

    def assert_event(self, name: str, detail: Any = ANY) -> Json:
        """Wait for an event and return its detail; see `AsyncJoined.assert_event`."""
        __tracebackhide__ = True
        return self._portal.run(self._joined.assert_event(name, detail))

    def assert_close(self) -> None:
        """Wait until the channel has ended for good; see `AsyncJoined.assert_close`."""
        __tracebackhide__ = True
        self._portal.run(self._joined.assert_close())

    def assert_crash(self) -> Json:
        """Wait until the channel has crashed; see `AsyncJoined.assert_crash`."""
        __tracebackhide__ = True
        return self._portal.run(self._joined.assert_crash())


class Client:
    """Speak to an endpoint as our own client in a browser does; see `AsyncClient`."""

    def __init__(self, portal: Portal, client: AsyncClient) -> None:
        self._portal = portal
        self._client = client

    @property
    def closed(self) -> tuple[int, str] | None:
        """The close code and reason, once the other side has closed the connection."""
        return self._client.closed

    def join(
        self, topic: str, params: dict[str, Json] | None = None, *, first: str = STATE_CHANGE
    ) -> Joined:
        """Join a topic; see `AsyncClient.join`."""
        __tracebackhide__ = True
        joining = self._client.join(topic, params, first=first)
        return Joined(self._portal, self._portal.run(joining))

    def close(self) -> None:
        """Lose the connection; see `AsyncClient.close`."""
        self._portal.call(self._client.close)

    def reconnect(self) -> None:
        """Connect again, and join again what was joined; see `AsyncClient.reconnect`."""
        __tracebackhide__ = True
        self._portal.run(self._client.reconnect())


class Rig:
    """Run channels in a plain test, without a server: the real endpoint and serializer.

    Args:
        *channels: declared from the start.
        timeout: seconds that its clients wait for anything.

    Example:
        >>> from livestate_nb import Channel, on
        >>> class Counter(Channel, topic="counter:*"):
        ...     def init(self, params):
        ...         return {"n": params["start"]}
        ...
        ...     @on("inc")
        ...     def inc(self, payload, state):
        ...         state["n"] += 1
        >>> with Rig(Counter) as rig:
        ...     counter = rig.join("counter:a", {"start": 1})
        ...     counter.send_event("inc")
        ...     counter.assert_state_patch(state={"n": 2}, version=1)
        [{'op': 'replace', 'path': '/n', 'value': 2}]
    """

    def __init__(self, *channels: type[Channel], timeout: float = TIMEOUT) -> None:
        self._rig = AsyncRig(*channels, timeout=timeout)
        self._portal = Portal()

    def declare(self, *channels: type[Channel]) -> None:
        """Serve more channels; see `AsyncRig.declare`."""
        self._portal.call(self._rig.declare, *channels)

    def connect(self, user: User | None = None) -> Client:
        """Return a new client; see `AsyncRig.connect`."""
        return Client(self._portal, self._portal.call(self._rig.connect, user))

    def join(
        self,
        topic: str,
        params: dict[str, Json] | None = None,
        *,
        user: User | None = None,
        first: str = STATE_CHANGE,
    ) -> Joined:
        """Join a topic with a client of its own; see `AsyncRig.join`."""
        __tracebackhide__ = True
        return self.connect(user).join(topic, params, first=first)

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to every session that subscribed to a topic."""
        self._rig.broadcast(topic, message)

    def settle(self) -> None:
        """Wait until channels have nothing left to do; see `AsyncRig.settle`."""
        __tracebackhide__ = True
        self._portal.run(self._rig.settle())

    def close(self) -> None:
        """End all that runs; a second time there is nothing to end."""
        if self._portal.is_open:
            self._portal.run(self._rig.close())
            self._portal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def connect(
    url: str, *, token: str = "", params: dict[str, str] | None = None, timeout: float = TIMEOUT
) -> Iterator[Client]:
    """Connect to a running server, for as long as a block lasts; see `connect_async`."""
    portal = Portal()
    try:
        dialling = connect_async(url, token=token, params=params, timeout=timeout)
        client = portal.run(dialling.__aenter__())
        try:
            yield Client(portal, client)
        finally:
            portal.run(dialling.__aexit__(None, None, None))
    finally:
        portal.close()

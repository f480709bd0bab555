"""The endpoint: declared channels, connections, sessions, and the tasks they run in.

One endpoint lives on one event loop. It must not know transports, servers or notebooks.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from itertools import count
from types import MappingProxyType
from typing import Any, Final

from livestate_nb.channel import Channel, has_main, options_of
from livestate_nb.codec import Json
from livestate_nb.declaration import serving
from livestate_nb.errors import DeclarationError, Refuse, SessionClosed, TopicError
from livestate_nb.limits import Limits
from livestate_nb.presence import Presences
from livestate_nb.protocol.serializer import serializer_for
from livestate_nb.pubsub import LocalPubSub, PubSub
from livestate_nb.runtime.connection import Connection, Transport
from livestate_nb.runtime.drain import drain
from livestate_nb.runtime.eager import start
from livestate_nb.runtime.failure import cut
from livestate_nb.runtime.idle import close_idle
from livestate_nb.runtime.joining import Unserved
from livestate_nb.runtime.meter import Meter, Unmetered, username
from livestate_nb.runtime.note import note
from livestate_nb.runtime.places import Places
from livestate_nb.runtime.session import Seated, Session
from livestate_nb.runtime.sessions import Sessions
from livestate_nb.runtime.threads import Workers
from livestate_nb.runtime.work import Main, Threads
from livestate_nb.state.draft import plain

IDLE_TIMEOUT: Final = 60.0
"""Seconds without a frame after which a client counts as gone (phoenix websocket.ex)."""

_WORKERS: Final = 40
_PATIENCE: Final = 5.0
_LAST_PATIENCE: Final = 4.0
"""Seconds; Jupyter terminates a kernel that has not ended 2.5 seconds after it was asked to."""

_log = logging.getLogger("livestate_nb")


class Endpoint:
    """Run channels for any number of connections.

    The loop that first connects or opens a session is its loop; from then on everything belongs
    there but what any thread may call: ``post``, ``broadcast``, and the reads ``channels``,
    ``declared``, ``match``, ``is_hosted``, ``sessions`` and ``sessions_of``.

    Args:
        clock: gives seconds; idle connections are measured by it.
        idle_timeout: seconds without a frame after which a connection is closed.
        limits: how much clients may ask for; None for the defaults.
        main: the main thread of the kernel; None refuses channels that ask for it.
        meter: is told what happens; None measures nothing.

    Example:
        >>> class Counter(Channel, topic="counter:*"):
        ...     def init(self, params):
        ...         return {"n": 0}
        >>> class Printer:
        ...     def send(self, frame):
        ...         print(frame)
        ...
        ...     is_congested = False
        ...
        ...     def close(self, code, reason):
        ...         print(code)
        >>> async def main():
        ...     endpoint = Endpoint()
        ...     endpoint.declare(Counter)
        ...     connection = endpoint.connect(Printer(), vsn="2.0.0")
        ...     connection.feed('["1","1","counter:a","phx_join",{}]')
        ...     await asyncio.sleep(0.1)
        ...     await endpoint.close()
        >>> asyncio.run(main())
        ["1","1","counter:a","phx_reply",{"status":"ok","response":{}}]
        ["1",null,"counter:a","state:change",{"state":{"n":0},"version":0}]
        1012
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        idle_timeout: float = IDLE_TIMEOUT,
        limits: Limits | None = None,
        main: Main | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.clock = clock
        self.meter: Meter = Unmetered() if meter is None else meter
        self.limits = limits = limits or Limits()
        self.places: Places[Seated] = Places(limits.absent_clients, clock)
        self.pubsub: PubSub = LocalPubSub()
        self.presences = Presences()
        self.threads = Threads(Workers(_WORKERS), main)
        self._idle_timeout = idle_timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._is_closed = False
        self._context = copy_context()
        self._channels: Mapping[str, type[Channel]] = MappingProxyType({})
        """It is replaced and never changed: any thread may read it."""
        self._connections: set[Connection] = set()
        self._numbers = count(1)
        self._sessions = Sessions(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: set[asyncio.Task[None]] = set()
        """Those of them that the end of the process waits for."""
        self._reaper: asyncio.Task[None] | None = None

    # channels

    @property
    def channels(self) -> Mapping[str, type[Channel]]:
        """The channels that are declared now by their pattern, in the order they were declared."""
        return self._channels

    @property
    def sessions(self) -> list[Session]:
        """The sessions that are open."""
        return self._sessions.all

    def declare(self, channel: type[Channel]) -> None:
        """Serve a channel's topics; a class with the same topic takes over its live sessions.

        Raises:
            DeclarationError: the class names no topic, asks for a main thread where there is
                none, or has other ``__slots__`` than the one whose sessions it would take over.
        """
        pattern = options_of(channel).topic
        if pattern is None:
            raise DeclarationError(
                f"{channel.__name__} has no topic: "
                f'write class {channel.__name__}(Channel, topic="…")'
            )
        if self.threads.main is None and has_main(channel):
            raise DeclarationError(
                f"{channel.__name__}: run_on='main' asks for the main thread of a notebook's "
                "kernel, which there is not here: leave it out, or declare it in a notebook"
            )
        live = self.sessions_of(pattern)
        for session in live:
            _check_layout(type(session.channel), channel)
        self._channels = MappingProxyType({**self._channels, pattern: channel})
        for session in live:
            session.swap(channel)

    def declared(self, pattern: str) -> type[Channel]:
        """Return the channel that is declared for a pattern.

        Raises:
            TopicError: there is none.
        """
        channels = self._channels
        if pattern not in channels:
            known = ", ".join(map(repr, channels)) or "none"
            raise TopicError(f"expected a topic that is declared ({known}), got {pattern!r}")
        return channels[pattern]

    def withdraw(self, pattern: str) -> list[Session]:
        """Serve a pattern no longer; return its sessions, which are closed.

        Raises:
            TopicError: no channel is declared for it.
        """
        self.declared(pattern)
        left = {one: channel for one, channel in self._channels.items() if one != pattern}
        self._channels = MappingProxyType(left)
        live = self.sessions_of(pattern)
        for session in live:
            session.close()
        return live

    def sessions_of(self, pattern: str) -> list[Session]:
        """Return the open sessions of the channel with a pattern."""
        return self._sessions.of(pattern)

    def match(self, topic: str) -> type[Channel] | None:
        """Return the channel that serves a topic: the exact one, or that of the longest prefix."""
        channels = self._channels
        return channels.get(serving(channels, topic))

    def is_hosted(self, topic: str) -> bool:
        """Return whether a channel serves a topic."""
        return self.match(topic) is not None

    # connections and sessions

    def connect(
        self,
        transport: Transport,
        *,
        vsn: str,
        user: object = None,
        is_local: bool = False,
        principal: str = "",
        assigns: dict[str, Json] | None = None,
        has_binary: bool = True,
        serves: Callable[[str], bool] | None = None,
        name: str = "",
        frame_bytes: int | None = None,
    ) -> Connection:
        """Take a client's connection.

        Args:
            transport: carries frames to the client.
            vsn: the version of the wire that it asks for, such as ``"2.0.0"``.
            user: who the transport authenticated; None where it knows nobody.
            is_local: whether the client belongs to this kernel (see `Connection`).
            principal: names who the transport authenticated, the same whenever that client
                connects: only the same one can resume what it had.
            assigns: what the `assigns` of its members begin with.
            has_binary: whether the transport carries binary frames to the client.
            serves: which of the topics are there for it; None for all.
            name: names it in the log; "" for one of the endpoint's own, ``c1`` and so on.
            frame_bytes: bytes of one frame that the way from the client carries; None for any.

        Raises:
            ProtocolError: nobody here speaks that version.
            SessionClosed: the endpoint is closed.
        """
        serializer = serializer_for(vsn, has_binary=has_binary, depth=self.limits.frame_depth)
        self._bind()
        connection = Connection(
            self,
            transport,
            serializer,
            user=user,
            is_local=is_local,
            principal=principal,
            assigns=assigns or {},
            serves=serves or self.is_hosted,
            name=name or f"c{next(self._numbers)}",
            frame_bytes=frame_bytes,
        )
        note(logging.DEBUG, "connected", connection=connection.name, user=username(user))
        self._connections.add(connection)
        return connection

    def session(self, topic: str, key: str | None) -> Session:
        """Return the session that a join of a topic belongs to, a new one where need be.

        Args:
            topic: the topic.
            key: names a cell's session; None for the topic's own rule.

        Raises:
            Unserved: no channel serves the topic.
            Refuse: there is no session with that key.
        """
        if key is not None:
            named = self._sessions.named(key)
            if named is None or named.topic != topic:
                raise Refuse("the session of this cell has ended: run the cell again")
            return named
        channel = self.match(topic)
        if channel is None:
            raise Unserved
        return self._sessions.for_join(channel, topic)

    async def open(
        self, channel: type[Channel], topic: str, name: str, params: dict[str, Json] | None
    ) -> Session:
        """Return the session that a cell shows, kept until it is closed; `init` has run.

        Args: as for `reserve` and `keep`.

        Raises:
            Refuse: `init` refused.
            Exception: whatever `init` raised.
        """
        session = self.reserve(channel, topic, name)
        await self.keep(session, params)
        return session

    def reserve(self, channel: type[Channel], topic: str, name: str) -> Session:
        """Return the session that a cell is to show; it stays until `keep` has ended.

        Args: as for `Sessions.for_cell`; the channel is declared.
        """
        self._bind()
        session = self._sessions.for_cell(channel, topic, name)
        session.hold()
        return session

    async def keep(self, session: Session, params: dict[str, Json] | None) -> None:
        """Keep a session until it is closed, when its `init` has run; see `open`.

        Args:
            session: from `reserve`.
            params: the join params for `init`; None takes those that there are, or else none.
        """
        try:
            if not await session.open(params):
                _log.warning(
                    "the session of %s runs with the params it began with: close it to use others",
                    cut(session.topic),
                )
            session.tenure.is_kept = True
        finally:
            session.release()

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to every session that subscribed to a topic. Callable from any thread.

        Args:
            topic: an exact topic.
            message: any object, which nobody changes afterwards; drafts in it come as plain values.

        Raises:
            TopicError: the topic is a pattern, or no text.
        """
        self.pubsub.publish(topic, plain(message))

    # for sessions and connections

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a function on the endpoint's loop: at once there, soon from other threads.

        Raises:
            SessionClosed: the endpoint is closed.
        """
        if threading.get_ident() == self._thread:
            function(*args)
            return
        try:
            assert self._loop is not None  # noqa: S101 - whoever posts got here through the loop
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError as error:
            raise SessionClosed("the endpoint is closed") from error

    def spawn(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None]:
        """Start a task that ends with the endpoint at the latest, in a context of its own."""
        task = asyncio.get_running_loop().create_task(coroutine, context=self._context.copy())
        self._own(task)
        return task

    def finish(self, coroutine: Coroutine[Any, Any, None], /) -> None:
        """Start a task as `spawn` does, which is waited for when the process ends, too."""
        task = self.spawn(coroutine)
        self._last.add(task)
        task.add_done_callback(self._last.discard)

    def begin(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None] | None:
        """Run a coroutine up to its first wait, and the rest in a task as `spawn` starts it.

        Returns:
            the task; None if nothing is left.
        """
        task = start(coroutine, self._context.copy())
        if task is not None:
            self._own(task)
        return task

    def forget(self, session: Session) -> None:
        """Note that a session has ended."""
        self._sessions.forget(session)

    def disconnected(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self._connections.discard(connection)

    # the end

    async def close(self) -> None:
        """Close all connections with code 1012, in batches, and end sessions, tasks and threads.

        Async handlers are cancelled. What a plain one does in its thread nothing can stop: it is
        waited for, 5 seconds at most.
        """
        self._is_closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        await drain(self._connections, self._flush)
        for session in self.sessions:
            session.close()
        pending = {task for task in self._tasks if task is not asyncio.current_task()}
        if pending:
            _, late = await asyncio.wait(pending, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_PATIENCE)
        self.threads.workers.shutdown()

    async def abandon(self) -> None:
        """End sessions without a word to their clients, who notice it: the process ends.

        What `Channel.ended` does is waited for, 4 seconds at most.
        """
        for session in self.sessions:
            session.abandon()
        if self._last:
            await asyncio.wait(self._last, timeout=_LAST_PATIENCE)

    async def settle(self) -> None:
        """Wait until nothing runs or waits for its turn: handlers, generators, joins, endings."""
        while running := self._tasks - {self._reaper, asyncio.current_task()}:
            await asyncio.wait(running)

    def _flush(self) -> None:
        """Let sessions say what they hold back."""
        for session in self.sessions:
            session.flush()

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _bind(self) -> None:
        if self._is_closed:
            raise SessionClosed("the endpoint is closed")
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.get_ident()
            self._reaper = self.spawn(
                close_idle(self._connections, self.clock, self._idle_timeout, self._forget)
            )

    def _forget(self, now: float) -> None:
        """Let sessions drop what they sent so long ago that a client would have been missed."""
        for session in self.sessions:
            session.forget(now - 2 * self._idle_timeout)


def _check_layout(old: type[Channel], new: type[Channel]) -> None:
    probe = old.__new__(old)
    try:
        probe.__class__ = new
    except TypeError as error:
        raise DeclarationError(
            f"{new.__name__} cannot take over the live sessions of the class before it ({error}): "
            "keep its __slots__, or close the sessions first"
        ) from error

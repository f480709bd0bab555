"""A way to a server that can be cut, as networks do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial


class Proxy:
    """Carry TCP connections to a port of this machine, until they are cut.

    Args:
        target: the port.
        idle: seconds without a byte either way after which a connection is cut; None for never.
    """

    def __init__(self, target: int, idle: float | None = None) -> None:
        self._target = target
        self._idle = idle
        self._ways: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        """The writers to (client, server) of each connection, the oldest first."""
        self._open: set[asyncio.StreamWriter] = set()
        self._silenced: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self.cuts = 0

    def cut(self, count: int | None = None) -> None:
        """Kill the oldest connections, all by default, for both ends."""
        for near, far in self._take(count):
            near.transport.abort()
            far.transport.abort()

    def half_cut(self, count: int | None = None) -> None:
        """Kill connections for the client alone: the server does not learn of it."""
        for near, far in self._take(count):
            self._silenced.add(far)
            near.transport.abort()

    def silence(self, count: int | None = None) -> None:
        """Swallow what either end sends on connections that stay open, as a dead host's do."""
        self._ways = [way for way in self._ways if not way[0].is_closing()]
        for way in self._ways[:count]:
            self._silenced.update(way)

    async def close(self) -> None:
        """Kill all that is left."""
        self.cut()
        for end in self._open:
            end.transport.abort()
        if self._carrying:
            await asyncio.wait(self._carrying)

    def accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """Take a client's connection."""
        task = asyncio.get_running_loop().create_task(self._carry(reader, near))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        """Carry one connection until it is over."""
        try:
            back, far = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            near.transport.abort()
            return
        self._ways.append((near, far))
        self._open.update((near, far))
        seen = _Seen(self._idle, partial(self._cut_idle, near, far))
        await asyncio.gather(self._pump(reader, far, seen), self._pump(back, near, seen))
        seen.end()
        for end in (near, far):
            end.close()
            self._open.discard(end)
            self._silenced.discard(end)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: "_Seen"
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                seen.note()
                if sink not in self._silenced:
                    sink.write(data)
                    await sink.drain()
        if sink not in self._silenced:
            sink.close()

    def _cut_idle(self, *way: asyncio.StreamWriter) -> None:
        self.cuts += 1
        for end in way:
            end.transport.abort()

    def _take(self, count: int | None) -> list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]]:
        self._ways = [way for way in self._ways if not way[0].is_closing()]
        taken = self._ways[:count]
        self._ways = self._ways[len(taken) :]
        self.cuts += len(taken)
        return taken


class _Seen:
    """Note when a connection carried something, and tell when it has not for too long."""

    def __init__(self, patience: float | None, give_up: Callable[[], None]) -> None:
        self._patience = patience
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self.note()

    def note(self) -> None:
        self.end()
        if self._patience is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._patience, self._give_up)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


@asynccontextmanager
async def proxy(target: int, idle: float | None = None) -> AsyncIterator[tuple[Proxy, int]]:
    """Carry connections to a port; yields the proxy and the port that it listens on.

    Args:
        target: the port.
        idle: as for `Proxy`.
    """
    carrier = Proxy(target, idle)
    server = await asyncio.start_server(carrier.accept, "127.0.0.1", 0)
    try:
        yield carrier, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await carrier.close()
        await server.wait_closed()

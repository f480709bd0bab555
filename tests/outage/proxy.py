"""A way to a server that can be cut, as networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Carry TCP connections to a port of this machine, until they are cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._ways: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = []
        """The writers to (client, server) of each connection, the oldest first."""
        self._half_open: list[asyncio.StreamWriter] = []
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
            self._half_open.append(far)
            near.transport.abort()

    async def close(self) -> None:
        """Kill all that is left."""
        self.cut()
        for far in self._half_open:
            far.transport.abort()
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
        await asyncio.gather(_pump(reader, far), _pump(back, near))

    def _take(self, count: int | None) -> list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]]:
        self._ways = [way for way in self._ways if not way[0].is_closing()]
        taken = self._ways[:count]
        self._ways = self._ways[len(taken) :]
        self.cuts += len(taken)
        return taken


@asynccontextmanager
async def proxy(target: int) -> AsyncIterator[tuple[Proxy, int]]:
    """Carry connections to a port; yields the proxy and the port that it listens on."""
    carrier = Proxy(target)
    server = await asyncio.start_server(carrier.accept, "127.0.0.1", 0)
    try:
        yield carrier, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await carrier.close()
        await server.wait_closed()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()

"""What somebody at the machine notices: how long the server takes for single things.

It is timed in a process that does nothing else. It must not know the crowd.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench.soak.counts import IN_KERNEL, Process
from livestate_nb.protocol.message import EVENT_PREFIX, HEARTBEAT, PHOENIX_TOPIC, PHX_JOIN
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH
from livestate_nb.testing.frames import Writer, decode
from tests.servers import TOKEN, Server

PATIENCE: Final = 60.0
PERIOD: Final = 0.15
"""Seconds between two of the same kind."""

HEARTBEATS: Final = 20.0
"""Seconds between heartbeats."""

_HEADERS: Final = {"Authorization": f"token {TOKEN}"}

SETUP: Final = """
%load_ext livestate_nb
from bench.soak.channels import GRACE, Desk, Room

class KernelDesk(Desk, topic="kernel-desk:*", grace=GRACE): ...

class KernelRoom(Room, topic="kernel-room:*", shared=True, grace=GRACE): ...

KernelDesk.publish()
KernelRoom.publish()
"""


class Kernel:
    """A kernel of the server, and the channels of it that a notebook has."""

    def __init__(self, kernel_id: str, socket: WebSocketClientConnection) -> None:
        self._id = kernel_id
        self._socket = socket

    @classmethod
    async def start(cls, server: Server) -> "Kernel":
        """Start one, and let it publish the crowd's channels."""
        answer = await fetch(server, "api/kernels", method="POST", body="{}")
        kernel_id = answer["id"]
        url = f"{server.ws_url}api/kernels/{kernel_id}/channels"
        kernel = cls(kernel_id, await websocket_connect(HTTPRequest(url, headers=_HEADERS)))
        await kernel.run(SETUP)
        return kernel

    async def run(self, code: str) -> str:
        """Execute a cell and return what it printed.

        Raises:
            RuntimeError: it failed.
        """
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": "soak", "date": "2026-01-01T00:00:00Z"}
        content = {"code": code, "silent": False, "store_history": False}
        content |= {"allow_stdin": False, "user_expressions": {}}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._socket.write_message(json.dumps({**message, "channel": "shell", "buffers": []}))
        printed: list[str] = []
        waits_for = {"execute_reply", "idle"}
        async with asyncio.timeout(PATIENCE):
            while waits_for:
                came = json.loads(await self._socket.read_message() or "")
                if came["parent_header"].get("msg_id") != header["msg_id"]:
                    continue
                content = came["content"]
                if content.get("status", "ok") != "ok":
                    raise RuntimeError("\n".join(content.get("traceback", [str(content)])))
                if came["msg_type"] == "stream":
                    printed.append(content["text"])
                waits_for -= {came["msg_type"], content.get("execution_state")}
        return "".join(printed)

    async def counts(self) -> dict[str, int]:
        """Return what the kernel holds."""
        counts: dict[str, int] = json.loads(await self.run(IN_KERNEL))
        return counts

    async def process(self) -> Process:
        """Return its process."""
        return Process(int(await self.run("import os; print(os.getpid())")))


class Desk:
    """A desk of one's own: the round trip of an event to its patch."""

    def __init__(self, topic: str, socket: WebSocketClientConnection) -> None:
        self._topic = topic
        self._socket = socket
        self._writer = Writer()

    @classmethod
    async def join(cls, server: Server, topic: str) -> "Desk":
        """Connect and join."""
        url = f"{server.ws_url}livestate/websocket?vsn=2.0.0"
        desk = cls(topic, await websocket_connect(HTTPRequest(url, headers=_HEADERS)))
        await desk.push(PHX_JOIN, STATE_CHANGE)
        return desk

    async def count(self) -> None:
        """Send an event and wait for its patch."""
        await self.push(f"{EVENT_PREFIX}count", STATE_PATCH)

    async def live(self) -> None:
        """Send a heartbeat, for when nothing is timed."""
        _, frame = self._writer.write(PHOENIX_TOPIC, HEARTBEAT, {})
        await self._socket.write_message(frame)

    async def push(self, event: str, answer: str) -> None:
        """Send a message and wait for what comes of it."""
        _, frame = self._writer.write(self._topic, event, {})
        await self._socket.write_message(frame)
        others: list[str] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while (came := await self._socket.read_message()) is not None:
                    event = str(decode(came).event)
                    if event == answer:
                        return
                    others.append(event)
        except TimeoutError as error:
            raise TimeoutError(f"{self._topic}: no {answer}, but {others}") from error
        raise ConnectionError(f"{self._topic}: the server has closed the connection")


class Probes:
    """Time single things again and again.

    Args:
        server: the server.
        kernel: one of its kernels.
        here: a desk in the server.
        there: a desk in the kernel.
    """

    def __init__(self, server: Server, kernel: Kernel, here: Desk, there: Desk) -> None:
        self._desks = here, there
        self._things: dict[str, Callable[[], Awaitable[object]]] = {
            "`GET /api/contents`": lambda: fetch(server, "api/contents"),
            "a cell's execution": lambda: kernel.run("1"),
            "an event, in the server": here.count,
            "an event, in a kernel": there.count,
        }

    async def run(self, seconds: float) -> dict[str, list[float]]:
        """Return the ms of each of the things, taken for so many seconds."""
        taken: dict[str, list[float]] = {name: [] for name in self._things}
        until = time.monotonic() + seconds

        async def repeat(name: str) -> None:
            while time.monotonic() < until:
                start = time.perf_counter()
                await self._things[name]()
                taken[name].append(1e3 * (time.perf_counter() - start))
                await asyncio.sleep(PERIOD)

        async with asyncio.TaskGroup() as group:
            for name in self._things:
                group.create_task(repeat(name))
        return taken

    async def live(self) -> None:
        """Keep the desks' connections alive until it is cancelled."""
        while True:
            await asyncio.sleep(HEARTBEATS)
            for desk in self._desks:
                await desk.live()


async def fetch(server: Server, path: str, **options: Any) -> Any:
    """Ask the server, and return its JSON."""
    request = HTTPRequest(f"{server.url}{path}", headers=_HEADERS, **options)
    request.request_timeout = PATIENCE
    return json.loads((await AsyncHTTPClient().fetch(request)).body)

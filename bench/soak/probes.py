"""What somebody at the machine notices: how long the server takes for single things.

It is timed in a process that does nothing else. It must not know the crowd.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClosedError

from bench.soak.counts import ERRORS_IN_KERNEL, IN_KERNEL, Process
from bench.soak.line import HEADERS, PATIENCE, Line
from livestate_nb.protocol.message import EVENT_PREFIX, HEARTBEAT, PHOENIX_TOPIC, PHX_JOIN
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH
from livestate_nb.testing.frames import Writer, decode
from tests.servers import Server

CELL: Final = "pass"
"""What is executed: IPython keeps each value that a cell shows for as long as the kernel lives."""

PERIOD: Final = 0.15
"""Seconds between two of the same kind."""

HEARTBEATS: Final = 20.0
"""Seconds between heartbeats."""

SETUP: Final = """
%load_ext livestate_nb
from bench.soak.channels import GRACE, Desk, Room
from bench.soak.errors import Errors

errors = Errors.watch()

class KernelDesk(Desk, topic="kernel-desk:*", grace=GRACE): ...

class KernelRoom(Room, topic="kernel-room:*", shared=True, grace=GRACE): ...

KernelDesk.publish()
KernelRoom.publish()
"""


class Kernel:
    """A kernel of the server, and the channels of it that a notebook has."""

    def __init__(self, line: Line) -> None:
        self.line = line

    @classmethod
    async def start(cls, server: Server) -> "Kernel":
        """Start one, and let it publish the crowd's channels."""
        answer = await fetch(server, "api/kernels", method="POST", body="{}")
        kernel = cls(await Line.open(f"{server.ws_url}api/kernels/{answer['id']}/channels"))
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
        printed: list[str] = []
        waits_for = {"execute_reply", "idle"}

        def is_over(frame: str | bytes) -> bool:
            came = json.loads(frame)
            if came["parent_header"].get("msg_id") != header["msg_id"]:
                return False
            content = came["content"]
            if content.get("status", "ok") != "ok":
                raise RuntimeError("\n".join(content.get("traceback", [str(content)])))
            if came["msg_type"] == "stream":
                printed.append(content["text"])
            waits_for.difference_update({came["msg_type"], content.get("execution_state")})
            return not waits_for

        await self.line.ask(json.dumps({**message, "channel": "shell", "buffers": []}), is_over)
        return "".join(printed)

    async def counts(self) -> dict[str, int]:
        """Return what the kernel holds."""
        counts: dict[str, int] = json.loads(await self.run(IN_KERNEL))
        return counts

    async def errors(self) -> list[str]:
        """Return what it has logged that it should not."""
        errors: list[str] = json.loads(await self.run(ERRORS_IN_KERNEL))
        return errors

    async def process(self) -> Process:
        """Return its process."""
        return Process(int(await self.run("import os; print(os.getpid())")))


class Desk:
    """A desk of one's own: the round trip of an event to its patch."""

    def __init__(self, topic: str, line: Line) -> None:
        self.line = line
        self._topic = topic
        self._writer = Writer()

    @classmethod
    async def join(cls, server: Server, topic: str) -> "Desk":
        """Connect and join."""
        desk = cls(topic, await Line.open(f"{server.ws_url}livestate/websocket?vsn=2.0.0"))
        await desk.push(PHX_JOIN, STATE_CHANGE)
        return desk

    async def count(self) -> None:
        """Send an event and wait for its patch."""
        await self.push(f"{EVENT_PREFIX}count", STATE_PATCH)

    async def live(self) -> None:
        """Send a heartbeat, for when nothing is timed."""
        _, frame = self._writer.write(PHOENIX_TOPIC, HEARTBEAT, {})
        await self.line.send(frame)

    async def push(self, event: str, answer: str) -> None:
        """Send a message and wait for what comes of it."""
        _, frame = self._writer.write(self._topic, event, {})
        await self.line.ask(frame, lambda came: decode(came).event == answer)


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
        self._lines = [here.line, there.line, kernel.line]
        self.faults: list[str] = []
        """Why a thing was not timed to the end."""
        self._things: dict[str, Callable[[], Awaitable[object]]] = {
            "`GET /api/contents`": lambda: fetch(server, "api/contents"),
            "a cell's execution": lambda: kernel.run(CELL),
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
                try:
                    await self._things[name]()
                except Exception as error:  # noqa: BLE001 - the run goes on to tell of all faults
                    self.faults.append(f"{name} failed: {type(error).__name__}: {error}")
                    return
                taken[name].append(1e3 * (time.perf_counter() - start))
                await asyncio.sleep(PERIOD)

        async with asyncio.TaskGroup() as group:
            for name in self._things:
                group.create_task(repeat(name))
        return taken

    async def live(self) -> None:
        """Keep the desks' connections alive until it is cancelled; a dead one fails when timed."""
        while True:
            await asyncio.sleep(HEARTBEATS)
            for desk in self._desks:
                with suppress(WebSocketClosedError):
                    await desk.live()

    async def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            await line.close()


async def fetch(server: Server, path: str, **options: Any) -> Any:
    """Ask the server, and return its JSON."""
    request = HTTPRequest(f"{server.url}{path}", headers=HEADERS, **options)
    request.request_timeout = PATIENCE
    return json.loads((await AsyncHTTPClient().fetch(request)).body)

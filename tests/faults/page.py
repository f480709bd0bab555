"""Our own client, under node, in a process that can be stopped and killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from tests.servers import TOKEN

JS = Path(__file__).parents[2] / "js"
PATIENCE = 30.0
HEARTBEAT = 30.0
"""Seconds between heartbeats, as in a browser."""

MAX_LINE = 1_000_000


@dataclass(frozen=True)
class Program:
    """Hold the client's program, bundled, and the node that runs it."""

    node: str
    path: str


def bundle(directory: Path) -> Program:
    """Return the client's program."""
    node = Path(sys.executable).with_name("node")  # a script, which a signal would stop alone
    said = subprocess.run([node, "-p", "process.execPath"], capture_output=True, check=True)
    program = directory / "fault.mjs"
    options = ["--bundle", "--format=esm", "--platform=node", "--log-level=error"]
    command = [str(JS / "node_modules" / ".bin" / "esbuild"), str(JS / "tests" / "fault.ts")]
    path = os.pathsep.join([str(node.parent), os.environ["PATH"]])
    command += [*options, f"--outfile={program}"]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})
    return Program(said.stdout.decode().strip(), str(program))


class Page:
    """Hold a running client; `opened` starts one.

    Attributes:
        has: what it told last: status, error, handled, version, counted, answered, failed.
        statuses: all statuses that it told since it was live first, in order.
    """

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self.process = process
        self.name = name
        self.has: dict[str, Any] = {"handled": None, "status": "offline"}
        self.statuses: list[str] = []
        self._dispatched = 0

    def dispatch(self, count: int = 1) -> None:
        """Let it dispatch the next events."""
        assert self.process.stdin is not None
        for n in range(self._dispatched, self._dispatched + count):
            self.process.stdin.write(f"{n}\n".encode())
        self._dispatched += count

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a condition on what it has holds, and return that."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition(self.has):
                    line = await self.process.stdout.readline()
                    assert line, f"{self.name} has ended"
                    self.has = json.loads(line)
                    if self.statuses[-1:] != [self.has["status"]]:
                        self.statuses.append(self.has["status"])
        except TimeoutError:
            raise AssertionError(f"{self.name} has {self.has}") from None
        return self.has

    def freeze(self) -> None:
        """Let it do nothing, until `thaw`."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    async def settled(self) -> dict[str, Any]:
        """Wait until all that it dispatched is answered; check that nothing was lost or doubled."""
        ns = list(range(self._dispatched))
        await self.until(lambda has: len(has["answered"]) + len(has["failed"]) >= len(ns))
        has = await self.until(lambda has: len(has["counted"]) >= len(ns) <= len(self.own))
        assert has["failed"] == []
        assert has["counted"] == self.own == ns
        assert sorted(has["answered"]) == ns, has["answered"]  # one that was lost comes later
        return has

    @property
    def own(self) -> list[int]:
        """The numbers of its own events that it shows."""
        return [n for name, n in self.has["handled"] if name == self.name]


@asynccontextmanager
async def opened(
    program: Program, url: str, topic: str, name: str, *, heartbeat: float = HEARTBEAT
) -> AsyncIterator[Page]:
    """Run a client that joins a topic, until the block ends; yields it when it is live.

    Args:
        program: from `bundle`.
        url: of the socket.
        topic: of a `tests.faults.channels.Tally`.
        name: what its events are noted with.
        heartbeat: seconds between its heartbeats, and until one counts as unanswered.
    """
    arguments = [url, TOKEN, topic, name, str(heartbeat * 1000)]
    process = await asyncio.create_subprocess_exec(
        *(program.node, program.path, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
    )
    page = Page(process, name)
    try:
        await page.until(lambda has: has["status"] == "live")
        page.statuses = ["live"]
        yield page
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def agreed(*pages: Page) -> None:
    """Wait until clients have answers to all that they dispatched, and the same state.

    How long that takes is printed, for docs/reliability.md.
    """
    start = monotonic()
    for page in pages:
        await page.settled()
    latest = max(len(page.has["handled"]) for page in pages)
    for page in pages:
        await page.until(lambda has: len(has["handled"]) == latest)
    first, *others = [(page.has["version"], page.has["handled"]) for page in pages]
    assert all(other == first for other in others)
    print(f"all clients agreed after {monotonic() - start:.2f} s")

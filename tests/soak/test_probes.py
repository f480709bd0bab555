"""What is timed single: that what dies is told, and the others go on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soak.line import Line
from bench.soak.probes import Desk, Kernel, Probes
from tests.servers import Server

pytestmark = pytest.mark.asyncio


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[Server]:
    """Return the server of this process, as one that was started."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    yield Server(f"http://127.0.0.1:{port}/", tmp_path, tmp_path, process)
    process.wait()


async def test_a_thing_that_fails_is_a_fault_and_no_end(port: int, server: Server) -> None:
    lines = [await Line.open(f"ws://127.0.0.1:{port}/") for _ in range(3)]
    here, there = (Desk("desk:1", line) for line in lines[1:])
    probes = Probes(server, Kernel(lines[0]), here, there)
    taken = await probes.run(5.0)
    assert all(ms == [] for ms in taken.values())
    assert sorted(probes.faults) == [
        "`GET /api/contents` failed: HTTPClientError: HTTP 404: Not Found",
        "a cell's execution failed: ConnectionError: the server has closed the connection",
        "an event, in a kernel failed: ConnectionError: the server has closed the connection",
        "an event, in the server failed: ConnectionError: the server has closed the connection",
    ]
    await probes.close()

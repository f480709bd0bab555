"""The server that these tests harm, and what it says of itself."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from livestate_nb.protocol import message
from livestate_nb.testing import AsyncClient, connect_async
from tests.faults.channels import BOOK
from tests.servers import TOKEN, Server, serve

IS_LONG: Final = os.environ.get("LIVESTATE_NB_FAULTS") == "long"
"""Whether heartbeats and time-outs are as long as people have them: `make nightly`."""

IDLE: Final = 60.0 if IS_LONG else 2.5
"""Seconds after which the server counts a silent client as gone."""

HEARTBEAT: Final = IDLE / 5
PATIENCE: Final = 20.0 + IDLE
TOLD: Final = 5.0
"""Seconds within which clients are told that what held their state is dead."""

CONFIG: Final = f"""
c.LiveStateApp.channels = {{
    "tally:*": "fault_channels:Tally",
    "brief:*": "fault_channels:Brief",
    "book:*": "fault_channels:Book",
    "census": "fault_channels:Census",
    "unruly:*": "fault_channels:Unruly",
}}
c.LiveStateApp.idle_timeout = {IDLE}
c.ServerApp.jpserver_extensions = {{
    "jupyterlab": False,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "notebook": False,
    "notebook_shim": False,
    "voila.server_extension": False,
}}
"""


@contextmanager
def site(directory: Path, port: int = 0) -> Iterator[Server]:
    """Run a server that hosts `tests.faults.channels` below a directory, until the block ends."""
    (directory / "root").mkdir(exist_ok=True)
    source = Path(__file__).with_name("channels.py")
    shutil.copy(source, directory / "root" / "fault_channels.py")
    with serve(directory, config=CONFIG, port=port) as server:
        yield server


def address(server: Server, port: int | None = None) -> str:
    """Return where clients connect: at the server, or at a port that leads to it."""
    return f"{server.ws_url}livestate" if port is None else f"ws://127.0.0.1:{port}/livestate"


@asynccontextmanager
async def visiting(server: Server) -> AsyncIterator[AsyncClient]:
    """Connect a client of the test kit, which is as alive as a browser."""

    async def live() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            if client.closed is None:
                client.push(message.PHOENIX_TOPIC, message.HEARTBEAT, {})

    async with connect_async(address(server), token=TOKEN, timeout=PATIENCE) as client:
        living = asyncio.create_task(live())
        try:
            yield client
        finally:
            living.cancel()
            with suppress(asyncio.CancelledError):
                await living


async def census(server: Server, topic: str = "census") -> dict[str, int]:
    """Return what a process has open: sessions, connections, tasks, threads and descriptors."""
    async with visiting(server) as client:
        counting = await client.join(topic)
        counting.send_event("count")
        counts: dict[str, int] = await counting.assert_event("counted")
        return counts


async def no_leak(server: Server, before: dict[str, int], topic: str = "census") -> None:
    """Wait until a process has no more open than before."""
    counts: dict[str, Any] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            while not counts or any(counts[name] > before[name] for name in before):
                counts = await census(server, topic)
    except TimeoutError:
        raise AssertionError(f"before: {before}, now: {counts}") from None


def entries(server: Server) -> int:
    """Return how many entries the book has; check that the database is whole and has no halves."""
    with closing(sqlite3.connect(server.root / BOOK)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sides = database.execute("SELECT n, count(*), count(DISTINCT side) FROM entry GROUP BY n")
        rows = sides.fetchall()
        assert all(row[1:] == (2, 2) for row in rows)
        return len(rows)

"""Our own client, under node, through cut connections and a stopped server: nothing is lost."""

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.outage.kernel import KernelOf
from tests.outage.proxy import Proxy, proxy
from tests.servers import TOKEN, Server, serve

pytestmark = pytest.mark.asyncio

HERE = Path(__file__).parent
JS = HERE.parents[1] / "js"
EVENTS = 1000
PATIENCE = 100.0
MAX_LINE = 1_000_000
"""Bytes of what the clients tell at the end."""
CONFIG = """
c.LiveStateApp.channels = {"tally": "outage_channels:Tally", "own:*": "outage_channels:Own"}
c.ServerApp.jpserver_extensions = {"jupyterlab": False, "jupyter_lsp": False}
"""


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    """Return the clients' program, bundled for node."""
    bundle = tmp_path / "clients.mjs"
    esbuild = JS / "node_modules" / ".bin" / "esbuild"  # a program, or a script of node's
    options = ["--bundle", "--format=esm", "--platform=node", "--log-level=error"]
    source = str(JS / "tests" / "outage.ts")
    path = os.pathsep.join([str(node().parent), os.environ["PATH"]])
    command = [str(esbuild), source, *options, f"--outfile={bundle}"]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})
    return bundle


def node() -> Path:
    """Return the node that comes with the virtual environment."""
    return Path(sys.executable).with_name("node")


async def test_no_event_is_lost_or_handled_twice(tmp_path: Path, clients: Path) -> None:
    (tmp_path / "root").mkdir()
    shutil.copy(HERE / "channels.py", tmp_path / "root" / "outage_channels.py")
    with serve(tmp_path, config=CONFIG) as server:
        target = urlsplit(server.url).port or 0
        async with proxy(target) as (carrier, port):
            url = f"ws://127.0.0.1:{port}/livestate"
            end = await run_clients(clients, url, trouble(carrier, server))
    check(end)
    assert carrier.cuts > 30


async def test_the_same_holds_for_a_kernel_s_channels(tmp_path: Path, clients: Path) -> None:
    with serve(tmp_path) as server:
        kernel = await KernelOf.start(server, tmp_path / "runtime")
        target = urlsplit(server.url).port or 0
        async with proxy(target) as (carrier, port), proxy(kernel.uplink_port) as (uplink, way):
            await kernel.host((HERE / "channels.py").read_text(), way, "Tally", "Own")
            url = f"ws://127.0.0.1:{port}/livestate"
            troubles = trouble(carrier, server, [uplink.cut, kernel.stop, uplink.half_cut])
            end = await run_clients(clients, url, troubles)
            await kernel.close()
    check(end)
    assert carrier.cuts > 20
    assert uplink.cuts > 5


def check(end: Any) -> None:
    """Check what the clients have at the end: each event was handled once, and all saw it."""
    assert end["failures"] == []
    first, *others = end["clients"]
    handled = [tuple(one) for one in first["tally"]["handled"]]
    assert len(handled) == EVENTS
    for client in end["clients"]:
        assert [n for name, n in handled if name == client["name"]] == list(range(client["share"]))
        assert client["own"] == {"n": client["share"]}
        assert client["counted"] == list(range(1, client["share"] + 1))
    assert all(client["tally"] == first["tally"] for client in others)
    assert all(client["version"] == first["version"] for client in others)


def trouble(
    carrier: Proxy, server: Server, more: Sequence[Callable[[], Any]] = ()
) -> "itertools.cycle[Callable[[], Any]]":
    """Return what happens to the connections, one thing after another."""

    async def stop() -> None:
        """Stop the server; the clients lose their connections before it goes on."""
        with stopped(server):
            await asyncio.sleep(0.1)  # events gather in the stopped server's sockets
            carrier.half_cut()
            await asyncio.sleep(0.2)  # the clients connect again, to nobody

    async def pause() -> None:
        """Stop the server for a time that the clients do not notice."""
        with stopped(server):
            await asyncio.sleep(0.1)

    return itertools.cycle(
        [
            carrier.cut,
            carrier.half_cut,
            lambda: carrier.cut(1),
            stop,
            lambda: carrier.half_cut(1),
            pause,
            *more,
        ]
    )


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """Let a server do nothing until the block ends."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


async def run_clients(
    program: Path, url: str, troubles: "itertools.cycle[Callable[[], Any]]"
) -> Any:
    """Run the clients, with one trouble at each step that they tell; return what they have."""
    process = await asyncio.create_subprocess_exec(
        *(str(node()), str(program), url, TOKEN, str(EVENTS)),
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            assert process.stdout is not None
            async for line in process.stdout:
                report = json.loads(line)
                if "progress" not in report:
                    await process.wait()
                    return report
                if report["progress"] < EVENTS:
                    waiting = next(troubles)()
                    if waiting is not None:
                        await waiting
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    raise AssertionError("the clients ended without a report")

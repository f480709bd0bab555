"""Processes that are killed or stopped: where the state lives on nothing is lost of it.

Where it dies clients are told soon, sessions begin anew, and the database is whole.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.clients import until
from tests.faults.page import Page, Program, agreed, opened
from tests.faults.site import (
    HEARTBEAT,
    IDLE,
    IS_LONG,
    TOLD,
    address,
    census,
    entries,
    no_leak,
    site,
    visiting,
)
from tests.outage.kernel import KernelOf
from tests.servers import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60 + 20 * IDLE)]

CELLS = """
from fault_channels import Book, Census, Tally

class Cells(Tally, topic="cells:*"): pass
class Ledgers(Book, topic="ledgers:*"): pass
class Count(Census, topic="count"): pass
"""
NAMES = ("Cells", "Ledgers", "Count")
STOP = 160.0 if IS_LONG else IDLE + 1.5
"""Seconds that a process stands still: longer than anybody waits for heartbeats."""


@pytest_asyncio.fixture
async def kernel(server: Server) -> AsyncIterator[KernelOf]:
    kernel = await KernelOf.start(server, server.root.parent / "runtime")
    await kernel.host(CELLS, kernel.uplink_port, *NAMES)
    yield kernel
    await kernel.close()


@asynccontextmanager
async def two(program: Program, url: str, topic: str) -> AsyncIterator[tuple[Page, Page]]:
    async with (
        opened(program, url, topic, "ann", heartbeat=HEARTBEAT) as ann,
        opened(program, url, topic, "bob", heartbeat=HEARTBEAT) as bob,
    ):
        for page in (ann, bob):
            page.dispatch(3)
        await agreed(ann, bob)
        yield ann, bob


async def is_told_dead(*pages: Page) -> None:
    """Wait until clients know that what they show is dead; they go on to show it."""
    start = monotonic()
    async with asyncio.timeout(TOLD):
        for page in pages:
            shown = page.has["handled"]
            has = await page.until(lambda has: has["status"] != "live")
            assert has["handled"] == shown
    print(f"all clients knew after {monotonic() - start:.2f} s")


async def begin_anew(*pages: Page) -> None:
    """Wait until clients have the first state of another session, and use it."""
    start = monotonic()
    for page in pages:
        await page.until(lambda has: has["status"] == "live" and has["handled"] == [])
    for page in pages:
        page.dispatch(3)
    for page in pages:
        has = await page.until(lambda has: len(has["handled"]) == 3 * len(pages))
        assert [n for name, n in has["handled"] if name == page.name] == [3, 4, 5]
    print(f"all clients used the new session after {monotonic() - start:.2f} s")


async def test_a_killed_client_leaves_nothing_behind(server: Server, program: Program) -> None:
    before = await census(server)
    async with opened(program, address(server), "brief:1", "ann") as ann:
        ann.dispatch(3)
        await ann.settled()
        ann.process.kill()
        await no_leak(server, before)


async def test_a_client_that_stands_still_too_long_comes_back(
    server: Server, program: Program
) -> None:
    before = await census(server)
    async with two(program, address(server), "tally:frozen") as (ann, bob):
        both = (await census(server))["connections"]
        bob.freeze()
        try:
            bob.dispatch(3)
            ann.dispatch(3)
            await no_leak(server, {"connections": both - 1})
        finally:
            bob.thaw()
        await agreed(ann, bob)
    await no_leak(server, {**before, "sessions": before["sessions"] + 1})


async def test_a_server_that_stands_still_too_long_goes_on(
    server: Server, program: Program
) -> None:
    before = await census(server)
    async with two(program, address(server), "tally:stopped") as (ann, bob):
        server.process.send_signal(signal.SIGSTOP)
        try:
            for page in (ann, bob):
                page.dispatch(3)
            await asyncio.sleep(STOP)
        finally:
            server.process.send_signal(signal.SIGCONT)
        await agreed(ann, bob)
    await no_leak(server, {**before, "sessions": before["sessions"] + 1})


async def test_a_killed_server_is_told_and_begins_anew(tmp_path: Path, program: Program) -> None:
    with site(tmp_path) as server:
        kernel = await KernelOf.start(server, tmp_path / "runtime")
        async with (
            two(program, address(server), "tally:1") as (ann, bob),
            visiting(server) as client,
        ):
            book = await client.join("book:1")
            book.send_event("enter_many")
            await book.assert_state_patch(version=20)
            server.process.kill()
            await is_told_dead(ann, bob)
            await client.until(lambda: client.closed is not None)
            kept = book.state["entries"]
            assert entries(server) >= kept
            await until(lambda: _is_gone(kernel.pid))
            kernel.forget()
            with site(tmp_path, port=urlsplit(server.url).port or 0) as again:
                await begin_anew(ann, bob)
                await client.reconnect()
                assert not book.is_resumed
                assert book.state["entries"] == entries(again) >= kept


async def test_a_killed_kernel_is_told_and_begins_anew(
    server: Server, program: Program, kernel: KernelOf
) -> None:
    before = await census(server)
    async with (
        two(program, address(server), "cells:1") as (ann, bob),
        visiting(server) as client,
    ):
        ledger = await client.join("ledgers:1")
        ledger.send_event("enter_many")
        await ledger.assert_state_patch(version=20)
        os.kill(kernel.pid, signal.SIGKILL)
        await is_told_dead(ann, bob)
        assert (await ledger.assert_crash())["reason"] in ("kernel lost", "kernel restarting")
        assert entries(server) >= ledger.state["entries"]
        await kernel.restarted()
        await kernel.host(CELLS, kernel.uplink_port, *NAMES)
        await begin_anew(ann, bob)
    await no_leak(server, before)


async def test_a_kernel_that_stands_still_too_long_goes_on(
    server: Server, program: Program, kernel: KernelOf
) -> None:
    before = await census(server)
    inside = await census(server, "count")
    async with two(program, address(server), "cells:2") as (ann, bob):
        async with kernel.stopped():
            for page in (ann, bob):
                page.dispatch(3)
            await asyncio.sleep(STOP)
        await agreed(ann, bob)
    await no_leak(server, before)
    await no_leak(server, {**inside, "sessions": inside["sessions"] + 1}, "count")


def _is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that nobody waits for has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True

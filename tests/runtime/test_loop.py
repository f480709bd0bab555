"""A loop on a thread of its own: what runs there, and what is left when it ends."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from livestate_nb.errors import SessionClosed, WouldDeadlock
from livestate_nb.runtime import Loop
from tests.clients import PATIENCE


def test_a_coroutine_runs_on_the_loops_own_thread() -> None:
    async def name() -> str:
        return threading.current_thread().name

    loop = Loop("ours")
    assert loop.run(name()) == "ours"
    loop.stop()


def test_what_a_coroutine_raises_comes_out_where_it_was_run() -> None:
    async def fail() -> None:
        raise ValueError("the disk is full")

    loop = Loop("ours")
    with pytest.raises(ValueError, match="the disk is full"):
        loop.run(fail())
    loop.stop()


def test_the_loops_own_thread_is_told_that_it_would_wait_for_itself() -> None:
    loop = Loop("ours")

    async def wait() -> None:
        loop.run(asyncio.sleep(0))

    with pytest.raises(WouldDeadlock, match="the endpoint's own thread"):
        loop.run(wait())
    loop.stop()


def test_a_stopped_loop_takes_nothing_more() -> None:
    loop = Loop("ours")
    loop.stop()
    assert not loop.is_running
    with pytest.raises(SessionClosed, match="run %load_ext livestate_nb"):
        loop.run(asyncio.sleep(0))
    loop.stop()


def test_stopping_waits_for_the_threads_of_the_loops_coroutines() -> None:
    begun, go = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        begun.set()
        go.wait(PATIENCE)

    loop = Loop("ours")
    loop.start(asyncio.to_thread(work))
    begun.wait(PATIENCE)
    loop.loop.call_soon_threadsafe(go.set)
    loop.stop()
    assert not any(thread.is_alive() for thread in threads)
    assert threads


def test_stopping_closes_the_async_generators_that_are_left() -> None:
    closed = threading.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.set()

    kept = numbers()

    async def begin() -> int:
        return await anext(kept)

    loop = Loop("ours")
    assert loop.run(begin()) == 1
    loop.stop()
    assert closed.is_set()

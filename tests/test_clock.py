"""The clock by which a kernel measures idle pages."""

import asyncio
import time

import pytest

from livestate_nb.clock import IdleClock, LoopClock
from tests.clients import PATIENCE


def goes_on(clock: IdleClock) -> bool:
    """Return whether the clock counts: within some seconds it shows another time."""
    before = clock()
    return any(clock() > before for _ in range(1_000_000))


def stands(clock: IdleClock) -> bool:
    return len({clock() for _ in range(10_000)}) == 1


def test_the_clock_counts_from_the_first_on() -> None:
    clock = IdleClock()
    assert 0 <= clock() < PATIENCE
    assert goes_on(clock)


def test_the_clock_stands_while_a_cell_runs() -> None:
    clock = IdleClock()
    assert goes_on(clock)
    clock.pause()
    stood = clock()
    assert stands(clock)
    clock.resume()
    assert stood <= clock() < stood + PATIENCE
    assert goes_on(clock)


def test_the_clock_stands_until_the_outermost_cell_has_ended() -> None:
    clock = IdleClock()
    clock.pause()
    clock.pause()
    stood = clock()
    clock.resume()
    assert stands(clock)
    clock.pause()
    clock.resume()
    assert clock() == stood
    clock.resume()
    assert goes_on(clock)


def test_an_end_without_a_beginning_does_no_harm() -> None:
    clock = IdleClock()
    clock.resume()  # of the very cell that loaded the extension
    assert goes_on(clock)
    clock.pause()
    assert stands(clock)
    clock.resume()
    assert goes_on(clock)


@pytest.mark.asyncio
async def test_the_clock_of_a_loop_counts_on_no_further_than_a_moment_while_it_is_kept() -> None:
    clock = LoopClock(asyncio.get_running_loop())
    await asyncio.sleep(0)
    before = clock()
    time.sleep(4)  # noqa: ASYNC251 - a cell
    assert before < clock() <= before + 2.5
    kept = clock()
    await asyncio.sleep(1.5)
    assert clock() > kept

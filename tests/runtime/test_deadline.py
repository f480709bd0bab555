"""Deadlines of loops that come too late, in a time that the test moves."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from livestate_nb.runtime.deadline import Deadline
from tests.fuzz.loops import StillLoop


@pytest.fixture
def loop() -> Iterator[StillLoop]:
    loop = StillLoop()
    yield loop
    loop.close()


def start(loop: StillLoop, seconds: float, function: Callable[[], object]) -> None:
    async def make() -> None:
        Deadline(loop.time, seconds, function)

    loop.run_until_complete(make())


def turn(loop: StillLoop, seconds: float) -> None:
    """Let the loop stand still for some seconds, and then do what is due."""
    loop.now += seconds
    loop.run_until_complete(asyncio.sleep(0))


def test_seconds_in_which_the_loop_stood_still_are_given_back(loop: StillLoop) -> None:
    ends: list[float] = []
    start(loop, 10.0, lambda: ends.append(loop.now))
    turn(loop, 15.0)
    turn(loop, 4.5)
    assert ends == []
    turn(loop, 1.0)
    assert ends == [20.5]


def test_a_loop_that_is_late_each_time_puts_the_end_off_once(loop: StillLoop) -> None:
    ends: list[float] = []
    start(loop, 1.0, lambda: ends.append(loop.now))
    for _ in range(10):
        turn(loop, 2.0)
    assert ends == [4.0]

"""Coroutines that are started at once behave as they would in a task of their own."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from livestate_nb.runtime import eager

pytestmark = pytest.mark.asyncio

variable: ContextVar[str] = ContextVar("variable", default="nothing")


def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a coroutine that has to wait, and return the task with the rest."""
    task = eager.start(coroutine, copy_context())
    assert task is not None
    return task


async def test_what_needs_no_waiting_is_done_before_start_returns() -> None:
    done = []

    async def work() -> None:
        done.append(asyncio.current_task())

    assert eager.start(work(), copy_context()) is None
    [task] = done
    assert task is not None
    await task


async def test_what_is_done_leaves_nothing_behind_on_the_task_of_the_next() -> None:
    seen: list[asyncio.Task[Any] | None] = []

    async def work() -> None:
        current = asyncio.current_task()
        seen.append(current)
        if len(seen) == 1 and current is not None:
            current.cancel()
        else:
            await asyncio.sleep(0)
            seen.append(current)

    assert eager.start(work(), copy_context()) is None
    await start(work())
    assert seen[0] is not seen[1] is seen[2]


async def test_the_current_task_is_the_same_before_and_after_a_wait() -> None:
    seen = [asyncio.current_task()]

    async def work() -> None:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    task = start(work())
    assert asyncio.current_task() is seen[0]
    await task
    assert seen[1:] == [task, task]


async def test_it_can_be_started_outside_of_any_task() -> None:
    started: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await asyncio.sleep(0)

    asyncio.get_running_loop().call_soon(lambda: started.set_result(start(work())))
    await (await started)


async def test_a_time_out_that_begins_before_the_first_wait_holds() -> None:
    outcome = []

    async def work() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            outcome.append("timed out")
        await asyncio.sleep(0)
        outcome.append("went on")

    await start(work())
    assert outcome == ["timed out", "went on"]


async def test_context_variables_are_its_own_from_the_first_step_on() -> None:
    seen = []

    async def work() -> None:
        token = variable.set("inside")
        await asyncio.sleep(0)
        seen.append(variable.get())
        variable.reset(token)
        seen.append(variable.get())

    variable.set("outside")
    task = start(work())
    assert variable.get() == "outside"
    await task
    assert seen == ["inside", "outside"]


@pytest.mark.parametrize("waits", [0, 1])
async def test_an_exception_ends_the_task(waits: int) -> None:
    async def work() -> None:
        for _ in range(waits):
            await asyncio.sleep(0)
        raise ValueError("no")

    task = start(work())
    with pytest.raises(ValueError, match="no"):
        await task


async def test_cancelling_reaches_the_coroutine_where_it_waits() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(1)

    task = start(work())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


async def test_a_coroutine_may_handle_what_it_awaited_raising() -> None:
    seen = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def work() -> None:
        inner = asyncio.ensure_future(fail())
        try:
            await inner
        except ValueError as error:
            seen.append(str(error))
        seen.append(await asyncio.sleep(0, "result"))

    await start(work())
    assert seen == ["no", "result"]


async def test_cancelling_reaches_what_is_awaited_before_the_task_had_a_turn() -> None:
    inner: list[asyncio.Task[None]] = []

    async def wait() -> None:
        await asyncio.sleep(60)

    async def work() -> None:
        inner.append(asyncio.create_task(wait()))
        await inner[0]

    task = start(work())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner[0].cancelled()


async def test_a_coroutine_may_refuse_to_be_cancelled() -> None:
    seen = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
        await asyncio.sleep(0)
        seen.append("went on")

    task = start(work())
    task.cancel()
    await task
    assert seen == ["cancelled", "went on"]


async def test_cancelling_what_has_failed_already_changes_nothing() -> None:
    async def work() -> None:
        raise ValueError("no")

    task = start(work())
    task.cancel()
    with pytest.raises(ValueError, match="no"):
        await task

"""Coroutines that are started at once behave as they would in a task of their own."""

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from livestate_nb.runtime.eager import start

pytestmark = pytest.mark.asyncio

variable: ContextVar[str] = ContextVar("variable", default="nothing")


async def test_what_needs_no_waiting_is_done_before_start_returns() -> None:
    done = []

    async def work() -> None:
        done.append(1)

    task = start(work(), copy_context())
    assert done == [1]
    await task


async def test_the_current_task_is_the_same_before_and_after_a_wait() -> None:
    seen = [asyncio.current_task()]

    async def work() -> None:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    task = start(work(), copy_context())
    assert asyncio.current_task() is seen[0]
    await task
    assert seen[1:] == [task, task]


async def test_it_can_be_started_outside_of_any_task() -> None:
    started: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await asyncio.sleep(0)

    asyncio.get_running_loop().call_soon(lambda: started.set_result(start(work(), copy_context())))
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

    await start(work(), copy_context())
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
    task = start(work(), copy_context())
    assert variable.get() == "outside"
    await task
    assert seen == ["inside", "outside"]


@pytest.mark.parametrize("waits", [0, 1])
async def test_an_exception_ends_the_task(waits: int) -> None:
    async def work() -> None:
        for _ in range(waits):
            await asyncio.sleep(0)
        raise ValueError("no")

    task = start(work(), copy_context())
    with pytest.raises(ValueError, match="no"):
        await task


async def test_cancelling_reaches_the_coroutine_where_it_waits() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(1)

    task = start(work(), copy_context())
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

    await start(work(), copy_context())
    assert seen == ["no", "result"]


async def test_cancelling_what_is_done_already_changes_nothing() -> None:
    async def work() -> None:
        pass

    task = start(work(), copy_context())
    task.cancel()
    await task

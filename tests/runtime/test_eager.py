"""Coroutines that are started at once behave as they would in a task of their own."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from livestate_nb.runtime.eager import Starter, Task

pytestmark = pytest.mark.asyncio

variable: ContextVar[str] = ContextVar("variable", default="nothing")


def start(coroutine: Coroutine[Any, Any, None], starter: Starter | None = None) -> Task:
    """Start a coroutine that has to wait, and return the task with the rest."""
    task = (starter or Starter(asyncio.create_task)).start(coroutine, copy_context())
    assert task is not None
    return task


async def test_what_needs_no_waiting_is_done_before_start_returns() -> None:
    done = []

    async def work() -> None:
        done.append(1)

    assert Starter(asyncio.create_task).start(work(), copy_context()) is None
    assert done == [1]


async def test_one_task_serves_all_that_need_no_waiting() -> None:
    seen = set()
    starter = Starter(asyncio.create_task)

    async def work() -> None:
        seen.add(asyncio.current_task())

    for _ in range(3):
        starter.start(work(), copy_context())
        await asyncio.sleep(0)
    assert len(seen) == 1


@pytest.mark.parametrize("turns", [0, 2])
async def test_what_waits_has_a_task_of_its_own(turns: int) -> None:
    starter = Starter(asyncio.create_task)
    seen = []

    async def quick() -> None:
        pass

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    starter.start(quick(), copy_context())
    for _ in range(turns):  # the task that stands ready may have begun to wait, or not
        await asyncio.sleep(0)
    tasks = [start(work(), starter), start(work(), starter)]
    starter.start(quick(), copy_context())
    await asyncio.gather(*tasks)
    assert seen == tasks
    assert tasks[0] is not tasks[1]


async def test_a_coroutine_may_start_another_one() -> None:
    order = []
    starter = Starter(asyncio.create_task)

    async def inner() -> None:
        order.append(("inner", asyncio.current_task()))

    async def outer() -> None:
        order.append(("outer", asyncio.current_task()))
        starter.start(inner(), copy_context())
        order.append(("outer", asyncio.current_task()))

    starter.start(outer(), copy_context())
    assert [name for name, _ in order] == ["outer", "inner", "outer"]
    assert order[0][1] is order[2][1] is not order[1][1]


@pytest.mark.parametrize("turns", [0, 2])
async def test_what_cancels_its_task_without_waiting_harms_no_other(turns: int) -> None:
    starter = Starter(asyncio.create_task)
    done = []

    async def cancelling() -> None:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    for _ in range(2):
        starter.start(cancelling(), copy_context())
        for _ in range(turns):
            await asyncio.sleep(0)
    await start(work(), starter)
    assert done == [1]


async def test_what_cancels_its_task_before_it_waits_is_cancelled_there() -> None:
    reached = []

    async def work() -> None:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        reached.append("before")
        await asyncio.sleep(60)
        reached.append("behind")

    with pytest.raises(asyncio.CancelledError):
        await start(work())
    assert reached == ["before"]


async def test_closing_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    starter = Starter(asyncio.create_task)

    async def work() -> None:
        pass

    starter.start(work(), copy_context())
    starter.close()
    while asyncio.all_tasks() != before:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)


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


async def test_cancelling_what_has_failed_already_changes_nothing() -> None:
    async def work() -> None:
        raise ValueError("no")

    task = start(work())
    task.cancel()
    with pytest.raises(ValueError, match="no"):
        await task

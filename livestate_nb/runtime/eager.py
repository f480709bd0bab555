"""Start a coroutine at once, and go on with it in a task where it has to wait.

An answer that needs no waiting is out before the caller goes on: no turn of the loop lies between.
From Python 3.12 on ``asyncio.Task(eager_start=True)`` does the same. It must not know what it runs.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any


def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run a coroutine up to its first wait, and return the task that has the rest.

    Inside, ``asyncio.current_task()`` is that task from the first step on, so that time-outs and
    cancel scopes work as in any task.

    Args:
        coroutine: one that was not started yet; what it raises ends the task.
    """
    loop = asyncio.get_running_loop()
    context = copy_context()
    rest = _Rest(coroutine)
    task = loop.create_task(rest.run(), context=context)
    caller = asyncio.current_task(loop)
    if caller is not None:
        asyncio._leave_task(loop, caller)
    asyncio._enter_task(loop, task)
    try:
        context.run(rest.begin)
    finally:
        asyncio._leave_task(loop, task)
        if caller is not None:
            asyncio._enter_task(loop, caller)
    return task


class _Rest:
    """What is left of a coroutine after its first step.

    Args:
        coroutine: the coroutine.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine
        self._awaited: Any = None
        self._error: BaseException | None = None
        self._is_done = False

    def begin(self) -> None:
        """Run to the first wait or to the end."""
        try:
            self._awaited = self._coroutine.send(None)
        except StopIteration:
            self._is_done = True
        except BaseException as error:  # noqa: BLE001 - it ends the task, as in any task
            self._error = error

    async def run(self) -> None:
        """Run from there to the end."""
        if self._error is not None:
            raise self._error
        if not self._is_done:
            await self._go_on()

    @types.coroutine
    def _go_on(self) -> Generator[Any, Any, None]:
        while True:
            thrown: BaseException | None = None
            try:
                answer = yield self._awaited
            except BaseException as error:  # noqa: BLE001 - the coroutine is to have it
                thrown = error
            try:
                if thrown is None:
                    self._awaited = self._coroutine.send(answer)
                else:
                    self._awaited = self._coroutine.throw(thrown)
            except StopIteration:
                return

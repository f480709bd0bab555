"""Start a coroutine at once, and go on with it in a task where it has to wait.

An answer that needs no waiting is out before the caller goes on: no turn of the loop lies between.
From Python 3.12 on ``asyncio.Task(eager_start=True)`` does the same. It must not know what it runs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from typing import Any, NoReturn


def start(coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
    """Run a coroutine up to its first wait, and return the task that has the rest.

    Inside, ``asyncio.current_task()`` is that task from the first step on, so that time-outs and
    cancel scopes work as in any task.

    Args:
        coroutine: one that was not started yet; what it raises ends the task.
        context: the context that it runs in, from the first step on.
    """
    loop = asyncio.get_running_loop()
    rest = _Rest(coroutine)
    task = loop.create_task(rest, context=context)
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


class _Rest(Coroutine[Any, Any, None]):
    """What is left of a coroutine after its first step: what the task runs.

    Args:
        coroutine: the coroutine.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine
        self._first: Callable[[], Any] | None = None

    def begin(self) -> None:
        """Run to the first wait or to the end; the task gets what came of it."""
        try:
            awaited = self._coroutine.send(None)
        except BaseException as error:  # noqa: BLE001 - StopIteration or not, it ends the task
            self._first = partial(_raise, error)
        else:
            self._first = lambda: awaited

    def send(self, value: Any) -> Any:
        """Go on: the first time with what the first step came to."""
        if self._first is None:
            return self._coroutine.send(value)
        first, self._first = self._first, None
        return first()

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits; one that has ended stays as it ended."""
        if isinstance(self._first, partial):
            return self._first()
        self._first = None
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Give the coroutine up."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._coroutine.__await__()


def _raise(error: BaseException) -> NoReturn:
    raise error

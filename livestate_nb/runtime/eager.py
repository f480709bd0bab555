"""Start a coroutine at once, and go on with it in a task where it has to wait.

An answer that needs no waiting is out before the caller goes on: no turn of the loop lies between.
From Python 3.12 on ``asyncio.Task(eager_start=True)`` does the same. It must not know what it runs.
"""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any


def start(coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None] | None:
    """Run a coroutine up to its first wait, in a task of its own that goes on with the rest.

    Inside, ``asyncio.current_task()`` is that task from the first step on, so that time-outs and
    cancel scopes work as in any task. No two coroutines share one: what a handler leaves behind
    on its task (a callback, a name, a cancellation) is nobody else's.

    Args:
        coroutine: one that was not started yet; what it raises ends the task.
        context: the context that it runs in, from the first step on.

    Returns:
        the task; None if nothing is left for it but to end, in the loop's next turn.
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
    return None if rest.has_returned else task


class _Rest(Coroutine[Any, Any, None]):
    """What is left of a coroutine after its first step: what the task runs.

    Args:
        coroutine: the coroutine.

    Attributes:
        has_returned: whether it ended well in its first step.
    """

    __slots__ = ("_awaited", "_coroutine", "_error", "_is_first", "has_returned")

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.has_returned = False
        self._coroutine = coroutine
        self._is_first = True
        self._awaited: Any = None
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Run to the first wait or to the end; the task gets what came of it."""
        try:
            self._awaited = self._coroutine.send(None)
        except StopIteration as end:
            self.has_returned = True
            self._error = end
        except BaseException as error:  # noqa: BLE001 - it ends the task
            self._error = error

    def send(self, value: Any) -> Any:
        """Go on: the first time with what the first step came to."""
        return self._first() if self._is_first else self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits; one that has ended stays as it ended.

        What cancels the task before its first turn is first told to what the coroutine waits for,
        as by ``Task.cancel``.
        """
        if not self._is_first:
            return self._coroutine.throw(*error)
        awaited = self._first()
        if awaited is not None and awaited.cancel():
            return awaited
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Give the coroutine up."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return self._coroutine.__await__()

    def _first(self) -> Any:
        self._is_first = False
        awaited, self._awaited = self._awaited, None
        error, self._error = self._error, None
        if error is not None:
            raise error
        return awaited

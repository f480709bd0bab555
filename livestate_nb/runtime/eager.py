"""Start coroutines at once, and go on with them in tasks where they have to wait.

An answer that needs no waiting is out before the caller goes on: no turn of the loop lies between,
and no task was made for it. (``asyncio.Task(eager_start=True)``, from Python 3.12 on, makes one.)
It must not know what it runs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from typing import Any, NoReturn

Task = asyncio.Task[None]


class Starter:
    """Run coroutines up to their first wait, and give the rest of each to a task of its own.

    The task is made before it is needed: while a coroutine takes its first step,
    ``asyncio.current_task()`` is the task that would go on with it, so that time-outs and cancel
    scopes work as in any task. One that was not needed serves the next coroutine.

    Args:
        create_task: starts a task, which whoever gave this function owns.

    Example:
        >>> import contextvars
        >>> async def work(seconds):
        ...     await asyncio.sleep(seconds) if seconds else None
        >>> async def main():
        ...     starter = Starter(asyncio.create_task)
        ...     print(starter.start(work(0), contextvars.copy_context()))
        ...     await starter.start(work(0.01), contextvars.copy_context())
        >>> asyncio.run(main())
        None
    """

    def __init__(self, create_task: Callable[[Coroutine[Any, Any, None]], Task]) -> None:
        self._create_task = create_task
        self._ready: tuple[_Rest, Task] | None = None

    def start(self, coroutine: Coroutine[Any, Any, None], context: Context) -> Task | None:
        """Run a coroutine up to its first wait.

        Args:
            coroutine: one that was not started yet; what it raises ends the task.
            context: the context that it runs in, from the first step on.

        Returns:
            the task that has the rest; None if nothing is left.
        """
        rest, task = self._take()
        loop = task.get_loop()
        caller = asyncio.current_task(loop)
        if caller is not None:
            asyncio._leave_task(loop, caller)
        asyncio._enter_task(loop, task)
        try:
            awaited = context.run(coroutine.send, None)
        except StopIteration:
            self._give_back(rest, task)
            return None
        except BaseException as error:  # noqa: BLE001 - it ends the task
            rest.take(coroutine, context, partial(_raise, error))
        else:
            rest.take(coroutine, context, lambda: awaited)
        finally:
            asyncio._leave_task(loop, task)
            if caller is not None:
                asyncio._enter_task(loop, caller)
        return task

    def close(self) -> None:
        """Cancel the task that stands ready; nothing is started after this."""
        if self._ready is not None:
            self._ready[1].cancel()
            self._ready = None

    def _take(self) -> "tuple[_Rest, Task]":
        ready, self._ready = self._ready, None
        if ready is not None and not ready[1].cancelling() and not ready[1].done():
            return ready
        rest = _Rest()
        return rest, self._create_task(rest)

    def _give_back(self, rest: "_Rest", task: Task) -> None:
        if self._ready is None and not task.cancelling():
            self._ready = rest, task
        else:
            task.cancel()


class _Rest(Coroutine[Any, Any, None]):
    """What a task runs: nothing at first, then what a coroutine has left after its first step."""

    def __init__(self) -> None:
        self._coroutine: Coroutine[Any, Any, None] | None = None
        self._context: Context | None = None
        self._first: Callable[[], Any] | None = None
        self._wait: asyncio.Future[None] | None = None

    def take(
        self, coroutine: Coroutine[Any, Any, None], context: Context, first: Callable[[], Any]
    ) -> None:
        """Go on with a coroutine that has taken its first step.

        Args:
            coroutine: the coroutine.
            context: what it runs in.
            first: gives what the first step came to: what is awaited, or an exception.
        """
        self._coroutine, self._context, self._first = coroutine, context, first
        if self._wait is not None and not self._wait.done():
            self._wait.set_result(None)

    def send(self, value: Any) -> Any:
        """Wait for a coroutine, then go on with it: the first time with its first step's result."""
        if self._coroutine is None or self._context is None:
            self._wait = asyncio.get_running_loop().create_future()
            return next(self._wait.__await__())
        if self._first is None:
            return self._context.run(self._coroutine.send, value)
        first, self._first = self._first, None
        return first()

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits; one that has ended stays as it ended."""
        if self._coroutine is None or self._context is None:
            raise error[0]
        if isinstance(self._first, partial):
            return self._first()
        self._first = None
        return self._context.run(self._coroutine.throw, *error)

    def close(self) -> None:
        """Give the coroutine up."""
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("a task runs this; nothing awaits it")


def _raise(error: BaseException) -> NoReturn:
    raise error

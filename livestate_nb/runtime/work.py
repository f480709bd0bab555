"""Run what users wrote: plain functions in worker threads, async ones on the loop.

One call may take several steps: a generator's yields. It must not know what the results mean.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Executor, Future
from contextvars import copy_context
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from livestate_nb.errors import ReturnError

T = TypeVar("T")

_PATIENCE: Final = 5.0


class Step(NamedTuple):
    """Hold what a call gave: its result, or one yield of a generator that goes on.

    Args:
        value: what was returned or yielded.
        is_last: whether the call has ended.
    """

    value: Any
    is_last: bool


class Work:
    """Run one call of a user's function step by step.

    A plain ``def`` runs in a worker thread, with the caller's context variables (Starlette's
    convention); what it returns decides how to go on: a generator's steps run in worker
    threads too, a coroutine or async generator on the loop.

    Args:
        executor: where plain functions run.
        function: what to call.
        *args: its arguments.
    """

    def __init__(self, executor: Executor, function: Callable[..., Any], *args: Any) -> None:
        self._executor = executor
        self._function = function
        self._args = args
        self._generator: Generator[Any, Any, Any] | None = None
        self._async_generator: AsyncGenerator[Any, Any] | None = None
        self._thread: Future[Any] | None = None

    async def step(self, answer: object = None) -> Step:
        """Run to the next yield or to the end; whatever the function raises comes out.

        Args:
            answer: what the yield expression that the generator stopped at gives; None at first.
        """
        if self._generator is None and self._async_generator is None:
            answer = None
            result = await self._start()
            if result is None:
                return Step(None, is_last=True)
            if inspect.isasyncgen(result):
                self._async_generator = result
            elif inspect.isgenerator(result):
                self._generator = result
            else:
                return Step(result, is_last=True)
        if self._generator is not None:
            return await self._in_thread(_step, self._generator, answer)
        assert self._async_generator is not None  # noqa: S101 - for mypy
        try:
            return Step(await self._async_generator.asend(answer), is_last=False)
        except StopAsyncIteration:
            return Step(None, is_last=True)

    async def throw(self, error: BaseException) -> Step:
        """Raise an error in a generator where it stopped, and run it to its next yield."""
        if self._generator is not None:
            return await self._in_thread(_throw, self._generator, error)
        assert self._async_generator is not None  # noqa: S101 - for mypy
        try:
            return Step(await self._async_generator.athrow(error), is_last=False)
        except StopAsyncIteration:
            return Step(None, is_last=True)

    async def close(self) -> None:
        """End a generator that has not come to its end: its ``finally`` blocks run.

        A step that is running in a thread is waited for, since nothing can stop it, for 5 seconds
        at most: then the generator is left to itself.
        """
        if self._thread is not None and not self._thread.done():
            await asyncio.wait([asyncio.wrap_future(self._thread)], timeout=_PATIENCE)
            if not self._thread.done():
                return
        if self._async_generator is not None:
            await self._async_generator.aclose()
        elif self._generator is not None:
            await self._in_thread(self._generator.close)

    async def _start(self) -> Any:
        if _runs_on_loop(getattr(self._function, "__func__", self._function)):
            result = self._function(*self._args)
        else:
            result = await self._in_thread(_call, self._function, *self._args)
        is_awaitable = inspect.iscoroutine(result) or inspect.isawaitable(result)  # cheapest first
        return await result if is_awaitable else result

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        self._thread = thread = self._executor.submit(copy_context().run, function, *args)
        return await asyncio.wrap_future(thread)


async def run(executor: Executor, function: Callable[..., Any], *args: Any) -> Any:
    """Run a call that has one step, such as ``init``.

    Raises:
        ReturnError: it is a generator.
        Exception: whatever the function raises.
    """
    work = Work(executor, function, *args)
    step = await work.step()
    if not step.is_last:
        await work.close()
        raise ReturnError(f"{function.__qualname__} must not yield: return the value", step.value)
    return step.value


@lru_cache
def _runs_on_loop(function: Callable[..., Any]) -> bool:
    function = inspect.unwrap(function)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _call(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except StopIteration as error:  # no future can carry it
        raise RuntimeError(f"{function.__qualname__} raised StopIteration") from error


def _step(generator: Generator[Any, Any, Any], answer: object) -> Step:
    try:
        return Step(generator.send(answer), is_last=False)
    except StopIteration as end:
        return Step(end.value, is_last=True)


def _throw(generator: Generator[Any, Any, Any], error: BaseException) -> Step:
    try:
        return Step(generator.throw(error), is_last=False)
    except StopIteration as end:
        return Step(end.value, is_last=True)

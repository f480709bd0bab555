"""Run what users wrote: plain functions in worker threads, async ones on the loop, or on "main".

One call may take several steps: a generator's yields. It must not know what the results mean.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor, Future
from contextvars import copy_context
from dataclasses import dataclass
from types import AsyncGeneratorType
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from livestate_nb.errors import ReturnError
from livestate_nb.runtime.advice import advise

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


class Main(Protocol):
    """The main thread of a kernel; it has a loop."""

    def call(
        self, function: Callable[..., Any], *args: Any, is_async: bool = False
    ) -> "Future[Any]":
        """Call a function there when no cell runs; await what it gives if it is async."""


@dataclass(frozen=True, slots=True)
class Threads:
    """Where users' functions may run, beside the endpoint's loop.

    Args:
        workers: runs plain functions.
        main: runs what asks for the main thread; None where there is no notebook.
    """

    workers: Executor
    main: Main | None = None


class Work:
    """Run one call of a user's function step by step.

    A plain ``def`` runs in a worker thread, with the caller's context variables (Starlette's
    convention); what it returns decides how to go on: a generator's steps run in worker
    threads too, a coroutine or async generator on the loop. On the main thread it all runs there
    and on its loop.

    Args:
        threads: where it may run.
        function: what to call.
        *args: its arguments.
        on_main: whether it runs on the main thread; there is one.
    """

    def __init__(
        self, threads: Threads, function: Callable[..., Any], *args: Any, on_main: bool = False
    ) -> None:
        self._threads = threads
        self._main = threads.main if on_main else None
        self._function = function
        self._args = args
        self._generator: Generator[Any, Any, Any] | None = None
        self._async_generator: AsyncGeneratorType[Any, Any] | None = None
        self._thread: Future[Any] | None = None

    @property
    def name(self) -> str:
        """What is called, for people."""
        return self._function.__qualname__

    async def step(self, answer: object = None) -> Step:
        """Run to the next yield or to the end; whatever the function raises comes out.

        Args:
            answer: what the yield expression that the generator stopped at gives; None at first.
        """
        try:
            if self._generator is None and self._async_generator is None:
                answer = None
                result = await self._start()
                if inspect.isasyncgen(result):
                    self._async_generator = result
                elif inspect.isgenerator(result):
                    self._generator = result
                else:
                    return Step(result, is_last=True)
            if self._generator is not None:
                return await self._in_thread(_step, self._generator, answer)
            assert self._async_generator is not None  # noqa: S101 - for mypy
            return await self._resume(self._async_generator.asend, answer)
        except Exception as error:
            if self._threads.main is not None and self._main is None:
                advise(error)
            raise

    async def throw(self, error: BaseException) -> Step:
        """Raise an error in a generator where it stopped, and run it to its next yield."""
        if self._generator is not None:
            return await self._in_thread(_throw, self._generator, error)
        assert self._async_generator is not None  # noqa: S101 - for mypy
        return await self._resume(self._async_generator.athrow, error)

    async def close(self) -> None:
        """End a generator that has not come to its end: its ``finally`` blocks run.

        A step that is running in a thread is waited for, since nothing can stop it, for 5 seconds
        at most: then the generator is left to itself.
        """
        if self._thread is not None and not self._thread.cancel() and not self._thread.done():
            running = asyncio.wrap_future(self._thread)
            await asyncio.wait([running], timeout=_PATIENCE)
            if not running.done():
                return
            if not running.cancelled():
                running.exception()  # it comes too late for anybody
        if self._async_generator is not None:
            await self._awaited(_close, self._async_generator)
        elif self._generator is not None:
            await self._in_thread(self._generator.close)

    async def _start(self) -> Any:
        if not _runs_on_loop(self._function):
            result = await self._in_thread(_call, self._function, *self._args)
        elif self._main is not None and not inspect.isasyncgenfunction(self._function):
            return await self._on_main(self._function, *self._args)
        else:
            result = self._function(*self._args)
        if not inspect.iscoroutine(result) and not inspect.isawaitable(result):  # cheapest first
            return result
        return await (result if self._main is None else self._on_main(lambda: result))

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        """Call a plain function in a worker thread, or on the main one."""
        if self._main is not None:
            self._thread = self._main.call(function, *args)
        else:
            self._thread = self._threads.workers.submit(copy_context().run, function, *args)
        return await asyncio.wrap_future(self._thread)

    async def _resume(self, resume: Callable[[Any], Awaitable[Any]], value: object) -> Step:
        """Run an async generator to its next yield; what ends it is never its own error."""
        try:
            return Step(await self._awaited(resume, value), is_last=False)
        except StopAsyncIteration:
            return Step(None, is_last=True)

    def _awaited(self, function: Callable[..., Awaitable[T]], *args: Any) -> Awaitable[T]:
        """Return what an async function gives here, or on the main thread's loop."""
        return function(*args) if self._main is None else self._on_main(function, *args)

    async def _on_main(self, function: Callable[..., Any], *args: Any) -> Any:
        """Await on the main thread's loop what an async function gives."""
        assert self._main is not None  # noqa: S101 - for mypy
        self._thread = self._main.call(_await, function, *args, is_async=True)
        return await asyncio.wrap_future(self._thread)


async def run(work: Work) -> Any:
    """Do a work that has one step, such as ``init``, and return what it gives.

    Raises:
        ReturnError: it is a generator.
        Exception: whatever the function raises.
    """
    step = await work.step()
    if not step.is_last:
        await work.close()
        raise ReturnError(f"{work.name} must not yield: return the value", step.value)
    return step.value


async def _close(generator: AsyncGeneratorType[Any, Any]) -> None:
    """Close a generator; a step of it that was cancelled may take 5 seconds to end."""
    async with asyncio.timeout(_PATIENCE):
        while generator.ag_running:  # noqa: ASYNC110 - nothing tells of its end
            await asyncio.sleep(0.01)
    await generator.aclose()


def _runs_on_loop(function: Callable[..., Any]) -> bool:
    if inspect.iscoroutinefunction(function):  # the commonest, and the cheapest to tell
        return True
    function = inspect.unwrap(function)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _call(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except (StopIteration, GeneratorExit) as error:
        raise _portable(function.__qualname__, error) from error


async def _await(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    try:
        return await function(*args)
    except GeneratorExit as error:
        raise _portable("the handler", error) from error


def _step(generator: Generator[Any, Any, Any], answer: object) -> Step:
    return _advance(generator.send, answer)


def _throw(generator: Generator[Any, Any, Any], error: BaseException) -> Step:
    return _advance(generator.throw, error)


def _advance(resume: Callable[[Any], Any], value: object) -> Step:
    try:
        return Step(resume(value), is_last=False)
    except StopIteration as end:
        return Step(end.value, is_last=True)
    except GeneratorExit as error:
        raise _portable("the handler's generator", error) from error


def _portable(name: str, error: BaseException) -> RuntimeError:
    """Return what tells of an error that no future can carry: it would end who waits, unheard."""
    return RuntimeError(f"{name} raised {type(error).__name__}")

"""Run calls on the main thread of a kernel, when no cell needs it.

A cell that waits for a session does its calls in the meantime. It must not know cells, kernels
or what the calls do.
"""

import asyncio
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from livestate_nb.channel import Channel, Turn, current_turn
from livestate_nb.errors import WouldDeadlock

T = TypeVar("T")

_ON_A_TAKEN_LOOP: Final = (
    'an async handler with run_on="main" runs on the loop of the notebook\'s cells, which this '
    "cell keeps while it waits: make the handler a plain def, or let the cell end first"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """Hold one call.

    Args:
        function: what to call, without arguments.
        context: the context that it runs in.
        outcome: gets what it gives.
        is_async: whether it gives an awaitable.
        turn: the turn that it is called in; None outside one.
    """

    function: Callable[[], Any]
    context: Context
    outcome: "Future[Any]"
    is_async: bool
    turn: Turn | None

    @property
    def blocked(self) -> frozenset[Channel]:
        """Channel objects that wait for it, its own first of all."""
        return frozenset() if self.turn is None else self.turn.blocked | {self.turn.channel}


class MainThread:
    """Run calls on the thread that makes this object, one at a time, while it is free.

    Args:
        loop: the loop that runs on that thread.
        tell: called with the channel objects whose calls wait for the running cell, whenever
            that changes; from any thread.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tell: Callable[[frozenset[Channel]], None]
    ) -> None:
        self._loop = loop
        self._tell = tell
        self._thread = threading.get_ident()
        self._changed = threading.Condition()
        self._due: deque[_Task] = deque()
        self._waited_for: Counter[Channel] = Counter()
        self._told: frozenset[Channel] = frozenset()
        self._cells = 0

    # from any thread

    def call(
        self, function: Callable[..., Any], *args: Any, is_async: bool = False
    ) -> "Future[Any]":
        """Call a function when the thread is free; awaitables that it gives are awaited there.

        Args:
            function: what to call, in a copy of this context.
            *args: its arguments.
            is_async: whether it gives an awaitable.
        """
        task = _Task(
            lambda: function(*args), copy_context(), Future(), is_async, current_turn.get()
        )
        with self._changed:
            self._due.append(task)
            self._changed.notify_all()
        self._report()
        self._loop.call_soon_threadsafe(self._next)
        return task.outcome

    def wait(self, future: "Future[T]", channel: Channel | None = None) -> T:
        """Return what a future comes to; on the main thread, do what is due in the meantime.

        Args:
            future: what to wait for.
            channel: the channel object that it is the turn of, if it is one's.
        """
        if threading.get_ident() != self._thread:
            return future.result()
        future.add_done_callback(lambda _: self._wake())
        with self._counted(channel):
            while not future.done():
                task = self._find(future)
                if task is not None:
                    self._take(task, self._run_inline)
        return future.result()

    # on the main thread

    def pause(self) -> None:
        """Let calls wait: a cell begins, perhaps in another one."""
        self._cells += 1
        self._report()

    def resume(self) -> None:
        """Go on with the calls, if the cell that has ended was the outermost."""
        self._cells = max(0, self._cells - 1)
        if not self._cells:
            self._loop.call_soon_threadsafe(self._next)

    # inside

    def _report(self) -> None:
        """Tell whose calls wait for the running cell, if that has changed."""
        with self._changed:
            due = self._due if self._cells else ()
            waiting = frozenset[Channel]().union(*(task.blocked for task in due))
            if waiting == self._told:
                return
            self._told = waiting
        self._tell(waiting)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _next(self) -> None:
        """Do one call, and the next one when others have had their turn on the loop."""
        if self._cells or not self._due:
            return
        with suppress(KeyboardInterrupt):  # it may come a moment too late
            self._take(self._due[0], self._run)
        if self._due:
            self._loop.call_soon(self._next)

    def _run(self, task: _Task) -> None:
        if task.is_async:
            if not task.outcome.done():
                running = self._loop.create_task(_settle(task), context=task.context)
                task.outcome.add_done_callback(partial(self._give_up, running))
        elif task.outcome.set_running_or_notify_cancel():
            with _interruptible():
                _perform(task)

    def _give_up(self, running: "asyncio.Task[None]", outcome: "Future[Any]") -> None:
        if outcome.cancelled():
            self._loop.call_soon_threadsafe(running.cancel)

    def _find(self, future: "Future[Any]") -> _Task | None:
        """Wait for a call that can be done inline; None when the future is done."""
        with self._changed:
            while not future.done():
                for task in self._due:
                    if not task.is_async or task.blocked & self._waited_for.keys():
                        return task
                self._changed.wait()
        return None

    def _take(self, task: _Task, run: Callable[[_Task], None]) -> None:
        """Take a call out and run it; an interrupt in between does not lose it."""
        try:
            with self._changed:
                self._due.remove(task)
            self._report()
            run(task)
        except BaseException as error:
            with self._changed:
                if task.outcome.running():
                    task.outcome.set_exception(error)
                elif not task.outcome.done() and task not in self._due:
                    self._due.appendleft(task)
            raise

    def _run_inline(self, task: _Task) -> None:
        if not task.outcome.set_running_or_notify_cancel():
            return
        if task.is_async:
            task.outcome.set_exception(WouldDeadlock(_ON_A_TAKEN_LOOP))
        else:
            with _above(task.turn):
                _perform(task)

    @contextmanager
    def _counted(self, channel: Channel | None) -> Iterator[None]:
        """Note that a cell waits for a channel's turn."""
        if channel is None:
            yield
            return
        self._waited_for[channel] += 1
        try:
            yield
        finally:
            self._waited_for[channel] -= 1
            self._waited_for += Counter()  # drops what is 0


@contextmanager
def _above(turn: Turn | None) -> Iterator[None]:
    """Note that the turn which waits on this thread cannot go on before another one has ended."""
    beneath = current_turn.get()
    if turn is None or beneath is None:
        yield
        return
    waiting = turn.waiting
    turn.waiting = waiting | {beneath}
    try:
        yield
    finally:
        turn.waiting = waiting


def _perform(task: _Task) -> None:
    """Do a plain call; who waits for it gets what it gives or raises."""
    try:
        result = task.context.run(task.function)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is not this thread's
        task.outcome.set_exception(error)
    else:
        task.outcome.set_result(result)


async def _settle(task: _Task) -> None:
    """Do an async call; who still waits for it gets what it gives or raises."""
    try:
        result = await task.function()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must not end this loop
        with suppress(InvalidStateError):
            task.outcome.set_exception(error)
    else:
        with suppress(InvalidStateError):
            task.outcome.set_result(result)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the kernel's interrupt reach a call: between cells the kernel ignores it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

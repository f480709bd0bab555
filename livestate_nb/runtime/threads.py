"""Worker threads for plain functions: daemons, so that a stuck one never keeps the process.

The standard library's pool joins its threads when the interpreter ends. It must not know what
it runs.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final, ParamSpec, TypeVar

from livestate_nb.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")

MOST_WAITING: Final = 1_000
"""Threads of some workers that may wait for what others do."""


class Workers(Executor):
    """Run functions in up to so many daemon threads, started as they are needed.

    A thread that waits for what needs a thread itself says so by `waiting`, and is not counted
    meanwhile.

    When the interpreter ends it may start no more of them (from Python 3.12 on): then a function
    for which none is idle runs in the caller's.

    Args:
        limit: threads at most; more functions wait for one.

    Example:
        >>> workers = Workers(2)
        >>> workers.submit(pow, 2, 5).result()
        32
        >>> workers.shutdown()
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0
        self._waiting = 0
        self._idle = 0
        self._is_shut_down = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function in a thread.

        Raises:
            RuntimeError: the workers are shut down.
        """
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - who waits for the future gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("the workers are shut down")
            is_taken = True
            if self._idle:
                self._idle -= 1
            elif self._has_room():
                is_taken = self._start()
            if is_taken:
                self._queue.put(work)
        if not is_taken:
            work()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Let the threads end when they are done with what was submitted; wait for none."""
        with self._lock:
            self._is_shut_down = True
            for _ in range(self._threads):
                self._queue.put(None)

    def step_aside(self) -> None:
        """Count the calling thread no longer: another one does what waits for a thread.

        Raises:
            Overloaded: as many have stepped aside as may.
        """
        with self._lock:
            if self._waiting == MOST_WAITING:
                raise Overloaded(
                    f"expected at most {MOST_WAITING} plain handlers to wait for other sessions: "
                    "make them async, or dispatch less often"
                )
            if not self._queue.empty() and not self._is_shut_down and self._has_room(leaving=1):
                self._start()
            self._waiting += 1

    def step_back(self) -> None:
        """Count the calling thread again: there may be too many until the next one is done."""
        with self._lock:
            self._waiting -= 1

    def _has_room(self, leaving: int = 0) -> bool:
        return self._threads - self._waiting - leaving < self._limit

    def _start(self) -> bool:
        """Start a thread; return whether the interpreter has."""
        try:
            _Worker(self, self._run).start()
        except RuntimeError:
            return False
        self._threads += 1
        return True

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
            del work  # so that no result is kept while waiting
            with self._lock:
                if self._threads - self._waiting > self._limit:
                    self._threads -= 1
                    return
                if self._queue.empty():
                    self._idle += 1


class _Worker(threading.Thread):
    """A thread that can say whose it is."""

    def __init__(self, workers: Workers, run: Callable[[], None]) -> None:
        super().__init__(target=run, name="livestate-worker", daemon=True)
        self.workers = workers


@contextmanager
def waiting() -> Iterator[None]:
    """Give the place of this thread to another one while it waits; only a worker's has one.

    Raises:
        Overloaded: too many wait already.
    """
    thread = threading.current_thread()
    if not isinstance(thread, _Worker):
        yield
        return
    thread.workers.step_aside()
    try:
        yield
    finally:
        thread.workers.step_back()

"""Worker threads for plain functions: daemons, so that a stuck one never keeps the process.

The standard library's pool joins its threads when the interpreter ends. It must not know what
it runs.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Executor):
    """Run functions in up to so many daemon threads, started as they are needed.

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
            if self._idle:
                self._idle -= 1
            elif self._threads < self._limit and self._start():
                self._threads += 1
            elif self._threads < self._limit:
                work()
                return future
            self._queue.put(work)
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Let the threads end when they are done with what was submitted; wait for none."""
        with self._lock:
            self._is_shut_down = True
            for _ in range(self._threads):
                self._queue.put(None)

    def _start(self) -> bool:
        """Start a thread; return whether the interpreter has."""
        try:
            threading.Thread(target=self._run, name="livestate-worker", daemon=True).start()
        except RuntimeError:
            return False
        return True

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
            del work  # so that no result is kept while waiting
            with self._lock:
                if self._queue.empty():
                    self._idle += 1

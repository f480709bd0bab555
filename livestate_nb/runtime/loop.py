"""Run a loop on a thread of its own, and coroutines on it from other threads.

It must not know what they do.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from livestate_nb.channel import Channel, Turn
from livestate_nb.errors import SessionClosed, WouldDeadlock
from livestate_nb.runtime.main_thread import MainThread
from livestate_nb.runtime.threads import waiting
from livestate_nb.runtime.waits import Waits

T = TypeVar("T")

_PATIENCE: Final = 10.0
"""Seconds that the thread has to end; it waits for those of `asyncio.to_thread`."""


class Loop:
    """Run an event loop on a thread of its own until it is stopped.

    Args:
        name: names the thread.
        main: the kernel's main thread, which does what is asked of it while it waits.

    Example:
        >>> loop = Loop("example")
        >>> loop.run(asyncio.sleep(0, "done"))
        'done'
        >>> loop.stop()
    """

    def __init__(self, name: str, main: MainThread | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self._main = main
        self._waits = Waits()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T], channel: Channel | None = None) -> T:
        """Run a coroutine and return what it gives; a KeyboardInterrupt here cancels it.

        Args:
            coroutine: what to run.
            channel: the channel object whose turn it waits for, if it is one's.

        Raises:
            WouldDeadlock: this is the loop's own thread.
            SessionClosed: the loop has ended.
            Exception: whatever the coroutine raises.
        """
        future = self.start(coroutine)
        try:
            return self.wait(future, channel)
        except BaseException:
            future.cancel()
            raise

    @contextmanager
    def waiting(self, channel: Channel, what: str) -> Iterator[frozenset[Turn]]:
        """Let this thread wait for a session's turn; return its own turn, if it has one.

        Nobody else waits for a worker's thread then: another one takes its place.

        Args:
            channel: the session's channel object.
            what: what is called, for people.

        Raises:
            WouldDeadlock: the session waits for what waits here.
            Overloaded: too many worker threads wait.
        """
        with self._waits.noted(channel, what) as turns, waiting():
            yield turns

    def wait(self, future: "Future[T]", channel: Channel | None) -> T:
        """Wait for what a future comes to; see `run`."""
        return future.result() if self._main is None else self._main.wait(future, channel)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine; raises as `run` does, but for the coroutine's own exceptions."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise WouldDeadlock(
                "this is the endpoint's own thread, which would wait for itself: "
                "call it from a plain def handler, a cell or another thread"
            )
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError as error:
            coroutine.close()
            raise SessionClosed(
                "the endpoint is closed: in a notebook, run %load_ext livestate_nb"
            ) from error

    def stop(self) -> None:
        """End the loop, and wait for its thread: 10 seconds at most."""
        with suppress(RuntimeError):  # it has ended already
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_PATIENCE)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

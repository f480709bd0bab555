"""Run coroutines of an endpoint's loop from other threads, and wait for them.

It must not know what they do.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from livestate_nb.channel import Channel
from livestate_nb.errors import SessionClosed, WouldDeadlock
from livestate_nb.runtime.main_thread import MainThread

T = TypeVar("T")


class Loop:
    """Run coroutines of the endpoint's loop from other threads, and wait for them.

    Args:
        loop: the endpoint's loop, running in a thread of its own.
        thread: the ident of that thread.
        main: the kernel's main thread, which does what is asked of it while it waits.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, thread: int, main: MainThread | None = None
    ) -> None:
        self.loop = loop
        self._thread = thread
        self._main = main

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

    def wait(self, future: "Future[T]", channel: Channel | None) -> T:
        """Wait for what a future comes to; see `run`."""
        return future.result() if self._main is None else self._main.wait(future, channel)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine; raises as `run` does, but for the coroutine's own exceptions."""
        if threading.get_ident() == self._thread:
            coroutine.close()
            raise WouldDeadlock(
                "this is the endpoint's own thread, which would wait for itself: "
                "call it from a plain def handler, a cell or another thread"
            )
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError as error:
            coroutine.close()
            raise SessionClosed("the endpoint is closed: run %load_ext livestate_nb") from error

"""A mailbox: jobs done one at a time, in the order they came.

Its worker is a task that exists only while there is something to do. It must not know what a
job does.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from livestate_nb.errors import ChannelError, SessionClosed

_log = logging.getLogger("livestate_nb")
T = TypeVar("T")


class Spawn(Protocol):
    """Start a task that the endpoint owns: it is cancelled and awaited when that closes."""

    def __call__(
        self, coroutine: Coroutine[Any, Any, None], /, *, is_eager: bool = False
    ) -> asyncio.Task[None]:
        """Return the started task; an eager one has run up to its first wait."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Hold one thing to do.

    Args:
        run: does it; it handles its own failures.
        outcome: who waits for it; gets SessionClosed if the job is dropped.
        clean_up: run if the job is dropped, also in its middle; it must not raise.
    """

    run: Callable[[], Awaitable[None]]
    outcome: "asyncio.Future[Any] | None" = None
    clean_up: Callable[[], Awaitable[None]] | None = None


class Mailbox:
    """Do jobs one at a time.

    Args:
        spawn: starts the worker.
    """

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._jobs: deque[Job] = deque()
        self._current: Job | None = None
        self._worker: asyncio.Task[None] | None = None
        self._is_working = False
        self._is_closed = False

    def put(self, job: Job, *, is_eager: bool = False) -> None:
        """Do a job when its turn comes; a closed mailbox drops it.

        Args:
            job: what to do.
            is_eager: whether to begin it before this returns, if its turn is now.
        """
        if self._is_closed:
            self._spawn(_drop(None, [job]))
            return
        self._jobs.append(job)
        if not self._is_working:
            self._is_working = True
            worker = self._spawn(self._work(), is_eager=is_eager)
            self._worker = worker if self._is_working else None

    async def do(self, run: Callable[[], Awaitable[T]]) -> T:
        """Do something when its turn comes, and return what it gives or raise what it raises.

        Raises:
            SessionClosed: the mailbox was closed before it was done.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def settle() -> None:
            try:
                result = await run()
            except BaseException as error:
                if is_cancelled(error):
                    raise
                fail(outcome, error)
            else:
                if not outcome.done():
                    outcome.set_result(result)

        self.put(Job(settle, outcome))
        return await outcome

    def close(self) -> None:
        """Do no further job; drop the waiting ones, and the current one unless it calls this."""
        self._is_closed = True
        jobs = list(self._jobs)
        self._jobs.clear()
        worker = self._worker
        if worker is asyncio.current_task():
            worker = None
        if worker is not None:
            worker.cancel()
            jobs[:0] = [self._current] if self._current is not None else []
        self._spawn(_drop(worker, jobs))

    async def _work(self) -> None:
        while self._jobs:
            job = self._current = self._jobs.popleft()
            try:
                await job.run()
            except Exception:  # noqa: BLE001 - the next job must be done all the same
                _log.exception("a job of a session failed: this is a fault of livestate_nb")
            self._current = None
        self._worker = None
        self._is_working = False


async def _drop(worker: asyncio.Task[None] | None, jobs: list[Job]) -> None:
    if worker is not None:
        await asyncio.wait([worker])
    for job in jobs:
        if job.clean_up is not None:
            await job.clean_up()
        fail(job.outcome, SessionClosed("the session has ended"))


def fail(outcome: "asyncio.Future[Any] | None", error: BaseException) -> None:
    """Give an error to who waits, if anybody does and was not answered.

    What would end the loop's thread (SystemExit, KeyboardInterrupt) comes as a ChannelError.
    """
    if outcome is None or outcome.done():
        return
    if not isinstance(error, Exception):
        cause, error = error, ChannelError(f"a callback raised {error!r}")
        error.__cause__ = cause
    outcome.set_exception(error)


def is_cancelled(error: BaseException) -> bool:
    """Return whether an error is the cancelling of the current task, not of a callback's own."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0

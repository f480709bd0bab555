"""A mailbox: jobs that take turns, one at a time, in the order they came.

Each job has a task and a context of its own; it may pause, and goes on behind what came in the
meantime. It must not know what a job does.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from livestate_nb.errors import ChannelError, Overloaded, SessionClosed

ENDED: Final = "the session has ended: show it, or join its topic, again"
"""What is said to who comes too late."""

_log = logging.getLogger("livestate_nb")
T = TypeVar("T")


class Tasks(Protocol):
    """Start tasks that the endpoint owns: they are cancelled and awaited when it closes."""

    def spawn(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None]:
        """Start a task."""

    def begin(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None] | None:
        """Run a coroutine up to its first wait; return the task with the rest, if there is one."""


class Job(Protocol):
    """What is to be done in turn."""

    @property
    def owner(self) -> object:
        """Who asked for it: `Mailbox.drop` drops an owner's jobs."""

    @property
    def outcome(self) -> "asyncio.Future[Any] | None":
        """Who waits for it, if anybody does: gets SessionClosed if the mailbox closes first."""

    def run(self) -> Awaitable[None]:
        """Do it, and handle its failures."""


@dataclass(frozen=True, slots=True, eq=False)
class Errand:
    """Hold a job that one function does; it is the session's own and gets into a full mailbox."""

    run: Callable[[], Awaitable[None]]
    owner: object = None
    outcome: "asyncio.Future[Any] | None" = None


class Mailbox:
    """Let jobs take turns.

    Args:
        tasks: starts the tasks of jobs.
        most: how many jobs may wait; errands and generators that go on are not counted.
    """

    def __init__(self, tasks: Tasks, most: int) -> None:
        self.is_closed = False
        self._tasks = tasks
        self._most = most
        self._waiting: deque[Job | asyncio.Future[None]] = deque()
        self._counted = 0
        self._begun: dict[Job, asyncio.Task[None] | None] = {}
        self._is_busy = False

    @property
    def length(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting)

    def put(self, job: Job, *, is_eager: bool = False) -> None:
        """Do a job when its turn comes; a closed mailbox drops it.

        Args:
            job: what to do.
            is_eager: whether to begin it before this returns, if its turn is now.

        Raises:
            Overloaded: it is no errand, and as many as may wait do already.
        """
        if self.is_closed:
            fail(job.outcome, _ended())
        elif not self._is_busy:
            self._begin(job, is_eager=is_eager)
        elif isinstance(job, Errand):
            self._waiting.append(job)
        elif self._counted < self._most:
            self._counted += 1
            self._waiting.append(job)
        else:
            raise Overloaded(
                f"expected at most {self._most} messages to wait: send fewer, or later"
            )

    async def do(self, run: Callable[[], Awaitable[T]]) -> T:
        """Do something when its turn comes, and return what it gives or raise what it raises.

        Raises:
            SessionClosed: the mailbox was closed before it was done.
        """
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def settle() -> None:
            if outcome.done():  # nobody waits any more
                return
            try:
                result = await run()
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                fail(outcome, error)
            else:
                if not outcome.done():
                    outcome.set_result(result)

        self.put(Errand(settle, outcome=outcome))
        return await outcome

    async def pause(self) -> asyncio.CancelledError | None:
        """Let what waits have its turn, then go on; called by the job whose turn it is.

        Returns:
            what cancelled the job's task in the meantime, such as a time-out that the job
            holds; the job has to deal with it now that it is its turn.

        Raises:
            asyncio.CancelledError: the mailbox was closed.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._next()
        cancelled = None
        while not turn.done():
            try:
                await asyncio.wait([turn])
            except asyncio.CancelledError as error:
                if self.is_closed:
                    raise
                cancelled = error
        return cancelled

    def drop(self, owner: object) -> None:
        """Forget the waiting jobs of an owner."""
        self._waiting = deque(
            waiting
            for waiting in self._waiting
            if isinstance(waiting, asyncio.Future) or waiting.owner is not owner
        )
        self._counted = sum(map(_is_counted, self._waiting))

    def close(self) -> None:
        """Do no further job: waiting ones are dropped, begun ones cancelled but for the caller's.

        Who waits for an outcome is told first: a job may take long to end.
        """
        self.is_closed = True
        dropped = [job for job in self._waiting if not isinstance(job, asyncio.Future)]
        self._waiting.clear()
        self._counted = 0
        for job in [*dropped, *self._begun]:
            fail(job.outcome, _ended())
        current = asyncio.current_task()
        for task in self._begun.values():
            if task is not None and task is not current:
                task.cancel()

    async def wound_up(self, seconds: float) -> None:
        """Wait until no job runs, when it is closed; so long at most."""
        running = [task for task in self._begun.values() if task is not None]
        if running:
            await asyncio.wait(running, timeout=seconds)

    def _begin(self, job: Job, *, is_eager: bool = False) -> None:
        self._is_busy = True
        self._begun[job] = None
        start = self._tasks.begin if is_eager else self._tasks.spawn
        task = start(self._run(job))
        if job in self._begun:
            self._begun[job] = task

    async def _run(self, job: Job) -> None:
        try:
            await job.run()
        except Exception as error:  # noqa: BLE001 - the next job must be done all the same
            fail(job.outcome, error)
            _log.exception("a job of a session failed: this is a fault of livestate_nb")
        finally:
            del self._begun[job]
            self._next()

    def _next(self) -> None:
        """Give the turn to what has waited longest."""
        self._is_busy = bool(self._waiting)
        if self._waiting:
            waiting = self._waiting.popleft()
            self._counted -= _is_counted(waiting)
            if isinstance(waiting, asyncio.Future):
                waiting.set_result(None)
            else:
                self._begin(waiting)


def _is_counted(waiting: "Job | asyncio.Future[None]") -> bool:
    return not isinstance(waiting, Errand | asyncio.Future)


def fail(outcome: "asyncio.Future[Any] | None", error: BaseException) -> None:
    """Give an error to who waits, if anybody does and was not answered.

    What would end the loop's thread (SystemExit, KeyboardInterrupt), or look as if the waiting
    was cancelled, comes as a ChannelError.
    """
    if outcome is None or outcome.done():
        return
    if not isinstance(error, Exception):
        cause, error = error, ChannelError(f"a callback raised {error!r}")
        error.__cause__ = cause
    outcome.set_exception(error)


def _ended() -> SessionClosed:
    return SessionClosed(ENDED)

"""Clocks that stand still while a cell runs.

They must not know who measures by them.
"""

import asyncio
import time
from typing import Final

_TICK: Final = 1.0
"""Seconds between two looks at a loop."""


class IdleClock:
    """Count the seconds in which the kernel can hear its clients.

    While a cell runs, comm messages wait: the time until it ends says nothing of whether a
    page is still there.
    """

    def __init__(self) -> None:
        self._cells = 0
        self._counted: tuple[float, float | None] = 0.0, time.monotonic()
        """Seconds until the last stop, and the time of the start since; read by other threads."""

    def __call__(self) -> float:
        """Return the seconds so far."""
        seconds, since = self._counted
        return seconds if since is None else seconds + time.monotonic() - since

    def pause(self) -> None:
        """Stop counting: a cell begins, perhaps in another one."""
        self._cells += 1
        self._counted = self(), None

    def resume(self) -> None:
        """Count on, if the cell that has ended was the outermost."""
        self._cells = max(0, self._cells - 1)
        if not self._cells:
            self._counted = self(), time.monotonic()


class LoopClock:
    """Count the seconds in which a loop runs, for kernels that do not tell when a cell begins.

    A cell keeps its kernel's loop, and so the messages of clients wait. Nobody ends it: what
    measures by it is there for as long as the kernel, whose loop takes the timer along.

    Args:
        loop: the kernel's; the calling thread runs it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._counted: tuple[float, float] = 0.0, time.monotonic()
        """Seconds until the last look, and the time of it; read by other threads."""
        loop.call_later(_TICK, self._look)

    def __call__(self) -> float:
        """Return the seconds so far."""
        seconds, since = self._counted
        return seconds + min(time.monotonic() - since, 2 * _TICK)

    def _look(self) -> None:
        self._counted = self(), time.monotonic()
        self._loop.call_later(_TICK, self._look)

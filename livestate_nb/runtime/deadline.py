"""A deadline: something to do when a clock has counted so many seconds.

It must not know what is done, nor what the clock counts.
"""

import asyncio
from collections.abc import Callable
from typing import Final

_SHORTEST: Final = 0.05
"""Seconds between two looks at a clock that may stand still."""

_LATE: Final = 0.5
"""Seconds by which a busy loop may come too late."""


class Deadline:
    """Call a function when a clock has counted so many seconds, unless it is cancelled.

    The clock is the endpoint's: a notebook's stands still while the kernel hears nobody. Seconds in
    which the loop itself stood still (a stopped process, a handler that blocks it) do not count:
    no more of them than it has itself, so that under a loop that is always late it comes, too.

    Args:
        clock: gives seconds.
        seconds: how many.
        function: what to call, on the running loop.
    """

    __slots__ = ("_clock", "_due", "_function", "_spare", "_timer")

    def __init__(
        self, clock: Callable[[], float], seconds: float, function: Callable[[], object]
    ) -> None:
        self._clock = clock
        self._due = clock() + seconds
        self._spare = seconds
        """Seconds that may yet be given back."""
        self._function = function
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def cancel(self) -> None:
        """Do not call it any more."""
        self._timer.cancel()

    def now(self) -> None:
        """Call it now instead."""
        self._timer.cancel()
        self._function()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now, late = self._clock(), loop.time() - self._timer.when()
        if late > _LATE:  # it may have stood still before, too: give that again from now on
            given = min(late, self._spare)
            self._spare -= given
            self._due = max(self._due, now) + given
        left = self._due - now
        if left <= 0:
            self._function()
            return
        self._timer = loop.call_later(max(left, _SHORTEST), self._look)

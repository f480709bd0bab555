"""A clock that stands still while a cell runs.

It must not know who measures by it.
"""

import time


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

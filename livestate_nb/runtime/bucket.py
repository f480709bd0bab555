"""How often something may be done: a bucket that fills again as time goes by.

It must not know what is done, nor by whom.
"""

import time
from collections.abc import Callable


class Bucket:
    """Hold how many times something may be done now.

    It counts by a clock that never stands still: others go on while a cell runs.

    Args:
        per_second: by how many times it fills in a second.
        at_once: how many times it holds, at most and at first.
        clock: gives seconds.

    Example:
        >>> bucket = Bucket(1, 2, lambda: 0.0)
        >>> bucket.take(), bucket.take(), bucket.take()
        (True, True, False)
    """

    __slots__ = ("_at", "_at_once", "_clock", "_left", "_per_second")

    def __init__(
        self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._at_once = self._left = float(at_once)
        self._clock = clock
        self._at = clock()

    @property
    def left(self) -> float:
        """How many times it may be done now; below 0 where more was spent."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left

    @property
    def is_full(self) -> bool:
        """Whether nothing was done for so long that it is as good as a new one."""
        return self.left == self._at_once

    def take(self) -> bool:
        """Note that it is to be done; return whether it may. What may not takes nothing."""
        may = self.left >= 1
        if may:
            self._left -= 1
        return may

    def spend(self, cost: float) -> float:
        """Note that it is done; return the seconds to wait before the next time, 0 for none.

        Args:
            cost: for how many times it counts.

        Example:
            >>> bucket = Bucket(0.5, 2, lambda: 0.0)
            >>> [bucket.spend(1) for _ in range(4)]
            [0.0, 0.0, 2.0, 4.0]
        """
        self._left = self.left - cost
        return max(0.0, -self._left / self._per_second)

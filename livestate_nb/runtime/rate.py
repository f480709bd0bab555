"""How fast one client's messages come: a token bucket.

It must not know the messages, nor what becomes of a client that is too fast.
"""

import time
from collections.abc import Callable

from livestate_nb.limits import Limits


class Rate:
    """Let `events_per_second` messages through in the long run, `events_at_once` on a sudden.

    It counts by a clock that never stands still: other clients send while a cell runs.

    Args:
        limits: these two.
        clock: gives seconds.

    Example:
        >>> rate = Rate(Limits(events_per_second=1, events_at_once=2), lambda: 0.0)
        >>> rate.take(), rate.take(), rate.take()
        (True, True, False)
    """

    __slots__ = ("_at", "_clock", "_left", "_most", "_per_second", "_refused")

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = limits.events_per_second
        self._most = self._left = float(limits.events_at_once)
        self._refused = 0
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Note that a message has come; return whether it may."""
        now = self._clock()
        left = self._left + (now - self._at) * self._per_second
        self._at = now
        if left >= self._most:
            left = self._most
            self._refused = 0
        if left < 1:
            self._left = left
            self._refused += 1
            return False
        self._left = left - 1
        return True

    @property
    def is_flood(self) -> bool:
        """Whether as many were refused as may come at once, since the bucket was full last."""
        return self._refused > self._most

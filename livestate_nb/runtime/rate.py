"""How fast one client's messages and joins come, and when it is a flood.

It must not know the messages, nor what becomes of a client that is too fast.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final

from livestate_nb.limits import Limits
from livestate_nb.runtime.bucket import Bucket

EVENTS_PER_JOIN: Final = 10
"""A join is as much work as so many events: `authorize` and `init` run, and the state is sent."""


class Rate:
    """Let so many messages a second through in the long run, and so many on a sudden.

    Args:
        per_second: how many in the long run.
        at_once: how many on a sudden.
        clock: gives seconds.

    Example:
        >>> rate = Rate(1, 2, lambda: 0.0)
        >>> rate.take(), rate.take(), rate.take()
        (True, True, False)
    """

    __slots__ = ("_at_once", "_bucket", "_refused")

    def __init__(
        self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = at_once
        self._bucket = Bucket(per_second, at_once, clock)
        self._refused = 0

    def take(self) -> bool:
        """Note that a message has come; return whether it may."""
        if self._refused and self._bucket.is_full:
            self._refused = 0
        may = self._bucket.take()
        if not may:
            self._refused += 1
        return may

    @property
    def is_full(self) -> bool:
        """Whether nothing has come for so long that it is as good as a new one."""
        return self._bucket.is_full

    @property
    def is_flood(self) -> bool:
        """Whether as many were refused as may come at once, since the bucket was full last."""
        return self._refused > self._at_once


class Rates:
    """Hold the rates of one connection: of its joins, and of its messages on each topic.

    A topic that is left and joined again has the rate that it had. One that is full again need
    not be remembered; since joins have a rate, too, few are not.

    Args:
        limits: `events_per_second`, `events_at_once` and `joins`: of these, twice as many may be
            made on a sudden, since all channels of a client may crash at once.
        clock: gives seconds.

    Example:
        >>> rates = Rates(Limits(events_at_once=1))
        >>> rates.of("a", joined=()).take(), rates.of("a", joined=()).take()
        (True, False)
        >>> rates.joins.take()
        True
    """

    __slots__ = ("_by_topic", "_clock", "_limits", "joins")

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.joins = Rate(limits.events_per_second / EVENTS_PER_JOIN, 2 * limits.joins, clock)
        self._limits = limits
        self._clock = clock
        self._by_topic: dict[str, Rate] = {}

    def of(self, topic: str, joined: Iterable[str]) -> Rate:
        """Return the rate of a topic's messages.

        Args:
            topic: the topic.
            joined: topics whose rates somebody holds.
        """
        if topic not in self._by_topic:
            if len(self._by_topic) >= self._limits.joins:
                self._forget(set(joined))
            limits = self._limits
            rate = Rate(limits.events_per_second, limits.events_at_once, self._clock)
            self._by_topic[topic] = rate
        return self._by_topic[topic]

    def bring(self, topic: str, rate: Rate) -> None:
        """Go on with the rate that a client had on a connection before."""
        self._by_topic[topic] = rate

    def _forget(self, joined: set[str]) -> None:
        self._by_topic = {
            topic: rate
            for topic, rate in self._by_topic.items()
            if topic in joined or not rate.is_full
        }

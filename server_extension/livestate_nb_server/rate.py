"""How often something may be done: buckets that fill again as time goes by.

It must not know what is done.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

MAX_ADDRESSES: Final = 10_000
"""Addresses that are remembered; then the one that was quiet for longest is forgotten."""


class Rate:
    """Count what addresses do.

    An IPv6 address stands for its network of 64 bits: a host may have all of it.

    Args:
        burst: how often an address may do it at once.
        seconds: how long it then waits for the next time.
        clock: gives seconds.

    Example:
        >>> rate = Rate(2, 60.0)
        >>> [rate.take("192.0.2.1") for _ in range(3)]
        [True, True, False]
        >>> rate.take("192.0.2.2")
        True
    """

    def __init__(
        self, burst: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = float(burst)
        self._seconds = seconds
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Host -> how often it may, and when that was so."""

    def take(self, address: str) -> bool:
        """Note that an address does it once; return whether it may."""
        host = host_of(address)
        left = self._count(host)
        may = left >= 1
        self._left[host] = left - 1 if may else left, self._clock()
        self._left.move_to_end(host)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        return may

    def may(self, address: str) -> bool:
        """Return whether an address may do it now."""
        return self._count(host_of(address)) >= 1

    def _count(self, host: str) -> float:
        now = self._clock()
        left, since = self._left.get(host, (self._burst, now))
        return min(self._burst, left + (now - since) / self._seconds)


def host_of(address: str) -> str:
    """Return what an address is counted as.

    Example:
        >>> host_of("192.0.2.1"), host_of("2001:db8::1"), host_of("2001:db8::2")
        ('192.0.2.1', '2001:db8::/64', '2001:db8::/64')
    """
    try:
        host = ip_address(address.partition("%")[0])
    except ValueError:
        return address  # such as that of a local socket
    if not isinstance(host, IPv6Address):
        return str(host)
    if host.ipv4_mapped is not None:
        return str(host.ipv4_mapped)
    return str(IPv6Network((int(host), 64), strict=False))


class Pace:
    """Say how long somebody has to wait who does something too often.

    Args:
        burst: how often it may be done at once.
        seconds: how long each time after that takes.
        clock: gives seconds.

    Example:
        >>> pace = Pace(2, 60.0)
        >>> [round(pace.spend(1)) for _ in range(4)]
        [0, 0, 60, 120]
    """

    def __init__(
        self, burst: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._seconds = seconds
        self._clock = clock
        self._left = float(burst)
        self._since = clock()

    def spend(self, cost: float) -> float:
        """Note that it is done; return the seconds to wait before the next time, 0 for none.

        Args:
            cost: for how many times it counts.
        """
        now = self._clock()
        filled = self._left + (now - self._since) / self._seconds
        self._left, self._since = min(self._burst, filled) - cost, now
        return max(0.0, -self._left * self._seconds)

"""How often an address may do something.

It must not know what is done.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from livestate_nb.runtime.bucket import Bucket

MAX_ADDRESSES: Final = 10_000
"""Addresses that are remembered; then the one that was quiet for longest is forgotten."""


class Addresses:
    """Count what addresses do, each by a bucket of its own.

    An IPv6 address stands for its network of 64 bits: a host may have all of it.

    Args:
        at_once: how often an address may do it at once.
        seconds: how long it then waits for the next time.
        clock: gives seconds.

    Example:
        >>> addresses = Addresses(2, 60.0)
        >>> [addresses.take("192.0.2.1") for _ in range(3)]
        [True, True, False]
        >>> addresses.take("192.0.2.2")
        True
    """

    def __init__(
        self, at_once: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = at_once
        self._per_second = 1 / seconds
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        """By host, the one last that was heard of last."""

    def take(self, address: str) -> bool:
        """Note that an address does it once; return whether it may."""
        host = host_of(address)
        if host not in self._buckets:
            self._buckets[host] = Bucket(self._per_second, self._at_once, self._clock)
        self._buckets.move_to_end(host)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return self._buckets[host].take()

    def may(self, address: str) -> bool:
        """Return whether an address may do it now."""
        bucket = self._buckets.get(host_of(address))
        return bucket is None or bucket.left >= 1


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

"""One kernel as the relay knows it: its uplink, what it has declared and what it did before.

It must not know clients but by their number.
"""

from collections.abc import Iterable
from typing import Protocol

from livestate_nb.channel import matches
from livestate_nb.transports import uplink_wire as wire


class Uplink(Protocol):
    """Carry messages to a kernel."""

    def send(self, message: str | bytes, number: int = 0) -> bool:
        """Send a message; return False where too much of this client waits already.

        Args:
            message: what `uplink_wire.pack` made.
            number: the client that it is about.
        """

    def hang_up(self) -> None:
        """End the uplink."""


class Kernel:
    """Hold what a kernel has declared.

    A kernel that comes back after a restart declares its channels one cell after the other. Until
    then the patterns that it had before are *awaited*: joins of them are held.

    Args:
        kernel_id: the server's name for it.
    """

    def __init__(self, kernel_id: str) -> None:
        self.id = kernel_id
        self.uplink: Uplink | None = None
        self.published: dict[str, float] = {}
        """Pattern -> when it was published; those that are awaited included."""
        self._channels: frozenset[str] = frozenset()
        self._awaited: frozenset[str] = frozenset()

    def takes(self, topic: str) -> bool:
        """Return whether a join of a topic can be forwarded now."""
        if self.uplink is None:
            return False
        return self.has(topic) or not _fits(self._awaited, topic)

    def has(self, topic: str) -> bool:
        """Return whether the kernel has declared a topic, and can be reached."""
        return self.uplink is not None and _fits(self._channels, topic)

    def publishes(self, topic: str) -> tuple[bool, int, float] | None:
        """Return how well the kernel serves a published topic, the best is the greatest.

        A kernel that is there goes before one that is awaited, the longer pattern before the
        shorter (an exact topic before all), and the newest publication before the others.
        """
        return max(
            (
                (
                    pattern in self._channels and self.uplink is not None,
                    len(pattern) + (not pattern.endswith("*")),
                    since,
                )
                for pattern, since in self.published.items()
                if matches(pattern, topic)
            ),
            default=None,
        )

    def declared(self, channels: Iterable[str], published: dict[str, float]) -> None:
        """Note all that the kernel has now."""
        self._channels = frozenset(channels)
        self._awaited -= self._channels
        awaited = {one: since for one, since in self.published.items() if one in self._awaited}
        self.published = {**awaited, **published}

    def lost(self) -> None:
        """Note that the uplink is lost: all that was declared is awaited."""
        self.uplink = None
        self._awaited |= self._channels
        self._channels = frozenset()

    def send(self, kind: str, number: int, body: str | bytes = "") -> bool:
        """Send a message about a client; False where too much of it waits already."""
        if self.uplink is None:
            return True
        return self.uplink.send(wire.pack(kind, number, body), number)


def _fits(patterns: Iterable[str], topic: str) -> bool:
    return any(matches(pattern, topic) for pattern in patterns)

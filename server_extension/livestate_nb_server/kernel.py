"""One kernel as the relay knows it: its uplink, what it has declared and what it had before.

It must not know clients but by their number.
"""

from collections.abc import Sequence
from typing import Protocol

from livestate_nb.declaration import contains, precedence, serving
from livestate_nb.transports import uplink_wire as wire


class Uplink(Protocol):
    """Carry messages to a kernel."""

    @property
    def unsent(self) -> int:
        """Characters that wait for the kernel to read."""

    def send(self, message: str | bytes, number: int = 0) -> bool:
        """Send a message; return False where too much of this client waits already.

        Args:
            message: what `uplink_wire.pack` made.
            number: the client that it is about.
        """

    def hang_up(self) -> None:
        """End the uplink."""


class Patterns:
    """Hold what a kernel has declared (or published), and what it had before it was lost.

    A kernel that comes back after a restart declares its channels one cell after the other: what
    it had before is *awaited* until it is there again.

    Args:
        most: how many are awaited, those that it had last.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.now: dict[str, float] = {}
        """Pattern -> when it came, by the kernel's monotonic clock: the server's, too."""
        self.awaited: dict[str, float] = {}

    def replace(self, now: dict[str, float]) -> None:
        """Note all that the kernel has now."""
        self.now = now
        self.awaited = {one: since for one, since in self.awaited.items() if one not in now}

    def lose(self) -> None:
        """Note that the kernel is lost: it may come back."""
        awaited = {one: since for one, since in self.awaited.items() if one not in self.now}
        self.awaited = dict([*awaited.items(), *self.now.items()][-self._most :])
        self.now = {}


class Kernel:
    """Hold what the relay knows of one kernel.

    Args:
        kernel_id: the server's name for it.
        most: how many patterns it may declare.
    """

    def __init__(self, kernel_id: str, most: int) -> None:
        self.id = kernel_id
        self.uplink: Uplink | None = None
        self.declared = Patterns(most)
        self.published = Patterns(most)
        self.elements: dict[str, str] = {}
        """The elements that it offers to pages: tag -> pattern of the channel that they show."""
        self.taken: list[str] = []
        """Its published patterns whose new joins go to others, as it was told."""

    def takes(self, topic: str, *, is_bound: bool) -> bool:
        """Return whether a join can be forwarded now; else it is held until it can.

        Args:
            topic: the topic.
            is_bound: whether the client is bound to the kernel; others get what is published.
        """
        if not is_bound:
            return self._serving(topic) in self.published.now
        if self.uplink is None:
            return False
        pattern = self._serving(topic)
        return not pattern or pattern in self.declared.now

    def offer(self, topic: str) -> tuple[bool, int, float] | None:
        """Return how well the kernel serves a published topic: the greatest offer is the best.

        A pattern that is there goes before one that is awaited, a longer before a shorter one (an
        exact topic before all), and the newest publication before the others. None where the kernel
        has not published what serves the topic there, although a wider pattern may be.
        """
        pattern = self._serving(topic)
        for patterns in (self.published.now, self.published.awaited):
            if pattern in patterns:
                return patterns is self.published.now, precedence(pattern), patterns[pattern]
        return None

    def offered(self, tag: str, topics: Sequence[str] | None) -> float | None:
        """Return when the channel of an element that the kernel offers was published.

        Args:
            tag: of the element.
            topics: patterns, of which the channel has to serve one; None for any channel.
        """
        pattern = self.elements.get(tag, "")
        if topics is not None and not any(contains(pattern, topic) for topic in topics):
            return None
        return self.published.now.get(pattern)

    def lost(self) -> None:
        """Note that the uplink is lost."""
        self.uplink = None
        self.taken = []
        self.elements = {}
        self.declared.lose()
        self.published.lose()

    def send(self, kind: str, number: int, body: str | bytes = "") -> bool:
        """Send a message about a client; False where too much of it waits already."""
        if self.uplink is None:
            return True
        message = wire.pack(kind, number, body)
        return self.uplink.send(message, number if kind == wire.FRAME else 0)

    def _serving(self, topic: str) -> str:
        """Return the pattern that serves a topic in the kernel, "" where none does."""
        return serving({**self.declared.awaited, **self.declared.now}, topic)

"""Whose turn waits for which session's: a wait that would never end is refused.

It must not know how anybody waits.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from livestate_nb.channel import Channel, Turn, current_turn
from livestate_nb.errors import WouldDeadlock


class Waits:
    """Hold the waits of turns for the turns of sessions, which channel objects stand for.

    From any thread. What has no turn (a cell, a thread of one's own) keeps nobody waiting.

    Example:
        >>> waits = Waits()
        >>> with waits.noted(Channel(), "dispatch") as waiting:
        ...     waiting
        frozenset()
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[object, tuple[Turn, Channel]] = {}

    @contextmanager
    def noted(self, channel: Channel, what: str) -> Iterator[frozenset[Turn]]:
        """Note that the caller waits for a session's turn; return its own turn, if it has one.

        Args:
            channel: the session's channel object.
            what: what is called, for people.

        Raises:
            WouldDeadlock: the session waits for the caller's turn to end.
        """
        turn = current_turn.get()
        if turn is None or not turn.blocked:
            yield frozenset()
            return
        wait = object()
        try:
            with self._lock:
                self._check(turn.blocked, channel, what)
                self._noted[wait] = turn, channel
            yield frozenset((turn,))
        finally:
            with self._lock:
                self._noted.pop(wait, None)

    def _check(self, blocked: frozenset[Channel], channel: Channel, what: str) -> None:
        if channel in blocked:
            raise WouldDeadlock(
                f"{what} would wait for itself: a handler or a change block of this session waits "
                "for it. What has the state already may change it, and call other handlers' methods"
            )
        if self._awaited(channel) & blocked:
            raise WouldDeadlock(
                f"{what} would wait for ever: {channel.topic!r} waits for this handler or change "
                "block to end. Let only one of the two wait for the other, or broadcast a message"
            )

    def _awaited(self, channel: Channel) -> set[Channel]:
        """Return the channel objects that a session waits for, directly or by way of others."""
        found: set[Channel] = set()
        new = {channel}
        while new:
            found |= new
            new = {goal for turn, goal in self._noted.values() if turn.blocked & new} - found
        return found

"""What a session sent last, for clients whose connection is lost before it arrived.

It holds messages that are encoded already, for all clients of the session together. It must
not know members or states.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from typing import Final

from livestate_nb.codec import Raw
from livestate_nb.limits import Limits
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.state.builder import STATE_CHANGE

WHOLE: Final = Outgoing(STATE_CHANGE, Raw(b""), is_update=True)
"""Stands for a whole state that was sent: who missed it gets the one of now."""


class History:
    """Keep the last messages of a session, as many as the limits allow.

    Args:
        limits: how many, and how many bytes of them.
        clock: gives seconds; `forget` measures by it.

    Example:
        >>> from livestate_nb.runtime.ledger import outgoing
        >>> history = History(Limits(), lambda: 0.0)
        >>> for n in range(3):
        ...     history.keep(None, outgoing("n", {"n": n}))
        >>> [bytes(message.payload) for message in history.last(2, receiver=1, since=0)]
        [b'{"n":1}', b'{"n":2}']
    """

    __slots__ = ("_bytes", "_clock", "_kept", "_limits", "position")

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.position = 0
        """How many messages there were so far."""
        self._limits = limits
        self._clock = clock
        self._kept: deque[tuple[float, int | None, Outgoing]] | None = None
        self._bytes = 0

    def keep(self, receiver: int | None, message: Outgoing) -> None:
        """Note a message that is sent.

        Args:
            receiver: the number of the member it is for; None for all.
            message: the message.
        """
        if self._kept is None:  # most sessions that are only looked at never send any
            self._kept = deque()
        self.position += 1
        self._kept.append((self._clock(), receiver, message))
        self._bytes += len(message.payload)
        most, bytes_most = self._limits.resume_messages, self._limits.resume_bytes
        while self._bytes > bytes_most or len(self._kept) > most:
            self._drop(self._kept)

    def last(
        self,
        count: int,
        *,
        receiver: int,
        since: int,
        skipped: Collection[int] = (),
        wholes: Iterable[int] = (),
    ) -> list[Outgoing]:
        """Return the last messages that a member was sent; fewer if not all of them are kept.

        Args:
            count: how many.
            receiver: the number of the member.
            since: the position from which on what was for all was for this member, too.
            skipped: positions of what it was not sent all the same.
            wholes: positions behind which it was sent a whole state, `WHOLE` in what is returned.
        """
        found: list[Outgoing] = []
        times = Counter(wholes)
        position = self.position
        found += [WHOLE] * min(times[position], count)
        for _, only, message in reversed(self._kept or ()):
            if position <= since or len(found) >= count:
                break
            if only == receiver or (only is None and position not in skipped):
                found.append(message)
            position -= 1
            found += [WHOLE] * min(times[position], count - len(found))
        return found[::-1]

    def forget(self, before: float) -> None:
        """Drop what was sent before a time: whoever is still connected has it."""
        while self._kept and self._kept[0][0] < before:
            self._drop(self._kept)
        self._kept = self._kept or None

    def _drop(self, kept: deque[tuple[float, int | None, Outgoing]]) -> None:
        _, _, message = kept.popleft()
        self._bytes -= len(message.payload)

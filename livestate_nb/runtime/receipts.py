"""The events of one client that have come: each is handled once, however often it is sent.

Our client numbers its events by their refs, which grow. It must not know what an event does.
"""

from typing import Final

from livestate_nb.codec import Json, dumps

MAX_FAILED: Final = 1000
"""Failures that are remembered for one client: as many as it may have waiting."""

MAX_BYTES: Final = 64_000
"""Bytes of JSON text that they may have together."""

FORGOTTEN: Final[Json] = {
    "type": "forgotten",
    "message": "nobody knows any more what became of this event",
}

_MAX_DIGITS: Final = 16
"""Of a ref: JavaScript counts no further."""


class Receipts:
    """Remember which events of a client have come, and what became of them.

    Events come in order: the highest number says which have come. What a transport loses in the
    middle counts as come, too, so only one that loses nothing in front of what it delivers may
    carry them: a WebSocket, or a comm's way to the kernel. Of the events that were handled only
    failures need remembering: the newest 1,000, and no more than 64,000 bytes of them.

    Example:
        >>> receipts = Receipts()
        >>> receipts.take("7"), receipts.take("7"), receipts.answer("7")
        (True, False, None)
        >>> receipts.settle("7", "ok", {})
        >>> receipts.answer("7")
        ('ok', {})
    """

    __slots__ = ("_bytes", "_failed", "_forgotten", "_highest", "_open")

    def __init__(self) -> None:
        self._highest = -1
        self._forgotten = -1
        """The highest number of a failure that is remembered no longer."""
        self._open: set[str] = set()
        self._failed: dict[str, tuple[Json, int]] = {}
        self._bytes = 0

    def take(self, ref: Json) -> bool:
        """Note that an event has come; return whether it is the first time.

        A ref that is no number of our client says nothing: such an event is always new.
        """
        if not (isinstance(ref, str) and len(ref) <= _MAX_DIGITS and ref.isdecimal()):
            return True
        number = int(ref)
        if number <= self._highest:
            return False
        self._highest = number
        self._open.add(ref)
        return True

    def settle(self, ref: Json, status: str, response: Json) -> None:
        """Note how an event that was taken is answered."""
        if isinstance(ref, str) and ref in self._open:
            self._open.remove(ref)
            if status != "ok":
                size = len(dumps(response))
                self._failed[ref] = response, size
                self._bytes += size
            while len(self._failed) > MAX_FAILED or self._bytes > MAX_BYTES:
                self._forget()

    def answer(self, ref: str) -> tuple[str, Json] | None:
        """Return the (status, response) of an event that came; None while it is handled.

        Where a failure was forgotten, nothing is known of the events before it either.
        """
        if ref in self._open:
            return None
        if ref in self._failed:
            return "error", self._failed[ref][0]
        return ("ok", {}) if int(ref) > self._forgotten else ("error", FORGOTTEN)

    def _forget(self) -> None:
        """Forget the failure that has been known longest."""
        ref = next(iter(self._failed))
        _, size = self._failed.pop(ref)
        self._bytes -= size
        self._forgotten = max(self._forgotten, int(ref))

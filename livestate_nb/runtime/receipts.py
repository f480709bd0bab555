"""The events of one client that have come: each is handled once, however often it is sent.

Our client numbers its events by their refs, which grow. It must not know what an event does.
"""

from typing import Final

from livestate_nb.codec import Json, dumps
from livestate_nb.limits import Limits

FORGOTTEN: Final[Json] = {
    "type": "forgotten",
    "message": "nobody knows any more what became of this event",
}

_MAX_DIGITS: Final = 16
"""Of a ref: JavaScript counts no further."""


class Receipts:
    """Remember which events of a client have come, and what became of them.

    A ref is a number, or ``number:previous``, where previous is the number of the event that was
    sent before on the same join, 0 for none: so it shows where one was lost or overtaken.
    Events are taken in order: the highest number says which have come. Of the events that were
    handled only failures need remembering: the newest, as many as a client may have waiting.

    Args:
        limits: how many failures are remembered, and bytes of their JSON text together.

    Example:
        >>> receipts = Receipts(Limits())
        >>> receipts.take("7"), receipts.take("7"), receipts.answer("7")
        (True, False, None)
        >>> receipts.settle("7", "ok", {})
        >>> receipts.answer("7")
        ('ok', {})
        >>> receipts.is_next("9:8"), receipts.is_next("8:0"), receipts.take("8:0")
        (False, True, True)
        >>> receipts.is_next("9:8")
        True
    """

    __slots__ = ("_bytes", "_failed", "_forgotten", "_highest", "_last", "_limits", "_open")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._highest = -1
        self._last = 0
        """The number of the last event on this join."""
        self._forgotten = -1
        """The highest number of a failure that is remembered no longer."""
        self._open: set[int] = set()
        self._failed: dict[int, tuple[Json, int]] = {}
        self._bytes = 0

    @property
    def last(self) -> str:
        """The number of the last event on this join that named the one before it; "0" for none."""
        return str(self._last)

    @property
    def open(self) -> int:
        """How many events have come and are not answered yet."""
        return len(self._open)

    def begin(self) -> None:
        """Note that the client has joined again."""
        self._last = 0

    def is_next(self, ref: Json) -> bool:
        """Return whether an event comes behind the one that was sent before it, or once more."""
        number, previous = _read(ref)
        return number is None or previous in (None, self._last) or number <= self._last

    def take(self, ref: Json) -> bool:
        """Note that an event has come; return whether it is the first time.

        A ref that is no number of our client says nothing: such an event is always new.
        """
        number, previous = _read(ref)
        if number is None:
            return True
        if previous is not None:
            self._last = max(self._last, number)  # it may be an old one that comes again
        if number <= self._highest:
            return False
        self._highest = number
        self._open.add(number)
        return True

    def settle(self, ref: Json, status: str, response: Json) -> None:
        """Note how an event that was taken is answered."""
        number, _ = _read(ref)
        if number is not None and number in self._open:
            self._open.remove(number)
            if status != "ok":
                size = len(dumps(response))
                self._failed[number] = response, size
                self._bytes += size
            most, most_bytes = self._limits.waiting_per_client, self._limits.resume_bytes
            while len(self._failed) > most or self._bytes > most_bytes:
                self._forget()

    def answer(self, ref: Json) -> tuple[str, Json] | None:
        """Return the (status, response) of an event that came; None while it is handled.

        Where a failure was forgotten, nothing is known of the events before it either.
        """
        number, _ = _read(ref)
        if number is None or number in self._open:
            return None
        if number in self._failed:
            return "error", self._failed[number][0]
        return ("ok", {}) if number > self._forgotten else ("error", FORGOTTEN)

    def _forget(self) -> None:
        """Forget the failure that has been known longest."""
        number = next(iter(self._failed))
        _, size = self._failed.pop(number)
        self._bytes -= size
        self._forgotten = max(self._forgotten, number)


def _read(ref: Json) -> tuple[int | None, int | None]:
    """Return the number and the previous one of a ref; None for what it does not say."""
    if not isinstance(ref, str):
        return None, None
    number, _, previous = ref.partition(":")
    if not all(len(one) <= _MAX_DIGITS and one.isdecimal() for one in (number, previous or "0")):
        return None, None
    return int(number), int(previous) if previous else None

"""The order of numbered frames, over a way that may lose, double or overtake them.

It must not know what carries them.
"""

from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_HELD: Final = 1000
"""Frames that wait for one before them; more are taken for a loss."""


class Order(Generic[T]):
    """Give frames in the order of their numbers, each once.

    Example:
        >>> order = Order()
        >>> order.take(1, "second"), order.has_gap
        ([], True)
        >>> order.take(0, "first"), order.take(0, "first"), order.has_gap
        (['first', 'second'], [], False)
    """

    def __init__(self) -> None:
        self._next = 0
        self._held: dict[int, T] = {}

    def take(self, number: int, frame: T) -> list[T]:
        """Return the frames whose turn has come: none if one before it is missing.

        Args:
            number: of the frame, counted from 0; one that was there before is dropped.
            frame: the frame.

        Raises:
            OverflowError: `MAX_HELD` frames wait already.
        """
        if number >= self._next:
            if len(self._held) == MAX_HELD:
                raise OverflowError(f"expected frame {self._next}, got {MAX_HELD} behind it")
            self._held[number] = frame
        due = []
        while self._next in self._held:
            due.append(self._held.pop(self._next))
            self._next += 1
        return due

    @property
    def has_gap(self) -> bool:
        """Whether a frame is missing in front of those that came."""
        return bool(self._held)

    @property
    def awaited(self) -> int:
        """The number of the frame whose turn is next."""
        return self._next

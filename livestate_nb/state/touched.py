"""What a turn's drafts touched: hints that let the differ look at nothing else.

It must not know how drafts record them, nor how the differ reads them.
"""

from collections.abc import Collection
from typing import Any, NamedTuple


class TouchedDict(NamedTuple):
    """Say that outside `keys` two dicts hold the same objects.

    Attributes:
        old: the committed dict.
        new: the dict that replaces it.
        keys: keys that were read as drafts, written or deleted; in `old`, in `new` or in both.
    """

    old: dict[str, Any]
    new: dict[str, Any]
    keys: Collection[str]


class TouchedList(NamedTuple):
    """Say that outside a window and some places two lists hold the same objects.

    Attributes:
        old: the committed list.
        new: the list that replaces it.
        head: how many items in front of the window stand at the same index in both.
        tail: how many items behind the window stand at the same place from the end in both.
        places: indices into `old`, ascending, in the head and the tail, whose items may differ.
    """

    old: list[Any]
    new: list[Any]
    head: int
    tail: int
    places: Collection[int]


class Touched:
    """Hold the hints of one turn, found again by the pair of containers they speak of.

    Each hint keeps its containers alive, so an id never stands for another object.

    Example:
        >>> old, new = {"n": 1, "m": 2}, {"n": 1, "m": 3}
        >>> touched = Touched()
        >>> touched.add(TouchedDict(old, new, {"m"}))
        >>> touched.of_dict(old, new).keys
        {'m'}
        >>> touched.of_dict({}, new) is None
        True
    """

    __slots__ = ("_hints",)

    def __init__(self) -> None:
        self._hints: dict[int, TouchedDict | TouchedList] = {}

    def add(self, hint: TouchedDict | TouchedList) -> None:
        """Add a hint; its containers must not change from here on."""
        self._hints[id(hint.new)] = hint

    def of_dict(self, old: object, new: object) -> TouchedDict | None:
        """Return what is known of the step from one dict to another, None if nothing is."""
        hint = self._hints.get(id(new))
        return hint if isinstance(hint, TouchedDict) and hint.old is old else None

    def of_list(self, old: object, new: object) -> TouchedList | None:
        """Return what is known of the step from one list to another, None if nothing is."""
        hint = self._hints.get(id(new))
        return hint if isinstance(hint, TouchedList) and hint.old is old else None

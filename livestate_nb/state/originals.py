"""Originals: the committed dicts and lists that a turn was given to read, found again by identity.

It must not know drafts, nor what becomes of a value.
"""

from typing import Any


class Originals:
    """Hold what `original` gave away in one turn.

    Example:
        >>> row = {"n": 1}
        >>> originals = Originals()
        >>> originals.add([row])
        >>> originals.hold(row), originals.hold({"n": 1})
        (True, False)
    """

    __slots__ = ("_ids", "_unread", "_wholes")

    def __init__(self) -> None:
        self._wholes: dict[int, Any] = {}
        self._unread: list[Any] = []
        self._ids: set[int] = set()  # of the others and their items

    def add(self, whole: dict[Any, Any] | list[Any]) -> None:
        """Add a committed dict or list."""
        if id(whole) not in self._wholes:
            self._wholes[id(whole)] = whole
            self._unread.append(whole)

    def hold(self, value: object) -> bool:
        """Say whether a value is one of the dicts and lists, or an item of one."""
        while self._unread:
            whole = self._unread.pop()
            self._ids.add(id(whole))
            self._ids.update(map(id, whole.values() if type(whole) is dict else whole))
        return id(value) in self._ids

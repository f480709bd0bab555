"""The draft of a dict: copy on write, its values handed out as drafts.

It must not know lists, nor how a turn begins or ends.
"""

import copy
from collections.abc import ItemsView, Iterator, ValuesView
from typing import TYPE_CHECKING, Any, SupportsIndex

from livestate_nb.state.node import ATOMS, Node, mark

if TYPE_CHECKING:
    from livestate_nb.state.scope import Scope

_MISSING = object()
_get, _set, _peek, _equal = dict.__getitem__, dict.__setitem__, dict.get, dict.__eq__


class _Values(ValuesView[Any]):
    """Show a draft's values, handed out one by one."""

    __slots__ = ()
    _mapping: "DraftDict"

    def __reversed__(self) -> Iterator[Any]:
        return (self._mapping[key] for key in reversed(self._mapping))


class _Items(ItemsView[Any, Any]):
    """Show a draft's items, the values handed out one by one."""

    __slots__ = ()
    _mapping: "DraftDict"

    def __reversed__(self) -> Iterator[tuple[Any, Any]]:
        return ((key, self._mapping[key]) for key in reversed(self._mapping))


class DraftDict(dict[Any, Any]):
    """Stand for a committed dict that a handler may change: see `node.Node`.

    The storage is a shallow copy, in which drafts take the place of what they stand for, so C
    code that reads it directly (json, msgspec, ``==``) sees what is there now. A value that this
    turn put in is handed out as it is.

    Attributes:
        _touched: the keys that were written, deleted or handed out as drafts.
        _is_reordered: a key was deleted: if it comes again it is the last one.
        _copied: the new dict, drafts still in it, made by the audit.

    Example:
        >>> from livestate_nb.state.draft import open_draft
        >>> draft = open_draft({"user": {"name": "ann"}})
        >>> type(draft["user"]).__name__, isinstance(draft["user"], dict)
        ('DraftDict', True)
    """

    __slots__ = (
        "_base", "_copied", "_is_changed", "_is_reordered", "_parent", "_scope", "_touched",
    )  # fmt: skip

    _base: dict[Any, Any]
    _parent: Node | None
    _scope: "Scope"
    _is_changed: bool
    _is_reordered: bool
    _touched: dict[Any, None]
    _copied: dict[Any, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a plain dict: code that copies by ``type(value)(...)`` gets what it can use."""
        return dict(*args, **kwargs)

    def _fill(self, base: dict[Any, Any], parent: Node | None, scope: "Scope") -> None:
        dict.update(self, base)
        self._base = base
        self._parent = parent
        self._scope = scope
        self._is_changed = self._is_reordered = False
        self._touched = {}

    def _audit(self) -> None:
        base, touched = self._base, self._touched
        explained = base
        if touched and self._is_changed:  # else no draft in it was changed either
            explained = dict(base)
            for key in touched:
                value = _peek(self, key, _MISSING)
                if value is _MISSING:
                    explained.pop(key, None)
                else:
                    explained[key] = value
        try:
            is_bypassed = not _equal(self, explained)
        except (TypeError, ValueError):  # other arrays or frames than the committed ones
            is_bypassed = True
        if is_bypassed:
            touched |= dict.fromkeys((*base, *dict.keys(self)))
            mark(self)
        if is_bypassed:
            self._copied = {key: value for key, value in dict.items(self)}  # noqa: C416  # raw
        elif self._is_reordered:
            self._copied = {key: explained[key] for key in dict.keys(self)}
        else:
            self._copied = explained

    # reads

    def __getitem__(self, key: Any) -> Any:
        value = _get(self, key)
        if type(value) in ATOMS:
            return value
        if self._base.get(key) is not value:
            originals = self._scope.originals
            if originals is None or not originals.hold(value):
                return value
        drafted = self._scope.hand_out(value, self)
        if drafted is not value:
            _set(self, key, drafted)
            self._touched[key] = None
        return drafted

    def get(self, key: Any, default: Any = None) -> Any:
        """Return a value, or a default, as dict does."""
        return self[key] if key in self else default  # noqa: SIM401  # this is get

    def __iter__(self) -> Iterator[Any]:
        # because this exists, dict(draft) and {**draft} go by it and not by the raw storage
        return dict.__iter__(self)

    def values(self) -> Any:
        """Return a view of the values, as dict does."""
        return _Values(self)

    def items(self) -> Any:
        """Return a view of the items, as dict does."""
        return _Items(self)

    def copy(self) -> dict[Any, Any]:
        """Return a plain dict of the same values, which are drafts where they are here."""
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        plain: dict[Any, Any] = {}
        memo[id(self)] = plain
        for key, value in dict.items(self):
            plain[key] = copy.deepcopy(value, memo)
        return plain

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return dict, (), None, None, iter(dict.items(self))

    def __or__(self, other: Any) -> Any:
        return {**self, **other} if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return {**other, **self} if isinstance(other, dict) else NotImplemented

    fromkeys = dict.fromkeys

    # writes

    def __setitem__(self, key: Any, value: Any) -> None:
        _set(self, key, value)
        self._touched[key] = None
        mark(self)

    def __delitem__(self, key: Any) -> None:
        dict.__delitem__(self, key)
        self._touched[key] = None
        self._is_reordered = True
        mark(self)

    def pop(self, key: Any, *default: Any) -> Any:
        """Take out a key and return its value, as dict does."""
        if key not in self:
            return dict.pop(self, key, *default)
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[Any, Any]:
        """Take out the last item and return it, as dict does."""
        if not self:
            return dict.popitem(self)
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take out all items, as dict does."""
        self._touched |= dict.fromkeys(self)
        dict.clear(self)
        self._is_reordered = True
        mark(self)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Return a value, and put in a default before if there is none, as dict does."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        """Put in items of a mapping, of pairs and of keywords, as dict does."""
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

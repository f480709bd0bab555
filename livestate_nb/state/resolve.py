"""Resolving: what a handler leaves behind, as a plain tree that shares what it can.

It must not know how a turn begins or ends: see draft.py.
"""

import copy
from operator import is_
from typing import Any

from livestate_nb.errors import DraftError
from livestate_nb.state.equality import same
from livestate_nb.state.fields import is_editable
from livestate_nb.state.nodes import ATOMS, DraftDict, DraftList, Node, Scope, mark, rebuilt
from livestate_nb.state.touched import Touched, TouchedDict, TouchedList

_MISSING = object()
_PENDING = object()


def resolve(value: Any, base: Any, scope: Scope) -> tuple[Any, Touched]:
    """Return the plain tree of a value, and hints on what was touched.

    Args:
        value: a draft of the scope, or a mixture of plain values and drafts.
        base: the committed tree; what the value shares with it stays shared.
        scope: the turn's drafts.

    Raises:
        DraftError: the value contains itself.
    """
    for node in scope.nodes:
        _find_bypasses(node)
    resolver = _Resolver(scope)
    return resolver.plain(value, base), resolver.touched


def _find_bypasses(node: Node) -> None:
    """Notice what C code (heapq, list.append(draft, x)) wrote behind a draft's methods."""
    if isinstance(node, DraftDict):
        storage = node
        if node.touched:
            storage = dict(dict.items(node))
            for key in node.touched:
                if key in node.base:
                    storage[key] = node.base[key]
                else:
                    storage.pop(key, None)
        if not dict.__eq__(storage, node.base):
            node.touched.update(node.base, dict.keys(node))
            mark(node)
    else:
        head, tail = node.bounds()
        storage = list.__getitem__(node, slice(None))
        shift = len(storage) - len(node.base)
        for place in node.places:
            if place < head:
                storage[place] = node.base[place]
            elif place >= len(node.base) - tail:
                storage[place + shift] = node.base[place]
        if len(node.base) == len(storage) == head:
            is_untouched = storage == node.base
        else:
            is_untouched = (
                head <= len(storage) - tail
                and storage[:head] == node.base[:head]
                and storage[len(storage) - tail :] == node.base[len(node.base) - tail :]
            ) and (node.head < _LONG or not shift)
        if not is_untouched:
            node.head = node.tail = 0
            mark(node)


_LONG = 1 << 61


class _Resolver:
    __slots__ = ("_done", "_scope", "touched")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._done: dict[int, Any] = {}
        self.touched = Touched()

    def plain(self, value: Any, base: Any) -> Any:
        """Return the plain tree of a value that may take the place of `base`."""
        if value is base or type(value) in ATOMS:
            return value
        if isinstance(value, DraftDict | DraftList):
            if value.scope is self._scope and not value.is_changed:
                return value.base
        elif not isinstance(value, dict | list | tuple):
            return copy.deepcopy(value) if is_editable(value) else value
        known = self._done.get(id(value), _MISSING)
        if known is _PENDING:
            raise DraftError("The state contains itself: a state must be a tree")
        if known is _MISSING:
            self._done[id(value)] = _PENDING
            known = self._done[id(value)] = self._new(value, base)
        return known

    def _new(self, value: Any, base: Any) -> Any:
        if isinstance(value, DraftDict) and value.scope is self._scope:
            return self._draft_dict(value)
        if isinstance(value, DraftList) and value.scope is self._scope:
            return self._draft_list(value)
        if isinstance(value, dict):
            return self._dict(value, base)
        return self._sequence(value, base)

    def _draft_dict(self, draft: DraftDict) -> dict[Any, Any]:
        new = dict(dict.items(draft))
        base = draft.base
        for key in draft.touched:
            if key in new:
                new[key] = self.plain(new[key], base.get(key, _MISSING))
        self.touched.add(TouchedDict(base, new, draft.touched))
        return new

    def _draft_list(self, draft: DraftList) -> list[Any]:
        base = draft.base
        new = list.__getitem__(draft, slice(None))
        head, tail = draft.bounds()
        shift = len(new) - len(base)
        places = sorted(
            place for place in draft.places if place < head or place >= len(base) - tail
        )
        for place in places:
            index = place if place < head else place + shift
            new[index] = self.plain(new[index], base[place])
        end = len(new) - tail
        if head < end:
            window = new[head:end]
            new[head:end] = self._items(window, base[head : len(base) - tail])
        self.touched.add(TouchedList(base, new, head, tail, places))
        return new

    def _items(self, items: list[Any], base: list[Any]) -> list[Any]:
        """Return the plain trees of a list's items, of which some are items of `base`."""
        known: set[int] | None = None
        plain = []
        for index, item in enumerate(items):
            other = base[index] if index < len(base) else _MISSING
            if item is not other and type(item) not in ATOMS:
                if known is None:
                    known = set(map(id, base))
                if id(item) not in known:
                    item = self.plain(item, other)  # noqa: PLW2901
            plain.append(item)
        return plain

    def _dict(self, value: dict[Any, Any], base: Any) -> dict[Any, Any]:
        others = base if type(base) is dict else {}
        new = {
            key: item if type(item) in ATOMS else self.plain(item, others.get(key, _MISSING))
            for key, item in value.items()
        }
        return base if len(others) == len(new) and same(base, new) else new

    def _sequence(self, value: Any, base: Any) -> Any:
        others = base if type(base) is list or type(base) is tuple else []
        new = self._items(list(value), list(others))
        if isinstance(value, tuple):
            return value if all(map(is_, value, new)) else rebuilt(value, new)
        if len(others) == len(new) and all(map(is_, new, others)) and type(base) is list:
            return base
        return new

"""Resolving: what a handler leaves behind, as a plain tree that shares what it can.

It must not know how a turn begins or ends: see draft.py.
"""

import copy
from collections.abc import Sequence
from itertools import compress, count, repeat
from operator import is_
from typing import Any

from livestate_nb.errors import DraftError
from livestate_nb.state.draft_dict import DraftDict
from livestate_nb.state.draft_list import DraftList
from livestate_nb.state.equality import same
from livestate_nb.state.fields import is_editable
from livestate_nb.state.node import ATOMS
from livestate_nb.state.pointer import too_deep
from livestate_nb.state.scope import Scope, rebuilt
from livestate_nb.state.touched import Touched, TouchedDict, TouchedList

_CONTAINERS = (dict, list, tuple)
_SEQUENCES = (list, tuple)
_MISSING = object()
_PENDING = object()

_FEW = 8
"""So many added items are looked for one by one, in C; more of them all at once, in Python."""


def resolve(value: Any, base: Any, scope: Scope) -> tuple[Any, Touched]:
    """Return the plain tree of a value, and what was touched on the way to it.

    dict and list subclasses become plain ones; objects that can change are copied, so that no
    reference that a handler kept leads into the tree. What is the same as in the base, or was
    never touched, is the base's very object.

    Args:
        value: a draft of the scope, or a mixture of plain values and drafts.
        base: the committed tree that the value takes the place of.
        scope: the turn's drafts.

    Raises:
        DraftError: the value contains itself, or a draft of an earlier turn.
        EncodeError: the value is nested too deeply.
    """
    for node in scope.nodes:
        node._audit()
    resolver = _Resolver(scope)
    try:
        return resolver.plain(value, base), resolver.touched
    except RecursionError as error:
        raise too_deep(value) from error


class _Resolver:
    """Make plain trees of the values of one turn, of each value one."""

    __slots__ = ("_done", "_scope", "touched")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._done: dict[int, tuple[Any, Any]] = {}  # values, kept for their ids, and their trees
        self.touched = Touched()

    def plain(self, value: Any, base: Any) -> Any:
        """Return the plain tree of a value that takes the place of `base`."""
        kind = type(value)
        if kind in ATOMS or value is base:
            return value
        is_own = (kind is DraftDict or kind is DraftList) and value._scope is self._scope
        if is_own and not value._is_changed:
            return value._base
        if not isinstance(value, _CONTAINERS):
            return copy.deepcopy(value) if is_editable(value) else value
        done = self._done.get(id(value))
        if done is not None:
            if done[1] is _PENDING:
                raise DraftError(
                    "The state contains itself. A state must be a tree: put a copy, or an id, there"
                )
            return done[1]
        self._done[id(value)] = value, _PENDING
        new: Any
        if is_own and isinstance(value, DraftDict):
            new = self._draft_dict(value)
        elif is_own and isinstance(value, DraftList):
            new = self._draft_list(value)
        elif isinstance(value, dict):
            new = self._dict(value, base)
        else:
            new = self._sequence(value, base)
        self._done[id(value)] = value, new
        return new

    def _draft_dict(self, draft: DraftDict) -> dict[Any, Any]:
        base = draft._base
        new = draft._copied
        for key in draft._touched:
            value = new.get(key)
            if type(value) not in ATOMS:
                new[key] = self.plain(value, base.get(key, _MISSING))
        self.touched.add(TouchedDict(base, new, draft._touched))
        return new

    def _draft_list(self, draft: DraftList) -> list[Any]:
        base = draft._base
        new = list.__getitem__(draft, slice(None))
        head, tail = draft._bounds()
        shift = len(new) - len(base)
        places = []
        for place in sorted(draft._places):
            index = place if place < head else place + shift
            if place < head or place >= len(base) - tail:
                places.append(place)
                new[index] = self.plain(new[index], base[place])
        if draft._is_bypassed:
            self._fill_in(new, base)
        elif head + tail < len(new):
            for index in _indices(draft._added, new, head, len(new) - tail):
                new[index] = self.plain(new[index], _MISSING)
        self.touched.add(TouchedList(base, new, head, tail, places))
        return new

    def _fill_in(self, items: list[Any], others: Sequence[Any]) -> None:
        """Put the plain trees of a list's items in their place; `others` are committed ones."""
        committed: set[int] | None = None
        for index, item in enumerate(items):
            if type(item) in ATOMS:
                continue
            other = others[index] if index < len(others) else _MISSING
            if item is not other:
                if committed is None:
                    committed = set(map(id, others))
                if id(item) not in committed:
                    items[index] = self.plain(item, other)

    def _dict(self, value: dict[Any, Any], base: Any) -> dict[Any, Any]:
        others: dict[Any, Any] = base if type(base) is dict else {}
        new = {}
        for key, item in value.items():
            new[key] = item if type(item) in ATOMS else self.plain(item, others.get(key, _MISSING))
        return others if others and same(new, others) else new

    def _sequence(self, value: Any, base: Any) -> Any:
        new = list(value)
        others = base if isinstance(base, _SEQUENCES) else ()
        self._fill_in(new, others)
        if isinstance(value, tuple):
            if type(base) is type(value) and len(base) == len(new) and all(map(is_, new, base)):
                return base
            return value if all(map(is_, new, value)) else rebuilt(value, new)
        return others if type(others) is list and same(new, others) else new


def _indices(values: dict[int, Any], items: list[Any], start: int, stop: int) -> Sequence[int]:
    """Return where in a stretch of a list some values are, found by identity."""
    if len(values) > _FEW:
        return [index for index in range(start, stop) if id(items[index]) in values]
    stretch = items[start:stop]
    return [
        index
        for value in values.values()
        for index in compress(count(start), map(is_, stretch, repeat(value)))
    ]

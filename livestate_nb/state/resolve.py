"""Resolving: what a handler leaves behind, as a plain tree that shares what it can.

It must not know how a turn begins or ends: see draft.py.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import indexOf, is_
from typing import Any

from livestate_nb.errors import DraftError
from livestate_nb.state.constancy import copied, is_constant
from livestate_nb.state.draft_dict import DraftDict
from livestate_nb.state.draft_list import DraftList
from livestate_nb.state.equality import same
from livestate_nb.state.node import ATOMS
from livestate_nb.state.pointer import too_deep
from livestate_nb.state.scope import Scope, rebuilt
from livestate_nb.state.touched import Touched, TouchedDict, TouchedList

_CONTAINERS = (dict, list, tuple)
_SEQUENCES = (list, tuple)
_MISSING = object()
_PENDING = object()

_MOST_STEPS = 16
"""In no more steps than this two stretches of a list are followed side by side, in C."""


def resolve(value: Any, base: Any, scope: Scope) -> tuple[Any, Touched]:
    """Return the plain tree of a value, and what was touched on the way to it.

    dict and list subclasses become plain ones; whatever may change is copied, so that no
    reference that a handler kept leads into the tree. What is the same as in the base, or was
    never touched, is the base's very object.

    Args:
        value: a draft of the scope, or a mixture of plain values and drafts.
        base: the committed tree that the value takes the place of.
        scope: the turn's drafts.

    Raises:
        DraftError: the value contains itself, what cannot be copied, or a draft of an earlier
            turn.
        EncodeError: the value is nested too deeply.
    """
    for node in reversed(scope.nodes):  # a draft after those in it, which tell it what they noticed
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
            return value if is_constant(value) else copied(value)
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
        head, tail = draft._bounds()
        places = []
        if draft._is_bypassed:
            new = list.__getitem__(draft, slice(None))
            self._fill_in(new, base)
        else:
            new = base[:]
            if head + tail < max(len(base), len(draft)):
                window = list.__getitem__(draft, slice(head, len(draft) - tail))
                committed = base[head : len(base) - tail]
                for index in _newcomers(window, committed, draft._added):
                    window[index] = self.plain(window[index], _MISSING)
                new[head : len(base) - tail] = window
            shift = len(new) - len(base)
            for place in sorted(draft._places):
                if place < head or place >= len(base) - tail:
                    index = place if place < head else place + shift
                    places.append(place)
                    new[index] = self.plain(list.__getitem__(draft, index), base[place])
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


def _newcomers(items: Sequence[Any], committed: Sequence[Any], added: dict[int, Any]) -> list[int]:
    """Return where in a stretch of a list there are items that it did not have.

    Args:
        items: the stretch.
        committed: what it takes the place of.
        added: values that are known to be new, by id.
    """
    found: list[int] = []
    i = j = 0
    for _ in range(_MOST_STEPS if committed else 0):
        if i == len(items):
            return found
        item = items[i]
        if id(item) in added:
            found.append(i)
            i += 1
            continue
        shared = _shared(items[i:] if i else items, committed[j:] if j else committed)
        i, j = i + shared, j + shared
        if not shared:
            try:
                j += indexOf(map(is_, committed[j:], repeat(item)), True)
            except ValueError:
                if type(item) not in ATOMS:
                    break
                i += 1
    ids = set(map(id, committed))
    return [
        index for index, item in enumerate(items) if type(item) not in ATOMS and id(item) not in ids
    ]


def _shared(left: Sequence[Any], right: Sequence[Any]) -> int:
    """Return how many items two sequences begin with that are the same objects."""
    try:
        return indexOf(map(is_, left, right), False)
    except ValueError:
        return min(len(left), len(right))

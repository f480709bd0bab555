"""Drafts' nodes: dict and list subclasses that copy on write and hand out their children as drafts.

A node's own storage is a shallow copy of what is committed, so C code that reads it directly
(json, msgspec, ==) sees the right values. It must not know how a turn ends: see finish.py.
"""

import copy
from collections.abc import ItemsView, Iterable, Iterator, ValuesView
from operator import is_
from typing import Any, SupportsIndex, TypeAlias

from livestate_nb.errors import DraftError
from livestate_nb.state.fields import is_editable

ATOMS = frozenset({str, int, float, bool, type(None)})
"""Types of the values that have no parts and never change."""

_END = 1 << 62
"""More than any list's length: the head and the tail of a list whose items all keep their place."""

_dict_get, _dict_set = dict.__getitem__, dict.__setitem__
_list_get, _list_set = list.__getitem__, list.__setitem__


class Scope:
    """Hold the drafts of one turn, so that they can end together."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes: "list[Node]" = []


class _Values(ValuesView[Any]):
    """Show a draft's values, as drafts."""

    __slots__ = ()

    def __reversed__(self) -> Iterator[Any]:
        draft = self._mapping  # type: ignore[attr-defined]  # set by MappingView.__init__
        return (draft[key] for key in reversed(draft))


class _Items(ItemsView[Any, Any]):
    """Show a draft's items, the values as drafts."""

    __slots__ = ()

    def __reversed__(self) -> Iterator[tuple[Any, Any]]:
        draft = self._mapping  # type: ignore[attr-defined]  # set by MappingView.__init__
        return ((key, draft[key]) for key in reversed(draft))


class DraftDict(dict[Any, Any]):
    """Stand for a committed dict that a handler may change.

    Attributes:
        base: the committed dict.
        parent: the draft that handed this one out, None at the root.
        scope: the turn's drafts.
        is_changed: something was written here, or in a draft handed out from here.
        touched: keys that were written, deleted or read as drafts.
    """

    __slots__ = ("base", "is_changed", "parent", "scope", "touched")

    base: dict[Any, Any]
    parent: "Node | None"
    scope: Scope
    is_changed: bool
    touched: set[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a plain dict: code that copies by ``type(value)(...)`` gets what it can use."""
        return dict(*args, **kwargs)

    __hash__ = None  # type: ignore[assignment]  # as dict has it

    fromkeys = dict.fromkeys

    # reads

    def __getitem__(self, key: Any) -> Any:
        value = _dict_get(self, key)
        if type(value) not in ATOMS and self.base.get(key) is value:
            return self._child(key, value)
        return value

    def _child(self, key: Any, value: Any) -> Any:
        child = opened(value, self)
        if child is not value:
            _dict_set(self, key, child)
            self.touched.add(key)
        return child

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __iter__(self) -> Iterator[Any]:
        # overriding it keeps dict(draft) and {**draft} from copying the raw storage
        return dict.__iter__(self)

    def values(self) -> Any:
        return _Values(self)

    def items(self) -> Any:
        return _Items(self)

    def copy(self) -> dict[Any, Any]:
        return {key: self[key] for key in self}

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

    # writes

    def __setitem__(self, key: Any, value: Any) -> None:
        _dict_set(self, key, value)
        self.touched.add(key)
        mark(self)

    def __delitem__(self, key: Any) -> None:
        dict.__delitem__(self, key)
        self.touched.add(key)
        mark(self)

    def pop(self, key: Any, *default: Any) -> Any:
        if key in self or not default:
            value = self[key]
            del self[key]
            return value
        return dict.pop(self, key, *default)

    def popitem(self) -> tuple[Any, Any]:
        for key in reversed(self):
            return key, self.pop(key)
        return dict.popitem(self)

    def clear(self) -> None:
        self.touched.update(self)
        dict.clear(self)
        mark(self)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self


class DraftList(list[Any]):
    """Stand for a committed list that a handler may change.

    Items in the head and the tail of the list keep their place (from the front, from the back);
    what was put in or taken out lies between them.

    Attributes:
        base: the committed list.
        parent: the draft that handed this one out, None at the root.
        scope: the turn's drafts.
        is_changed: something was written here, or in a draft handed out from here.
        head: how many items in front keep their index.
        tail: how many items at the end keep their distance from the end.
        places: indices into `base`, in head or tail, that were written or read as drafts.
        added: values put in, by id.
    """

    __slots__ = ("added", "base", "head", "is_changed", "parent", "places", "scope", "tail")

    base: list[Any]
    parent: "Node | None"
    scope: Scope
    is_changed: bool
    head: int
    tail: int
    places: set[int]
    added: dict[int, Any]

    def __new__(cls, *args: Any) -> Any:
        """Make a plain list: code that copies by ``type(value)(...)`` gets what it can use."""
        return list(*args)

    __hash__ = None  # type: ignore[assignment]  # as list has it

    # reads

    def __getitem__(self, index: Any) -> Any:
        if type(index) is slice:
            return [self[i] for i in range(*index.indices(len(self)))]
        value = _list_get(self, index)
        if type(value) in ATOMS or id(value) in self.added:
            return value
        child = opened(value, self)
        if child is not value:
            index = self._index(index)
            _list_set(self, index, child)
            self._place(index, child)
        return child

    def _index(self, index: SupportsIndex) -> int:
        place = index.__index__()
        return place if place >= 0 else place + len(self)

    def _place(self, index: int, value: Any) -> None:
        """Note that another value stands at an index."""
        if index < self.head:
            self.places.add(index)
        elif index >= len(self) - self.tail:
            self.places.add(index - len(self) + len(self.base))
        if type(value) not in ATOMS:
            self.added[id(value)] = value

    def __iter__(self) -> Iterator[Any]:
        index = 0
        while index < len(self):
            yield self[index]
            index += 1

    def __reversed__(self) -> Iterator[Any]:
        index = len(self) - 1
        while index >= 0:
            yield self[index]
            index -= 1

    def copy(self) -> list[Any]:
        return self[:]

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        plain: list[Any] = []
        memo[id(self)] = plain
        for value in list.__iter__(self):
            plain.append(copy.deepcopy(value, memo))
        return plain

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return list, (), None, list.__iter__(self)

    def __add__(self, other: Any) -> Any:
        return [*self, *other] if isinstance(other, list) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> list[Any]:
        return self[:] * times

    __rmul__ = __mul__

    # writes

    def _cut(self, head: int, tail: int) -> None:
        """Note that items lose their place, but for a head and a tail."""
        self.head = min(self.head, head)
        self.tail = min(self.tail, tail)
        mark(self)

    def bounds(self) -> tuple[int, int]:
        """Return how many items the head and the tail have."""
        shorter = min(len(self.base), list.__len__(self))
        head = min(self.head, shorter)
        return head, min(self.tail, shorter - head)

    def _add(self, values: Iterable[Any]) -> None:
        self.added.update({id(value): value for value in values if type(value) not in ATOMS})

    def __setitem__(self, index: Any, value: Any) -> None:
        if type(index) is slice:
            values = list(value)
            start, stop, step = index.indices(len(self))
            tail = len(self) - max(start, stop)
            list.__setitem__(self, index, values)
            self._add(values)
            self._cut(*((start, tail) if step == 1 else (0, 0)))
        else:
            _list_set(self, index, value)
            self._place(self._index(index), value)
            mark(self)

    def __delitem__(self, index: Any) -> None:
        if type(index) is slice:
            start, stop, step = index.indices(len(self))
            tail = len(self) - max(start, stop)
            list.__delitem__(self, index)
            self._cut(*((start, tail) if step == 1 else (0, 0)))
        else:
            place = self._index(index)
            list.__delitem__(self, index)
            self._cut(place, len(self) - place)

    def append(self, value: Any) -> None:
        self._cut(len(self), 0)
        list.append(self, value)
        self._add((value,))

    def extend(self, values: Iterable[Any]) -> None:
        values = list(values)
        self._cut(len(self), 0)
        list.extend(self, values)
        self._add(values)

    def __iadd__(self, values: Iterable[Any]) -> Any:
        self.extend(values)
        return self

    def __imul__(self, times: SupportsIndex) -> Any:
        self[:] = self[:] * times
        return self

    def insert(self, index: SupportsIndex, value: Any) -> None:
        place = min(max(self._index(index), 0), len(self))
        self._cut(place, len(self) - place)
        list.insert(self, place, value)
        self._add((value,))

    def pop(self, index: SupportsIndex = -1) -> Any:
        value = self[index] if self else list.pop(self)
        del self[index]
        return value

    def remove(self, value: Any) -> None:
        del self[self.index(value)]

    def clear(self) -> None:
        list.clear(self)
        self._cut(0, 0)

    def sort(self, **options: Any) -> None:
        list.sort(self, **options)
        self._cut(0, 0)

    def reverse(self) -> None:
        list.reverse(self)
        self._cut(0, 0)


Node: TypeAlias = DraftDict | DraftList


def opened(value: Any, parent: Node) -> Any:
    """Return what a draft hands out for a committed value: a draft for a dict or a list.

    A tuple comes back with its containers as drafts; an object that can change (a set, a
    dataclass that is not frozen) as a copy. Anything else is handed out as it is.
    """
    kind = type(value)
    if kind is dict or kind is list:
        return open_node(value, parent, parent.scope)
    if isinstance(value, tuple):
        items = [item if type(item) in ATOMS else opened(item, parent) for item in value]
        return value if all(map(is_, items, value)) else rebuilt(value, items)
    if is_editable(value):
        mark(parent)
        return copy.deepcopy(value)
    return value


def rebuilt(value: tuple[Any, ...], items: Iterable[Any]) -> tuple[Any, ...]:
    """Return a tuple, or a named tuple, with other items."""
    make = getattr(value, "_make", tuple)
    plain: tuple[Any, ...] = make(items)
    return plain


def open_node(base: dict[Any, Any] | list[Any], parent: Node | None, scope: Scope) -> Node:
    """Return a draft over a committed dict or list."""
    draft: Node
    if type(base) is dict:
        draft = dict.__new__(DraftDict)
    else:
        draft = list.__new__(DraftList)
    fill(draft, base, parent, scope)
    return draft


def fill(draft: Node, base: Any, parent: Node | None, scope: Scope) -> None:
    """Put a draft over a committed value of its kind, as if nothing had been touched."""
    draft.base = base
    draft.parent = parent
    draft.scope = scope
    draft.is_changed = False
    if isinstance(draft, DraftDict):
        dict.update(draft, base)
        draft.touched = set()
    else:
        list.extend(draft, base)
        draft.head = draft.tail = _END
        draft.places = set()
        draft.added = {}
    scope.nodes.append(draft)


def mark(draft: Node | None) -> None:
    """Note that a draft changed, up to the root."""
    while draft is not None and not draft.is_changed:
        draft.is_changed = True
        draft = draft.parent


_KEPT = {
    "__class_getitem__", "__doc__", "__getattribute__", "__hash__", "__init__", "__new__",
    "__repr__", "__sizeof__",
}  # fmt: skip


def _refuse(self: Node, *args: object, **kwargs: object) -> Any:
    raise DraftError(
        "This part of the state was read in a handler (or before a yield) that has ended. Read "
        "it again from the state that the handler gets; keep copies, not parts, between events"
    )


def _ended_repr(self: Node) -> str:
    return f"<{type(self).__name__}: read it again from the state>"


def _ended(cls: type) -> Any:
    """Return the class that a draft has after its turn: every use of it raises DraftError."""
    methods = {name for name in dir(cls) if callable(getattr(cls, name))} & (
        vars(cls).keys() | vars(cls.__base__).keys()
    )
    names = dict.fromkeys(methods - _KEPT, _refuse)
    return type(f"Ended{cls.__name__}", (cls,), {"__slots__": (), "__repr__": _ended_repr, **names})


ENDED: dict[type, Any] = {DraftDict: _ended(DraftDict), DraftList: _ended(DraftList)}
LIVE: dict[type, Any] = {ended: cls for cls, ended in ENDED.items()}


def end(scope: Scope) -> None:
    """End all drafts of a turn and let go of what they hold."""
    for draft in scope.nodes:
        if isinstance(draft, DraftDict):
            dict.clear(draft)
        else:
            list.clear(draft)
            draft.added = {}
        draft.__class__ = ENDED[type(draft)]
        draft.parent = None
    scope.nodes = []

"""The draft of a list: copy on write, its items handed out as drafts.

It must not know dicts, nor how a turn begins or ends.
"""

import copy
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, SupportsIndex

from livestate_nb.state.node import ATOMS, Node, mark

if TYPE_CHECKING:
    from livestate_nb.state.scope import Scope

_ALL = 1 << 62
"""More than any list's length: the head and the tail of a list whose items all keep their place."""

_get, _set, _equal = list.__getitem__, list.__setitem__, list.__eq__


class DraftList(list[Any]):
    """Stand for a committed list that a handler may change: see `node.Node`.

    The storage is a shallow copy, in which drafts take the place of what they stand for, so C
    code that reads it directly (json, msgspec, ``==``) sees what is there now. An item that this
    turn put in is handed out as it is.

    Items in the head and the tail of the list keep their place, from the front and from the back;
    what was put in and taken out lies in the window between them.

    Attributes:
        _head: how many items in front keep their index; `_ALL` as long as there is no window.
        _tail: how many items at the end keep their distance from it.
        _places: indices into `_base`, outside the window, that were written or handed out.
        _added: what is no committed item, drafts too, by id.
        _is_bypassed: C code wrote behind the methods: the window is the whole list.
        _committed: ids of the committed items, once that was noticed.

    Example:
        >>> from livestate_nb.state.draft import open_draft
        >>> draft = open_draft([{"n": 1}])
        >>> draft[0]["n"] += 1
        >>> draft.append("more")
        >>> draft
        [{'n': 2}, 'more']
    """

    __slots__ = (
        "_added", "_base", "_committed", "_head", "_is_bypassed", "_is_changed", "_parent",
        "_places", "_scope", "_tail",
    )  # fmt: skip

    _base: list[Any]
    _parent: Node | None
    _scope: "Scope"
    _is_changed: bool
    _is_bypassed: bool
    _head: int
    _tail: int
    _places: dict[int, None]
    _added: dict[int, Any]
    _committed: set[int]

    def __new__(cls, *args: Any) -> Any:
        """Return a plain list: code that copies by ``type(value)(...)`` gets what it can use."""
        return list(*args)

    def _fill(self, base: list[Any], parent: Node | None, scope: "Scope") -> None:
        list.extend(self, base)
        self._base = base
        self._parent = parent
        self._scope = scope
        self._is_changed = self._is_bypassed = False
        self._head = self._tail = _ALL
        self._places = {}
        self._added = {}

    def _bounds(self) -> tuple[int, int]:
        """Return how many items are in the head and in the tail."""
        shorter = min(len(self._base), len(self))
        head = min(self._head, shorter)
        return head, min(self._tail, shorter - head)

    def _audit(self) -> None:
        base = self._base
        if not self._is_changed:  # nor was any draft in it
            if not self._is_equal(base):
                self._note_bypass()
            return
        # put back what was noted: if that gives the committed list, nothing else was written
        added: list[Any] = []
        if self._head != _ALL:
            head, tail = self._bounds()
            window, committed = slice(head, len(self) - tail), slice(head, len(base) - tail)
            added = _get(self, window)
            _set(self, window, base[committed])
        is_explained = len(self) == len(base)
        if is_explained:
            noted = []
            for place in self._places:
                noted.append((place, _get(self, place)))
                _set(self, place, base[place])
            is_explained = self._is_equal(base)
            for place, value in noted:
                _set(self, place, value)
        if self._head != _ALL:
            _set(self, committed, added)
        if not is_explained:
            self._note_bypass()

    def _is_equal(self, items: list[Any]) -> bool:
        try:
            return bool(_equal(self, items))
        except (TypeError, ValueError):  # other arrays or frames than the committed ones
            return False

    # reads

    def __getitem__(self, index: Any) -> Any:
        if type(index) is slice:
            return [self[place] for place in range(*index.indices(len(self)))]
        value = _get(self, index)
        if type(value) in ATOMS:
            return value
        originals = self._scope.originals
        is_original = originals is not None and originals.hold(value)
        if id(value) in self._added and not is_original:
            return value
        place = self._place(index)
        origin = self._origin(place)
        if origin is not None and self._base[origin] is not value and not is_original:
            self._note_bypass()
            origin = None
        if self._is_bypassed and id(value) not in self._committed and not is_original:
            return value  # C code put it there
        drafted = self._scope.hand_out(value, self)
        if drafted is not value:
            _set(self, place, drafted)
            self._note_place(origin, drafted)
        return drafted

    def _note_place(self, origin: int | None, value: Any) -> None:
        """Note that another value stands where a committed item stood."""
        if origin is not None:
            self._places[origin] = None
        if type(value) not in ATOMS:
            self._added[id(value)] = value

    def _note_bypass(self) -> None:
        """Note that C code wrote behind the methods: any item may be anywhere."""
        self._head = self._tail = 0
        self._places = {}
        self._is_bypassed = True
        self._committed = set(map(id, self._base))
        mark(self)

    def _origin(self, place: int) -> int | None:
        """Return where in the committed list an item stood, None if it is in the window."""
        length = len(self._base)
        if place < self._head:
            return place if place < length else None
        origin = place - len(self) + length
        return origin if origin >= max(0, length - self._tail) else None

    def _place(self, index: SupportsIndex) -> int:
        place = index.__index__()
        return place if place >= 0 else place + len(self)

    def _note(self, *values: Any) -> None:
        self._added.update({id(value): value for value in values if type(value) not in ATOMS})

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
        """Return a plain list of the same items, which are drafts where they are here."""
        return list(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        plain: list[Any] = []
        memo[id(self)] = plain
        plain.extend(copy.deepcopy(value, memo) for value in list.__iter__(self))
        return plain

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return list, (), None, list.__iter__(self)

    def __add__(self, other: Any) -> Any:
        return [*self, *other] if isinstance(other, list) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return [*other, *self] if isinstance(other, list) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> list[Any]:
        return list(self) * times

    __rmul__ = __mul__

    # writes

    def _cut(self, head: int, tail: int) -> None:
        """Note that items lost their place, but for a head and a tail."""
        self._head = min(self._head, head)
        self._tail = min(self._tail, tail)
        mark(self)

    def _cut_slice(self, cut: slice) -> None:
        start, stop, step = cut.indices(len(self))
        if step == 1:
            self._cut(start, len(self) - max(start, stop))
        else:
            self._cut(0, 0)

    def __setitem__(self, index: Any, value: Any) -> None:
        if type(index) is slice:
            values = list(value)
            self._cut_slice(index)
            self._note(*values)
            _set(self, index, values)
        else:
            _set(self, index, value)
            self._note_place(self._origin(self._place(index)), value)
            mark(self)

    def __delitem__(self, index: Any) -> None:
        if type(index) is slice:
            self._cut_slice(index)
            list.__delitem__(self, index)
        else:
            place = self._place(index)
            list.__delitem__(self, index)
            self._cut(place, len(self) - place)

    def append(self, value: Any) -> None:
        """Put an item at the end, as list does."""
        self._cut(len(self), 0)
        self._note(value)
        list.append(self, value)

    def extend(self, values: Iterable[Any]) -> None:
        """Put items at the end, as list does."""
        values = list(values)
        self._cut(len(self), 0)
        self._note(*values)
        list.extend(self, values)

    def __iadd__(self, values: Any) -> Any:
        self.extend(values)
        return self

    def __imul__(self, times: SupportsIndex) -> Any:
        self[:] = self * times
        return self

    def insert(self, index: SupportsIndex, value: Any) -> None:
        """Put an item before an index, as list does."""
        place = min(max(self._place(index), 0), len(self))
        self._cut(place, len(self) - place)
        self._note(value)
        list.insert(self, place, value)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Take out an item and return it, as list does."""
        value = self[index] if self else list.pop(self)
        del self[index]
        return value

    def remove(self, value: Any) -> None:
        """Take out the first item that equals a value, as list does."""
        del self[self.index(value)]

    def clear(self) -> None:
        """Take out all items, as list does."""
        list.clear(self)
        self._cut(0, 0)

    def sort(self, **options: Any) -> None:
        """Sort the items in place, as list does; a key function gets committed values, to read."""
        self._cut(0, 0)
        list.sort(self, **options)

    def reverse(self) -> None:
        """Turn the order of the items round, as list does."""
        self._cut(0, 0)
        list.reverse(self)

"""The differ: two versions of a state, and what is known of the way between, to a JSON Patch.

It stops wherever both hold the same object. It must not know drafts, messages or sessions.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from livestate_nb.codec import Json
from livestate_nb.state.edits import Move, edit
from livestate_nb.state.encoder import DocumentEncoder
from livestate_nb.state.equality import common_prefix, same
from livestate_nb.state.node import ATOMS
from livestate_nb.state.pointer import UNSAFE_KEYS, member, too_deep
from livestate_nb.state.rows import Run, outside, row_identity, runs_of
from livestate_nb.state.size import is_worth_replacing
from livestate_nb.state.touched import Touched, TouchedList

Operation: TypeAlias = dict[str, Json]
"""An RFC 6902 operation: ``op`` and ``path``, and ``value`` or ``from``."""

MOST_OPERATIONS = 10_000
"""Of more operations than this inside one dict or list, a replacement takes the place."""

MOST_SHIFTS = 1_000
"""The same for moves, or removals and insertions, in one list: browsers are slow at them."""

_FEWEST_SHIFTS = 16
_SEQUENCES = frozenset({list, tuple})
_JSON = frozenset({dict, *ATOMS, *_SEQUENCES})
_MISSING = object()


def diff(
    old: Any,
    new: Any,
    *,
    key: str | None = "id",
    touched: Touched | None = None,
    encoder: DocumentEncoder | None = None,
) -> list[Operation]:
    """Return the JSON Patch (RFC 6902) that turns one state into another.

    Args:
        old: the JSON document that the client has.
        new: the one that it is to have.
        key: name of the field that tells the rows of a list apart, None if none does. Rows
            without an ``id`` may have a ``key``.
        touched: what the drafts between the two touched.
        encoder: makes `old` and `new` trees of dicts and lists that hold values of other types
            as well: these are compared as the encoder encodes them.

    Returns:
        list of ``add``, ``remove``, ``replace`` and ``move`` operations; empty if the states are
        the same. Values are carried by reference: `encoder` was not applied to them.

    Raises:
        EncodeError: a key that changed cannot be sent; a changed value has no JSON form and had
            to be compared; the states are nested too deeply.

    Example:
        >>> diff({"n": 1, "rows": ["a", "b"]}, {"n": 1, "rows": ["z", "a", "b"]})
        [{'op': 'add', 'path': '/rows/0', 'value': 'z'}]
    """
    operations: list[Operation] = []
    try:
        _Differ(operations, key, touched, encoder).value(old, new, "")
    except RecursionError as error:
        raise too_deep(new) from error
    return operations


class _Differ:
    """Walk through two versions at once and gather operations."""

    __slots__ = ("_encoder", "_ignored", "_key", "_touched", "operations")

    def __init__(
        self,
        operations: list[Operation],
        key: str | None,
        touched: Touched | None,
        encoder: DocumentEncoder | None,
    ) -> None:
        self.operations = operations
        self._key = key
        self._touched = Touched() if touched is None else touched
        self._encoder = encoder
        self._ignored = frozenset() if encoder is None else encoder.ignored

    def value(self, old: Any, new: Any, path: str) -> None:
        """Gather the operations that turn one value into another."""
        if old is new:
            return
        before, after = type(old), type(new)
        if before is dict and after is dict:
            self._dict(old, new, path)
        elif before in _SEQUENCES and after in _SEQUENCES:
            self._list(old, new, path)
        elif self._encoder is None or (before in _JSON and after in _JSON):
            if not same(old, new):
                self.operations.append({"op": "replace", "path": path, "value": new})
        else:
            documents = self._encoder.encode(old, path), self._encoder.encode(new, path)
            _Differ(self.operations, self._key, None, None).value(*documents, path)

    def _dict(self, old: dict[Any, Any], new: dict[Any, Any], path: str) -> None:
        start = len(self.operations)
        hint = self._touched.of_dict(old, new)
        added: list[Any] = []
        removed: list[Any] = []
        for key in _changed_keys(old, new) if hint is None else hint.keys:
            before, after = old.get(key, _MISSING), new.get(key, _MISSING)
            if before is after or key in self._ignored:
                continue
            count = len(self.operations)
            if before is _MISSING:
                added.append(key)
            elif after is _MISSING:
                removed.append(key)
            else:
                self.value(before, after, member(path, key))
                if len(self.operations) == count:
                    continue
            count = len(self.operations) - start + len(removed) + len(added)
            if key in UNSAFE_KEYS or count > MOST_OPERATIONS:
                return self._replace(start, new, path)
        if removed or added:
            self._members(old, new, removed, added, path)
        return self._settle(start, new, path)

    def _members(
        self,
        old: dict[Any, Any],
        new: dict[Any, Any],
        removed: list[Any],
        added: list[Any],
        path: str,
    ) -> None:
        """Gather the operations for keys that came and went; a renamed one is moved."""
        origins = {id(old[key]): key for key in removed if type(old[key]) not in ATOMS}
        renamed = {key: origins.pop(id(new[key])) for key in added if id(new[key]) in origins}
        gone = set(renamed.values())
        for key in removed:
            if key not in gone:
                self.operations.append({"op": "remove", "path": member(path, key)})
        for key in added:
            here = member(path, key)
            if key in renamed:
                origin = member(path, renamed[key])
                self.operations.append({"op": "move", "from": origin, "path": here})
            else:
                self.operations.append({"op": "add", "path": here, "value": new[key]})

    def _list(self, old: Sequence[Any], new: Sequence[Any], path: str) -> None:
        start = len(self.operations)
        hint = self._touched.of_list(old, new)
        displaced: set[int] = set()
        if hint is None:
            head, tail = self._trimmed(old, new)
        else:
            head, tail = hint.head, hint.tail
            shift = len(new) - len(old)
            if 1 < len(hint.places) <= MOST_SHIFTS:
                displaced = self._displaced(hint, shift)
            for place in hint.places:
                if place not in displaced:
                    index = place if place < head else place + shift
                    self.value(old[place], new[index], f"{path}/{place}")
                    if len(self.operations) - start > MOST_OPERATIONS:
                        return self._replace(start, new, path)
        before, after = len(old) - head - tail, len(new) - head - tail
        is_worth = True
        if displaced:
            runs = _runs_around(displaced, head, tail, len(old), len(new))
            is_worth = self._rearrange(old, new, runs, path, most=_most(new))
        elif before == after == 1:
            self.value(old[head], new[head], f"{path}/{head}")
        elif before or after:
            is_worth = self._fill_gap(old, new, head, tail, path)
        return self._settle(start, new, path) if is_worth else self._replace(start, new, path)

    def _trimmed(self, old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
        """Return how long the common head and the common tail of two lists are."""
        is_json = self._encoder is None
        head = common_prefix(old, new, is_json=is_json)
        shorter = min(len(old), len(new)) - head
        if not shorter:
            return head, 0
        ends = slice(-1, -shorter - 1, -1)
        return head, common_prefix(old[ends], new[ends], is_json=is_json)

    def _displaced(self, hint: TouchedList, shift: int) -> set[int]:
        """Return the touched places, if several, whose items came from elsewhere."""
        old, new, head = hint.old, hint.new, hint.head
        items = {id(old[place]) for place in hint.places if type(old[place]) not in ATOMS}
        displaced = set()
        for place in hint.places:
            item = new[place if place < head else place + shift]
            if old[place] is not item and (
                id(item) in items
                or row_identity(old[place], self._key) != row_identity(item, self._key)
            ):
                displaced.add(place)
        return displaced if len(displaced) > 1 else set()

    def _fill_gap(
        self, old: Sequence[Any], new: Sequence[Any], head: int, tail: int, path: str
    ) -> bool:
        """Gather the operations for what lies between head and tail; say if it was worth it."""
        before, after = old[head : len(old) - tail], new[head : len(new) - tail]
        runs = runs_of(before, after, is_json=self._encoder is None)
        before = self._documents(before, [(run.old, run.length) for run in runs], head, path)
        after = self._documents(after, [(run.new, run.length) for run in runs], head, path)
        return self._rearrange(before, after, runs, path, head, most=_most(new))

    def _documents(
        self, items: Sequence[Any], known: list[tuple[int, int]], head: int, path: str
    ) -> Sequence[Any]:
        """Return the items of a gap, those encoded that are not JSON, but for known stretches."""
        if self._encoder is None:
            return items
        others = [i for i in outside(known, len(items)) if type(items[i]) not in _JSON]
        if not others:
            return items
        documents = list(items)
        for i in others:
            documents[i] = self._encoder.encode(items[i], f"{path}/{head + i}")
        return documents

    def _rearrange(
        self,
        old: Sequence[Any],
        new: Sequence[Any],
        runs: list[Run],
        path: str,
        offset: int = 0,
        *,
        most: int,
    ) -> bool:
        """Gather the operations that turn one list into another; say if it was worth it.

        Args:
            old: a list, or a stretch of one.
            new: what became of it.
            runs: what is the same in both.
            path: RFC 6901 pointer to the list.
            offset: where in the list the stretch begins.
            most: how many moves, or removals and insertions, are not too many.
        """
        start = len(self.operations)
        found = edit(old, new, runs, key=self._key, most=most)
        if found is None:
            return False
        for i in found.removed:
            self.operations.append({"op": "remove", "path": f"{path}/{offset + i}"})
        for step in found.steps:
            here = f"{path}/{offset + step.to}"
            if isinstance(step, Move):
                origin = f"{path}/{offset + step.origin}"
                self.operations.append({"op": "move", "from": origin, "path": here})
            else:
                self.operations.append({"op": "add", "path": here, "value": new[step.item]})
        for i, j in found.changed:
            self.value(old[i], new[j], f"{path}/{offset + j}")
            if len(self.operations) - start > MOST_OPERATIONS:
                return False
        return True

    def _settle(self, start: int, new: Any, path: str) -> None:
        """Replace a dict or list whole if its operations are larger than it is, or too many."""
        count = len(self.operations) - start
        if count == 1:
            only = self.operations[start]
            if "value" in only and "~" not in only["path"]:
                return  # its key and its value are in the replacement as well
        if count > MOST_OPERATIONS or (
            count and is_worth_replacing(self.operations[start:], new, path)
        ):
            self._replace(start, new, path)

    def _replace(self, start: int, new: Any, path: str) -> None:
        self.operations[start:] = [{"op": "replace", "path": path, "value": new}]


def _runs_around(
    displaced: set[int], head: int, tail: int, old_length: int, new_length: int
) -> list[Run]:
    """Return what two lists share, given the places that differ and a gap between two lengths."""
    gaps = [(place, place + 1, 1) for place in displaced]
    gaps.append((head, old_length - tail, new_length - head - tail))
    runs: list[Run] = []
    i = j = 0
    for start, stop, length in [*sorted(gaps), (old_length, old_length, 0)]:
        if start > i:
            runs.append(Run(i, j, start - i))
        j += start - i + length
        i = stop
    return runs


def _changed_keys(old: dict[Any, Any], new: dict[Any, Any]) -> list[Any]:
    """Return the keys whose values are not the same object in two dicts."""
    keys = [key for key, value in new.items() if old.get(key, _MISSING) is not value]
    keys.extend(key for key in old if key not in new)
    return keys


def _most(items: Sequence[Any]) -> int:
    """Return how many shifts are not too many for a list."""
    return min(max(_FEWEST_SHIFTS, len(items) // 4), MOST_SHIFTS)

"""The differ: two versions of a state, and what is known of the way between, to a JSON Patch.

It stops wherever both hold the same object. It must not know drafts, messages or sessions.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from livestate_nb.codec import Json, dumps
from livestate_nb.state.encoder import DocumentEncoder
from livestate_nb.state.equality import common_prefix, same
from livestate_nb.state.node import ATOMS
from livestate_nb.state.pointer import UNSAFE_KEYS, member
from livestate_nb.state.rows import edit
from livestate_nb.state.touched import Touched

Operation: TypeAlias = dict[str, Json]
"""An RFC 6902 operation: ``op`` and ``path``, and ``value`` or ``from``."""

MOST_OPERATIONS = 10_000
"""More operations than this in one container are not sent: the container is replaced."""

MOST_SHIFTS = 1_000
"""More removals, insertions and moves than this in one list are not: browsers are slow at them."""

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
        old: the state that the client has.
        new: the state that it is to have.
        key: name of the field that tells the rows of a list apart, None if none does.
        touched: what the drafts between the two touched.
        encoder: how to compare what is no JSON.

    Returns:
        list of ``add``, ``remove``, ``replace`` and ``move`` operations, empty if the states are
        the same. Values are carried by reference, and not encoded.

    Raises:
        EncodeError: a key that changed cannot be sent.

    Example:
        >>> diff({"n": 1, "rows": ["a", "b"]}, {"n": 1, "rows": ["z", "a", "b"]})
        [{'op': 'add', 'path': '/rows/0', 'value': 'z'}]
    """
    differ = _Differ(key, touched or Touched(), encoder or DocumentEncoder())
    differ.value(old, new, "")
    return differ.operations


class _Differ:
    __slots__ = ("_encoder", "_key", "_touched", "operations")

    def __init__(self, key: str | None, touched: Touched, encoder: DocumentEncoder) -> None:
        self._key = key
        self._touched = touched
        self._encoder = encoder
        self.operations: list[Operation] = []

    def value(self, old: Any, new: Any, path: str) -> None:
        if old is new:
            return
        old, new = self._plain(old, path), self._plain(new, path)
        kind = type(new)
        if kind is dict and type(old) is dict:
            self._dict(old, new, path)
        elif kind in _SEQUENCES and type(old) in _SEQUENCES:
            self._list(old, new, path)
        elif not same(old, new):
            self.operations.append({"op": "replace", "path": path, "value": new})

    def _plain(self, value: Any, path: str) -> Any:
        return value if type(value) in _JSON else self._encoder.encode(value, path)

    def _dict(self, old: dict[Any, Any], new: dict[Any, Any], path: str) -> None:
        start = len(self.operations)
        hint = self._touched.of_dict(old, new)
        keys: Iterable[Any]
        if hint is None:
            keys = [k for k, value in new.items() if old.get(k, _MISSING) is not value]
            keys += [k for k in old if k not in new]
        else:
            keys = hint.keys
        for k in keys:
            if k in self._encoder.ignored:
                continue
            before, after = old.get(k, _MISSING), new.get(k, _MISSING)
            if before is after:
                continue
            here = member(path, k)
            count = len(self.operations)
            if after is _MISSING:
                self.operations.append({"op": "remove", "path": here})
            elif before is _MISSING:
                self.operations.append({"op": "add", "path": here, "value": after})
            else:
                self.value(before, after, here)
            if k in UNSAFE_KEYS and len(self.operations) > count:
                self._replace(start, path, new)
                return
        self._settle(start, path, new)

    def _list(self, old: Any, new: Any, path: str) -> None:
        start = len(self.operations)
        hint = self._touched.of_list(old, new)
        if hint is None:
            head = common_prefix(old, new, min(len(old), len(new)))
            shorter = min(len(old), len(new)) - head
            tail = common_prefix(old[: -shorter - 1 : -1], new[: -shorter - 1 : -1], shorter)
            places: Iterable[int] = ()
        else:
            head, tail, places = hint.head, hint.tail, hint.places
        shift = len(new) - len(old)
        for place in places:
            index = place if place < head else place + shift
            self.value(old[place], new[index], f"{path}/{place}")
            if len(self.operations) - start > MOST_OPERATIONS:
                break
        before, after = old[head : len(old) - tail], new[head : len(new) - tail]
        if (before or after) and not self._window(before, after, path, head, max(16, len(new) // 4)):
            self._replace(start, path, new)
            return
        self._settle(start, path, new)

    def _window(self, old: Any, new: Any, path: str, head: int, most: int) -> bool:
        """Make the operations for the stretch of a list that differs; say if it was worth it."""
        if len(old) == len(new) == 1:
            self.value(old[0], new[0], f"{path}/{head}")
            return True
        start = len(self.operations)
        found = edit(old, new, self._key, min(most, MOST_SHIFTS))
        if found is None:
            return False
        for index in found.removed:
            self.operations.append({"op": "remove", "path": f"{path}/{head + index}"})
        for step in found.steps:
            if step[0] is None:
                _, j, to = step
                self.operations.append(
                    {"op": "add", "path": f"{path}/{head + to}", "value": new[j]}
                )
            else:
                origin, to = step
                self.operations.append(
                    {"op": "move", "from": f"{path}/{head + origin}", "path": f"{path}/{head + to}"}
                )
        for i, j in found.changed:
            self.value(old[i], new[j], f"{path}/{head + j}")
            if len(self.operations) - start > MOST_OPERATIONS:
                return False
        return True

    def _settle(self, start: int, path: str, new: Any) -> None:
        """Replace a container whole where its operations are too many, or larger than it is."""
        made = self.operations[start:]
        if not made or (len(made) == 1 and made[0]["op"] in _LEAN and "~" not in made[0]["path"]):
            return
        if len(made) > MOST_OPERATIONS:
            self._replace(start, path, new)
            return
        overhead = 0
        carried = set()
        for operation in made:
            overhead += 25 + len(dumps(operation["path"]))
            value = operation.get("value", _MISSING)
            if "from" in operation:
                overhead += 8 + len(dumps(operation["from"]))
            elif value is not _MISSING:
                overhead += 8
                if type(value) in ATOMS:
                    overhead += _size(value)
                else:
                    carried.add(id(value))
        if 2 * len(new) * 6 // 5 > overhead:
            return
        whole = 32 + len(dumps(path)) + _weight(new, overhead, carried)
        if overhead > whole * 6 // 5:
            self._replace(start, path, new)

    def _replace(self, start: int, path: str, new: Any) -> None:
        self.operations[start:] = [{"op": "replace", "path": path, "value": new}]


_LEAN = frozenset({"add", "replace"})
"""Operations of which one alone is never larger than the container: it is in there as well."""

_SEQUENCES = frozenset({list, tuple})
_JSON = frozenset({dict, *ATOMS, *_SEQUENCES})


def _size(value: Any) -> int:
    return len(value) + 2 if type(value) is str else len(repr(value))


def _weight(value: Any, limit: int, carried: set[int]) -> int:
    """Return about how many bytes a value takes, but for what is carried; not far past a limit."""
    weight = 2
    stack = [value]
    while stack and weight <= limit:
        item = stack.pop()
        kind = type(item)
        if kind in ATOMS:
            weight += _size(item)
        elif id(item) in carried:
            continue
        elif kind is dict:
            weight += 2 + 4 * len(item)
            if weight <= limit:
                weight += sum(len(k) for k in item)
                stack.extend(item.values())
        elif kind in _SEQUENCES:
            weight += 2 + len(item)
            if weight <= limit:
                stack.extend(item)
        else:
            weight += 2
    return weight

"""Rows: which items of two versions of a list belong together.

It must not know what has to be done about it (see edits.py), nor paths or operations.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from livestate_nb.state.equality import common_prefix, packed, same

_REACH = 12
"""How many items further the two lists are searched for where they go on alike."""

_MOST_GAPS = 128
"""In more differing places than this the lists are not followed side by side."""

_STRETCH = 1024
"""How many items are compared at once on the way from one differing place to the next."""


@dataclass(slots=True, eq=False)
class Run:
    """Hold a stretch of items that stand one behind the other in both lists.

    Attributes:
        old: the first one's index in the old list.
        new: the same in the new list.
        length: how many they are.
    """

    old: int
    new: int
    length: int


def runs_of(old: Sequence[Any], new: Sequence[Any], *, is_json: bool) -> list[Run]:
    """Return what two lists share, followed side by side; nothing where they differ too much.

    Args:
        old: a list.
        new: what became of it.
        is_json: both are parts of JSON documents.

    Example:
        >>> [run.length for run in runs_of("abcdefg", "abXdefYg", is_json=True)]
        [2, 3, 1]
    """
    runs: list[Run] = []
    i = j = gaps = 0
    while i < len(old) and j < len(new):
        stretch = min(_STRETCH, len(old) - i, len(new) - j)
        length = common_prefix(old[i : i + stretch], new[j : j + stretch], is_json=is_json)
        if length:
            runs.append(Run(i, j, length))
            i, j = i + length, j + length
        if length < stretch:
            gaps += 1
            found = _found_again(old, new, i, j)
            if found is None and len(old) - i <= _REACH and len(new) - j <= _REACH:
                return runs
            if found is None or gaps > _MOST_GAPS:
                return []
            i, j = found
    return runs


def row_identity(item: Any, key: str | None) -> tuple[type, str | int] | None:
    """Return what tells a row from others for good, None if nothing does.

    Ids are texts and integers; 1, "1" and True are three things, of which the last is no id. A
    row that has no ``id`` may have a ``key``.

    Example:
        >>> row_identity({"id": 7}, "id"), row_identity({"id": True}, "id")
        ((<class 'int'>, 7), None)
    """
    if key is None or type(item) is not dict:
        return None
    value: Any = item.get(key)
    if value is None and key == "id":
        value = item.get("key")
    kind = type(value)
    return (kind, value) if kind is str or kind is int else None


def _found_again(old: Sequence[Any], new: Sequence[Any], i: int, j: int) -> tuple[int, int] | None:
    """Return the nearest places behind (i, j) where two lists go on alike."""
    for distance in range(1, 2 * _REACH + 1):
        for skipped in range(max(0, distance - _REACH), min(distance, _REACH) + 1):
            x, y = i + skipped, j + distance - skipped
            if x < len(old) and y < len(new) and same(old[x], new[y]):
                return x, y
    return None


def origins_of(
    old: Sequence[Any], new: Sequence[Any], runs: list[Run], key: str | None
) -> dict[int, int]:
    """Return which of the old items those of the new ones are that no run holds.

    They are told by their ids, else by what they hold; and by their place, where both lists have
    an item left between the same neighbours.

    Args:
        old: a list.
        new: what became of it.
        runs: what is known to be the same in both, in order.
        key: name of the field that tells rows apart, None if none does.

    Returns:
        indices into the old list by indices into the new one.

    Example:
        >>> origins_of(["a", "b"], ["b", "c"], [], None)
        {0: 1}
    """
    olds = list(outside([(run.old, run.length) for run in runs], len(old)))
    news = list(outside([(run.new, run.length) for run in runs], len(new)))
    origins = _matched(old, new, olds, news, key)
    _adopt(origins, olds, news, runs)
    return origins


def outside(stretches: Iterable[tuple[int, int]], length: int) -> Iterator[int]:
    """Yield the indices below a length that (start, count) stretches leave out."""
    end = 0
    for start, count in sorted(stretches):
        yield from range(end, start)
        end = start + count
    yield from range(end, length)


def _matched(
    old: Sequence[Any], new: Sequence[Any], olds: list[int], news: list[int], key: str | None
) -> dict[int, int]:
    """Return for items of the new list which of the old ones they are, by identity or value.

    The first of several alike is matched with the first, the second with the second.
    """
    waiting: dict[object, list[int]] = {}
    for i in reversed(olds):
        waiting.setdefault(_likeness(old[i], key), []).append(i)
    origins: dict[int, int] = {}
    for j in news:
        found = waiting.get(_likeness(new[j], key))
        if found:
            origins[j] = found.pop()
    return origins


def _likeness(item: Any, key: str | None) -> object:
    """Return what an item has in common with what may be its other version."""
    identity = row_identity(item, key)
    if identity is not None:
        return identity
    kind = type(item)
    if kind is str or kind is int or kind is bool or item is None:
        return kind, item
    text = packed(item)
    return id(item) if text is None else text


def _adopt(origins: dict[int, int], olds: list[int], news: list[int], runs: list[Run]) -> None:
    """Take an unmatched old and an unmatched new item in the same gap for one that changed."""
    free = set(olds).difference(origins.values())
    ends = {0: 0, **{run.new + run.length: run.old + run.length for run in runs}}
    for j in news:
        if j not in origins:
            i = origins[j - 1] + 1 if j - 1 in origins else ends.get(j, -1)
            if i in free:
                free.discard(i)
                origins[j] = i

"""Rows: which items of a list stayed, moved, came and went between two versions of it.

It must not know paths or operations, nor what changed inside an item.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


class Move(NamedTuple):
    """Say that an item of a list changes its place.

    Attributes:
        origin: index to take it from.
        to: index to put it at, once it is taken out.
    """

    origin: int
    to: int


class Insertion(NamedTuple):
    """Say that an item comes into a list.

    Attributes:
        item: its index in the new list.
        to: index to put it at.
    """

    item: int
    to: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Say how to turn one list into another, but for what changed inside the items.

    Attributes:
        removed: indices to take out one after the other, the last one first.
        steps: moves and insertions to make after that, in order.
        changed: (old index, new index) of items that belong together and may differ.
    """

    removed: list[int]
    steps: list[Move | Insertion]
    changed: list[tuple[int, int]]


def edit(
    old: Sequence[Any], new: Sequence[Any], runs: list[Run], *, key: str | None, most: int
) -> Edit | None:
    """Return how to turn one list into another, None if that takes too much.

    Args:
        old: a list.
        new: what became of it.
        runs: what is known to be the same in both, in order; see `runs_of`.
        key: name of the field that tells rows apart, None if none does.
        most: how many moves are not too many, nor removals and insertions together, beyond the
            difference in length.

    Example:
        >>> edit(["a", "b", "c"], ["c", "a", "b", "d"], [], key=None, most=8).steps
        [Move(origin=2, to=0), Insertion(item=3, to=3)]
    """
    olds = list(_outside([(run.old, run.length) for run in runs], len(old)))
    news = list(_outside([(run.new, run.length) for run in runs], len(new)))
    origins = _matched(old, new, olds, news, key)
    _adopt(origins, olds, news, runs)
    runs = _joined([*runs, *(Run(i, j, 1) for j, i in origins.items())])
    kept = sum(run.length for run in runs)
    budget = most + abs(len(old) - len(new))
    if len(old) + len(new) - 2 * kept > budget:
        return None
    stable = _heaviest(runs)
    if kept - sum(run.length for run in stable) > most:
        return None
    removed = list(_outside([(run.old, run.length) for run in runs], len(old)))
    return Edit(
        removed=removed[::-1],
        steps=_steps(runs, stable, len(new)),
        changed=[(i, j) for j, i in sorted(origins.items()) if not same(old[i], new[j])],
    )


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

    Ids are texts and integers; 1, "1" and True are three things, of which the last is no id.

    Example:
        >>> row_identity({"id": 7}, "id"), row_identity({"id": True}, "id")
        ((<class 'int'>, 7), None)
    """
    if key is None or type(item) is not dict:
        return None
    value: Any = item.get(key)
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


def _outside(stretches: Iterable[tuple[int, int]], length: int) -> Iterator[int]:
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


def _joined(parts: Iterable[Run]) -> list[Run]:
    """Return runs in the order of the old list, with neighbours made one."""
    runs: list[Run] = []
    for part in sorted(parts, key=lambda part: part.old):
        last = runs[-1] if runs else None
        if last and last.old + last.length == part.old and last.new + last.length == part.new:
            runs[-1] = Run(last.old, last.new, last.length + part.length)
        else:
            runs.append(part)
    return runs


def _heaviest(runs: list[Run]) -> list[Run]:
    """Return the runs that need not move: those of the heaviest chain that ascends in the new list.

    Args:
        runs: in the order of the old list.
    """
    ends: list[int] = []  # of the chains worth going on with: the last run's new index, ascending
    chains: list[tuple[int, int]] = []  # their weights, ascending as well, and their last runs
    before: list[int] = []
    for index, run in enumerate(runs):
        at = bisect_left(ends, run.new)
        weight, last = chains[at - 1] if at else (0, -1)
        weight += run.length
        before.append(last)
        stop = at
        while stop < len(chains) and chains[stop][0] <= weight:
            stop += 1
        ends[at:stop] = [run.new]
        chains[at:stop] = [(weight, index)]
    heaviest: list[Run] = []
    index = chains[-1][1] if chains else -1
    while index >= 0:
        heaviest.append(runs[index])
        index = before[index]
    return heaviest[::-1]


def _steps(runs: list[Run], stable: list[Run], length: int) -> list[Move | Insertion]:
    """Return moves and insertions, in the order of the new list.

    Stable runs stay where they are. What moves stands in their way until its turn comes; then it
    goes right behind what precedes it in the new list, as insertions do.

    Args:
        runs: all that is kept, in the order of the old list.
        stable: those of them that do not move.
        length: how many items the new list has.
    """
    if len(stable) == len(runs):
        inserted = _outside([(run.new, run.length) for run in runs], length)
        return [Insertion(j, j) for j in inserted]
    staying = set(map(id, stable))
    order: list[Run] = []  # the list as it stands: stable runs whole, what moves item by item
    for run in runs:
        if id(run) in staying:
            order.append(run)
        else:
            order.extend(Run(run.old + i, run.new + i, 1) for i in range(run.length))
    pieces = {piece.new: piece for piece in order}
    steps: list[Move | Insertion] = []
    behind = to = j = 0  # the next piece belongs at order[behind], which is the list's item `to`
    while j < length:
        piece = pieces.get(j)
        if piece is None:
            piece = Run(-1, j, 1)
            order.insert(behind, piece)
            steps.append(Insertion(j, to))
        elif id(piece) in staying:
            while order[behind] is not piece:
                to += order[behind].length
                behind += 1
        else:
            at = order.index(piece)
            if at < behind:
                origin = sum(p.length for p in order[:at])
                behind, to = behind - 1, to - 1
            else:
                origin = to + sum(p.length for p in order[behind:at])
            order.insert(behind, order.pop(at))
            if origin != to:
                steps.append(Move(origin, to))
        behind, to, j = behind + 1, to + piece.length, j + piece.length
    return steps

"""Rows: which items of a list stayed, moved, came and went between two versions of it.

It must not know paths or operations, nor what changed inside an item.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from livestate_nb.state.equality import common_prefix, packed, same

_WINDOW = 12
"""How many items further the two lists are searched for where they go on alike."""

_MOST_GAPS = 128
"""How many differing places are told apart by running along the lists."""

_BLOCK = 1024


@dataclass(slots=True)
class Edit:
    """Say how to turn one list into another, before what changed inside the items.

    Attributes:
        removed: indices to take out, the last one first.
        steps: in order, after that: (from, to) indices of a move, or (None, index into the new
            list, index to put it at) of an insertion.
        changed: (old index, new index) of items that stay, or move, and may differ.
    """

    removed: list[int] = field(default_factory=list)
    steps: list[tuple[int, int] | tuple[None, int, int]] = field(default_factory=list)
    changed: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Run:
    """Items that stand one behind the other in both lists."""

    old: int
    new: int
    length: int


def edit(old: Sequence[Any], new: Sequence[Any], key: str | None, most: int) -> Edit | None:
    """Return how to turn one list into another, None if that takes too many steps.

    Args:
        old: a list, or the stretch of one that may differ.
        new: the list that it became.
        key: name of the field that tells rows apart, None for lists without one.
        most: how many removals, insertions and moves are not too many, beyond the difference in
            length.

    Example:
        >>> edit(["a", "b", "c"], ["c", "a", "b", "d"], None, 8)
        Edit(removed=[], steps=[(2, 0), (None, 3, 3)], changed=[])
    """
    result = Edit()
    runs = _alike(old, new)
    if runs is None:
        runs = []
    olds = list(_outside([(run.old, run.length) for run in runs], len(old)))
    news = list(_outside([(run.new, run.length) for run in runs], len(new)))
    matched = _matched(old, new, olds, news, key)
    result.changed = [(i, j) for i, j in matched if old[i] is not new[j]]
    runs = _joined(sorted([*((run.old, run.new, run.length) for run in runs), *((i, j, 1) for i, j in matched)]))
    kept = sum(run.length for run in runs)
    budget = most + abs(len(old) - len(new))
    if len(old) + len(new) - 2 * kept > budget or len(runs) > 2 * budget:
        return None
    result.removed = list(_outside([(run.old, run.length) for run in runs], len(old)))[::-1]
    stable = _heaviest(runs)
    if kept - sum(run.length for run in stable) > budget:
        return None
    result.steps = _steps(runs, set(map(id, stable)), len(new))
    return result


def _alike(old: Sequence[Any], new: Sequence[Any]) -> list[_Run] | None:
    """Run along both lists and find each other again behind each difference; None if lost."""
    runs: list[_Run] = []
    i = j = gaps = 0
    while i < len(old) and j < len(new):
        limit = min(_BLOCK, len(old) - i, len(new) - j)
        length = common_prefix(old[i : i + limit], new[j : j + limit], limit)
        if length:
            runs.append(_Run(i, j, length))
            i, j = i + length, j + length
        if length == limit:
            continue
        gaps += 1
        found = _found_again(old, new, i, j)
        if found is None:
            if len(old) - i > _WINDOW or len(new) - j > _WINDOW:
                return None
            break
        if gaps == _MOST_GAPS:
            return None
        i, j = found
    return runs


def _found_again(old: Sequence[Any], new: Sequence[Any], i: int, j: int) -> tuple[int, int] | None:
    for distance in range(1, 2 * _WINDOW + 1):
        for skipped in range(max(0, distance - _WINDOW), min(distance, _WINDOW) + 1):
            x, y = i + skipped, j + distance - skipped
            if x < len(old) and y < len(new) and same(old[x], new[y]):
                return x, y
    return None


def _outside(stretches: Iterable[tuple[int, int]], length: int) -> Iterator[int]:
    end = 0
    for start, count in sorted(stretches):
        yield from range(end, start)
        end = start + count
    yield from range(end, length)


def _matched(
    old: Sequence[Any], new: Sequence[Any], olds: list[int], news: list[int], key: str | None
) -> list[tuple[int, int]]:
    """Return which of the leftover items belong together."""
    places: dict[object, list[int]] = {}
    for i in reversed(olds):
        places.setdefault(_identity(old[i], key), []).append(i)
    pairs: list[tuple[int, int]] = []
    for j in news:
        found = places.get(_identity(new[j], key))
        if found:
            pairs.append((found.pop(), j))
    used_old = {i for i, _ in pairs}
    used_new = {j for _, j in pairs}
    # what is left at the same place on both sides is one item that changed
    before_old = [i for i in olds if i not in used_old]
    before_new = [j for j in news if j not in used_new]
    pairs.extend(_in_same_gaps(before_old, before_new, used_old, used_new, old, new, olds, news))
    return pairs


def _in_same_gaps(before_old, before_new, used_old, used_new, old, new, olds, news):
    return zip(before_old, before_new) if len(before_old) == len(before_new) else ()


def _identity(item: Any, key: str | None) -> object:
    if key is not None and type(item) is dict:
        value = item.get(key)
        if type(value) is str or type(value) is int:
            return type(value), value
    kind = type(item)
    if kind is str or kind is int or kind is bool or item is None:
        return kind, item
    return packed(item) or id(item)


def _joined(parts: list[tuple[int, int, int]]) -> list[_Run]:
    """Return runs in the order of the old list, neighbours made one."""
    runs: list[_Run] = []
    for old, new, length in parts:
        last = runs[-1] if runs else None
        if last and last.old + last.length == old and last.new + last.length == new:
            last.length += length
        else:
            runs.append(_Run(old, new, length))
    return runs


def _heaviest(runs: list[_Run]) -> list[_Run]:
    """Return the runs that need not move: a heaviest increasing subsequence."""
    ends: list[int] = []  # new index of the last run of a chain, ascending
    best: list[tuple[int, int]] = []  # (weight of the chain, its last run), ascending
    previous: list[int] = []
    for index, run in enumerate(runs):
        at = bisect_left(ends, run.new)
        weight, before = best[at - 1] if at else (0, -1)
        weight += run.length
        previous.append(before)
        if at < len(best) and best[at][0] >= weight and ends[at] == run.new:
            continue
        stop = at
        while stop < len(best) and best[stop][0] <= weight:
            stop += 1
        ends[at:stop] = [run.new]
        best[at:stop] = [(weight, index)]
    chain: list[_Run] = []
    index = best[-1][1] if best else -1
    while index >= 0:
        chain.append(runs[index])
        index = previous[index]
    return chain[::-1]


def _steps(
    runs: list[_Run], stable: set[int], length: int
) -> list[tuple[int, int] | tuple[None, int, int]]:
    """Return moves and insertions, in the order of the new list.

    What stays put anchors the rest: each moved or inserted item goes right behind the one that
    precedes it in the new list.
    """
    if len(stable) == len(runs):
        outside = _outside([(run.new, run.length) for run in runs], length)
        return [(None, j, j) for j in outside]
    order: list[_Run] = []  # the list as it stands, in pieces
    for run in runs:
        if id(run) in stable:
            order.append(run)
        else:
            order.extend(_Run(run.old + i, run.new + i, 1) for i in range(run.length))
    moving = {piece.new for piece in order if id(piece) not in stable}
    by_new = {piece.new: piece for piece in order}
    steps: list[tuple[int, int] | tuple[None, int, int]] = []
    j = 0
    behind = 0  # where in `order` the next piece belongs
    while j < length:
        piece = by_new.get(j)
        target = sum(p.length for p in order[:behind])
        if piece is None:
            piece = _Run(-1, j, 1)
            steps.append((None, j, target))
            order.insert(behind, piece)
        elif j in moving:
            at = order.index(piece)
            source = sum(p.length for p in order[:at])
            del order[at]
            if at < behind:
                behind -= 1
                target -= 1
            order.insert(behind, piece)
            if source != target:
                steps.append((source, target))
        else:
            behind = order.index(piece)
        behind += 1
        j += piece.length
    return steps

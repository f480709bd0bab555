"""Edits: the removals, insertions and moves that turn one list into another.

It must not know paths or operations, nor what changed inside an item.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from livestate_nb.state.rows import Run, origins_of, outside


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
    origins = origins_of(old, new, runs, key)
    runs = _joined([*runs, *(Run(i, j, 1) for j, i in origins.items())])
    kept = sum(run.length for run in runs)
    budget = most + abs(len(old) - len(new))
    if len(old) + len(new) - 2 * kept > budget:
        return None
    stable = _heaviest(runs)
    if kept - sum(run.length for run in stable) > most:
        return None
    removed = list(outside([(run.old, run.length) for run in runs], len(old)))
    return Edit(
        removed=removed[::-1],
        steps=_steps(runs, stable, len(new)),
        changed=[(i, j) for j, i in sorted(origins.items()) if old[i] is not new[j]],
    )


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
        inserted = outside([(run.new, run.length) for run in runs], length)
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
            steps.append(Move(origin, to))  # never in its place: then it would be a stable run
        behind, to, j = behind + 1, to + piece.length, j + piece.length
    return steps

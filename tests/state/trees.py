"""Random states, random changes to them, and the traps that both are made of."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

KEYS = [
    "a", "b", "id", "key", "name", "", "/", "~", "~1", "a/b", "~0~1", "-", "0", "01", "1", "é", '"',
    "\\", "\n", " ", "constructor", "prototype", "toString", "\U0001f600",
]  # fmt: skip
LEAVES = [
    None, True, False, 0, 1, -1, 2, 1.0, 0.0, -0.0, 1.5, 1e300, 2**53 + 1, 2**64 - 1, -(2**63), "",
    "a", "1", "é", "\U0001f600", "x" * 70,
]  # fmt: skip
IDS = [1, 2, 3, 4, 5, "1", "2", "x", True, 1.0, None]


seeds = st.integers(0, 2**32)

programs = st.lists(seeds, max_size=8)
"""Seeds of changes, to be made one after the other."""


def value(random: Random, depth: int = 2) -> Any:
    """Return a random value of some depth."""
    roll = random.random()
    if depth == 0 or roll < 0.3:
        return random.choice(LEAVES)
    if roll < 0.55:
        keys = random.choices(KEYS, k=random.randrange(5))
        return {key: value(random, depth - 1) for key in keys}
    if roll < 0.65:
        return [_row(random, random.choice(IDS), depth) for _ in range(random.randrange(6))]
    if roll < 0.8:
        return [_row(random, number, depth) for number in range(random.randrange(30))]
    return [value(random, depth - 1) for _ in range(random.randrange(6))]


def _row(random: Random, identity: Any, depth: int) -> dict[str, Any]:
    """Return a row; one in five has no id."""
    row = {"id": identity, "name": value(random, 0), "more": value(random, depth - 1)}
    return row if random.random() < 0.8 else {"name": row["name"]}


def _state(seed: int, width: int, depth: int) -> dict[str, Any]:
    random = Random(seed)
    return {key: value(random, depth) for key in random.sample(KEYS, width)}


states = st.builds(_state, seeds, st.integers(0, 5), st.integers(0, 3))
"""Documents of depth 4 at most. They are made from seeds, which is ten times as fast."""


@dataclass
class Hand:
    """Change a tree at random, as a handler does, and keep references to parts of it.

    Two hands with equal seeds make equal changes to equal trees, plain or drafts.
    """

    tree: Any
    held: list[Any] = field(default_factory=list)

    def change(self, seed: int) -> None:
        """Make one change."""
        random = Random(seed)
        target = self._container(random)
        (self._change_dict if isinstance(target, dict) else self._change_list)(target, random)

    def write(self, seed: int) -> None:
        """Put a new value into some dict or list, as C code does that knows nothing of drafts."""
        random = Random(seed)
        target = self._container(random)
        new = {"written": [seed, random.random()]}
        if isinstance(target, dict):
            dict.__setitem__(target, random.choice(KEYS), new)
        elif target and random.random() < 0.5:
            list.__setitem__(target, random.randrange(len(target)), new)
        else:
            list.insert(target, random.randrange(len(target) + 1), new)

    def _container(self, random: Random) -> Any:
        target = random.choice(self.held) if self.held and random.random() < 0.2 else self.tree
        while random.random() < 0.75:
            inner = [
                item
                for item in (target.values() if isinstance(target, dict) else target)
                if isinstance(item, (dict, list))
            ]
            if not inner:
                break
            target = random.choice(inner)
        return target

    def _something(self, target: Any, random: Random) -> Any:
        """Return a new value, or a part of the tree that may go into the target."""
        found = value(random) if random.random() < 0.7 else self._container(random)
        if isinstance(found, (dict, list)):
            if _holds(found, target):
                return "no cycle"
            if random.random() < 0.5:
                self.held.append(found)
        return found

    def _change_dict(self, target: Any, random: Random) -> None:
        new = self._something(target, random)
        key = random.choice(KEYS)
        old = random.choice(list(target)) if target else key
        match random.randrange(12):
            case 0 | 1:
                target[key] = new
            case 2 | 3:
                target[old] = new
            case 4:
                target.pop(old, None)
            case 5:
                target.update({key: new, old: 1})
            case 6:
                target.setdefault(key, new)
            case 7:
                target |= {key: new}
            case 8:
                target[key] = target.pop(old, new)
            case 9 if target:
                target.popitem()
            case 10 if random.random() < 0.3:
                target.clear()
            case 11 if target:
                del target[old]

    def _change_list(self, target: Any, random: Random) -> None:
        new = self._something(target, random)
        length = len(target)
        at = random.randrange(length + 1)
        to = random.randrange(at, length + 1)
        match random.randrange(20):
            case 0 | 1:
                target.append(new)
            case 2:
                target.insert(at, new)
            case 3:
                target.insert(0, new)
            case 4 if at < length:
                target[at] = new
            case 5 if at < length:
                target[at - length] = new
            case 6 if at < length:
                del target[at]
            case 7 if at < length:
                target.pop(at)
            case 8:
                target[at:to] = [new, value(random)]
            case 9:
                del target[at:to]
            case 10:
                target.extend([new, value(random)])
            case 11:
                target += [new]
            case 12 if length:
                other = random.randrange(length)
                at %= length
                target[at], target[other] = target[other], target[at]
            case 13:
                target.reverse()
            case 14:
                target.sort(key=repr)
            case 15:
                random.shuffle(target)
            case 16 if length < 40:
                target *= random.randrange(3)
            case 17 if length > 1:
                target.insert(random.randrange(length - 1), target.pop(at % length))
            case 18:
                del target[::2]
            case 19 if length:
                target.remove(target[at % length])


def _holds(tree: Any, part: Any) -> bool:
    if tree is part:
        return True
    if isinstance(tree, dict):
        return any(_holds(item, part) for item in tree.values())
    return isinstance(tree, list) and any(_holds(item, part) for item in tree)

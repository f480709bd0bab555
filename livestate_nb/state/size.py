"""Sizes: whether a patch is larger than what it patches, at a cost that the patch bounds.

It must not know how operations are found.
"""

from math import ceil
from typing import Any

from livestate_nb.codec import Json, dumps
from livestate_nb.state.node import ATOMS

_OPERATION = len('{"op":"","path":},')
_VALUE = len(',"value":')
_FROM = len(',"from":')
_REPLACE = _OPERATION + len("replace") + _VALUE


def is_worth_replacing(operations: list[dict[str, Json]], new: Any, path: str) -> bool:
    """Say whether operations take 1.2 times the bytes that replacing their dict or list takes.

    What the operations carry is a part of what would be replaced, so only the rest of it is
    measured, and only till it outweighs them.

    Args:
        operations: RFC 6902 operations inside a dict or list, at least one.
        new: the dict or list that they make.
        path: RFC 6901 pointer to it.

    Example:
        >>> is_worth_replacing([{"op": "remove", "path": "/long/a"}], {}, "/long")
        False
        >>> removals = [{"op": "remove", "path": f"/long/{i}"} for i in "abcdef"]
        >>> is_worth_replacing(removals, {}, "/long")
        True
    """
    carried: dict[int, int] = {}
    weight = 0
    for operation in operations:
        weight += _OPERATION + len(operation["op"]) + len(dumps(operation["path"]))
        if "value" in operation:
            value = operation["value"]
            weight += _VALUE
            if type(value) in ATOMS:
                weight += _atom_size(value)
            else:
                carried[id(value)] = carried.get(id(value), 0) + 1
        elif "from" in operation:
            weight += _FROM + len(dumps(operation["from"]))
    limit = ceil(weight / 1.2) - _REPLACE - len(dumps(path))
    return _rest(new, carried, limit) < limit


def _rest(value: Any, carried: dict[int, int], enough: int) -> int:
    """Return how many bytes a dict or list takes at least, or some number that is enough.

    Args:
        value: the dict or list.
        carried: how often the containers in it do not count, by id; used up.
        enough: stop counting here.
    """
    size = 0
    waiting = [value]
    while waiting and size < enough:
        item = waiting.pop()
        kind = type(item)
        if kind in ATOMS:
            size += _atom_size(item)
        elif carried.get(id(item)):
            carried[id(item)] -= 1
        elif kind is dict:
            size += 1 + 4 * len(item)
            if size < enough:
                size += sum(len(key) for key in item if type(key) is str)
                waiting.extend(item.values())
        elif kind is list or kind is tuple:
            size += 1 + len(item)
            if size < enough:
                waiting.extend(item)
        else:
            return enough  # nobody knows without encoding it: it may be a large frame
    return size


def _atom_size(value: Any) -> int:
    """Return how many bytes a value without parts takes at least."""
    if type(value) is str:
        return len(value) + 2
    return len(repr(value)) - (type(value) is float)  # 1e+300 is 1e300 in JSON

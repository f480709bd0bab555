"""The judge: what a client makes of a patch, by another library, and equality that tells all."""

import copy
from typing import Any

from jsonpatch import JsonPatch

from livestate_nb.codec import dumps, loads


def applied(document: Any, operations: list[dict[str, Any]]) -> Any:
    """Return what a client that holds a document has after a patch came over the wire."""
    return JsonPatch(loads(dumps(operations))).apply(loads(dumps(document)))


def is_same(left: Any, right: Any) -> bool:
    """Say whether two values are the same, their types included: 1 is neither True nor 1.0."""
    if type(left) is not type(right):
        return False
    if type(left) is dict:
        return left.keys() == right.keys() and all(is_same(left[k], right[k]) for k in left)
    if type(left) is list or type(left) is tuple:
        return len(left) == len(right) and all(map(is_same, left, right))
    return repr(left) == repr(right)


def size(operations: list[dict[str, Any]]) -> int:
    """Return how many bytes a patch takes."""
    return len(dumps(operations))


def replaced(document: Any) -> int:
    """Return how many bytes the patch takes that replaces a whole document."""
    return size([{"op": "replace", "path": "", "value": document}])


def parts(tree: Any) -> list[Any]:
    """Return all dicts and lists of a tree, whatever subclass they are of."""
    found, waiting = [], [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (dict, list, tuple)):
            found.append(part)
            waiting.extend(dict.values(part) if isinstance(part, dict) else part)
    return found


def is_plain(tree: Any) -> bool:
    """Say whether a tree holds no draft, and no other subclass of dict or list."""
    return all(type(part) in (dict, list, tuple) for part in parts(tree))


def unshared(tree: Any) -> Any:
    """Return a copy of a tree in which no part stands in two places."""
    if isinstance(tree, dict):
        return {key: unshared(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [unshared(value) for value in tree]
    return copy.deepcopy(tree)

"""The judge: what a client makes of a patch, by another library, and equality that tells all."""

import copy
from collections.abc import Callable
from typing import Any

from jsonpatch import JsonPatch

from livestate_nb.codec import dumps, loads
from livestate_nb.state.draft import finish, open_draft


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


def without_drafts(value: Any) -> Any:
    """Return a value with plain dicts and lists for drafts, so that types can be compared."""
    if isinstance(value, dict):
        return {key: without_drafts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_drafts(item) for item in value]
    return tuple(map(without_drafts, value)) if type(value) is tuple else value


def check_changes_alike(make: Callable[[], Any], change: Callable[[Any], object]) -> None:
    """Check that a change does to a draft of a tree what it does to the tree, and no more."""
    expected, base = make(), make()
    draft = open_draft(base)
    outcomes = []
    for tree in (expected, draft):
        try:
            outcomes.append(without_drafts(change(tree)))
        except Exception as error:  # noqa: BLE001  # whatever a plain one raises
            outcomes.append(type(error))
    assert is_same(outcomes[1], outcomes[0])
    assert list(draft) == list(expected)
    state = finish(draft).state
    assert is_same(state, expected)
    assert list(state) == list(expected)
    assert is_plain(state)
    assert is_same(base, make())

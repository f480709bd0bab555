"""Drafts: copy-on-write dicts and lists over a committed state, one set of them per turn.

A handler reads and mutates its draft as it would a plain tree; the committed tree stays as it
is. Knows nothing of patches, sessions or threads: a draft is used by one thread at a time.
"""

from typing import Any, NamedTuple

from livestate_nb.errors import DraftError
from livestate_nb.state.draft_dict import DraftDict
from livestate_nb.state.draft_list import DraftList
from livestate_nb.state.resolve import resolve
from livestate_nb.state.scope import Scope, check_live, is_live
from livestate_nb.state.touched import Touched


class Finished(NamedTuple):
    """Hold what a turn leaves behind.

    Attributes:
        state: the plain tree; whatever was not touched is shared with the one before.
        touched: what the drafts touched, for `livestate_nb.state.diff.diff`.
    """

    state: Any
    touched: Touched


def open_draft(base: dict[str, Any] | list[Any]) -> Any:
    """Return a draft over a committed tree.

    Args:
        base: a plain tree as `finish` or `plain` made it; nobody may change it any more.

    Example:
        >>> base = {"items": [{"title": "milk"}], "n": 1}
        >>> draft = open_draft(base)
        >>> draft["n"] += 1
        >>> finish(draft).state
        {'items': [{'title': 'milk'}], 'n': 2}
        >>> base["n"]
        1
    """
    return Scope().open(base, None)


_DRAFT = object()


def finish(draft: Any, result: Any = _DRAFT) -> Finished:
    """End a turn: return the plain tree that it leaves behind. Its drafts are dead afterwards.

    Args:
        draft: the turn's first draft.
        result: the state that the handler returned instead: plain values, drafts, or a mixture.

    Raises:
        DraftError: the turn has ended already; the state contains itself, or what cannot be copied.
    """
    check_live(draft)
    scope = draft._scope
    try:
        state, touched = resolve(draft if result is _DRAFT else result, draft._base, scope)
    finally:
        scope.end()
    return Finished(state, touched)


def drop(draft: Any) -> None:
    """End a turn that failed: its drafts are dead, the committed tree is as it was.

    Example:
        >>> draft = open_draft({"n": 1})
        >>> drop(draft)
        >>> draft["n"]  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        livestate_nb.errors.DraftError: This part of the state was read in an earlier turn...
    """
    check_live(draft)
    draft._scope.end()


def rebase(draft: Any, base: dict[str, Any] | list[Any]) -> None:
    """Open a turn's first draft again, after its `finish`, over another committed tree.

    Parts that were read from it before stay dead.

    Args:
        draft: the first draft of a turn that has ended.
        base: a plain tree of the same kind, dict or list.

    Raises:
        DraftError: the kinds differ, or the turn has not ended.

    Example:
        >>> draft = open_draft({"n": 1})
        >>> state = finish(draft).state
        >>> rebase(draft, {"n": 5})
        >>> draft["n"]
        5
    """
    if is_live(draft):
        raise DraftError("A draft is rebased after its turn has ended: finish or drop it first")
    kind = dict if isinstance(draft, dict) else list
    if type(base) is not kind:
        raise DraftError(
            f"The state was a {kind.__name__} and is a {type(base).__name__} now: what goes on "
            "with the old one cannot go on with the new. Return instead of yielding"
        )
    Scope().reopen(draft, base)


def original(draft: Any) -> Any:
    """Return the committed tree behind a draft, for fast reading of much: read only.

    What was read from it may be put into the state. The tree itself and its direct items, put
    straight into a draft, are drafts when they are read from there. Anything that comes along in
    a list or dict of one's own, or from deeper inside, is the committed value until the turn
    ends: to change a row in the same turn, put ``{**row}``.

    A value that is no draft, because this turn put it in, comes back as it is.

    Example:
        >>> draft = open_draft({"rows": [{"n": n} for n in range(1000)]})
        >>> sum(row["n"] for row in original(draft["rows"]))
        499500
    """
    if not isinstance(draft, (DraftDict, DraftList)):
        return draft
    check_live(draft)
    return draft._scope.give(draft)


def plain(value: Any) -> Any:
    """Return a plain copy of a value: no drafts inside, and nothing that its maker can change.

    For a first state, and for what leaves a turn beside the state (an event's detail).

    Raises:
        DraftError: the value contains itself, what cannot be copied, or a draft whose turn has
            ended.

    Example:
        >>> draft = open_draft({"items": ["milk"]})
        >>> plain({"seen": draft["items"]})
        {'seen': ['milk']}
    """
    return resolve(value, None, Scope())[0]

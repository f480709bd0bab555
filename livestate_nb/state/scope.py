"""A scope: the drafts of one turn, from the first one's opening to the end of them all.

It must not know what becomes of a turn: see resolve.py.
"""

import copy
from collections.abc import Iterable
from operator import is_
from typing import Any, NoReturn

from livestate_nb.errors import DraftError
from livestate_nb.state.draft_dict import DraftDict
from livestate_nb.state.draft_list import DraftList
from livestate_nb.state.fields import is_editable
from livestate_nb.state.node import ATOMS, Node, mark


class Scope:
    """Hold the drafts of one turn."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def open(self, base: dict[Any, Any] | list[Any], parent: Node | None) -> Any:
        """Return a draft over a committed dict or list."""
        draft: Any = dict.__new__(DraftDict) if type(base) is dict else list.__new__(DraftList)
        draft._fill(base, parent, self)
        self.nodes.append(draft)
        return draft

    def reopen(self, draft: Any, base: dict[Any, Any] | list[Any]) -> None:
        """Put an ended draft over a committed value of its kind, as the first of this turn."""
        draft.__class__ = _LIVE[type(draft)]
        draft.clear()
        draft._fill(base, None, self)
        self.nodes.append(draft)

    def hand_out(self, value: Any, parent: Node) -> Any:
        """Return what a draft hands out for a committed value.

        For a dict or a list that is a draft. A tuple comes back with its containers as drafts,
        an object that can change (a set, a dataclass that is not frozen) as a copy, which then
        takes its place. Anything else is handed out as it is.
        """
        kind = type(value)
        if kind is dict or kind is list:
            return self.open(value, parent)
        if isinstance(value, tuple):
            items = [i if type(i) in ATOMS else self.hand_out(i, parent) for i in value]
            return value if all(map(is_, items, value)) else rebuilt(value, items)
        if is_editable(value):
            mark(parent)
            return copy.deepcopy(value)
        return value

    def end(self) -> list[Node]:
        """End all drafts; return them, for whoever wants to say when their memory is freed."""
        ended, self.nodes = self.nodes, []
        for draft in ended:
            draft.__class__ = _ENDED[type(draft)]
            draft._parent = None
        return ended


def is_live(draft: Node) -> bool:
    """Say whether a draft's turn lasts."""
    return type(draft) in _ENDED


def check_live(draft: Node) -> None:
    """Check that a draft's turn lasts.

    Raises:
        DraftError: it does not.
    """
    if not is_live(draft):
        _refuse()


def rebuilt(value: tuple[Any, ...], items: Iterable[Any]) -> tuple[Any, ...]:
    """Return a tuple, or a named tuple, with other items."""
    make = getattr(value, "_make", tuple)
    plain: tuple[Any, ...] = make(items)
    return plain


def _refuse(*_args: object, **_options: object) -> NoReturn:
    raise DraftError(
        "This part of the state was read in an earlier turn, and turns end with their handler and "
        "at each yield. Read it again from the state; what is to last must be a copy"
    )


def _ended_repr(self: Node) -> str:
    return f"<{type(self).__name__}: read it again from the state>"


_STILL_WORKING = {
    "__class_getitem__", "__getattribute__", "__init__", "__new__", "__sizeof__",
}  # fmt: skip


def _ended(cls: type[Any]) -> Any:
    """Return the class that a draft has when its turn is over: every use raises DraftError."""
    methods = {name for c in (cls, cls.__base__) for name in vars(c) if callable(getattr(c, name))}
    refused = dict.fromkeys(methods - _STILL_WORKING, _refuse)
    name = cls.__name__.replace("Draft", "Ended")
    return type(name, (cls,), {"__slots__": (), **refused, "__repr__": _ended_repr})


_ENDED: dict[Any, Any] = {cls: _ended(cls) for cls in (DraftDict, DraftList)}

_LIVE: dict[Any, Any] = {ended: cls for cls, ended in _ENDED.items()}

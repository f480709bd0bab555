"""A scope: the drafts of one turn, from the first one's opening to the end of them all.

It must not know what becomes of a turn: see resolve.py.
"""

from collections.abc import Iterable
from operator import is_
from typing import Any, NoReturn

from livestate_nb.errors import DraftError
from livestate_nb.state.constancy import copied, is_constant
from livestate_nb.state.draft_dict import DraftDict
from livestate_nb.state.draft_list import DraftList
from livestate_nb.state.node import ATOMS, Node, mark
from livestate_nb.state.originals import Originals


class Scope:
    """Hold the drafts of one turn.

    Attributes:
        nodes: the drafts.
        originals: what `original` gave away, None if nothing.
    """

    __slots__ = ("nodes", "originals")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.originals: Originals | None = None

    def open(self, base: dict[Any, Any] | list[Any], parent: Node | None) -> Any:
        """Return a draft over a committed dict or list."""
        draft: Any = dict.__new__(DraftDict) if type(base) is dict else list.__new__(DraftList)
        draft._fill(base, parent, self)
        self.nodes.append(draft)
        return draft

    def reopen(self, draft: Any, base: dict[Any, Any] | list[Any]) -> None:
        """Put an ended draft over a committed value of its kind, as the first of this turn."""
        draft.__class__ = _LIVE[type(draft)]
        (dict if isinstance(draft, dict) else list).clear(draft)
        draft._fill(base, None, self)
        self.nodes.append(draft)

    def hand_out(self, value: Any, parent: Node) -> Any:
        """Return what a draft hands out for a committed value.

        For a dict or a list that is a draft. A tuple comes back with its containers as drafts,
        a value that cannot change, and an array or a frame, as it is, anything else as a
        copy, which then takes its place.
        """
        kind = type(value)
        if kind is dict or kind is list:
            return self.open(value, parent)
        if isinstance(value, tuple):
            items = [i if type(i) in ATOMS else self.hand_out(i, parent) for i in value]
            return value if all(map(is_, items, value)) else rebuilt(value, items)
        if is_constant(value):
            return value
        taken = copied(value)
        if taken is not value:  # as a function is
            mark(parent)
        return taken

    def give(self, draft: Any) -> Any:
        """Return the committed dict or list that a draft stands for, to be read."""
        if self.originals is None:
            self.originals = Originals()
        self.originals.add(draft._base)
        return draft._base

    def end(self) -> None:
        """End all drafts, and empty them: C code gets nothing of what they stood for."""
        for draft in self.nodes:
            storage: Any = draft
            draft.__class__ = _ENDED[type(draft)]
            draft._parent = None
            if isinstance(storage, dict):
                dict.clear(storage)
                dict.__setitem__(storage, _GONE, _GONE)
            else:
                list.__init__(storage, (_GONE,))
        self.nodes = []


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


class _Gone:
    """Stand in the storage of an ended draft, so that C code that reads it fails."""

    __slots__ = ()
    __getitem__ = __setitem__ = __iter__ = __lt__ = __gt__ = _refuse


_GONE = _Gone()


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

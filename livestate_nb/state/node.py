"""What both kinds of draft have in common: they stand over a committed value and note changes.

It must not know how a dict or a list is read and written.
"""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from livestate_nb.state.scope import Scope

ATOMS = frozenset({str, int, float, bool, type(None)})
"""Types of the values that have no parts and never change."""


class Node(Protocol):
    """Stand for a committed dict or list that a handler may change.

    Attributes:
        _base: the committed value.
        _parent: the draft that handed this one out, None at the root.
        _scope: the turn's drafts.
        _is_changed: something was written here, or in a draft handed out from here.
    """

    _base: Any
    _parent: "Node | None"
    _scope: "Scope"
    _is_changed: bool

    def _fill(self, base: Any, parent: "Node | None", scope: "Scope") -> None:
        """Stand over a committed value, as if nothing had been touched."""

    def _audit(self) -> None:
        """Notice what C code (heapq, ``list.append(draft, x)``) wrote behind the methods."""


def mark(node: Node | None) -> None:
    """Note that a draft changed, up to the root."""
    while node is not None and not node._is_changed:
        node._is_changed = True
        node = node._parent

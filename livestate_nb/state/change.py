"""A change: one step from a committed state to the next, as a patch and as documents.

All is made on first use, and once. It must not know channels, clients or frames.
"""

from typing import Any

from livestate_nb.codec import Json
from livestate_nb.state.diff import Operation, diff
from livestate_nb.state.encoder import DocumentEncoder
from livestate_nb.state.touched import Touched

_TREES = frozenset({dict, list})
_UNMADE: Any = object()


class Change:
    """Hold one step from a committed state to the next.

    Trees of dicts and lists are compared as they are, with what their drafts touched, and only
    what goes into the patch is encoded. States of other types are encoded, each once, and their
    documents compared. Nobody may mutate either state any more.

    Args:
        old_state: the state that the clients have.
        new_state: the one that they are to have.
        touched: what the drafts between the two touched (``Finished.touched``).
        key: name of the field that tells the rows of a list apart, None if none does.
        encoder: the session's.

    Example:
        >>> import datetime
        >>> old = {"n": 1, "when": datetime.date(2026, 1, 31)}
        >>> change = Change(old, {**old, "n": 2}, encoder=DocumentEncoder())
        >>> change.operations
        [{'op': 'replace', 'path': '/n', 'value': 2}]
        >>> change.new_document
        {'n': 2, 'when': '2026-01-31'}
    """

    __slots__ = (
        "_encoder", "_key", "_new_document", "_new_state", "_old_document", "_old_state",
        "_operations", "_touched",
    )  # fmt: skip

    def __init__(
        self,
        old_state: Any,
        new_state: Any,
        *,
        touched: Touched | None = None,
        key: str | None = "id",
        encoder: DocumentEncoder,
    ) -> None:
        self._old_state = old_state
        self._new_state = new_state
        self._touched = touched
        self._key = key
        self._encoder = encoder
        self._operations: list[Operation] = _UNMADE
        self._old_document: Json = _UNMADE
        self._new_document: Json = _UNMADE

    @property
    def operations(self) -> list[Operation]:
        """Return the RFC 6902 operations, JSON through and through; none if nothing changed.

        Raises:
            EncodeError: something that changed has no JSON form; carries the path to it.
        """
        if self._operations is _UNMADE:
            self._operations = self._made()
        return self._operations

    @property
    def old_document(self) -> Json:
        """Return the JSON document of the state before."""
        if self._old_document is _UNMADE:
            self._old_document = self._encoder.encode_state(self._old_state)
        return self._old_document

    @property
    def new_document(self) -> Json:
        """Return the JSON document of the state after.

        Raises:
            EncodeError: the state has no JSON form; carries the path to what has none.
        """
        if self._new_document is _UNMADE:
            self._new_document = self._encoder.encode_state(self._new_state)
        return self._new_document

    def _made(self) -> list[Operation]:
        if not {type(self._old_state), type(self._new_state)} <= _TREES:
            return diff(self.old_document, self.new_document, key=self._key)
        encoder = self._encoder
        operations = diff(
            self._old_state,
            self._new_state,
            key=self._key,
            touched=self._touched,
            encoder=encoder,
        )
        for operation in operations:
            if "value" in operation:
                operation["value"] = encoder.encode(operation["value"], operation["path"])
        return operations

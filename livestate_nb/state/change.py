"""A change: one step from a committed state to the next, as the patch and the documents.

Everything is made on first use, and once. It must not know channels, clients or frames.
"""

from typing import Any

from livestate_nb.codec import Json
from livestate_nb.state.diff import Operation, diff
from livestate_nb.state.encoder import DocumentEncoder
from livestate_nb.state.touched import Touched

_MISSING: Any = object()


class Change:
    """Hold one step from a committed state to the next.

    Trees of dicts and lists are compared as they are, with the hints of their drafts, and only
    what goes into the patch is encoded. States of other types are encoded and their documents
    compared.

    Example:
        >>> change = Change.between({"n": 1}, {"n": 2}, encoder=DocumentEncoder())
        >>> change.operations
        [{'op': 'replace', 'path': '/n', 'value': 2}]
        >>> change.new_document
        {'n': 2}
    """

    __slots__ = ("_encoder", "_key", "_new", "_new_document", "_old", "_old_document", "_operations", "_touched")

    def __init__(
        self,
        old_state: Any,
        new_state: Any,
        touched: Touched | None,
        key: str | None,
        encoder: DocumentEncoder,
    ) -> None:
        self._old = old_state
        self._new = new_state
        self._touched = touched
        self._key = key
        self._encoder = encoder
        self._operations: list[Operation] | None = None
        self._old_document = self._new_document = _MISSING

    @classmethod
    def between(
        cls,
        old_state: Any,
        new_state: Any,
        *,
        touched: Touched | None = None,
        key: str | None = "id",
        encoder: DocumentEncoder,
    ) -> "Change":
        """Return the change from one committed state to the next.

        Args:
            old_state: the state that the clients have.
            new_state: the state that they are to have. Neither may be mutated any more.
            touched: what the drafts between the two touched.
            key: name of the field that tells the rows of a list apart, None if none does.
            encoder: the session's.
        """
        return cls(old_state, new_state, touched, key, encoder)

    @property
    def operations(self) -> list[Operation]:
        """The RFC 6902 operations, JSON through and through.

        Raises:
            EncodeError: something that changed has no JSON form; carries the path to it.
        """
        if self._operations is None:
            self._operations = self._made()
        return self._operations

    def _made(self) -> list[Operation]:
        if type(self._old) is type(self._new) and type(self._new) in (dict, list):
            operations = diff(
                self._old, self._new, key=self._key, touched=self._touched, encoder=self._encoder
            )
            for operation in operations:
                if "value" in operation:
                    operation["value"] = self._encoder.encode(
                        operation["value"], operation["path"]
                    )
            return operations
        return diff(self.old_document, self.new_document, key=self._key, encoder=self._encoder)

    @property
    def old_document(self) -> Json:
        """The document of the state before."""
        if self._old_document is _MISSING:
            self._old_document = self._encoder.encode(self._old)
        return self._old_document

    @property
    def new_document(self) -> Json:
        """The document of the state after.

        Raises:
            EncodeError: the state has no JSON form; carries the path to the culprit.
        """
        if self._new_document is _MISSING:
            self._new_document = self._encoder.encode(self._new)
        return self._new_document

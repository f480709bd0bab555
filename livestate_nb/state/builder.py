"""The message builder: what a client is told of a state and its changes.

It mirrors LiveState.MessageBuilder. It must not know how either is made, nor who receives it.
"""

from collections.abc import Collection
from typing import Final

from livestate_nb.codec import Json
from livestate_nb.state.change import Change
from livestate_nb.state.encoder import IGNORED_KEYS

STATE_CHANGE: Final = "state:change"
"""Event that brings a whole state."""

STATE_PATCH: Final = "state:patch"
"""Event that brings what changed since the version before."""


class MessageBuilder:
    """Build the messages that bring a state to its clients (LiveState.MessageBuilder).

    A channel may name another one in its class statement, or a subclass that builds other
    messages: ``class Users(Channel, topic="users", message_builder=MessageBuilder(ignored=...))``.
    One builder serves all sessions of the channel: it keeps nothing of a session.

    Args:
        ignored: names of fields and keys that no client gets, at any depth (``ignore_keys``).

    Example:
        >>> MessageBuilder().new_state_message({"n": 1}, 0)
        ('state:change', {'state': {'n': 1}, 'version': 0})
    """

    def __init__(self, *, ignored: Collection[str] = IGNORED_KEYS) -> None:
        self.ignored = frozenset(ignored)

    def new_state_message(self, document: Json, version: int) -> tuple[str, Json]:
        """Return the event and payload that bring a whole state.

        Args:
            document: the state's JSON document; it must not be changed.
            version: its version, from 0.
        """
        return STATE_CHANGE, {"state": document, "version": version}

    def update_state_message(self, change: Change, version: int) -> tuple[str, Json]:
        """Return the event and payload that bring a change; one without operations is sent too.

        Args:
            change: what changed: its ``operations``, ``old_document`` and ``new_document``.
            version: the version that it leads to.

        Raises:
            EncodeError: something that changed has no JSON form; carries the path to it.
        """
        return STATE_PATCH, {"patch": change.operations, "version": version}


class WholeStates(MessageBuilder):
    """Bring each change as the whole state, for clients that cannot apply patches.

    Args:
        ignored: as for `MessageBuilder`.

    Example:
        >>> from livestate_nb.state.encoder import DocumentEncoder
        >>> change = Change({"n": 1}, {"n": 2}, encoder=DocumentEncoder())
        >>> WholeStates().update_state_message(change, 1)
        ('state:change', {'state': {'n': 2}, 'version': 1})
    """

    def update_state_message(self, change: Change, version: int) -> tuple[str, Json]:
        """Return the event and payload that bring the state that a change leads to.

        Args:
            change: what changed.
            version: the version that it leads to.

        Raises:
            EncodeError: something in the state has no JSON form; carries the path to it.
        """
        return self.new_state_message(change.new_document, version)

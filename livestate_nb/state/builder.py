"""The message builder: what a client is told of a state and its changes.

It mirrors LiveState.MessageBuilder. It must not know how either is made, nor who receives it.
"""

from typing import Final

from livestate_nb.codec import Json
from livestate_nb.state.change import Change

STATE_CHANGE: Final = "state:change"
"""Event that brings a whole state."""

STATE_PATCH: Final = "state:patch"
"""Event that brings what changed since the version before."""


class MessageBuilder:
    """Build the messages that bring a state to its clients (LiveState.MessageBuilder).

    A channel may name a subclass that builds others.

    Example:
        >>> MessageBuilder().new_state_message({"n": 1}, 0)
        ('state:change', {'state': {'n': 1}, 'version': 0})
    """

    def new_state_message(self, document: Json, version: int) -> tuple[str, Json]:
        """Return the event and payload that bring a whole state.

        Args:
            document: the state's JSON document.
            version: its version, from 0.
        """
        return STATE_CHANGE, {"state": document, "version": version}

    def update_state_message(self, change: Change, version: int) -> tuple[str, Json]:
        """Return the event and payload that bring a change; one without operations is sent too.

        Args:
            change: what changed.
            version: the version that it leads to.

        Raises:
            EncodeError: something that changed has no JSON form; carries the path to it.
        """
        return STATE_PATCH, {"patch": change.operations, "version": version}

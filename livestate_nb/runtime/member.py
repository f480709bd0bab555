"""One client joined to a session.

It must not know what the session does with its messages.
"""

from collections.abc import Callable
from typing import Any, Protocol

from livestate_nb.codec import Json
from livestate_nb.event import Event
from livestate_nb.protocol import Join
from livestate_nb.runtime.ledger import Outgoing, event_message


class Line(Protocol):
    """What a connection offers to its members: a way to the client, and who is there."""

    user: Any
    is_local: bool

    @property
    def is_congested(self) -> bool:
        """Whether the client reads more slowly than it is sent to."""

    def push(self, join: Join, outgoing: Outgoing) -> None:
        """Send an event to a joined channel's client."""

    def reply(self, join: Join, ref: Json, status: str, response: Json) -> None:
        """Answer a message of a joined channel's client."""

    def left(self, join: Join, ref: Json) -> None:
        """Tell the client that it has left."""

    def closed(self, join: Join) -> None:
        """Tell the client that its channel has ended for good."""

    def crashed(self, join: Join, reason: str) -> None:
        """Tell the client that its channel has crashed."""


class JoinedMember:
    """Stand for one joined client; implements `livestate_nb.roles.Member`.

    Args:
        line: the way to the client.
        join: its join on that line.
        params: its join params, the reserved key taken out.
        is_own: whether it is our own client, which gets a reply to each event.
        post: runs a function on the endpoint's loop, from any thread.
    """

    def __init__(
        self,
        line: Line,
        join: Join,
        params: dict[str, Json],
        *,
        is_own: bool,
        post: Callable[..., None],
    ) -> None:
        self.line = line
        self.join = join
        self.user = line.user
        self.params = params
        self.assigns: dict[str, Any] = {}
        self.is_own = is_own
        self.unhandled = 0
        """Messages of this client that the session has not handled yet."""
        self.leave_ref: Json = None
        self.is_leaving = False
        self.is_behind = False
        """Whether it has missed updates because it reads too slowly."""
        self._post = post

    def push(self, event: str, detail: object = None) -> None:
        """Send an event to this client only, at once; see `livestate_nb.roles.Member`."""
        self._post(self.send, event_message(Event(event, {} if detail is None else detail)))

    def send(self, outgoing: Outgoing) -> None:
        """Send a message that is already encoded; on the endpoint's loop only."""
        self.line.push(self.join, outgoing)

    def send_update(self, update: Outgoing) -> None:
        """Send an update, unless the client reads too slowly: it gets the state later instead."""
        self.is_behind = self.is_behind or self.line.is_congested
        if not self.is_behind:
            self.send(update)

    def answer(self, ref: Json, status: str, response: Json) -> None:
        """Answer an event, where the client is one that waits for answers."""
        if self.is_own:
            self.line.reply(self.join, ref, status, response)

"""One client joined to a session.

It must not know what the session does with its messages.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from livestate_nb.codec import Json
from livestate_nb.event import Event
from livestate_nb.limits import Limits
from livestate_nb.presence import Presence
from livestate_nb.protocol import Join
from livestate_nb.protocol.message import LAST, OPEN, SENT, numbered
from livestate_nb.runtime.failure import error_message
from livestate_nb.runtime.history import WHOLE, History
from livestate_nb.runtime.ledger import Outgoing, event_message
from livestate_nb.runtime.meter import Refusal
from livestate_nb.runtime.places import Place
from livestate_nb.runtime.rate import Rate
from livestate_nb.runtime.receipts import Receipts


class Line(Protocol):
    """What a connection offers to its members: a way to the client, and who is there."""

    name: str
    user: Any
    is_local: bool

    @property
    def is_congested(self) -> bool:
        """Whether the client reads more slowly than it is sent to."""

    def push(self, join: Join, outgoing: Outgoing, ref: Json = None) -> None:
        """Send an event to a joined channel's client, with the ref of what it is the outcome of."""

    def reply(self, join: Join, ref: Json, status: str, response: Json) -> None:
        """Answer a message of a joined channel's client."""

    def left(self, join: Join, ref: Json) -> None:
        """Tell the client that it has left."""

    def closed(self, join: Join) -> None:
        """Tell the client that its channel has ended for good."""

    def crashed(self, join: Join, reason: str) -> None:
        """Tell the client that its channel has crashed."""

    def refused(self, refusal: Refusal, topic: Json) -> None:
        """Tell who measures that something was refused to the client."""

    def shut_out(self, topic: str, what: str, reason: str) -> None:
        """Close the connection of a client that goes on with what is refused as too much."""


class Away:
    """Take the place of a client's line while its connection is lost: implements `Line`.

    Args:
        line: the lost one.
    """

    is_congested = False

    def __init__(self, line: Line) -> None:
        self.name = line.name
        self.user = line.user
        self.is_local = line.is_local
        self.refused = line.refused

    def push(self, join: Join, outgoing: Outgoing, ref: Json = None) -> None:
        """Send nothing: the session's history has it."""

    def reply(self, join: Join, ref: Json, status: str, response: Json) -> None:
        """Answer nothing: the client will ask again."""

    def left(self, join: Join, ref: Json) -> None:
        """Tell nobody."""

    def closed(self, join: Join) -> None:
        """Tell nobody."""

    def crashed(self, join: Join, reason: str) -> None:
        """Tell nobody."""

    def shut_out(self, topic: str, what: str, reason: str) -> None:
        """Close nothing: it is lost."""


class JoinedMember:
    """Stand for one joined client, or one that is absent for a time.

    Implements `livestate_nb.roles.Member`.

    Args:
        line: the way to the client.
        join: its join on that line.
        params: its join params, the reserved key taken out.
        is_own: whether it is our own client, which gets a reply to each event.
        limits: how many of its failures are remembered.
        rate: how fast its messages come; None if they may come at any speed.
        post: runs a function on the endpoint's loop, from any thread.
    """

    def __init__(
        self,
        line: Line,
        join: Join,
        params: dict[str, Json],
        *,
        is_own: bool,
        limits: Limits,
        rate: Rate | None,
        post: Callable[..., None],
    ) -> None:
        self.line = line
        self.join = join
        self.user = line.user
        self.params = params
        self.assigns: dict[str, Any] = {}
        self._inherited: dict[str, Any] = {}
        self.is_own = is_own
        self.unhandled = 0
        """Messages of this client that the session has not handled yet."""
        self.leave_ref: Json = None
        self.is_leaving = False
        self.is_announced = False
        """Whether the channel has been told, or is to be, that it has joined."""
        self.is_introduced = False
        """Whether the channel knows it: it is told when this one has gone."""
        self.presence: Presence | None = None
        """How it is present on the topic while it is joined, if it is."""
        self.is_behind = False
        """Whether it gets no updates before the whole state: it reads too slowly, or was away."""
        self.place: Place | None = None
        """What it finds again after its connection was lost; None if it may not come back."""
        self.sent = 0
        """How many messages it was sent, replies left out, since it first joined."""
        self.since = 0
        """The position in the session's history from which on all that it was sent is there."""
        self._skipped: deque[int] | None = None
        """Positions in it of updates that it was not sent, those that are there at least."""
        self._wholes: deque[int] | None = None
        """Positions in it behind which it was sent the whole state, since `since`."""
        self.missed: list[Outgoing] = []
        """What it gets when it has come back."""
        self.needs_whole = True
        """Whether it then gets the whole state, too."""
        self._history: History | None = None
        self._receipts: Receipts | None = None
        self._limits = limits
        self.rate = rate
        """It stays the same when the client comes back."""
        self._post = post

    def settle(self, place: Place, history: History) -> None:
        """Take a place that is kept when the connection is lost."""
        self.place, self._history, self.since = place, history, history.position

    def inherit(self, assigns: dict[str, Any]) -> None:
        """Begin with the assigns that the client had before; it may yet be refused."""
        self._inherited, self.assigns = dict(assigns), dict(assigns)

    def come_back(self, client: "JoinedMember", received: int) -> None:
        """Go on with the connection, user and params that the client has now.

        What `authorize` and the transport change in its assigns is changed in these: handlers may
        have gone on meanwhile.

        Args:
            client: how it asked to join.
            received: how many messages it has.
        """
        self.line, self.join = client.line, client.join
        self.user, self.params = client.user, client.params
        before, now = client._inherited, client.assigns
        for key in before.keys() - now.keys():
            self.assigns.pop(key, None)
        for key, value in now.items():
            if key not in before or before[key] is not value:
                self.assigns[key] = value
        self.is_leaving = False
        if self._receipts is not None:
            self._receipts.begin()
        count = self.sent - received
        found: list[Outgoing] = []
        if self.place is not None and self._history is not None:
            found = self._history.last(
                count,
                receiver=self.place.number,
                since=self.since,
                skipped=frozenset(self._skipped or ()),
                wholes=self._wholes or (),
            )
        self.needs_whole = self.is_behind or len(found) != count or WHOLE in found
        self.is_behind = self.needs_whole
        if self.needs_whole:
            self.missed = [message for message in found if not message.is_update]
            self.sent -= len(self.missed)
        else:
            self.missed, self.sent = found, received

    def catch_up(self) -> None:
        """Send what was missed; where the whole state follows, the history goes on from here."""
        missed, self.missed = self.missed, []
        if self.needs_whole and self._history is not None:
            self.since = self._history.position
            self._skipped = self._wholes = None
            self.is_behind = False
        for message in missed:
            if self.needs_whole:
                self.send(message)
            else:
                self.pass_on(message)

    def push(self, event: str, detail: object = None) -> None:
        """Send an event to this client only, at once; see `livestate_nb.roles.Member`."""
        self._post(self.send, event_message(Event(event, {} if detail is None else detail)))

    def send(self, outgoing: Outgoing) -> None:
        """Send an encoded message to this client only; on the endpoint's loop only."""
        if self.place is not None and self._history is not None:
            self._history.keep(self.place.number, outgoing)
        self.pass_on(outgoing)

    def pass_on(self, outgoing: Outgoing) -> None:
        """Send a message that the history has, if it should."""
        self.sent += 1
        is_outcome = self.is_own and outgoing.sender is self
        ref = outgoing.ref if is_outcome else None
        self.line.push(self.join, outgoing, ref if self.place is None else numbered(self.sent, ref))

    def pass_on_update(self, update: Outgoing) -> None:
        """Send an update, unless the client reads too slowly: it gets the state later instead."""
        self.is_behind = self.is_behind or self.line.is_congested
        if not self.is_behind:
            self.pass_on(update)
        elif self._history is not None:
            if self._skipped is None:
                self._skipped = deque(maxlen=self._limits.resume_messages)
            self._skipped.append(self._history.position)

    def pass_on_whole(self, whole: Outgoing) -> None:
        """Send the whole state; note where, if anything was sent before."""
        if self._history is not None:
            if self.sent == 0:
                self.since = self._history.position
            else:
                self._note_whole(self._history.position)
        self.is_behind = False
        self.pass_on(whole)

    def _note_whole(self, position: int) -> None:
        if self._wholes is None:
            self._wholes = deque(maxlen=self._limits.resume_messages)
        if len(self._wholes) == self._limits.resume_messages:
            self.since = max(self.since, self._wholes[0])  # what was before it is not counted
        self._wholes.append(position)

    def misses(self, ref: Json) -> bool:
        """Return whether an event that was sent before this one has not come."""
        return not self._known.is_next(ref)

    def account(self, asked: Json) -> dict[str, Json] | None:
        """Return what its client should have by now; None if the last that it sent has not come.

        Args:
            asked: what the client says: ``{"last": the number of its last event}``.
        """
        if not isinstance(asked, dict) or asked.get(LAST) != self._known.last:
            return None
        return {SENT: self.sent, OPEN: self._known.open}

    def is_new(self, ref: Json) -> bool:
        """Note that an event has come; one that came before is not new, and answered again."""
        if self._known.take(ref):
            return True
        answer = self._known.answer(ref)
        if answer is not None:
            self.line.reply(self.join, ref, *answer)
        return False

    @property
    def _known(self) -> Receipts:
        if self._receipts is None:
            self._receipts = Receipts(self._limits)
        return self._receipts

    def answer(self, ref: Json, status: str, response: Json) -> None:
        """Answer an event, where the client is one that waits for answers."""
        if self._receipts is not None:
            self._receipts.settle(ref, status, response)
        if self.is_own:
            self.line.reply(self.join, ref, status, response)

    def refuse(self, ref: Json, told: dict[str, Json]) -> None:
        """Tell the client that an event of its is not handled: by a reply, or an ``error`` event.

        Args:
            ref: the event's.
            told: JSON that says why.
        """
        self.answer(ref, "error", told)
        if not self.is_own:
            self.send(error_message(told))

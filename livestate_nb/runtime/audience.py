"""Who hears a session: the clients that are joined, and those whose connection is lost.

It gives them their places. It must not know what is said.
"""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from livestate_nb.limits import Limits
from livestate_nb.runtime.history import WHOLE, History
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.member import Away, JoinedMember
from livestate_nb.runtime.places import Claim, Owner, Places

Session = TypeVar("Session")


class Audience(Generic[Session]):
    """Hold the members of one session, and what all of them were sent last.

    Args:
        session: the session, which a client that comes back is to find.
        places: where places are kept.
        limits: how much of what was sent is kept.
        clock: gives seconds.
    """

    def __init__(
        self,
        session: Session,
        places: Places[tuple[Session, JoinedMember]],
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self.joined: list[JoinedMember] = []
        self.absent: list[JoinedMember] = []
        """Members whose connection is lost, and who may come back."""
        self._session = session
        self._places = places
        self._limits = limits
        self._clock = clock
        self._history: History | None = None

    def __bool__(self) -> bool:
        """Return whether there is anybody, if only absent."""
        return bool(self.joined or self.absent)

    def seat(self, member: JoinedMember, owner: Owner) -> None:
        """Give a member a place that is kept when its connection is lost."""
        if self._history is None:
            self._history = History(self._limits, self._clock)
        member.settle(self._places.open(owner, (self._session, member)), self._history)

    def unseat(self, member: JoinedMember) -> None:
        """Take a member's place away: it joins afresh, since there is nothing to come back to."""
        if member.place is not None:
            self._places.close(member.place)
            member.place = None
        if member in self.absent:
            self.absent.remove(member)

    def take_back(
        self, client: JoinedMember, claim: Claim[tuple[Session, JoinedMember]]
    ) -> JoinedMember | None:
        """Return the member that a client was; None if its place was given up in the meantime.

        The member may still be joined: a client often is back before its old connection is known
        to be dead. Who holds its token and is the same principal is that client, and takes the
        place over; the old connection is told, as Phoenix does when a topic is joined again.

        Args:
            client: how it asks to join now.
            claim: what its token claims.
        """
        if not self._places.retake(claim):
            return None
        _, member = claim.holder
        self._take_out(member)
        self.absent.append(member)  # until it joins: the way that it came by may be lost at once
        member.line.closed(member.join)
        member.come_back(client, claim.received)
        return member

    def join(self, member: JoinedMember) -> None:
        """Let a member hear what is sent from now on, and what it has missed."""
        self._take_out(member)
        self.joined.append(member)
        member.catch_up()

    def miss(
        self, member: JoinedMember, grace: float, give_up: Callable[[JoinedMember], object]
    ) -> bool:
        """Keep the place of a member whose connection is lost.

        Args:
            member: a member that has a place.
            grace: how many seconds.
            give_up: called with the member when they are over.

        Returns:
            whether it is kept: there is nothing to come back to before it has joined.
        """
        has_come_back = member in self.absent  # and was lost again before it joined
        if member.place is None or not (has_come_back or member in self.joined):
            return False
        self._take_out(member)
        self.absent.append(member)
        member.line = Away(member.line)
        if has_come_back:
            member.catch_up()
            if member.needs_whole:  # it would have come next, and is lost with the answer
                member.pass_on_whole(WHOLE)
        self._places.keep(member.place, grace, partial(give_up, member))
        return True

    def remove(self, member: JoinedMember) -> bool:
        """Take a member out for good, joined or absent; return whether it was in."""
        was_in = self._take_out(member)
        if member.place is not None:
            self._places.close(member.place)
        return was_in

    def clear(self) -> list[JoinedMember]:
        """Take all members out; return those who were joined."""
        members = list(self.joined)
        for member in (*self.joined, *self.absent):
            self.remove(member)
        self._history = None
        return members

    def send(self, message: Outgoing) -> None:
        """Send a message to all members."""
        if self._history is not None:
            self._history.keep(None, message)
        for member in (*self.joined, *self.absent):
            member.pass_on(message)

    def send_update(self, update: Outgoing) -> None:
        """Send an update to all members but those who read too slowly."""
        if self._history is not None:
            self._history.keep(None, update)
        for member in (*self.joined, *self.absent):
            member.pass_on_update(update)

    def forget(self, before: float) -> None:
        """Drop what was sent before a time, if everybody has it."""
        if self._history is not None and not self.absent:
            self._history.forget(before)

    def _take_out(self, member: JoinedMember) -> bool:
        for members in (self.joined, self.absent):
            if member in members:
                members.remove(member)
                return True
        return False

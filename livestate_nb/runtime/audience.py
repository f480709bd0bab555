"""Who hears a session: the clients that are joined, and those whose connection is lost.

It must not know what is said, nor who may come back for how long.
"""

from collections.abc import Callable

from livestate_nb.runtime.history import History
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.member import Away, JoinedMember
from livestate_nb.runtime.places import Place


class Audience:
    """Hold the members of one session, and what all of them were sent last.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.joined: list[JoinedMember] = []
        self.absent: list[JoinedMember] = []
        """Members whose connection is lost, and who may come back."""
        self._clock = clock
        self._history: History | None = None

    def __bool__(self) -> bool:
        """Return whether there is anybody, if only absent."""
        return bool(self.joined or self.absent)

    def seat(self, member: JoinedMember, place: Place) -> None:
        """Give a member a place: from now on there is a history."""
        if self._history is None:
            self._history = History(self._clock)
        member.settle(place, self._history)

    def join(self, member: JoinedMember) -> None:
        """Let a member hear what is sent from now on, and what it has missed."""
        self.joined.append(member)
        missed, member.missed = member.missed, None
        for message in missed or ():
            member.pass_on(message)

    def miss(self, member: JoinedMember) -> None:
        """Note that the connection of a joined member is lost."""
        self.joined.remove(member)
        self.absent.append(member)
        member.line = Away(member.line)

    def remove(self, member: JoinedMember) -> None:
        """Take a member out, wherever it is."""
        for members in (self.joined, self.absent):
            if member in members:
                members.remove(member)

    def clear(self) -> list[JoinedMember]:
        """Take all members out; return those who were joined."""
        members, self.joined, self.absent = self.joined, [], []
        self._history = None
        return members

    def send(self, message: Outgoing) -> None:
        """Send a message to all members."""
        self._keep(message)
        for member in (*self.joined, *self.absent):
            member.pass_on(message)

    def send_update(self, update: Outgoing) -> None:
        """Send an update to all members but those who read too slowly."""
        self._keep(update)
        for member in (*self.joined, *self.absent):
            member.pass_on_update(update)

    def forget(self, before: float) -> None:
        """Drop what was sent before a time, if everybody has it."""
        if self._history is not None and not self.absent:
            self._history.forget(before)

    def _keep(self, message: Outgoing) -> None:
        if self._history is not None:
            self._history.keep(None, message)

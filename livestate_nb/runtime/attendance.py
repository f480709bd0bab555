"""How the members of one session are present on its topic, and hear of each other.

It must not know states or handlers.
"""

from typing import Any, Protocol

from livestate_nb.codec import Raw
from livestate_nb.errors import ChannelError
from livestate_nb.presence import Presence, Presences
from livestate_nb.protocol.message import PRESENCE_DIFF, PRESENCE_STATE
from livestate_nb.runtime.ledger import Outgoing, outgoing
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.state.draft import plain
from livestate_nb.state.encoder import encode


class Hall(Protocol):
    """What a session offers: its topic and who is in."""

    topic: str

    @property
    def joined(self) -> list[JoinedMember]:
        """Who is joined."""

    @property
    def receivers(self) -> list[JoinedMember]:
        """Who hears the session: who is joined, and whose connection is lost for a time."""

    def send(self, message: Outgoing) -> None:
        """Send a message to all of these."""


class Attendance:
    """Keep a session's members present while they are joined.

    What a member is present as it keeps itself, over a lost connection: it is absent meanwhile.
    All of it belongs to the endpoint's loop.

    Args:
        hall: the session.
        presences: who is present in all sessions of the endpoint.
    """

    def __init__(self, hall: Hall, presences: Presences) -> None:
        self._hall = hall
        self._presences = presences
        self._is_open = False

    def open(self) -> None:
        """Tell the members who is present, and of changes from now on."""
        if self._is_open:
            return
        self._is_open = True
        self._presences.listen(self._hall.topic, self._hear)
        for member in self._hall.receivers:
            self.greet(member)
        for member in self._hall.joined:
            self.come_back(member)  # `init` may have tracked it

    def close(self) -> None:
        """Tell them of no change any more, and let none of them be present."""
        if not self._is_open:
            return
        self._is_open = False
        self._presences.ignore(self._hall.topic, self._hear)
        for member in self._hall.joined:
            self.leave(member)

    def greet(self, member: JoinedMember) -> None:
        """Tell a member that has the state who is present."""
        if self._is_open:
            present = self._presences.state(self._hall.topic)
            member.send(outgoing(PRESENCE_STATE, present))

    def track(self, member: JoinedMember, presence: Presence) -> None:
        """Let a member be present, or change how; an absent one when it is back."""
        member.presence = presence
        if self._is_open and member in self._hall.joined:
            self._presences.track(self._hall.topic, member, presence)

    def untrack(self, member: JoinedMember) -> None:
        """Let a member be present no longer."""
        member.presence = None
        self.leave(member)

    def leave(self, member: JoinedMember) -> None:
        """Note that a member has left, or that its connection is lost."""
        self._presences.untrack(self._hall.topic, member)

    def come_back(self, member: JoinedMember) -> None:
        """Let a member be present again as it was, if it was."""
        if member.presence is not None and not self._presences.is_present(self._hall.topic, member):
            self.track(member, member.presence)

    def _hear(self, _topic: str, diff: Raw) -> None:
        self._hall.send(Outgoing(PRESENCE_DIFF, diff))


def presence_of(member: JoinedMember, meta: dict[str, Any], key: str | None) -> Presence:
    """Return how a member is to be present; in any thread.

    Args:
        member: who.
        meta: what the others see.
        key: who it is; None for the key that it has, or its user's name.

    Raises:
        ChannelError: nobody knows a key, or the meta does not encode to an object.
        EncodeError: the meta or the key has no JSON form.
    """
    name = _key_of(member) if key is None else key
    [(name, document)] = encode({name: plain(meta)}).items()
    if not isinstance(document, dict):
        raise ChannelError(
            f"expected track(meta) with what encodes to an object, got {type(meta).__name__}"
        )
    return Presence(name, document)


def _key_of(member: JoinedMember) -> str:
    if member.presence is not None:
        return member.presence.key
    if member.user is None:
        raise ChannelError("expected track(meta, key=...): nobody knows who this member is")
    return str(member.user.username)

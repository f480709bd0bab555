"""Take clients' messages into the mailbox, or refuse what is too fast, too much or out of order.

It must not know frames, nor what becomes of a message in its turn.
"""

from typing import Final, Protocol

from livestate_nb.codec import Json
from livestate_nb.errors import Overloaded
from livestate_nb.limits import Limits
from livestate_nb.protocol.message import EVENT_PREFIX, REFRESH, SYNC, TOO_DEEP, Message
from livestate_nb.runtime.failure import cut, excessive
from livestate_nb.runtime.handling import Call, Desk, Kind
from livestate_nb.runtime.life import Life
from livestate_nb.runtime.mailbox import Errand, Job
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Refusal

LOST: Final = "messages are lost on the way"
OVERLOADED: Final = "too many messages waiting"
TOO_FAST: Final = "too many events"


class Served(Desk, Protocol):
    """What a session does for those whose messages come in."""

    topic: str
    life: Life

    def send_whole(self, member: JoinedMember) -> None:
        """Send the state to a member, as it is now."""

    def lose(self, member: JoinedMember) -> None:
        """Note that a client's connection is lost: if it may come back, its place is kept."""

    def detach(self, member: JoinedMember) -> None:
        """Take a client out; what it sent before is still handled, and then `left` is called."""


class Intake:
    """Take what the clients of one session send.

    All of it belongs to the endpoint's loop.

    Args:
        session: the session.
        limits: how much may wait.
    """

    __slots__ = ("_limits", "_session")

    def __init__(self, session: Served, limits: Limits) -> None:
        self._session = session
        self._limits = limits

    def deliver(self, member: JoinedMember, message: Message) -> None:
        """Put a client's message into the mailbox; when too many wait, its channel ends.

        An event that has come before is not handled again. Where one before it is lost on the way,
        its client joins again, and sends both in their order. What comes too fast is refused, and
        the connection of who goes on with that is closed.
        """
        event = message.event
        is_event = isinstance(event, str) and event.startswith(EVENT_PREFIX)
        is_taken = message.payload is not TOO_DEEP
        if member.rate is not None and not member.rate.take():
            is_taken = False
            if member.rate.is_flood:
                topic = self._session.topic
                member.line.shut_out(topic, f"floods {cut(topic)}", TOO_FAST)
                return
        if member.place is not None:
            member.place.confirm()
            if event == SYNC:
                self._compare(member, message)
                return
            if event != REFRESH and member.misses(message.ref):
                self._break(member)
                return
            if event != REFRESH and not member.is_new(message.ref):
                return
        elif event == SYNC and member.is_own:
            self._break(member)  # its place was given up
            return
        if not is_taken:
            member.line.refused(Refusal.LIMIT, self._session.topic)
            member.refuse(message.ref, excessive(message, self._limits))
            return
        job: Job
        if event == REFRESH:

            async def refresh() -> None:
                self._session.send_whole(member)
                self.handled(member)

            job = Errand(refresh, member)
        else:
            name = event.removeprefix(EVENT_PREFIX) if is_event else event
            kind = Kind.EVENT if is_event else Kind.FOREIGN
            session = self._session
            job = Call(session.life, session, kind, name, message.payload, member, message.ref)
        self.put(job, member)

    def put(self, job: Job, member: JoinedMember) -> None:
        """Put a client's job into the mailbox; when too many wait, its channel ends."""
        member.unhandled += 1
        if member.unhandled > self._limits.waiting_per_client:
            self._expel(member)
            return
        try:
            self._session.life.mailbox.put(job, is_eager=True)
        except Overloaded:
            self._expel(member)

    def handled(self, member: JoinedMember) -> None:
        """Note that one message of a client is handled, or has come to its first yield."""
        member.unhandled -= 1
        if member.is_leaving and member.unhandled == 0:
            self._left(member)

    def leave(self, member: JoinedMember, ref: Json) -> None:
        """Let a client leave when what it sent before is handled.

        A client that waits too long for the answer to its join leaves as well, and joins again
        (phoenix.js): if it had come back, its place is kept for it.
        """
        if member.place is not None and member.place.is_uncertain:
            member.line.left(member.join, ref)
            self._session.lose(member)
            return
        member.is_leaving, member.leave_ref = True, ref
        if member.unhandled == 0:
            self._left(member)

    def _left(self, member: JoinedMember) -> None:
        self._session.detach(member)
        member.line.left(member.join, member.leave_ref)

    def _compare(self, member: JoinedMember, message: Message) -> None:
        """Tell a client what it should have, so that it notices if the last of it is lost."""
        account = member.account(message.payload)
        if account is None:
            self._break(member)
        else:
            member.line.reply(member.join, message.ref, "ok", account)

    def _break(self, member: JoinedMember) -> None:
        """Let a client join again, whose messages are lost on the way; its place is kept."""
        member.line.crashed(member.join, LOST)
        self._session.lose(member)

    def _expel(self, member: JoinedMember) -> None:
        """End the channel of a client that sends faster than it can be served."""
        member.line.refused(Refusal.LIMIT, self._session.topic)
        life = self._session.life
        life.mailbox.drop(member)
        life.running.end(member)
        self._session.detach(member)
        member.line.crashed(member.join, OVERLOADED)

"""A session: one channel object, one state, one version, one mailbox, and its members.

It handles one message at a time, in the order they came; a generator's next step waits behind
what came in the meantime. It must not know frames, sockets or notebooks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from livestate_nb.channel import (
    Channel,
    Turn,
    current_turn,
    wants_ended,
    wants_joined,
    wants_left,
)
from livestate_nb.codec import Json
from livestate_nb.declaration import Options
from livestate_nb.errors import Overloaded, Refuse, ReturnError
from livestate_nb.event import Event
from livestate_nb.protocol.socket import CRASHED
from livestate_nb.roles import Member
from livestate_nb.runtime.attendance import Attendance
from livestate_nb.runtime.audience import Audience
from livestate_nb.runtime.ending import finish
from livestate_nb.runtime.failure import cut
from livestate_nb.runtime.handling import Call, Kind
from livestate_nb.runtime.intake import Intake
from livestate_nb.runtime.ledger import Ledger, Outgoing
from livestate_nb.runtime.life import Life, Site
from livestate_nb.runtime.mailbox import Errand, Mailbox
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Meter, Refusal
from livestate_nb.runtime.migration import take_over
from livestate_nb.runtime.opening import Opening
from livestate_nb.runtime.pace import Pace
from livestate_nb.runtime.places import Claim, Owner, Places
from livestate_nb.runtime.tenure import Tenure
from livestate_nb.runtime.watch import Watch
from livestate_nb.runtime.work import run

_log = logging.getLogger("livestate_nb")


class Ground(Site, Protocol):
    """What an endpoint offers to its sessions."""

    clock: Callable[[], float]
    places: "Places[Seated]"
    meter: Meter

    def finish(self, coroutine: Coroutine[Any, Any, None], /) -> None:
        """Start a task that is waited for when the process ends."""

    def forget(self, session: "Session") -> None:
        """Note that a session has ended."""


class Session:
    """Run one channel object for all who share its state.

    All of it belongs to the endpoint's loop, but for what says that any thread may call it.

    Args:
        ground: the endpoint.
        channel: the channel's class.
        topic: the topic.
        key: names the session where others can find it: unguessable for a cell's session.
    """

    def __init__(self, ground: Ground, channel: type[Channel], topic: str, key: str) -> None:
        self.key = key
        self.topic = topic
        self.is_closed = False
        self.watch = Watch()
        self.meter = ground.meter
        self.intake = Intake(self, ground.limits)
        self.tenure = Tenure(ground.clock, self._end_soon)
        self._ground = ground
        self._audience = Audience(self, ground.places, ground.limits, ground.clock)
        self._attendance = Attendance(self, ground.presences)
        self._opening = Opening(self)
        self._pace = Pace(self.release_held)
        self._newest = channel
        """The class that is declared: the channel object gets it in its turn."""
        self.life = self._begin()

    def _begin(self) -> Life:
        """Start afresh, with a new channel object and no state."""
        return Life(
            self._ground,
            self._newest,
            self.topic,
            self._audience,
            self._attendance,
            self._take,
            self,
        )

    @property
    def channel(self) -> Channel:
        """The channel object. Callable from any thread."""
        return self.life.channel

    @property
    def ledger(self) -> Ledger:
        """The state and its version. Callable from any thread."""
        return self.life.ledger

    @property
    def mailbox(self) -> Mailbox:
        """What waits for its turn."""
        return self.life.mailbox

    @property
    def pattern(self) -> str:
        """The topic of the channel's class statement."""
        return self.life.pattern

    @property
    def joined(self) -> list[JoinedMember]:
        """Who is joined, in the order they joined; without those whose connection is lost."""
        return self._audience.joined

    @property
    def receivers(self) -> list[JoinedMember]:
        """Who hears this session: who is joined, and whose connection is lost for a time."""
        return [*self._audience.joined, *self._audience.absent]

    @property
    def away(self) -> int:
        """How many members have lost their connection, and may come back. For any thread."""
        return len(self._audience.absent)

    @property
    def members(self) -> list[Member]:
        """Who is joined, in the order they joined. Callable from any thread."""
        return list(self.joined)

    def push(self, event: str, detail: object) -> None:
        """Send an event to all members. Callable from any thread."""
        self.life.push(event, detail)

    # members

    async def authorize(self, member: JoinedMember) -> None:
        """Ask the channel whether a client may join.

        Raises:
            Refuse: it may not.
            ReturnError: authorize returned neither True nor False.
        """
        life = self.life
        current_turn.set(Turn(life.channel, member, is_aside=True))
        allowed = await run(life.work(life.channel.authorize, member.params))
        if not isinstance(allowed, bool):
            raise ReturnError(
                f"expected authorize to return True or False, got {type(allowed).__name__}",
                allowed,
            )
        if not allowed:
            raise Refuse("unauthorized")

    def welcome(
        self, client: JoinedMember, owner: Owner, claim: "Claim[Seated] | None"
    ) -> JoinedMember:
        """Return the member that an authorized client is: a new one, or the one that it was.

        Args:
            client: how it asks to join.
            owner: who it is.
            claim: what its token claims, a place of this session; None if it claims nothing.
        """
        known = None if claim is None else self._audience.take_back(client, claim)
        if known is not None:
            return known
        if client.is_own and self.ledger.options.grace > 0 and not self.is_closed:
            self._audience.seat(client, owner)
        return client

    def attach(self, member: JoinedMember) -> None:
        """Let an authorized client in: it gets the state as soon as there is one."""
        life = self.life
        if member.needs_whole:
            self.flush()
        if self.is_closed or self.life is not life:  # it has ended: the client joins again
            self._audience.remove(member)
            self._attendance.leave(member)
            member.line.crashed(member.join, CRASHED)
            return
        self.tenure.stop()
        self._audience.join(member)
        if member.needs_whole and self.ledger.version is not None:
            self.send_whole(member)
            self._attendance.greet(member)
        elif member.needs_whole:

            async def start() -> None:
                await self._opening.start(life, member)

            life.mailbox.put(Errand(start, member))
        self._attendance.come_back(member)
        if not member.is_announced:
            member.is_announced = True
            if wants_joined(type(self.channel)):
                call = Call(self.life, self, Kind.JOIN, None, member.params, member)
                self.intake.put(call, member)
            else:
                member.is_introduced = True

    def handled(self, member: JoinedMember) -> None:
        """Note that one message of a client is handled, or has come to its first yield."""
        self.intake.handled(member)

    def lose(self, member: JoinedMember) -> None:
        """Note that a client's connection is lost: if it may come back, its place is kept."""
        grace = self.ledger.options.grace
        may_come_back = member.place is not None and grace > 0 and not member.is_leaving
        if may_come_back and self._audience.miss(member, grace, self.detach):
            self._attendance.leave(member)
        else:
            self.detach(member)

    def detach(self, member: JoinedMember) -> None:
        """Take a client out; what it sent before is still handled, and then `left` is called.

        The generators of the notebook's own clients and of those that leave run on, those of
        others end. The last one ends the session, unless it is held; if it is shared, after the
        grace time.
        """
        if member.is_leaving or member.line.is_local:
            self.life.running.release(member)
        else:
            self.life.running.end(member)
        was_in = self._audience.remove(member)
        self._attendance.leave(member)
        if was_in and (wants_left(type(self.channel)) or wants_left(self._newest)):
            call = Call(self.life, self, Kind.LEAVE, None, None, member)
            self.mailbox.put(Errand(call.run))
        self._end_when_empty()

    def dismiss(self, member: JoinedMember) -> None:
        """Take a client out that may be here no longer: it gets ``phx_close``."""
        self.detach(member)
        member.line.closed(member.join)

    def hold(self) -> None:
        """Keep the session open without members, until `release`."""
        self.tenure.hold()

    def release(self) -> None:
        """Take back one `hold`."""
        self.tenure.release()
        self._end_when_empty()

    def send(self, message: Outgoing) -> None:
        """Send a message to all members."""
        self._audience.send(message)

    def send_update(self, update: Outgoing | None) -> None:
        """Send an update to all members; None holds it back for the next one.

        A client that cannot keep up gets the whole state when it has caught up.
        """
        if update is None:
            self._pace.hold()
            return
        self._pace.sent(self.ledger.options.fps)
        self.meter.updated(self.pattern, update.size)
        self._audience.send_update(update)
        self.watch.tell()

    def send_whole(self, member: JoinedMember) -> None:
        """Send the state to a member, as it is now."""
        self.flush()
        with self._or_crash():
            member.pass_on_whole(self.ledger.whole())

    def flush(self) -> None:
        """Send what was held back, if anything was."""
        if self.ledger.is_ahead:
            self.release_held()

    def release_held(self) -> None:
        """Send what was held back, or an update without a change, which releases interfaces."""
        with self._or_crash():
            self.send_update(self.ledger.publish())

    def must_hold(self) -> bool:
        """Return whether an update that nobody waits for would come too soon after the last."""
        return self.ledger.options.fps is not None and self._pace.is_too_soon

    # from Python

    async def open(self, params: dict[str, Json] | None) -> bool:
        """Run `init` unless there is a state; see `Opening.open`."""
        return await self._opening.open(params)

    async def dispatch(self, event: str, payload: Json, waiting: frozenset[Turn]) -> list[Event]:
        """Handle an event as if a client had sent it; return the reply events.

        Args:
            event: the event's name.
            payload: its payload.
            waiting: the turns that go on when this is handled.

        Raises:
            SessionClosed: the session has ended.
            Overloaded: too many messages wait.
            Exception: whatever the handler raises.
        """
        await self._opening.revive()
        outcome: asyncio.Future[list[Event]] = asyncio.get_running_loop().create_future()
        life = self.life
        call = Call(life, self, Kind.EVENT, event, payload, outcome=outcome, waiting=waiting)
        life.mailbox.put(call)
        return await outcome

    async def exclusively(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """Give a working copy to `work`, alone with the state; commit when it returns.

        Raises:
            SessionClosed: the session has ended.
            EncodeError: the changed state has no JSON form.
            Exception: whatever `work` raises; the state is as it was.
        """
        await self._opening.revive()
        life = self.life

        async def turn() -> None:
            working = life.ledger.open()
            try:
                await work(working)
                update = life.ledger.commit(working, is_held=self.must_hold())
            except BaseException:
                life.ledger.abort(working)
                raise
            self.send_update(update)

        await life.mailbox.do(turn)

    def swap(self, channel: type[Channel]) -> None:
        """Give the session a new class, between messages: state stays, handlers are new."""
        self._newest, life = channel, self.life

        async def swap() -> None:
            await take_over(life, self, channel)

        life.mailbox.put(Errand(swap))

    def reconfigure(self, options: Options) -> None:
        """Take the options of another class; clients get the whole state if it is told otherwise.

        What is held back goes out first, as it was to be told before.
        """
        self.flush()
        if self.ledger.reconfigure(options):
            for member in self.receivers:
                self.send_whole(member)
        if options.presence and self.ledger.version is not None:
            self._attendance.open()
        elif not options.presence:
            self._attendance.close()

    def forget(self, before: float) -> None:
        """Drop what was sent before a time and is kept for nobody."""
        self._audience.forget(before)

    # the end

    def abandon(self) -> None:
        """End the session without a word to its members: the process ends, which they notice."""
        self._end()

    def close(self) -> None:
        """End the session: members get ``phx_close`` and do not rejoin."""
        if not self.is_closed:
            self.flush()
        for member in self._end():
            member.line.closed(member.join)

    def crash(self) -> None:
        """End the session: members get ``phx_error``, and join a fresh one.

        A session that is held starts afresh itself: its key stays.
        """
        if self.is_closed:
            return
        fresh = self._begin_again() if self.tenure.is_held else None
        if fresh is None:
            members = self._end()
        else:
            members, self.life = self._clear(), fresh
        for member in members:
            member.line.crashed(member.join, CRASHED)

    def _begin_again(self) -> Life | None:
        """Return the next life; None where the channel's class cannot be instantiated."""
        try:
            return self._begin()
        except Exception as error:  # noqa: BLE001 - a user's __init__ may raise anything
            _log.error("%s cannot begin afresh", cut(self.topic), exc_info=error)
            return None

    def _end(self) -> list[JoinedMember]:
        if self.is_closed:
            return []
        self.is_closed = True
        self._ground.forget(self)
        self.watch.end()
        return self._clear()

    def _clear(self) -> list[JoinedMember]:
        """End what runs, and return who was joined."""
        self._pace.stop()
        self._attendance.close()
        life = self.life
        life.end()
        if wants_ended(type(life.channel)) and life.ledger.version is not None:
            self._ground.finish(finish(life, self.meter))
        self.tenure.stop()
        return self._audience.clear()

    def _end_when_empty(self) -> None:
        if self._is_needed or self.is_closed:
            return
        options = self.ledger.options
        may_linger = options.shared and self.ledger.version is not None
        self.tenure.run_out(options.grace if may_linger else 0)

    def _end_soon(self) -> None:
        """End the session when what waits is handled, unless somebody has come meanwhile.

        Whoever has gone again has left it a time of its own.
        """

        async def end() -> None:
            if not self._is_needed and self.tenure.is_over:
                self._end()

        self.mailbox.put(Errand(end))

    @property
    def _is_needed(self) -> bool:
        return bool(self._audience) or self.tenure.is_held

    # for its beginning

    def begun(self, whole: Outgoing) -> None:
        """Tell all members the first state."""
        for receiver in self.receivers:
            receiver.pass_on_whole(whole)
        self.watch.tell()
        if self.ledger.options.presence:
            self._attendance.open()

    def init_refused(self, member: JoinedMember) -> None:
        """Note that a member gets no state."""
        member.line.refused(Refusal.INIT, self.topic)
        self._audience.unseat(member)
        self._end_when_empty()

    # inside

    @contextmanager
    def _or_crash(self) -> Iterator[None]:
        """Crash where the message builder fails on a state that is committed."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a user's builder may raise anything
            _log.error("the message builder of %s failed", cut(self.topic), exc_info=error)
            self.crash()

    def _take(self, life: Life, topic: str, message: object) -> None:
        async def no_longer() -> None:
            life.is_dropping = False

        try:
            life.mailbox.put(Call(life, self, Kind.MESSAGE, topic, message))
        except Overloaded as error:
            if not life.is_dropping:  # once, until what waits now is handled
                life.is_dropping = True
                life.mailbox.put(Errand(no_longer))
                _log.warning("messages to %s are dropped: %s", cut(self.topic), error)


Seated: TypeAlias = tuple[Session, JoinedMember]
"""What is kept at a place: a session, and the client's member in it."""

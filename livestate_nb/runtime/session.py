"""A session: one channel object, one state, one version, one mailbox, and its members.

It handles one message at a time, in the order they came; a generator's next step waits behind
what came in the meantime. It must not know frames, sockets or notebooks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeAlias

from livestate_nb.channel import (
    Channel,
    Turn,
    bind,
    current_turn,
    needs_main,
    options_of,
    wants_joined,
)
from livestate_nb.codec import Json
from livestate_nb.declaration import Options
from livestate_nb.errors import ChannelError, Overloaded, Refuse, ReturnError
from livestate_nb.event import Event
from livestate_nb.limits import Limits
from livestate_nb.presence import Presences
from livestate_nb.protocol.message import (
    EVENT_PREFIX,
    REFRESH,
    SYNC,
    TOO_DEEP,
    TRY_AGAIN_LATER,
    Message,
)
from livestate_nb.protocol.socket import CRASHED
from livestate_nb.pubsub import PubSub
from livestate_nb.roles import Member
from livestate_nb.runtime.attendance import Attendance, presence_of
from livestate_nb.runtime.audience import Audience
from livestate_nb.runtime.failure import cut, excessive
from livestate_nb.runtime.handling import Call, Kind
from livestate_nb.runtime.ledger import Ledger, Outgoing, event_message
from livestate_nb.runtime.mailbox import Errand, Job, Mailbox
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Meter, Refusal
from livestate_nb.runtime.migration import shape_of, take_over
from livestate_nb.runtime.opening import Opening
from livestate_nb.runtime.pace import Pace
from livestate_nb.runtime.places import Claim, Owner, Places
from livestate_nb.runtime.running import Running
from livestate_nb.runtime.subscriptions import Subscriptions
from livestate_nb.runtime.tenure import Tenure
from livestate_nb.runtime.watch import Watch
from livestate_nb.runtime.work import Threads, Work, run

LOST: Final = "messages are lost on the way"
OVERLOADED: Final = "too many messages waiting"
TOO_FAST: Final = "too many events"

_log = logging.getLogger("livestate_nb")


class Ground(Protocol):
    """What an endpoint offers to its sessions."""

    threads: Threads
    pubsub: PubSub
    presences: Presences
    limits: Limits
    clock: Callable[[], float]
    places: "Places[Seated]"
    meter: Meter

    def broadcast(self, topic: str, message: object) -> None:
        """Publish a message, its drafts as plain values."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a function on the endpoint's loop; callable from any thread."""

    def spawn(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None]:
        """Start a task that ends with the endpoint at the latest."""

    def begin(self, coroutine: Coroutine[Any, Any, None], /) -> asyncio.Task[None] | None:
        """Run a coroutine up to its first wait; return the task with the rest, if there is one."""

    def forget(self, session: "Session") -> None:
        """Note that a session has ended."""


class Session:
    """Run one channel object for all who share its state.

    Implements `livestate_nb.roles.Seat`. All but the seat belongs to the endpoint's loop.

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
        self.tenure = Tenure(ground.clock, self._end_soon)
        self._ground = ground
        self._audience = Audience(self, ground.places, ground.limits, ground.clock)
        self._attendance = Attendance(self, ground.presences)
        self._opening = Opening(self)
        self._pace = Pace(self.publish)
        self._newest = channel
        """The class that is declared: the channel object gets it in its turn."""
        self._begin()

    def _begin(self) -> None:
        """Start afresh, with a new channel object and no state."""
        self.channel = self._newest()
        self.ledger = Ledger(options_of(self._newest))
        self.shape = shape_of(self._newest)
        """Which `migrate` the state is from; see `livestate_nb.runtime.migration`."""
        self.mailbox = Mailbox(self._ground, self._ground.limits.waiting_per_session)
        self.running = Running(self._ground.limits.generators)
        self._is_dropping = False
        self._subscriptions = Subscriptions(self._ground.pubsub, self._ground.post, self._take)
        bind(self.channel, self)

    @property
    def pattern(self) -> str:
        """The topic of the channel's class statement."""
        return str(self.ledger.options.topic)

    @property
    def joined(self) -> list[JoinedMember]:
        """Who is joined, in the order they joined; without those whose connection is lost."""
        return self._audience.joined

    @property
    def receivers(self) -> list[JoinedMember]:
        """Who hears this session: who is joined, and whose connection is lost for a time."""
        return [*self._audience.joined, *self._audience.absent]

    # the channel's seat: callable from any thread

    @property
    def away(self) -> int:
        """How many members have lost their connection, and may come back."""
        return len(self._audience.absent)

    @property
    def members(self) -> list[Member]:
        """Who is joined, in the order they joined."""
        return list(self.joined)

    def push(self, event: str, detail: object) -> None:
        """Send an event to all members."""
        self._ground.post(self.send, event_message(Event(event, detail)))

    @property
    def presences(self) -> dict[str, list[dict[str, Any]]]:
        """Who is present on the topic: the metas by key."""
        return self._ground.presences.metas(self.topic)

    def subscribe(self, topic: str) -> None:
        """Let messages that are published to a topic or pattern into the mailbox."""
        self._subscriptions.add(topic)

    def unsubscribe(self, topic: str) -> None:
        """Let them in no longer."""
        self._subscriptions.remove(topic)

    def broadcast(self, topic: str, message: object) -> None:
        """Publish a message."""
        self._ground.broadcast(topic, message)

    def track(self, member: Member, meta: dict[str, Any], key: str | None) -> None:
        """Let a member be present on the topic, or change how."""
        assert isinstance(member, JoinedMember)  # noqa: S101 - all members of a session are
        if not self.ledger.options.presence:
            name = type(self.channel).__name__
            raise ChannelError(
                f"{name} tells nobody who is present: write class {name}(Channel, presence=True, …)"
            )
        presence = presence_of(member, meta, key)
        self._ground.post(self._attendance.track, member, presence)

    def untrack(self, member: Member) -> None:
        """Let a member be present no longer."""
        assert isinstance(member, JoinedMember)  # noqa: S101 - all members of a session are
        self._ground.post(self._attendance.untrack, member)

    # members

    async def authorize(self, member: JoinedMember) -> None:
        """Ask the channel whether a client may join.

        Raises:
            Refuse: it may not.
            ReturnError: authorize returned neither True nor False.
        """
        current_turn.set(Turn(self.channel, member))
        allowed = await run(self.work(self.channel.authorize, member.params))
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
        if member.needs_whole:
            self.flush()
        if self.is_closed:  # it ended while the client was authorized: the client joins again
            member.line.crashed(member.join, CRASHED)
            return
        self._audience.join(member)
        if member.needs_whole and self.ledger.version is not None:
            self.send_whole(member)
            self._attendance.greet(member)
        elif member.needs_whole:

            async def start() -> None:
                await self._opening.start(member)

            self.mailbox.put(Errand(start, member))
        self._attendance.come_back(member)
        if not member.is_introduced:
            member.is_introduced = True
            if wants_joined(type(self.channel)):
                self._put(Call(self, Kind.JOIN, None, member.params, member), member)

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
                member.line.refused(Refusal.LIMIT, self.topic)
                _log.warning("closing the connection of a client that floods %s", cut(self.topic))
                member.line.close(TRY_AGAIN_LATER, TOO_FAST)
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
        if not is_taken:
            member.line.refused(Refusal.LIMIT, self.topic)
            member.refuse(message.ref, excessive(message, self._ground.limits))
            return
        job: Job
        if event == REFRESH:

            async def refresh() -> None:
                self.send_whole(member)
                self.handled(member)

            job = Errand(refresh, member)
        else:
            name = event.removeprefix(EVENT_PREFIX) if is_event else event
            kind = Kind.EVENT if is_event else Kind.FOREIGN
            job = Call(self, kind, name, message.payload, member, message.ref)
        self._put(job, member)

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
            self.lose(member)
            return
        member.is_leaving, member.leave_ref = True, ref
        if member.unhandled == 0:
            self._left(member)

    def lose(self, member: JoinedMember) -> None:
        """Note that a client's connection is lost: if it may come back, its place is kept."""
        grace = self.ledger.options.grace
        if member.place is not None and grace > 0 and not member.is_leaving:
            self._audience.miss(member, grace, self.detach)
            self._attendance.leave(member)
        else:
            self.detach(member)

    def detach(self, member: JoinedMember) -> None:
        """Take a client out; what it sent before is still handled.

        The generators of the notebook's own clients and of those that leave run on, those of
        others end. The last one ends the session, unless it is held; if it is shared, after the
        grace time.
        """
        if member.is_leaving or member.line.is_local:
            self.running.release(member)
        else:
            self.running.end(member)
        self._audience.remove(member)
        self._attendance.leave(member)
        self._end_when_empty()

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
        self.meter.published(self.pattern, update.size)
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
            self.publish()

    def publish(self) -> None:
        """Send what was held back, or an update without a change, which releases interfaces."""
        with self._or_crash():
            self.send_update(self.ledger.publish())

    def must_hold(self) -> bool:
        """Return whether an update that nobody waits for would come too soon after the last."""
        return self.ledger.options.fps is not None and self._pace.is_too_soon

    def work(self, function: Callable[..., Any], *args: Any) -> Work:
        """Return a run of one of the channel's callbacks."""
        threads = self._ground.threads
        on_main = threads.main is not None and needs_main(type(self.channel), function)
        return Work(threads, function, *args, on_main=on_main)

    # from Python

    async def open(self, params: dict[str, Json] | None) -> bool:
        """Run `init` unless there is a state; see `Opening.open`."""
        return await self._opening.open(params)

    async def dispatch(self, event: str, payload: Json, waiting: frozenset[Channel]) -> list[Event]:
        """Handle an event as if a client had sent it; return the reply events.

        Args:
            event: the event's name.
            payload: its payload.
            waiting: the channel objects whose handlers wait for this.

        Raises:
            SessionClosed: the session has ended.
            Overloaded: too many messages wait.
            Exception: whatever the handler raises.
        """
        await self._opening.revive()
        outcome: asyncio.Future[list[Event]] = asyncio.get_running_loop().create_future()
        self.mailbox.put(Call(self, Kind.EVENT, event, payload, outcome=outcome, waiting=waiting))
        return await outcome

    async def exclusively(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """Give a working copy to `work`, alone with the state; commit when it returns.

        Raises:
            SessionClosed: the session has ended.
            EncodeError: the changed state has no JSON form.
            Exception: whatever `work` raises; the state is as it was.
        """

        async def turn() -> None:
            working = self.ledger.open()
            try:
                await work(working)
                update = self.ledger.commit(working, is_held=self.must_hold())
            except BaseException:
                self.ledger.abort(working)
                raise
            self.send_update(update)

        await self._opening.revive()
        await self.mailbox.do(turn)

    def swap(self, channel: type[Channel]) -> None:
        """Give the session a new class, between messages: state stays, handlers are new."""

        async def swap() -> None:
            if type(self.channel) is not channel:  # else it has crashed, and begun with it
                await take_over(self, channel)

        self._newest = channel

        self.mailbox.put(Errand(swap))

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
        if self.tenure.is_held:
            members = self._clear()
            self._begin()
        else:
            members = self._end()
        for member in members:
            member.line.crashed(member.join, CRASHED)

    def _end(self) -> list[JoinedMember]:
        if self.is_closed:
            return []
        self.is_closed = True
        self._ground.forget(self)
        self.watch.end()
        return self._clear()

    def _clear(self) -> list[JoinedMember]:
        """End what runs, and return who was joined."""
        self._subscriptions.end()
        self._pace.stop()
        self._attendance.close()
        self.mailbox.close()
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

    def refused(self, member: JoinedMember) -> None:
        """Note that a member gets no state, since `init` refused."""
        member.line.refused(Refusal.INIT, self.topic)
        self._audience.unseat(member)
        self._end_when_empty()

    # inside

    def _put(self, job: Job, member: JoinedMember) -> None:
        """Put a client's job into the mailbox; when too many wait, its channel ends."""
        member.unhandled += 1
        if member.unhandled > self._ground.limits.waiting_per_client:
            self._expel(member)
            return
        try:
            self.mailbox.put(job, is_eager=True)
        except Overloaded:
            self._expel(member)

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
        self.lose(member)

    def _expel(self, member: JoinedMember) -> None:
        """End the channel of a client that sends faster than it can be served."""
        member.line.refused(Refusal.LIMIT, self.topic)
        self.mailbox.drop(member)
        self.running.end(member)
        self.detach(member)
        member.line.crashed(member.join, OVERLOADED)

    @contextmanager
    def _or_crash(self) -> Iterator[None]:
        """Crash where the message builder fails on a state that is committed."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a user's builder may raise anything
            _log.error("the message builder of %s failed", cut(self.topic), exc_info=error)
            self.crash()

    def _take(self, topic: str, message: object) -> None:
        async def no_longer() -> None:
            self._is_dropping = False

        try:
            self.mailbox.put(Call(self, Kind.MESSAGE, topic, message))
        except Overloaded as error:
            if not self._is_dropping:  # once, until what waits now is handled
                self._is_dropping = True
                self.mailbox.put(Errand(no_longer))
                _log.warning("messages to %s are dropped: %s", cut(self.topic), error)

    def _left(self, member: JoinedMember) -> None:
        self.detach(member)
        member.line.left(member.join, member.leave_ref)


Seated: TypeAlias = tuple[Session, JoinedMember]
"""What is kept at a place: a session, and the client's member in it."""

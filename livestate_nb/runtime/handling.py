"""Take one event or message through its handler: run, commit, publish; or fail.

It must not know when its turn is, nor how anything reaches a client.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from livestate_nb.channel import Turn, current_turn, handler_of, options_of
from livestate_nb.codec import Json
from livestate_nb.errors import (
    ChannelError,
    InvalidPayload,
    Refuse,
    ReturnError,
    UnknownEvent,
)
from livestate_nb.event import Event, Reply
from livestate_nb.protocol.message import EVENT_PREFIX, REFRESH
from livestate_nb.runtime.failure import cut, describe, error_message, named
from livestate_nb.runtime.fault import log_fault
from livestate_nb.runtime.ledger import Outgoing, event_message
from livestate_nb.runtime.life import Life
from livestate_nb.runtime.mailbox import fail
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Meter, Outcome, Refusal
from livestate_nb.runtime.note import note
from livestate_nb.runtime.work import Step, Work
from livestate_nb.state.draft import plain

_log = logging.getLogger("livestate_nb")

_REFUSALS: Final[dict[type[Exception], Refusal]] = {
    Refuse: Refusal.EVENT,
    InvalidPayload: Refusal.PAYLOAD,
    UnknownEvent: Refusal.UNKNOWN_EVENT,
}


class Kind(StrEnum):
    """Say what a call handles."""

    EVENT = "event"
    """An event that a client or a handle dispatched."""

    FOREIGN = "foreign"
    """Some other message of a client, which no handler takes."""

    MESSAGE = "message"
    """What pubsub brought."""

    JOIN = "join"
    """A member that has joined."""

    LEAVE = "leave"
    """A member that has gone for good."""

    END = "end"
    """The end of it all; see `livestate_nb.runtime.ending`."""


_ASKED: Final = (Kind.EVENT, Kind.FOREIGN)
"""What a client or a handle waits for."""

_FOR_ALL: Final = (Kind.MESSAGE, Kind.LEAVE)
"""What nobody waits for: its reply events go to all members."""


class Desk(Protocol):
    """What a session does for its handlers' calls."""

    meter: Meter

    @property
    def receivers(self) -> list[JoinedMember]:
        """Who is told what goes wrong: all members."""

    def must_hold(self) -> bool:
        """Return whether an update that nobody waits for would come too soon."""

    def send(self, message: Outgoing) -> None:
        """Send a message to all members."""

    def send_update(self, update: Outgoing | None) -> None:
        """Send an update to all members; None holds it back."""

    def release_held(self) -> None:
        """Send what was held back, or an update without a change."""

    def handled(self, member: JoinedMember) -> None:
        """Note that one message of a client is handled."""

    def crash(self) -> None:
        """End the session: members join again."""


@dataclass(slots=True, eq=False)
class Call:
    """One event or message, or one member's coming or going, on its way.

    Args:
        life: the life of the session that it belongs to.
        desk: the session.
        kind: which of these it is.
        event: the event's name; the topic of a message; None for a member.
        payload: the event's payload, the message, or the join params.
        member: who sent it, joined or left; None for messages and handles.
        ref: the ref that `member` waits for.
        outcome: gets the reply events, or what the handler raised, where Python waits for it.
        waiting: the turns that go on when this call has ended.
    """

    life: Life
    desk: Desk
    kind: Kind
    event: Any
    payload: Any
    member: JoinedMember | None = None
    ref: Json = None
    outcome: "asyncio.Future[list[Event]] | None" = None
    waiting: frozenset[Turn] = frozenset()
    replied: list[Event] = field(default_factory=list)
    is_handled: bool = False
    is_unwanted: bool = False
    generator_task: "asyncio.Task[Any] | None" = None
    begun: float = 0.0
    ending: Outcome = Outcome.DROPPED

    @property
    def owner(self) -> object:
        """Who asked for it; see `livestate_nb.runtime.mailbox.Job`."""
        return self.member

    async def run(self) -> None:
        """Take the call through its handler."""
        if self.kind not in _ASKED:
            if not self._is_due():
                self._was_handled()
                return
            if self.member is not None:
                self.member.is_introduced = True
        self.begun = time.perf_counter()
        turn = Turn(self.life.channel, self.member, self.waiting)
        if self.kind is Kind.MESSAGE:
            turn.message_topic = self.event
        current_turn.set(turn)
        if self.outcome is not None:
            if self.outcome.done():  # whoever waited has been interrupted
                return
            self.outcome.add_done_callback(self._give_up(asyncio.current_task()))
        try:
            await self._handle()
        finally:
            turn.is_over = True
            self._was_handled()
            if self.generator_task is not None:
                self.life.running.ended(self.owner, self)

    def end(self) -> None:
        """End the handler, a generator that has come to a yield: nobody wants it any more."""
        self.is_unwanted = True
        if self.generator_task is not None:
            self.generator_task.cancel()

    def _is_due(self) -> bool:
        """Return whether the channel is to hear of a message, or of a member."""
        if self.life.ledger.version is None:  # init refused or failed
            return False
        return self.kind is not Kind.LEAVE or self.member is None or self.member.is_introduced

    async def _handle(self) -> None:
        life, working, work = self.life, None, None
        try:
            function, arguments = self._function()
            working = life.ledger.open()
            work = life.work(function, *arguments, working)
            step = await work.step(working)
            while not life.is_over:
                if not step.is_last and self.generator_task is None:
                    self._begin_generator(step)
                self._commit(working, step.value, goes_on=not step.is_last)
                self.ending = Outcome.OK
                if step.is_last:
                    break
                self._was_handled()
                cancelled = await life.mailbox.pause()
                working = life.ledger.reopen(working)
                step = await (work.throw(cancelled) if cancelled else work.step(working))
        except BaseException as error:
            life.ledger.abort(working)
            await self._close(work)
            if life.is_over:
                raise
            if not self.is_unwanted:
                self._failed(error)
            return
        if life.is_over:
            await self._close(work)
            return
        if self.member is not None and self.kind in _ASKED:
            self.member.answer(self.ref, "ok", {})
        if self.outcome is not None and not self.outcome.done():
            self.outcome.set_result(self.replied)

    def _begin_generator(self, step: Step) -> None:
        if self.kind is Kind.LEAVE:
            raise ReturnError("left must not yield: change the state, or return it", step.value)
        self.life.running.begin(self.owner, self)
        self.generator_task = asyncio.current_task()

    def _function(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return what handles the call, and what it takes before the state."""
        channel = self.life.channel
        if self.life.ledger.version is None:
            raise ChannelError("there is no state: init refused or failed")
        if self.kind is Kind.MESSAGE:
            return channel.handle_message, (self.payload,)
        if self.kind is Kind.JOIN:
            return channel.joined, (self.payload,)
        if self.kind is Kind.LEAVE:
            return channel.left, ()
        is_foreign = self.kind is Kind.FOREIGN
        handler = None if is_foreign else handler_of(channel, self.event, self.payload)
        if handler is not None:
            return handler
        known = channel.events()
        if is_foreign:
            raise UnknownEvent(
                f"expected {EVENT_PREFIX}NAME or {REFRESH}, got {named(self.event)}",
                self.event,
                known,
            )
        if known:
            raise UnknownEvent(
                f"{type(channel).__name__} has no handler for {cut(self.event)}: "
                f"it has {', '.join(known)}",
                self.event,
                known,
            )
        return _nothing, ()  # as in the original, a channel without handlers takes all events

    def _commit(self, working: Any, result: object, *, goes_on: bool) -> None:
        life, desk = self.life, self.desk
        state, events = (result.state, result.events) if isinstance(result, Reply) else (result, ())
        events = tuple(Event(event.name, plain(event.detail)) for event in events)
        messages = [event_message(event) for event in events]
        is_held = (goes_on or self.kind in _FOR_ALL) and desk.must_hold()
        update = life.ledger.commit(working, state, is_held=is_held)
        for message in messages:
            if self.kind in _FOR_ALL:
                desk.send(message)
            elif self.member is not None:
                self.member.send(message)
        self.replied += events
        if update is not None and not goes_on:
            update = update._replace(sender=self.member, ref=self.ref)
        desk.send_update(update)

    def _failed(self, error: BaseException) -> None:
        life, desk, member = self.life, self.desk, self.member
        event = self.event if self.kind in _ASKED else None
        is_refusal = isinstance(error, Refuse)
        self._note_failure(error)
        log_fault(life.channel, self._what(), error, is_told=self.outcome is not None)
        fail(self.outcome, error)
        if options_of(type(life.channel)).on_error == "crash" and not is_refusal:
            desk.crash()
            return
        if self.kind is Kind.LEAVE:  # who would be told has gone
            return
        what = self._what() if event is None else f"the event {named(event)}"
        for receiver in desk.receivers if self.kind is Kind.MESSAGE else filter(None, [member]):
            told = describe(error, what, event, is_local=receiver.line.is_local)
            receiver.send(error_message(told))
        if member is None:
            return
        if life.ledger.version is not None and self.kind is not Kind.FOREIGN:
            desk.release_held()
        if self.kind in _ASKED:
            told = describe(error, what, event, is_local=member.line.is_local)
            member.answer(self.ref, "error", told)

    def _note_failure(self, error: BaseException) -> None:
        refusal = next((one for kind, one in _REFUSALS.items() if isinstance(error, kind)), None)
        self.ending = Outcome.FAILED if refusal is None else Outcome.REFUSED
        if refusal is not None and self.member is not None:
            self.member.line.refused(refusal, self.life.topic)

    def _what(self) -> str:
        """Return what is handled, for people."""
        match self.kind:
            case Kind.MESSAGE:
                return "a message"
            case Kind.JOIN:
                return "joined"
            case Kind.LEAVE:
                return "left"
        return named(self.event)

    async def _close(self, work: Work | None) -> None:
        """Close the handler's generator, if it is one; what that raises goes to the log."""
        try:
            if work is not None:
                await work.close()
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and self.life.is_over:
                raise
            what = self._what()
            _log.error("the handler of %s failed when it was closed", what, exc_info=error)

    def _was_handled(self) -> None:
        """Tell the session and who measures, the first time."""
        if self.is_handled:
            return
        self.is_handled = True
        if self.begun:
            self._measure(time.perf_counter() - self.begun)
        if self.member is not None and self.kind is not Kind.LEAVE:
            self.desk.handled(self.member)

    def _measure(self, seconds: float) -> None:
        measure(
            self.desk.meter,
            self.life,
            self.kind,
            self.ending,
            seconds,
            event=self.event if self.kind in _ASKED else "",
            connection="" if self.member is None else self.member.line.name,
        )

    def _give_up(self, task: "asyncio.Task[Any] | None") -> Callable[[Any], None]:
        def give_up(outcome: "asyncio.Future[Any]") -> None:
            if outcome.cancelled() and task is not None:
                task.cancel()

        return give_up


def measure(
    meter: Meter,
    life: Life,
    kind: Kind,
    outcome: Outcome,
    seconds: float,
    *,
    event: Any = "",
    connection: str = "",
) -> None:
    """Tell who measures, and the log, how long what was handled took, and how it ended."""
    meter.handled(life.pattern, kind, outcome, seconds)
    note(
        logging.DEBUG,
        "handled",
        topic=life.topic,
        kind=kind,
        event=event,
        connection=connection,
        outcome=outcome,
        seconds=seconds,
    )


def _nothing(_state: Any) -> None:
    """Change nothing."""

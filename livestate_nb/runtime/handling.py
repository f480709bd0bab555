"""Take one event or message through its handler: run, commit, publish; or fail.

It must not know where the message came from or when its turn is.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from livestate_nb.channel import Channel, Event, Reply, Turn, current_turn, handler_of, options_of
from livestate_nb.codec import Json
from livestate_nb.errors import ChannelError, LiveStateError, Refuse, UnknownEvent
from livestate_nb.protocol.message import ERROR, EVENT_PREFIX, REFRESH
from livestate_nb.runtime.failure import describe
from livestate_nb.runtime.ledger import event_message, outgoing
from livestate_nb.runtime.mailbox import Job, fail, is_cancelled
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.work import Work

if TYPE_CHECKING:
    from livestate_nb.runtime.session import Session

_log = logging.getLogger("livestate_nb")


@dataclass(slots=True, eq=False)
class Call:
    """One event or message on its way.

    Args:
        event: the event's name; None for a pubsub message.
        payload: the event's payload, or the message.
        member: who sent it; None for messages and handles.
        ref: the ref that `member` waits for.
        is_foreign: whether it is no LiveState event but some other message of the client.
        outcome: gets the reply events, or what the handler raised, where Python waits for it.
    """

    event: Any
    payload: Any
    member: JoinedMember | None = None
    ref: Json = None
    is_foreign: bool = False
    outcome: "asyncio.Future[list[Event]] | None" = None
    working: Any = None
    work: Work | None = None
    replied: list[Event] = field(default_factory=list)

    def job(self, session: "Session") -> Job:
        """Return what takes the call its next step."""
        return Job(lambda: _advance(session, self), self.outcome, self.clean_up)

    async def clean_up(self) -> None:
        """Close the handler's generator, if it is one; what that raises goes to the log."""
        if self.work is None:
            return
        try:
            await self.work.close()
        except Exception:  # noqa: BLE001 - whatever the user's finally block raises
            _log.exception("the handler of %r failed when it was closed", self.event)


async def _advance(session: "Session", call: Call) -> None:
    is_first = call.work is None
    try:
        await _step(session, call)
    finally:
        if is_first and call.member is not None:
            session.handled(call.member)


async def _step(session: "Session", call: Call) -> None:
    member = call.member
    token = current_turn.set(Turn(session.channel, member))
    try:
        if call.work is None:
            call.work = _begin(session, call)
        else:
            call.working = session.ledger.reopen(call.working)
        step = await call.work.step(call.working)
        if not session.is_closed:
            _commit(session, call, step.value, goes_on=not step.is_last)
    except BaseException as error:
        session.ledger.abort(call.working)
        if is_cancelled(error):
            raise
        await call.clean_up()
        _failed(session, call, error)
        return
    finally:
        current_turn.reset(token)
    if not step.is_last:
        session.mailbox.put(call.job(session))
        return
    if member is not None:
        member.answer(call.ref, "ok", {})
    if call.outcome is not None and not call.outcome.done():
        call.outcome.set_result(call.replied)


def _begin(session: "Session", call: Call) -> Work:
    if session.ledger.version is None:
        raise ChannelError("there is no state: init refused or failed")
    function = _function(session.channel, call)
    call.working = session.ledger.open()
    if function is None:
        return Work(session.executor, lambda *_: None)
    return Work(session.executor, function, call.payload, call.working)


def _function(channel: Channel, call: Call) -> Callable[..., Any] | None:
    """Return what handles a call; None where a channel without any handler gets an event."""
    if call.event is None:
        return channel.handle_message
    known = channel.events()
    if call.is_foreign:
        raise UnknownEvent(
            f"expected {EVENT_PREFIX}NAME or {REFRESH}, got {call.event!r}", call.event, known
        )
    handler = handler_of(channel, call.event)
    if handler is None and known:
        raise UnknownEvent(
            f"{type(channel).__name__} has no handler for {call.event!r}: "
            f"it has {', '.join(known)}",
            call.event,
            known,
        )
    return handler


def _commit(session: "Session", call: Call, result: object, *, goes_on: bool) -> None:
    state, events = (result.state, result.events) if isinstance(result, Reply) else (result, ())
    messages = [event_message(event) for event in events]
    is_held = (goes_on or call.event is None) and session.must_hold()
    update = session.ledger.commit(call.working, state, goes_on=goes_on, is_held=is_held)
    if call.member is not None:
        for message in messages:
            call.member.send(message)
    call.replied += events
    session.send_update(update)


def _failed(session: "Session", call: Call, error: BaseException) -> None:
    member, event = call.member, call.event
    is_refusal = isinstance(error, Refuse)
    name = f"{type(session.channel).__name__} on {session.topic!r}"
    what = "a message" if event is None else repr(event)
    if is_refusal:
        _log.info("%s refused %s: %s", name, what, error)
    elif isinstance(error, LiveStateError):
        _log.error("%s failed on %s: %s", name, what, error)
    elif call.outcome is None:
        _log.error(
            "%s failed on %s", name, what, exc_info=(type(error), error, _user_frames(error))
        )
    fail(call.outcome, error)
    if options_of(type(session.channel)).on_error == "crash" and not is_refusal:
        session.crash()
        return
    for receiver in session.joined if event is None else filter(None, [member]):
        payload = describe(error, event, is_local=receiver.line.is_local)
        receiver.send(outgoing(ERROR, payload))
    if member is None:
        return
    if session.ledger.version is not None and not call.is_foreign:
        session.send_update(session.ledger.publish())
    member.answer(call.ref, "error", describe(error, event, is_local=member.line.is_local))


def _user_frames(error: BaseException) -> TracebackType | None:
    """Return the traceback from the user's own code on, or all of it where there is none."""
    traceback = error.__traceback__
    while traceback is not None and _is_machinery(traceback.tb_frame.f_globals.get("__name__", "")):
        traceback = traceback.tb_next
    return traceback or error.__traceback__


def _is_machinery(module: str) -> bool:
    return module.partition(".")[0] in ("asyncio", "concurrent", "livestate_nb")

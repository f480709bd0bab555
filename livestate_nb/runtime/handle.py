"""Hold a session from any thread: what ``show`` returns.

It must not know how the session is displayed or transported.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

from livestate_nb.channel import Turn, current_turn
from livestate_nb.codec import Json
from livestate_nb.errors import SessionClosed
from livestate_nb.event import Event
from livestate_nb.roles import Member
from livestate_nb.runtime.loop import Loop
from livestate_nb.runtime.mailbox import ENDED
from livestate_nb.runtime.session import Session


class SessionHandle:
    """Hold a session; implements `livestate_nb.roles.Handle`, which documents it.

    Args:
        loop: the endpoint's loop.
        session: the session.
    """

    def __init__(self, loop: Loop, session: Session) -> None:
        self._loop = loop
        self._session = session

    @property
    def topic(self) -> str:
        """The session's topic."""
        return self._session.topic

    @property
    def version(self) -> int:
        """The version that the clients have."""
        return self._session.ledger.version or 0

    @property
    def state(self) -> Any:
        """A copy of the state as it is now."""
        return self._session.ledger.snapshot()

    @property
    def members(self) -> list[Member]:
        """Who is joined, in the order they joined."""
        return self._session.members

    @contextmanager
    def change(self) -> Iterator[Any]:
        """Change the state from Python; see `livestate_nb.roles.Handle.change`."""
        channel = self._session.channel
        grant = _Grant(self._loop.loop)
        is_changed = False
        try:
            with self._loop.waiting(channel, "change") as waiting:
                done = self._loop.start(self._session.exclusively(grant.hold))
                done.add_done_callback(grant.ended)
                working = self._loop.wait(grant.granted, channel)
            turn = Turn(channel, None, waiting, is_block=True)
            token = current_turn.set(turn)
            try:
                yield working
            finally:
                turn.is_over = True
                current_turn.reset(token)
            is_changed = True
        finally:
            grant.release(is_changed=is_changed)
        self._loop.wait(done, channel)

    def dispatch(self, event: str, payload: Json = None) -> list[Event]:
        """Let the channel handle an event; see `livestate_nb.roles.Handle.dispatch`."""
        payload = {} if payload is None else payload
        session, channel = self._session, self._session.channel
        with self._loop.waiting(channel, "dispatch") as waiting:
            return self._loop.run(session.dispatch(event, payload, waiting), channel)

    def push(self, event: str, detail: object = None) -> None:
        """Send an event to all members, at once; see `livestate_nb.roles.Handle.push`."""
        if self._session.is_closed:
            raise SessionClosed(ENDED)
        self._session.push(event, {} if detail is None else detail)

    def changed(self) -> Coroutine[Any, Any, Any]:
        """Wait for the next update; see `livestate_nb.roles.Handle.changed`."""
        return self._changed(self._session.watch.count)

    async def _changed(self, count: int) -> Any:
        with self._loop.waiting(self._session.channel, "changed"):
            watching = self._session.watch.after(count)
            try:
                update = asyncio.run_coroutine_threadsafe(watching, self._loop.loop)
            except RuntimeError as error:
                watching.close()
                raise SessionClosed(ENDED) from error
            await asyncio.wrap_future(update)
        return self.state

    def close(self) -> None:
        """End the session: clients are told and do not rejoin."""

        async def close() -> None:
            self._session.close()

        self._loop.run(close())

    def __repr__(self) -> str:
        name = type(self._session.channel).__name__
        if self._session.is_closed:
            return f"<{name} {self.topic!r}, closed>"
        return f"<{name} {self.topic!r}, version {self.version}>"


class _Grant:
    """The time in which a thread outside the loop has a session's state for itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.granted: Future[Any] = Future()
        self._loop = loop
        self._released: asyncio.Future[bool] = loop.create_future()

    async def hold(self, working: Any) -> None:
        """Hand the working copy to the other thread until it is released."""
        if not self._released.done():
            self.granted.set_result(working)
        if not await self._released:
            raise _Abandoned

    def release(self, *, is_changed: bool) -> None:
        """Give the state back: changed, or untouched because the block did not end well."""
        with suppress(RuntimeError):  # the loop has ended, and the session with it
            self._loop.call_soon_threadsafe(self._settle, is_changed)

    def ended(self, done: "Future[None]") -> None:
        """Note that the session ended before the turn came."""
        if not self.granted.done():
            error = None if done.cancelled() else done.exception()
            self.granted.set_exception(error or SessionClosed("the session has ended"))

    def _settle(self, is_changed: bool) -> None:
        if not self._released.done():
            self._released.set_result(is_changed)


class _Abandoned(Exception):
    """The block of a `change` raised: the working copy is dropped."""

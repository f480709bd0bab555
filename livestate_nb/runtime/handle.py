"""Hold a session from any thread: what ``show`` returns.

It must not know how the session is displayed or transported.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from livestate_nb.channel import Event, current_turn
from livestate_nb.codec import Json
from livestate_nb.errors import SessionClosed, WouldDeadlock
from livestate_nb.runtime.session import Session

T = TypeVar("T")


class Loop:
    """Run coroutines of the endpoint's loop from other threads, and wait for them.

    Args:
        loop: the endpoint's loop, running in a thread of its own.
        thread: the ident of that thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        self.loop = loop
        self._thread = thread

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return what it gives; a KeyboardInterrupt here cancels it.

        Raises:
            WouldDeadlock: this is the loop's own thread.
            SessionClosed: the loop has ended.
            Exception: whatever the coroutine raises.
        """
        future = self.start(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Start a coroutine; raises as `run` does, but for the coroutine's own exceptions."""
        if threading.get_ident() == self._thread:
            coroutine.close()
            raise WouldDeadlock(
                "this is the endpoint's own thread, which would wait for itself: "
                "call it from a plain def handler, a cell or another thread"
            )
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError as error:
            coroutine.close()
            raise SessionClosed("the endpoint is closed: run %load_ext livestate_nb") from error


class SessionHandle:
    """Hold a session; implements `livestate_nb.channel.Handle`, which documents it.

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

    @contextmanager
    def change(self) -> Iterator[Any]:
        """Change the state from Python; see `livestate_nb.channel.Handle.change`."""
        self._check("change")
        turn = _Turn(self._loop.loop)
        done = self._loop.start(self._session.exclusively(turn.hold))
        done.add_done_callback(turn.ended)
        try:
            yield turn.granted.result()
        except BaseException as error:
            turn.release(error)
            raise
        turn.release(None)
        done.result()

    def dispatch(self, event: str, payload: Json = None) -> list[Event]:
        """Let the channel handle an event; see `livestate_nb.channel.Handle.dispatch`."""
        self._check("dispatch")
        return self._loop.run(self._session.dispatch(event, {} if payload is None else payload))

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

    def _check(self, what: str) -> None:
        turn = current_turn.get()
        if turn is not None and turn.channel is self._session.channel:
            raise WouldDeadlock(
                f"{what} in a handler of the same session would wait for itself: "
                "the handler has the state, and may call the other handler's method"
            )


class _Turn:
    """The time in which a thread outside the loop has a session's state for itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.granted: Future[Any] = Future()
        self._loop = loop
        self._released: asyncio.Future[None] = loop.create_future()

    async def hold(self, working: Any) -> None:
        """Hand the working copy to the other thread until it is released."""
        if not self._released.done():
            self.granted.set_result(working)
        await self._released

    def release(self, error: BaseException | None) -> None:
        """Give the state back: changed, or untouched because of an error."""
        self._loop.call_soon_threadsafe(self._settle, error)

    def ended(self, done: "Future[None]") -> None:
        """Note that the session ended before the turn came."""
        if not self.granted.done():
            error = None if done.cancelled() else done.exception()
            self.granted.set_exception(error or SessionClosed("the session has ended"))

    def _settle(self, error: BaseException | None) -> None:
        if self._released.done():
            return
        if error is None:
            self._released.set_result(None)
        else:
            self._released.set_exception(_Abandoned())


class _Abandoned(Exception):
    """The block of a `change` raised: the working copy is dropped."""

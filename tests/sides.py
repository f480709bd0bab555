"""An endpoint beside the test, as it is beside a notebook's cells, and threads that wait for it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from livestate_nb import Channel
from livestate_nb.runtime import Endpoint, Loop, MainThread, Session, SessionHandle
from tests.clients import PATIENCE, Client, until

T = TypeVar("T")


class Side:
    """An endpoint on a thread and a loop of its own, as a notebook has it."""

    def __init__(self, main: MainThread | None = None) -> None:
        self.endpoint = Endpoint(main=main)
        self._main = main
        started: Future[Loop] = Future()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        self.loop = started.result(PATIENCE)

    def show(self, channel: type[Channel], topic: str, name: str = "a") -> SessionHandle:
        async def open_it() -> Session:
            self.endpoint.declare(channel)
            return await self.endpoint.open(channel, topic, name, {"name": name})

        return SessionHandle(self.loop, self.loop.run(open_it()))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop.loop).result(PATIENCE)

    def join(self, handle: SessionHandle) -> Client:
        """Return a page that has joined a handle's session."""

        async def join() -> Client:
            page = Client(self.endpoint, is_local=True)
            key = handle._session.key
            await page.join(handle.topic, {"livestate": {"session": key}})
            return page

        return self.run(join())

    def until(self, condition: Callable[[], bool]) -> None:
        self.run(until(condition))

    def stop(self) -> None:
        """End the loop, as a notebook does behind its endpoint."""
        self.loop.loop.call_soon_threadsafe(self.loop.loop.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def close(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self.endpoint.close(), self.loop.loop).result(20)
            self.stop()

    def _serve(self, started: "Future[Loop]") -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.call_soon(started.set_result, Loop(loop, threading.get_ident(), self._main))
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class Waiter:
    """A thread that waits for something, and what it came to."""

    def __init__(self, function: Callable[[], object]) -> None:
        self.outcome: Future[object] = Future()
        self._function = function
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> object:
        return self.outcome.result(PATIENCE)

    def error(self) -> BaseException | None:
        return self.outcome.exception(PATIENCE)

    def _run(self) -> None:
        try:
            self.outcome.set_result(self._function())
        except BaseException as error:  # noqa: BLE001 - the test asks for it
            self.outcome.set_exception(error)

"""An endpoint beside the test, as it is beside a notebook's cells, and threads that wait for it."""

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
        self.loop = Loop("livestate-side", main)

    def show(self, channel: type[Channel], topic: str, name: str = "a") -> SessionHandle:
        async def open_it() -> Session:
            self.endpoint.declare(channel)
            return await self.endpoint.open(channel, topic, name, {"name": name})

        return SessionHandle(self.loop, self.loop.run(open_it()))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.start(coroutine).result(PATIENCE)

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
        self.loop.stop()
        assert not self.loop.is_running

    def close(self) -> None:
        if self.loop.is_running:
            self.loop.start(self.endpoint.close()).result(20)
            self.stop()


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

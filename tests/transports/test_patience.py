"""How long a comm waits for a frame that others have overtaken, in a time that the test moves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from livestate_nb.runtime import Endpoint
from livestate_nb.transports.comm import CommHub
from tests.fuzz.loops import StillLoop, settle
from tests.transports.test_comm import Comm, Counter, frame, opening


class Page:
    """A page with a connection, and the clock of its kernel, which stands while a cell runs."""

    def __init__(self, loop: StillLoop) -> None:
        self.comm = Comm()
        self.endpoint = Endpoint(clock=self.clock, idle_timeout=1e9)
        self.endpoint.declare(Counter)
        self.hub = CommHub(self.endpoint)
        self.now = 0.0
        self.looks = 0
        self._loop = loop
        self._idle: set[asyncio.Task[Any]] = set()

    def clock(self) -> float:
        self.looks += 1
        return self.now

    async def join(self) -> None:
        self.hub.receive(opening("page"), [], self.comm.send)
        self._idle = asyncio.all_tasks()
        await self.send("phx_join", 1)

    async def send(self, event: str, ref: int) -> None:
        self.hub.receive(frame("page", event, ref), [], self.comm.send)
        await settle(self._idle)

    async def hear_for(self, seconds: float) -> None:
        """Let time pass in which no cell runs."""
        await self._pass(seconds, 0.25)

    async def run_a_cell(self, seconds: float) -> None:
        await self._pass(seconds, 0.0)

    async def _pass(self, seconds: float, counted: float) -> None:
        for _ in range(round(seconds / 0.25)):
            self._loop.now += 0.25
            self.now += counted
            await asyncio.sleep(0)


def visit(scene: Callable[[Page], Coroutine[Any, Any, None]]) -> None:
    """Run a scene with a page that has joined."""
    loop = StillLoop()

    async def run() -> None:
        page = Page(loop)
        try:
            await page.join()
            await scene(page)
        finally:
            await page.endpoint.close()

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_a_frame_may_come_as_late_as_a_cell_is_long() -> None:
    async def scene(page: Page) -> None:
        await page.send("lvs_evt:inc", 3)
        await page.run_a_cell(10.0)
        await page.hear_for(1.75)
        await page.send("lvs_evt:inc", 2)
        assert page.comm.events("page")[2:] == ["state:patch", "state:patch"]

    visit(scene)


def test_a_frame_that_does_not_come_ends_the_connection_however_many_come_behind_it() -> None:
    async def scene(page: Page) -> None:
        for ref in range(3, 10):
            await page.send("lvs_evt:inc", ref)
            await page.hear_for(0.25)
        assert page.comm.of("page")[-1]["livestate"] == "frame"
        await page.hear_for(0.5)
        last = page.comm.of("page")[-1]
        assert (last["livestate"], last["code"]) == ("close", 1013)

    visit(scene)


def test_another_frame_that_is_missing_has_its_own_time() -> None:
    async def scene(page: Page) -> None:
        await page.send("lvs_evt:inc", 3)
        await page.send("lvs_evt:inc", 5)
        await page.hear_for(1.75)
        await page.send("lvs_evt:inc", 2)
        await page.hear_for(1.75)
        await page.send("lvs_evt:inc", 4)
        assert page.comm.events("page")[2:] == ["state:patch"] * 4
        await page.hear_for(5.0)
        assert page.comm.of("page")[-1]["livestate"] == "frame"

    visit(scene)


def test_a_page_that_is_gone_is_waited_for_no_longer() -> None:
    async def close(page: Page) -> None:
        page.hub.receive({"livestate": "close", "connection": "page"}, [], page.comm.send)

    async def fail(page: Page) -> None:
        page.hub.receive({**frame("page", "", 2), "frame": "{"}, [], page.comm.send)

    async def open_anew(page: Page) -> None:
        page.hub.receive(opening("page"), [], page.comm.send)

    for end in (close, fail, open_anew):

        async def scene(page: Page, end: Callable[[Page], Any] = end) -> None:
            await page.send("lvs_evt:inc", 3)
            await end(page)
            looks = page.looks
            await page.hear_for(5.0)
            assert page.looks == looks

        visit(scene)

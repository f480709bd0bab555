"""Callbacks that ask for the main thread: here that of the test, whose cells the test plays."""

import asyncio
import signal
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Channel, on
from livestate_nb.channel import Turn, current_turn
from livestate_nb.errors import DeclarationError, SessionClosed, UnknownEvent, WouldDeadlock
from livestate_nb.runtime import Endpoint, MainThread, SessionHandle
from tests.clients import PATIENCE
from tests.sides import Side, Waiter

pytestmark = pytest.mark.asyncio


class Kernel:
    """A kernel's main thread and loop, which run this test, and the endpoint beside it."""

    def __init__(self) -> None:
        self.told: list[frozenset[Channel]] = []
        self.main = MainThread(asyncio.get_running_loop(), self.told.append)
        self.side = Side(self.main)

    def show(self, channel: type[Channel], topic: str = "plots") -> SessionHandle:
        return self.side.show(channel, topic)

    def cell(self, code: Callable[[], Any]) -> Any:
        """Run a cell: nothing else happens on this thread in the meantime."""
        self.main.pause()
        try:
            return code()
        finally:
            self.main.resume()

    def waiting(self, handle: SessionHandle) -> bool:
        return bool(self.told) and handle._session.channel in self.told[-1]


@pytest_asyncio.fixture
async def kernel() -> AsyncIterator[Kernel]:
    kernel = Kernel()
    yield kernel
    await away(kernel.side.close)


class Plots(Channel, topic="plots"):
    ended: threading.Event
    hangs: threading.Event

    def init(self, params: Any) -> Any:
        self.ended = threading.Event()
        self.hangs = threading.Event()
        return {"threads": [], "n": 0}

    @on("plot", run_on="main")
    def plot(self, payload: Any, state: Any) -> None:
        state["threads"].append(threading.get_ident())

    @on("elsewhere")
    def elsewhere(self, payload: Any, state: Any) -> None:
        state["threads"].append(threading.get_ident())

    @on("animate", run_on="main")
    def animate(self, payload: Any, state: Any) -> Any:
        for _ in range(2):
            state["threads"].append(threading.get_ident())
            yield

    @on("fetch", run_on="main")
    async def fetch(self, payload: Any, state: Any) -> None:
        await asyncio.sleep(0)
        state["threads"].append(id(asyncio.get_running_loop()))

    @on("stream", run_on="main")
    async def stream(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                state["n"] += 1
                yield
                await asyncio.sleep(0.001)
        finally:
            self.ended.set()

    @on("hang", run_on="main")
    async def hang(self, payload: Any, state: Any) -> None:
        try:
            self.hangs.set()
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    @on("interrupted", run_on="main")
    def interrupted(self, payload: Any, state: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    @on("sql")
    def sql(self, payload: Any, state: Any) -> None:
        connection.execute("select 1")

    @on("sql_on_main", run_on="main")
    def sql_on_main(self, payload: Any, state: Any) -> None:
        state["n"] = connection.execute("select 42").fetchone()[0]


connection = sqlite3.connect(":memory:")


class Front(Channel, topic="front"):
    """Lets a worker thread wait for the main thread."""

    plots: SessionHandle

    @on("pass_on")
    def pass_on(self, payload: Any, state: Any) -> None:
        self.plots.dispatch("plot")


HERE = threading.get_ident()


async def away(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in another thread while this one's loop goes on."""
    return await asyncio.to_thread(function, *args)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.002)


async def test_only_what_asks_for_it_runs_on_the_main_thread(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    await away(plots.dispatch, "plot")
    await away(plots.dispatch, "elsewhere")
    first, second = plots.state["threads"]
    assert first == HERE
    assert second != HERE


async def test_a_generators_steps_all_run_on_the_main_thread(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    await away(plots.dispatch, "animate")
    assert plots.state["threads"] == [HERE, HERE]
    assert plots.version == 3


async def test_an_async_handler_runs_on_the_main_threads_loop(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    await away(plots.dispatch, "fetch")
    assert plots.state["threads"] == [id(asyncio.get_running_loop())]


async def test_it_waits_for_the_running_cell_and_says_so(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)

    def cell() -> Waiter:
        click = Waiter(lambda: plots.dispatch("plot"))
        kernel.side.until(lambda: kernel.waiting(plots))
        assert plots.state["threads"] == []
        return click

    click = kernel.cell(cell)
    await away(click.result)
    assert plots.state["threads"] == [HERE]
    assert not kernel.waiting(plots)


async def test_nothing_begins_inside_a_cell_that_awaits(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    kernel.main.pause()
    clicks = [Waiter(lambda: plots.dispatch("plot")), Waiter(lambda: plots.dispatch("fetch"))]
    await until(lambda: kernel.waiting(plots))
    for _ in range(5):
        await asyncio.sleep(0)
    assert plots.state["threads"] == []
    kernel.main.resume()
    for click in clicks:
        await away(click.result)


async def test_dispatch_from_a_cell_runs_it_inline(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    kernel.cell(lambda: plots.dispatch("plot"))
    kernel.cell(lambda: plots.dispatch("animate"))
    assert plots.state["threads"] == [HERE, HERE, HERE]


async def test_a_cell_that_waits_does_what_came_before_it(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)

    def cell() -> None:
        click = Waiter(lambda: plots.dispatch("plot"))
        kernel.side.until(lambda: kernel.waiting(plots))
        with plots.change() as state:
            assert state["threads"] == [HERE]
            state["n"] = 1
        click.result()

    kernel.cell(cell)
    assert plots.state == {"threads": [HERE], "n": 1}


async def test_a_cell_that_waits_for_who_waits_for_it_does_not_wait_forever(
    kernel: Kernel,
) -> None:
    plots = await away(kernel.show, Plots)
    Front.plots = plots
    front = await away(kernel.show, Front, "front")
    kernel.cell(lambda: front.dispatch("pass_on"))
    assert plots.state["threads"] == [HERE]


async def test_what_runs_above_a_wait_may_not_wait_for_what_is_beneath(kernel: Kernel) -> None:
    """A handler waits on this thread, and another one is done on it in the meantime."""

    class Desk(Channel, topic="desk:*"):
        @on("wait", run_on="main")
        def wait(self, payload: Any, state: Any) -> None:
            beneath.set()
            last.dispatch("hold_on")

        @on("hold_on")
        def hold_on(self, payload: Any, state: Any) -> None:
            go.wait(PATIENCE)

        @on("ask", run_on="main")
        def ask(self, payload: Any, state: Any) -> None:
            desk.dispatch("nothing")

    beneath, go = threading.Event(), threading.Event()
    desk, other, last = [await away(kernel.show, Desk, f"desk:{name}") for name in "abc"]

    def test() -> None:
        waiting = Waiter(lambda: desk.dispatch("wait"))
        beneath.wait(PATIENCE)
        asking = Waiter(lambda: other.dispatch("ask"))
        assert isinstance(asking.error(), WouldDeadlock)
        go.set()
        waiting.result()

    await away(test)
    with pytest.raises(UnknownEvent):
        await away(other.dispatch, "ask")


async def test_an_async_handler_says_that_the_cell_keeps_its_loop(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    with pytest.raises(WouldDeadlock, match="plain def"):
        kernel.cell(lambda: plots.dispatch("fetch"))
    await away(plots.dispatch, "fetch")
    assert len(plots.state["threads"]) == 1


@pytest.mark.parametrize("event", ["stream", "hang"])
async def test_an_async_handler_is_ended_on_its_loop_with_the_session(
    kernel: Kernel, event: str
) -> None:
    plots = await away(kernel.show, Plots)
    ended = plots._session.channel.ended  # type: ignore[attr-defined]  # of Plots
    waiter = Waiter(lambda: plots.dispatch(event))
    if event == "stream":
        await until(lambda: plots.version > 2)
    else:
        await away(plots._session.channel.hangs.wait)  # type: ignore[attr-defined]  # of Plots
    await away(plots.close)
    assert isinstance(await away(waiter.error), SessionClosed)
    await until(ended.is_set)


async def test_an_interrupt_ends_the_handler_and_not_the_kernel(kernel: Kernel) -> None:
    plots = await away(kernel.show, Plots)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Exception, match="KeyboardInterrupt"):
        await away(plots.dispatch, "interrupted")
    assert signal.getsignal(signal.SIGINT) is before
    await away(plots.dispatch, "plot")


async def test_an_interrupt_before_a_call_is_begun_does_not_lose_it() -> None:
    def tell(waiting: frozenset[Channel]) -> None:
        if not waiting and threading.get_ident() == HERE:  # it was just taken
            raise KeyboardInterrupt

    def click() -> object:
        current_turn.set(Turn(Plots(), None))
        return main.call(lambda: "done").result(PATIENCE)

    main = MainThread(asyncio.get_running_loop(), tell)
    main.pause()
    clicked = Waiter(click)
    with pytest.raises(KeyboardInterrupt):
        main.wait(Future[None]())  # as a cell does
    main.resume()
    assert await away(clicked.result) == "done"


async def test_a_connection_made_in_a_cell_gives_an_error_that_names_run_on(
    kernel: Kernel,
) -> None:
    plots = await away(kernel.show, Plots)
    page = await away(kernel.side.join, plots)
    kernel.side.loop.loop.call_soon_threadsafe(page.dispatch, "plots", "sql")
    await until(lambda: bool(page.received("error")))
    message = page.received("error")[0][4]["message"]
    assert "SQLite objects created in a thread" in message
    assert 'run_on="main"' in message
    await away(plots.dispatch, "sql_on_main")
    assert plots.state["n"] == 42


async def test_a_class_can_ask_for_all_its_callbacks(kernel: Kernel) -> None:
    ran: list[int] = []

    class Whole(Channel, topic="whole", run_on="main"):
        def authorize(self, params: Any) -> bool:
            ran.append(threading.get_ident())
            return True

        def init(self, params: Any) -> Any:
            ran.append(threading.get_ident())
            self.subscribe("news")
            return {"n": 0}

        @on("tell")
        def tell(self, payload: Any, state: Any) -> None:
            self.broadcast("news", 1)

        def handle_message(self, message: Any, state: Any) -> None:
            ran.append(threading.get_ident())
            state["n"] += 1

    whole = kernel.cell(lambda: kernel.show(Whole, "whole"))
    await away(kernel.side.join, whole)
    await away(whole.dispatch, "tell")
    await until(lambda: whole.state["n"] == 1)
    assert ran == [HERE] * 3


async def test_an_endpoint_without_a_notebook_refuses_it() -> None:
    endpoint = Endpoint()
    with pytest.raises(DeclarationError, match="which there is not here"):
        endpoint.declare(Plots)
    await endpoint.close()


async def test_any_other_place_is_refused() -> None:
    place: Any = "gpu"
    with pytest.raises(DeclarationError, match=r"@on\('plot'\): expected run_on 'main'"):
        on("plot", run_on=place)
    with pytest.raises(DeclarationError, match="Plots: expected run_on 'main'"):
        type("Plots", (Channel,), {}, run_on=place)


async def test_what_waits_for_a_cell_outlives_its_client_but_not_its_session(
    kernel: Kernel,
) -> None:
    plots = await away(kernel.show, Plots)
    page = await away(kernel.side.join, plots)
    loop = kernel.side.loop.loop

    def cell() -> None:
        loop.call_soon_threadsafe(page.dispatch, "plots", "plot")
        kernel.side.until(lambda: kernel.waiting(plots))
        loop.call_soon_threadsafe(page.connection.lost)
        kernel.side.until(lambda: not plots.members)

    kernel.cell(cell)
    await until(lambda: plots.state["threads"] == [HERE])

    def closing() -> Waiter:
        click = Waiter(lambda: plots.dispatch("plot"))
        kernel.side.until(lambda: kernel.waiting(plots))
        plots.close()
        return click

    click = kernel.cell(closing)
    assert isinstance(await away(click.error), SessionClosed)
    assert plots.state["threads"] == [HERE]

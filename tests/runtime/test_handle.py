"""Handles as cells and threads meet them: waiting, interrupts, the end, and deadlocks."""

import asyncio
import contextvars
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.errors import (
    ChannelError,
    DraftError,
    EncodeError,
    EventError,
    Overloaded,
    SessionClosed,
    UnknownEvent,
    WouldDeadlock,
)
from livestate_nb.runtime import SessionHandle
from tests.clients import PATIENCE
from tests.sides import Side, Waiter


@pytest.fixture
def side() -> Iterator[Side]:
    side = Side()
    yield side
    side.close()


class Gates:
    """What handlers and tests tell each other."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.cancelled = threading.Event()
        self.ran: list[Any] = []


class Shop(Channel, topic="shop"):
    def __init__(self) -> None:
        self.gates = Gates()

    def init(self, params: Any) -> Any:
        return {"n": 0, "items": []}

    @on("add")
    def add(self, payload: Any, state: Any) -> Any:
        self.gates.ran.append(payload)
        state["n"] += 1
        return Reply(None, Event("added", {"n": state["n"]}))

    @on("stick")
    def stick(self, payload: Any, state: Any) -> None:
        state["n"] = 99
        self.gates.begun.set()
        self.gates.go.wait(PATIENCE)

    @on("wait")
    async def wait(self, payload: Any, state: Any) -> None:
        state["n"] = 99
        self.gates.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.gates.cancelled.set()
            raise

    @on("generate")
    async def generate(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                state["n"] += 1
                yield
                self.gates.begun.set()
                await asyncio.sleep(0.001)
        finally:
            self.gates.cancelled.set()

    @on("fail")
    def fail(self, payload: Any, state: Any) -> None:
        state["items"].append("trace")
        raise ValueError("the disk is full")

    @on("refuse")
    def refuse(self, payload: Any, state: Any) -> None:
        raise Refuse("not now")

    @on("exit")
    def exit(self, payload: Any, state: Any) -> None:
        raise SystemExit(3)


def gates_of(handle: SessionHandle) -> Gates:
    channel: Any = handle._session.channel
    gates: Gates = channel.gates
    return gates


def add_one(handle: SessionHandle) -> None:
    with handle.change() as state:
        state["n"] += 1


def behind(side: Side, handle: SessionHandle, count: int) -> None:
    """Wait until so many jobs wait for their turn in a handle's session."""
    side.until(are_waiting(handle, count))


# what a handle does


def test_a_handle_dispatches_changes_and_tells_the_state(side: Side) -> None:
    handle = side.show(Shop, "shop")
    page = side.join(handle)
    assert handle.dispatch("add", 1) == [Event("added", {"n": 1})]
    with handle.change() as state:
        state["items"].append("pear")
    assert (handle.state, handle.version) == ({"n": 1, "items": ["pear"]}, 2)
    handle.state["items"].append("nothing")
    assert handle.state["items"] == ["pear"]
    side.run(page.wait("state:patch", 2))
    assert repr(handle) == "<Shop 'shop', version 2>"


@pytest.mark.parametrize(
    ("event", "error"),
    [("fail", ValueError), ("refuse", Refuse), ("exit", ChannelError), ("nothing", UnknownEvent)],
)
def test_what_a_handler_raises_comes_out_and_leaves_no_trace(
    side: Side, event: str, error: type[Exception]
) -> None:
    handle = side.show(Shop, "shop")
    with pytest.raises(error):
        handle.dispatch(event)
    assert (handle.state, handle.version) == ({"n": 0, "items": []}, 0)
    assert handle.dispatch("add") == [Event("added", {"n": 1})]


def test_a_block_that_raises_leaves_the_state_whole(side: Side) -> None:
    handle = side.show(Shop, "shop")

    def change(value: object) -> None:
        with handle.change() as state:
            state["items"].append("trace")
            state["n"] = value

    with pytest.raises(ZeroDivisionError), handle.change() as state:
        state["items"].append(1 / 0)
    for value in (float("nan"), float("inf"), object(), {1: [float("nan")]}, "\udcff"):
        with pytest.raises(EncodeError):
            change(value)
    assert (handle.state, handle.version) == ({"n": 0, "items": []}, 0)
    add_one(handle)
    assert (handle.state["n"], handle.version) == (1, 1)


def test_what_is_kept_of_a_block_changes_nothing_afterwards(side: Side) -> None:
    handle = side.show(Shop, "shop")
    with handle.change() as state:
        state["n"] = 1
    with pytest.raises(DraftError):
        state["n"] = 2
    assert handle.state["n"] == 1


# the end


def test_all_who_wait_are_told_when_the_endpoint_closes(side: Side) -> None:
    handle = side.show(Shop, "shop")
    waiters = [Waiter(lambda: handle.dispatch("wait"))]
    gates_of(handle).begun.wait(PATIENCE)
    waiters += [Waiter(lambda: handle.dispatch("add")), Waiter(lambda: add_one(handle))]
    behind(side, handle, 2)
    side.close()
    for waiter in waiters:
        assert isinstance(waiter.error(), SessionClosed)
    for call in (lambda: handle.dispatch("add"), lambda: add_one(handle), handle.close):
        with pytest.raises(SessionClosed):
            call()


@pytest.mark.parametrize("end", ["session", "endpoint"])
def test_all_who_wait_behind_a_stuck_thread_are_told_at_once(side: Side, end: str) -> None:
    handle = side.show(Shop, "shop")
    gates = gates_of(handle)
    waiters = [Waiter(lambda: handle.dispatch("stick"))]
    gates.begun.wait(PATIENCE)
    waiters += [Waiter(lambda: handle.dispatch("add")), Waiter(lambda: add_one(handle))]
    behind(side, handle, 2)
    closing = Waiter(handle.close if end == "session" else side.close)
    for waiter in waiters:
        assert isinstance(waiter.error(), SessionClosed)
    assert not gates.go.is_set()
    gates.go.set()
    closing.result()
    assert gates.ran == []
    assert handle.state["n"] == 0


def test_who_is_in_a_change_block_is_told_at_its_end(side: Side) -> None:
    handle = side.show(Shop, "shop")

    def block() -> None:
        with handle.change() as state:
            state["n"] = 1
            Waiter(handle.close).result()

    with pytest.raises(SessionClosed):
        block()
    assert handle.state["n"] == 0


def test_a_closed_session_tells_its_members_and_takes_nothing_more(side: Side) -> None:
    handle = side.show(Shop, "shop")
    page = side.join(handle)
    handle.close()
    side.run(page.wait("phx_close", 1))
    assert page.received("phx_error") == []
    assert side.endpoint.sessions == []
    assert repr(handle) == "<Shop 'shop', closed>"
    with pytest.raises(SessionClosed):
        handle.dispatch("add")
    with pytest.raises(SessionClosed):
        add_one(handle)
    handle.close()
    again = side.show(Shop, "shop")
    assert again.dispatch("add") == [Event("added", {"n": 1})]


def test_a_loop_that_has_ended_is_told(side: Side) -> None:
    handle = side.show(Shop, "shop")
    side.close()
    for call in (lambda: handle.dispatch("add"), lambda: add_one(handle), handle.close):
        with pytest.raises(SessionClosed, match=r"ended|closed"):
            call()


def test_too_much_is_refused(side: Side) -> None:
    handle = side.show(Shop, "shop")
    gates = gates_of(handle)
    first = Waiter(lambda: handle.dispatch("stick"))
    gates.begun.wait(PATIENCE)

    async def fill() -> None:
        session = handle._session
        most = side.endpoint.limits.waiting_per_session
        tasks = [session.dispatch("no such event", {}, frozenset()) for _ in range(most)]
        waits.extend(asyncio.ensure_future(task) for task in tasks)
        await asyncio.sleep(0)

    waits: list[asyncio.Future[Any]] = []
    side.run(fill())
    with pytest.raises(Overloaded):
        handle.dispatch("add")
    gates.go.set()
    first.result()

    async def drain() -> list[Any]:
        return await asyncio.gather(*waits, return_exceptions=True)

    assert {type(outcome) for outcome in side.run(drain())} == {UnknownEvent}
    assert handle.dispatch("add") == [Event("added", {"n": 100})]


# interrupts


def interrupted(side: Side, function: Callable[[], object], when: Callable[[], bool]) -> None:
    """Call what waits in this thread, and interrupt it there, as Ctrl-C does in a cell."""
    here = threading.main_thread().ident or 0

    def interrupt() -> None:
        side.until(when)
        side.until(lambda: sys._current_frames()[here].f_code is threading.Condition.wait.__code__)
        signal.pthread_kill(here, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        interrupter = Waiter(interrupt)
        with pytest.raises(KeyboardInterrupt):
            function()
        interrupter.result()
    finally:
        signal.signal(signal.SIGINT, before)


def are_waiting(handle: SessionHandle, count: int) -> Callable[[], bool]:
    return lambda: len(handle._session.mailbox._waiting) >= count


def test_what_is_interrupted_before_its_turn_never_runs(side: Side) -> None:
    handle = side.show(Shop, "shop")
    gates = gates_of(handle)
    stuck = Waiter(lambda: handle.dispatch("stick"))
    gates.begun.wait(PATIENCE)
    interrupted(side, lambda: handle.dispatch("add", "interrupted"), are_waiting(handle, 1))
    interrupted(side, lambda: add_one(handle), are_waiting(handle, 2))
    gates.go.set()
    stuck.result()
    assert handle.dispatch("add", "later") == [Event("added", {"n": 100})]
    assert gates.ran == ["later"]


@pytest.mark.parametrize("event", ["wait", "generate"])
def test_an_async_handler_is_cancelled_when_its_caller_is_interrupted(
    side: Side, event: str
) -> None:
    handle = side.show(Shop, "shop")
    gates = gates_of(handle)
    page = side.join(handle)
    interrupted(side, lambda: handle.dispatch(event), gates.begun.is_set)
    assert gates.cancelled.wait(PATIENCE)
    before = handle.dispatch("add")[0].detail["n"]
    assert (before == 1) is (event == "wait")  # only what was committed at a yield stays
    assert handle.dispatch("add")[0].detail["n"] == before + 1
    side.run(page.settle("shop"))
    assert page.received("state:change")[-1][4]["state"]["n"] == before + 1


def test_a_plain_handler_whose_caller_is_interrupted_runs_to_its_end(side: Side) -> None:
    handle = side.show(Shop, "shop")
    gates = gates_of(handle)
    interrupted(side, lambda: handle.dispatch("stick"), gates.begun.is_set)
    behind_it = Waiter(lambda: handle.dispatch("add"))
    behind(side, handle, 1)
    assert not behind_it.outcome.done()
    gates.go.set()
    behind_it.result()
    assert gates.ran == [{}]


def test_an_interrupted_block_gives_the_state_back(side: Side) -> None:
    handle = side.show(Shop, "shop")

    def block() -> None:
        with handle.change() as state:
            state["n"] = 99
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        block()
    assert handle.state["n"] == 0
    add_one(handle)
    assert handle.dispatch("add") == [Event("added", {"n": 2})]


def test_a_block_interrupted_from_outside_gives_the_state_back(side: Side) -> None:
    handle = side.show(Shop, "shop")
    inside = threading.Event()

    def block() -> None:
        with handle.change() as state:
            state["n"] = 99
            inside.set()
            threading.Event().wait(PATIENCE)

    interrupted(side, block, inside.is_set)
    assert handle.dispatch("add") == [Event("added", {"n": 1})]


# deadlocks


class Ring(Channel, topic="ring:*"):
    others: dict[str, SessionHandle]

    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("pass")
    def pass_on(self, payload: Any, state: Any) -> None:
        state["n"] += 1
        if payload:
            Ring.others[self.topic].dispatch("pass", payload - 1)

    @on("change")
    def change(self, payload: Any, state: Any) -> None:
        with Ring.others[self.topic].change() as other:
            other["n"] += 1
            Ring.others[Ring.others[self.topic].topic].dispatch("pass", 0)

    @on("self")
    def self_dispatch(self, payload: Any, state: Any) -> None:
        Ring.others["own"].dispatch("pass", 0)

    @on("async")
    async def asynchronous(self, payload: Any, state: Any) -> None:
        Ring.others[self.topic].dispatch("pass", 0)


@pytest.fixture
def ring(side: Side) -> SessionHandle:
    a, b, c = (side.show(Ring, f"ring:{name}") for name in "abc")
    Ring.others = {"ring:a": b, "ring:b": a, "ring:c": c, "own": a}
    return a


def test_one_session_may_wait_for_another(ring: SessionHandle) -> None:
    ring.dispatch("pass", 1)
    assert (ring.state, Ring.others["ring:a"].state) == ({"n": 1}, {"n": 1})


def test_sessions_that_would_wait_for_each_other_are_told(ring: SessionHandle) -> None:
    for event, payload in (("pass", 2), ("change", None), ("self", None), ("async", None)):
        waiter = Waiter(lambda event=event, payload=payload: ring.dispatch(event, payload))  # type: ignore[misc]
        assert isinstance(waiter.error(), WouldDeadlock), event
    assert (ring.state, Ring.others["ring:a"].state) == ({"n": 0}, {"n": 0})
    ring.dispatch("pass", 1)


def test_a_block_that_would_wait_for_itself_is_told(ring: SessionHandle) -> None:
    other = Ring.others["ring:a"]

    def dispatch_in_own_block() -> None:
        with ring.change() as state:
            state["n"] = 5
            ring.dispatch("pass", 0)

    def dispatch_by_way_of_another() -> None:
        with ring.change() as state:
            state["n"] = 5
            other.dispatch("pass", 1)

    def change_in_own_block() -> None:
        with ring.change(), ring.change():
            pass

    for block in (dispatch_in_own_block, dispatch_by_way_of_another, change_in_own_block):
        assert isinstance(Waiter(block).error(), WouldDeadlock), block
    assert ring.state == {"n": 0}
    with ring.change() as state:
        state["n"] = 7
        other.dispatch("pass", 0)
    assert (ring.state, other.state) == ({"n": 7}, {"n": 1})
    ring.dispatch("pass", 0)


def test_the_endpoints_own_thread_is_told(side: Side) -> None:
    handle = side.show(Shop, "shop")

    async def on_the_loop() -> list[type[BaseException]]:
        raised: list[type[BaseException]] = []
        for call in (lambda: handle.dispatch("add"), lambda: add_one(handle), handle.close):
            try:
                call()
            except WouldDeadlock as error:
                raised.append(type(error))
        return raised

    assert side.run(on_the_loop()) == [WouldDeadlock] * 3


def test_what_outlives_its_handler_may_wait_for_its_session(side: Side) -> None:
    class Late(Channel, topic="late"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("task")
        async def task(self, payload: Any, state: Any) -> None:
            self.tasks = [asyncio.create_task(asyncio.to_thread(self._wait))]

        @on("thread")
        def thread(self, payload: Any, state: Any) -> None:
            context = contextvars.copy_context()
            outcomes.append(Waiter(lambda: context.run(self._wait)))

        @on("inc")
        def inc(self, payload: Any, state: Any) -> None:
            state["n"] += 1

        def _wait(self) -> None:
            go.wait(PATIENCE)
            members.append(self.member)
            handle.dispatch("inc")
            add_one(handle)

    outcomes: list[Waiter] = []
    members: list[object] = []
    go = threading.Event()
    handle = side.show(Late, "late")
    handle.dispatch("task")
    handle.dispatch("thread")
    go.set()
    outcomes[0].result()
    side.until(lambda: handle.state == {"n": 4})
    assert members == [None, None]


# sessions that crash


class Crashing(Channel, topic="crashing", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"of": params["name"], "n": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        raise ValueError("x")


def test_a_handle_goes_on_after_its_session_crashed_and_a_page_joined(side: Side) -> None:
    handle = side.show(Crashing, "crashing")
    page = side.join(handle)
    handle.dispatch("inc")
    with pytest.raises(ValueError, match="x"):
        handle.dispatch("boom")
    side.run(page.wait("phx_error", 1))
    page = side.join(handle)
    assert handle.state == {"of": "a", "n": 0}
    handle.dispatch("inc")
    add_one(handle)
    assert handle.state == {"of": "a", "n": 2}
    side.run(page.wait("state:patch", 2))


def test_a_handle_goes_on_after_its_session_crashed_with_nobody_joined(side: Side) -> None:
    handle = side.show(Crashing, "crashing")
    handle.dispatch("inc")
    with pytest.raises(ValueError, match="x"):
        handle.dispatch("boom")
    handle.dispatch("inc")
    add_one(handle)
    assert handle.state == {"of": "a", "n": 2}


# push, members, changed


def test_a_handle_pushes_to_all_members_and_names_them(side: Side) -> None:
    handle = side.show(Shop, "shop")
    pages = [side.join(handle), side.join(handle)]
    assert len(handle.members) == 2
    handle.push("sale", {"percent": 10})
    for page in pages:
        side.until(lambda page=page: page.payloads("sale") == [("sale", {"percent": 10})])
    with pytest.raises(EventError):
        handle.push("phx_close")
    handle.close()
    assert handle.members == []
    with pytest.raises(SessionClosed):
        handle.push("sale")


def test_changed_gives_the_next_state_on_any_loop(side: Side) -> None:
    handle = side.show(Shop, "shop")

    async def main() -> Any:
        coming = handle.changed()
        await asyncio.to_thread(add_one, handle)  # before anybody waits
        first = await coming
        waiting = asyncio.create_task(handle.changed())
        await asyncio.sleep(0)
        await asyncio.to_thread(handle.dispatch, "add", 1)
        return first["n"], (await waiting)["n"]

    assert asyncio.run(main()) == (1, 2)


def test_changed_can_be_given_up(side: Side) -> None:
    handle = side.show(Shop, "shop")

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await handle.changed()

    asyncio.run(main())
    side.until(lambda: not handle._session.watch._waiting)


def test_changed_ends_with_the_session(side: Side) -> None:
    handle = side.show(Shop, "shop")

    async def main() -> None:
        waiting = asyncio.create_task(handle.changed())
        await asyncio.sleep(0)
        await asyncio.to_thread(handle.close)
        with pytest.raises(SessionClosed):
            await waiting
        with pytest.raises(SessionClosed):
            await handle.changed()

    asyncio.run(main())
    side.close()
    with pytest.raises(SessionClosed):
        asyncio.run(handle.changed())


def test_changed_in_a_handler_of_another_session_goes_on_and_in_its_own_says_no(
    side: Side,
) -> None:
    class Watcher(Channel, topic="watcher"):
        @on("watch")
        async def watch(self, payload: Any, state: Any) -> None:
            state["seen"] = (await handles[payload].changed())["n"]

    handles = {"shop": side.show(Shop, "shop"), "watcher": side.show(Watcher, "watcher")}
    watching = Waiter(lambda: handles["watcher"].dispatch("watch", "shop"))
    side.until(lambda: bool(handles["shop"]._session.watch._waiting))
    add_one(handles["shop"])
    watching.result()
    assert handles["watcher"].state == {"seen": 1}
    with pytest.raises(WouldDeadlock):
        handles["watcher"].dispatch("watch", "watcher")

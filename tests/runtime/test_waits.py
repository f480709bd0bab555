"""Sessions that wait for one another: what would never end is refused, and nothing else."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.errors import SessionClosed, WouldDeadlock
from livestate_nb.runtime import SessionHandle
from tests.clients import PATIENCE
from tests.sides import Side, Waiter


class Rooms(Channel, topic="room:*", shared=True):
    """Its handlers do what a test says, in their turn."""

    tasks: dict[str, Callable[[], Any]]

    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("add")
    def add(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("do")
    def do(self, payload: Any, state: Any) -> None:
        state["n"] += 1
        self.tasks[payload]()

    @on("do_async")
    async def do_async(self, payload: Any, state: Any) -> None:
        state["n"] += 1
        await self.tasks[payload]()


class Met:
    """Lets handlers go on when all of them have begun."""

    def __init__(self, count: int) -> None:
        self._all = threading.Barrier(count)

    def then(self, call: Callable[[], Any]) -> Callable[[], Any]:
        def task() -> Any:
            self._all.wait(PATIENCE)
            return call()

        return task


@pytest.fixture
def side() -> Iterator[Side]:
    side = Side()
    Rooms.tasks = {}
    yield side
    side.close()


@pytest.fixture
def rooms(side: Side) -> list[SessionHandle]:
    return [side.show(Rooms, f"room:{number}") for number in range(3)]


def add_one(handle: SessionHandle) -> None:
    with handle.change() as state:
        state["n"] += 1


CALLS: dict[str, Callable[[SessionHandle], Any]] = {
    "dispatch": lambda handle: handle.dispatch("add"),
    "change": add_one,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("count", [2, 3])
def test_one_of_those_who_wait_for_each_other_is_told_and_the_others_go_on(
    rooms: list[SessionHandle], count: int, call: str
) -> None:
    ring, met = rooms[:count], Met(count)
    for number, handle in enumerate(ring):
        goal = ring[(number + 1) % count]
        Rooms.tasks[handle.topic] = met.then(lambda goal=goal: CALLS[call](goal))
    for _ in range(2):  # and again: nothing is left of the first time
        waiters = [Waiter(lambda one=one: one.dispatch("do", one.topic)) for one in ring]  # type: ignore[misc]
        errors = [error for waiter in waiters if (error := waiter.error()) is not None]
        assert [type(error) for error in errors] == [WouldDeadlock]
        assert "waits for this handler" in str(errors[0])


def test_who_waits_by_way_of_others_is_told(rooms: list[SessionHandle]) -> None:
    first, second, third = rooms
    met = Met(2)
    Rooms.tasks = {
        "first": lambda: second.dispatch("do", "second"),
        "second": met.then(lambda: third.dispatch("add")),
        "third": met.then(lambda: first.dispatch("add")),
    }
    waiters = [Waiter(lambda: first.dispatch("do", "first"))]
    waiters += [Waiter(lambda: third.dispatch("do", "third"))]
    assert [type(waiter.error()) for waiter in waiters].count(WouldDeadlock) == 1


def test_a_block_and_a_handler_that_would_wait_for_each_other_are_told(
    rooms: list[SessionHandle],
) -> None:
    room, other, _ = rooms
    met = Met(2)
    Rooms.tasks = {"other": met.then(lambda: add_one(room))}

    def block() -> None:
        with room.change() as state:
            state["n"] = 99
            met.then(lambda: other.dispatch("add"))()

    waiters = [Waiter(block), Waiter(lambda: other.dispatch("do", "other"))]
    assert [type(waiter.error()) for waiter in waiters].count(WouldDeadlock) == 1
    add_one(room)
    other.dispatch("add")


def test_an_update_that_would_never_come_is_told(rooms: list[SessionHandle], side: Side) -> None:
    room, other, _ = rooms
    Rooms.tasks = {"room": other.changed, "other": lambda: room.dispatch("add")}
    waiting = Waiter(lambda: room.dispatch("do_async", "room"))
    side.until(lambda: bool(other._session.watch._waiting))
    with pytest.raises(WouldDeadlock):
        other.dispatch("do", "other")
    other.dispatch("add")
    waiting.result()
    other.dispatch("do", "other")
    assert (room.state, other.state) == ({"n": 2}, {"n": 2})


@pytest.mark.parametrize("end", ["raise", "close"])
def test_a_session_that_waits_no_longer_may_be_waited_for(
    rooms: list[SessionHandle], side: Side, end: str
) -> None:
    room, other, third = rooms
    begun, go, is_back = threading.Event(), threading.Event(), threading.Event()

    def hold_on() -> None:
        begun.set()
        go.wait(PATIENCE)
        raise OSError("raised on purpose")

    def wait_and_go_on() -> None:
        with pytest.raises(OSError if end == "raise" else SessionClosed):
            other.dispatch("do", "hold on")
        third.dispatch("do", "is back")

    Rooms.tasks = {
        "hold on": hold_on,
        "wait": wait_and_go_on,
        "is back": is_back.set,
        "ask": lambda: room.dispatch("add"),
    }
    waiting = Waiter(lambda: room.dispatch("do", "wait"))
    begun.wait(PATIENCE)
    if end == "close":
        other.close()
        other = side.show(Rooms, other.topic)
    go.set()
    is_back.wait(PATIENCE)
    other.dispatch("do", "ask")
    waiting.result()
    assert room.state == {"n": 2}


def test_what_a_handler_has_given_up_keeps_nobody_waiting(rooms: list[SessionHandle]) -> None:
    room, other, _ = rooms
    begun, go = threading.Event(), threading.Event()
    outcomes = []

    async def give_up() -> None:
        waiting = asyncio.create_task(asyncio.to_thread(other.dispatch, "do", "hold on"))
        await asyncio.to_thread(begun.wait, PATIENCE)
        waiting.cancel()

    def hold_on() -> None:
        begun.set()
        go.wait(PATIENCE)
        outcomes.append(room.dispatch("add"))

    Rooms.tasks = {"give up": give_up, "hold on": hold_on}
    room.dispatch("do_async", "give up")
    go.set()
    other.dispatch("add")
    assert outcomes == [[]]
    assert room.state == {"n": 2}


def test_authorize_keeps_nobody_waiting(rooms: list[SessionHandle], side: Side) -> None:
    _, other, _ = rooms
    met = Met(2)

    class Guarded(Rooms, topic="guarded", shared=True):
        def authorize(self, params: Any) -> bool:
            met.then(lambda: other.dispatch("add"))()
            guarded.dispatch("add")
            return True

    guarded = side.show(Guarded, "guarded")
    Rooms.tasks = {"ask": met.then(lambda: guarded.dispatch("add"))}
    asking = Waiter(lambda: other.dispatch("do", "ask"))
    side.join(guarded)
    asking.result()
    assert guarded.state == {"n": 2}

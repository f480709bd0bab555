"""Handlers that do what none should: others notice nothing, and no trace is left in the state."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.runtime import Endpoint
from livestate_nb.testing import AsyncRig
from tests.clients import until
from tests.faults.page import Program, agreed, opened
from tests.faults.site import HEARTBEAT, IDLE, address, census, no_leak, visiting
from tests.servers import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60 + 10 * IDLE)]

MEMORY = 400_000_000
"""Bytes that a server may take beyond what it has."""


@pytest.mark.parametrize("event", ["never_return", "never_return_plain"])
async def test_a_handler_that_never_returns_holds_its_own_session_alone(
    server: Server, event: str
) -> None:
    before = await census(server)
    async with visiting(server) as client:
        stuck, other = await client.join("unruly:stuck"), await client.join("unruly:other")
        stuck.send_event(event)
        stuck.send_event("count")
        for handler in ("count", "count_plain"):
            other.send_event(handler)
        await other.settle()
        assert other.state["n"] == 2
        assert stuck.state["n"] == 0
    # nothing tells it from a slow one, and what a client sent before it left is still handled
    await no_leak(
        server, {**before, "sessions": before["sessions"] + 1, "tasks": before["tasks"] + 1}
    )


async def test_a_handler_that_blocks_the_loop_costs_nobody_a_connection(
    server: Server, program: Program
) -> None:
    before = await census(server)
    async with (
        opened(program, address(server), "tally:blocked", "ann", heartbeat=HEARTBEAT) as ann,
        visiting(server) as client,
    ):
        blocking = await client.join("unruly:blocking")
        blocking.send_event("block", {"seconds": IDLE + 1})
        ann.dispatch(3)
        await blocking.settle()
        await agreed(ann)
        assert client.closed is None
    await no_leak(server, {**before, "sessions": before["sessions"] + 1})


async def test_a_handler_that_takes_all_memory_fails_and_nobody_else(server: Server) -> None:
    before = await census(server)
    async with visiting(server) as client:
        greedy, other = await client.join("unruly:greedy"), await client.join("unruly:other")
        with limited(server, MEMORY):
            greedy.send_event("allocate")
            told = await greedy.assert_event("error")
        assert told["type"] == "raised"
        for joined in (greedy, other):
            joined.send_event("count_plain")
            await joined.settle()
        assert greedy.state["n"] == other.state["n"] == 1
    await no_leak(server, before)


@contextmanager
def limited(server: Server, more: int) -> Iterator[None]:
    """Let a server take only so many bytes of memory more until the block ends."""
    pid, kind = server.process.pid, resource.RLIMIT_AS
    before = resource.prlimit(pid, kind)
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    size = pages * resource.getpagesize()
    resource.prlimit(pid, kind, (size + more, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)


# what is raised, and where

ENDS: list[type[BaseException]] = [
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    MemoryError,
    RecursionError,
]


class Raising(Channel, topic="raising:*", shared=True, grace=0):
    def init(self, params: Any) -> Any:
        self.subscribe("news")
        if "init" in params:
            raise ENDS[params["init"]]
        return {"n": 0}

    def authorize(self, params: Any) -> bool:
        if "authorize" in params:
            raise ENDS[params["authorize"]]
        return True

    def joined(self, params: Any, state: Any) -> None:
        if "joined" in params:
            state["n"] = -1
            raise ENDS[params["joined"]]

    def handle_message(self, message: Any, state: Any) -> None:
        state["n"] = -1
        raise ENDS[message]

    async def left(self, state: Any) -> None:
        assert self.member is not None
        if "left" in self.member.params:
            state["n"] = -1
            raise ENDS[self.member.params["left"]]

    def ended(self, state: Any) -> None:
        if self.topic.startswith("raising:ended"):
            raise ENDS[int(self.topic.rpartition(":")[2])]

    @on("count")
    async def count(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("plain")
    def plain(self, payload: Any, state: Any) -> None:
        state["n"] = -1
        raise ENDS[payload]

    @on("on_the_loop")
    async def on_the_loop(self, payload: Any, state: Any) -> None:
        state["n"] = -1
        await asyncio.sleep(0)
        raise ENDS[payload]

    @on("generator")
    def generator(self, payload: Any, state: Any) -> Any:
        yield
        state["n"] = -1
        raise ENDS[payload]

    @on("generator_on_the_loop")
    async def generator_on_the_loop(self, payload: Any, state: Any) -> Any:
        yield
        state["n"] = -1
        raise ENDS[payload]


EVENTS = ["plain", "on_the_loop", "generator", "generator_on_the_loop"]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("number", range(len(ENDS)))
async def test_whatever_a_handler_raises_ends_that_handler(number: int, event: str) -> None:
    async with AsyncRig(Raising) as rig:
        joined = await rig.join("raising:1")
        joined.send_event(event, number)
        assert (await joined.assert_event("error"))["type"] == "raised"
        joined.send_event("count")
        await joined.settle()
        assert joined.state == {"n": 1}
        assert len(rig.endpoint.sessions) == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("number", range(len(ENDS)))
async def test_whatever_a_callback_raises_ends_that_callback(number: int) -> None:
    async with AsyncRig(Raising) as rig:
        bystander = await rig.join("raising:1")
        for callback in ("authorize", "init"):
            client = rig.connect()
            client.push(f"raising:{callback}", "phx_join", {callback: number})
            await client.until(
                lambda client=client: any(  # type: ignore[misc]
                    word in str(frame) for frame in client.frames for word in ("crash", '"error"')
                )
            )
        telling = await rig.join("raising:1", {"joined": number})
        await telling.assert_event("error")
        for leaving in ("raising:1", f"raising:ended:{number}"):
            await (await rig.join(leaving, {"left": number})).leave()
        rig.broadcast("news", number)
        await bystander.assert_event("error")
        bystander.send_event("count")
        await bystander.settle()
        assert bystander.state == {"n": 1}
    assert asyncio.all_tasks() == {asyncio.current_task()}


# cancelled in the middle


class Waiting(Channel, topic="waiting:*", shared=True, grace=0):
    """Wait five times, each in another way."""

    async def init(self, params: Any) -> Any:
        self.log: list[str] = []
        self.at: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        return {"n": 0, "trace": 0}

    @on("count")
    async def count(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("wait")
    async def wait(self, payload: Any, state: Any) -> Any:
        self.task = asyncio.current_task()
        try:
            await self._at(0, payload, state)
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                group.create_task(self._at(1, payload, state))
            yield
            await asyncio.gather(self._at(2, payload, state))
            await asyncio.wait_for(self._at(3, payload, state), 60)
            await asyncio.shield(self._at(4, payload, state))
        finally:
            await asyncio.sleep(0)
            self.log.append("closed")

    async def _at(self, number: int, wanted: int, state: Any) -> None:
        state["trace"] = number
        if number == wanted:
            self.at.set_result(number)
            await asyncio.Event().wait()


WAITS = range(5)
COMMITTED = {0: 0, 1: 0, 2: 1, 3: 1, 4: 1}
"""By the wait that is cancelled: the trace that the yield before it has committed."""


@pytest.mark.parametrize("number", WAITS)
async def test_a_handler_that_is_cancelled_in_any_wait_leaves_no_trace(number: int) -> None:
    async with AsyncRig(Waiting) as rig:
        joined = await rig.join("waiting:1")
        channel: Any = rig.endpoint.sessions[0].channel
        joined.send_event("wait", number)
        await channel.at
        channel.task.cancel()
        assert (await joined.assert_event("error"))["type"] == "raised"
        joined.send_event("count")
        await joined.settle()
        assert joined.state == {"n": 1, "trace": COMMITTED[number]}
        assert channel.log == ["closed"]


@pytest.mark.parametrize("number", WAITS)
@pytest.mark.parametrize("how", ["close", "disconnect", "withdraw", "crash"])
async def test_a_session_may_end_in_any_wait_of_a_handler(number: int, how: str) -> None:
    async with AsyncRig(Waiting) as rig:
        client = rig.connect()
        joined = await client.join("waiting:1")
        [session] = rig.endpoint.sessions
        channel: Any = session.channel
        joined.send_event("wait", number)
        await channel.at
        {
            "close": session.close,
            "disconnect": client.close,
            "withdraw": lambda: rig.endpoint.withdraw("waiting:*"),
            "crash": session.crash,
        }[how]()
        if how == "disconnect" and number < 2:  # what it sent before is handled all the same
            channel.task.cancel()
        await until(lambda: channel.log == ["closed"] and rig.endpoint.sessions == [])
        assert session.ledger.snapshot() in ({"n": 0, "trace": COMMITTED[number]}, None)


async def test_an_endpoint_is_closed_while_handlers_wait_and_leaves_no_task() -> None:
    endpoint = Endpoint()
    endpoint.declare(Waiting)
    sessions = [await endpoint.open(Waiting, f"waiting:{number}", "a", {}) for number in WAITS]
    waits = [
        asyncio.create_task(session.dispatch("wait", number, frozenset()))
        for number, session in enumerate(sessions)
    ]
    for session in sessions:
        channel: Any = session.channel
        await channel.at
    await endpoint.close()
    ends = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(end).__name__ for end in ends} == {"SessionClosed"}
    assert all(session.channel.log == ["closed"] for session in sessions)  # type: ignore[attr-defined]
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert {task.get_coro().__qualname__ for task in left} <= {"Waiting._at"}  # the shielded one
    for task in left:
        task.cancel()

"""Declaring, matching, connections, time-outs and the end."""

import asyncio
import sys
import threading
import time
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.codec import loads
from livestate_nb.errors import DeclarationError, ProtocolError, SessionClosed
from livestate_nb.runtime import Endpoint
from livestate_nb.testing import AsyncRig
from tests.clients import Client, join, until


def channel(pattern: str) -> type[Channel]:
    class Named(Channel, topic=pattern):
        def init(self, params: Any) -> Any:
            return {"pattern": pattern}

    return Named


def test_the_exact_topic_or_the_longest_prefix_serves() -> None:
    endpoint = Endpoint()
    for pattern in ("*", "todo:*", "todo:a:*", "todo:a:b"):
        endpoint.declare(channel(pattern))
    served = {
        topic: found._options.topic
        for topic in ("todo:a:b", "todo:a:c", "todo:", "todo", "todo:x:y")
        if (found := endpoint.match(topic))
    }
    assert served == {
        "todo:a:b": "todo:a:b",
        "todo:a:c": "todo:a:*",
        "todo:": "todo:*",
        "todo": "*",
        "todo:x:y": "todo:*",
    }
    assert Endpoint().match("todo:a") is None


def test_any_thread_may_ask_what_is_declared_while_that_changes() -> None:
    endpoint = Endpoint()
    endpoint.declare(channel("todo:*"))
    others = [channel(f"room:{number}") for number in range(100)]

    def change() -> None:
        for _ in range(20):
            for one in others:
                endpoint.declare(one)
            for one in others:
                endpoint.withdraw(str(one._options.topic))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        changing = threading.Thread(target=change)
        changing.start()
        while changing.is_alive():
            assert endpoint.match("todo:a") is endpoint.declared("todo:*")
            assert next(iter(endpoint.channels)) == "todo:*"
            assert endpoint.sessions_of("todo:*") == []
        changing.join()
    finally:
        sys.setswitchinterval(interval)


def test_what_is_declared_is_changed_by_declaring_alone() -> None:
    endpoint = Endpoint()
    endpoint.declare(channel("todo:*"))
    before: Any = endpoint.channels
    endpoint.declare(channel("room:*"))
    assert (list(before), list(endpoint.channels)) == (["todo:*"], ["todo:*", "room:*"])
    with pytest.raises(TypeError):
        del before["todo:*"]


def test_a_class_without_a_topic_cannot_be_declared() -> None:
    class Base(Channel):
        pass

    with pytest.raises(DeclarationError, match="Base has no topic"):
        Endpoint().declare(Base)


@pytest.mark.asyncio
async def test_a_client_from_which_nothing_came_is_dropped() -> None:
    now = [0.0]
    endpoint = Endpoint(clock=lambda: now[0], idle_timeout=0.1)
    endpoint.declare(channel("t"))
    silent, lively = Client(endpoint), Client(endpoint)
    await silent.join("t")
    await lively.join("t")
    now[0] = 1000.0
    lively.push("phoenix", "heartbeat")
    now[0] = 1000.05
    await until(lambda: silent.closed is not None)
    assert silent.closed == (1002, "no frame for 0.1 s")
    assert lively.closed is None
    await until(lambda: len(endpoint.sessions) == 1)
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_loop_that_stood_still_drops_nobody_whom_it_could_not_hear() -> None:
    endpoint = Endpoint(idle_timeout=0.4)
    endpoint.declare(channel("t"))
    silent, lively = Client(endpoint), Client(endpoint)
    await silent.join("t")
    await lively.join("t")
    time.sleep(1)  # noqa: ASYNC251 - as a stopped process, or a handler that blocks the loop
    for _ in range(5):  # what came meanwhile is heard after the timers
        await asyncio.sleep(0)
    lively.push("phoenix", "heartbeat")
    await until(lambda: silent.closed is not None)
    assert lively.closed is None
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_loop_that_stood_still_keeps_the_places_of_who_could_not_come_back() -> None:
    class Kept(Channel, topic="kept", grace=0.4):
        def init(self, params: Any) -> Any:
            return {}

    async with AsyncRig(Kept) as rig:
        client = rig.connect()
        joined = await client.join("kept")
        client.close()
        time.sleep(1)  # noqa: ASYNC251 - as a stopped process, or a handler that blocks the loop
        for _ in range(5):
            await asyncio.sleep(0)
        await client.reconnect()
        assert joined.is_resumed
        client.close()
        await until(lambda: rig.endpoint.sessions == [])


@pytest.mark.asyncio
async def test_a_bad_frame_closes_its_connection_and_no_other() -> None:
    endpoint = Endpoint()
    endpoint.declare(channel("t"))
    good, bad = Client(endpoint), Client(endpoint)
    await good.join("t")
    await bad.join("t")
    bad.feed('["1","2","t"]')
    assert bad.closed is not None
    assert bad.closed[0] == 1011
    assert "3 members" in bad.closed[1]
    bad.feed('["1","3","t","lvs_refresh",{}]')
    await good.settle("t")
    assert len(bad.received("state:change")) == 1
    await until(lambda: len(endpoint.sessions) == 1)
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_close_reason_fits_into_its_frame() -> None:
    endpoint = Endpoint()
    client = Client(endpoint)
    client.connection.close(1011, "é" * 200)
    assert client.closed is not None
    assert client.closed[1] == "é" * 61
    await endpoint.close()


@pytest.mark.asyncio
async def test_closing_tells_clients_ends_sessions_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()

    class Busy(Channel, topic="busy"):
        @on("wait")
        async def wait(self, payload: Any, state: Any) -> None:
            await asyncio.sleep(3600)

        @on("tick")
        async def tick(self, payload: Any, state: Any) -> Any:
            while True:
                yield
                await asyncio.sleep(0)

    endpoint = Endpoint()
    endpoint.declare(Busy)
    waiting, ticking = Client(endpoint), Client(endpoint)
    await waiting.join("busy")
    await ticking.join("busy")
    waiting.dispatch("busy", "wait")
    ticking.dispatch("busy", "tick")
    await ticking.wait("state:patch", 2)
    started = time.monotonic()
    await endpoint.close()
    assert time.monotonic() - started < 2
    assert waiting.closed == ticking.closed == (1012, "the server is going away")
    assert endpoint.sessions == []
    assert asyncio.all_tasks() == before
    with pytest.raises(SessionClosed):
        Client(endpoint)


@pytest.mark.asyncio
async def test_a_thread_that_does_not_end_delays_closing_by_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("livestate_nb.runtime.endpoint._PATIENCE", 0.1)
    started, is_over = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    class Sleeper(Channel, topic="sleeper"):
        @on("sleep")
        def sleep(self, payload: Any, state: Any) -> Any:
            loop.call_soon_threadsafe(started.set)
            is_over.wait(30)
            yield

    endpoint = Endpoint()
    client = await join(endpoint, Sleeper, "sleeper")
    client.dispatch("sleeper", "sleep")
    await started.wait()
    async with asyncio.timeout(10):
        await endpoint.close()
    is_over.set()


@pytest.mark.asyncio
async def test_a_plain_handler_that_sleeps_delays_nothing_else() -> None:
    is_over = threading.Event()

    class Sleepy(Channel, topic="sleepy"):
        @on("sleep")
        def sleep(self, payload: Any, state: Any) -> None:
            is_over.wait(30)

    endpoint = Endpoint()
    endpoint.declare(Sleepy)
    endpoint.declare(channel("t"))
    client = Client(endpoint)
    await client.join("sleepy")
    client.push("t", "phx_join")
    await client.wait("state:change", 2)
    client.dispatch("sleepy", "sleep")
    client.push("phoenix", "heartbeat")
    client.push("t", "lvs_refresh")
    await client.wait("state:change", 3)
    assert client.received("phx_reply")[-1][2] == "phoenix"
    is_over.set()
    await client.wait("state:patch", 1)
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_vsn_that_nobody_speaks_is_refused() -> None:
    endpoint = Endpoint()
    with pytest.raises(ProtocolError, match=r"vsn=2\.0\.0"):
        endpoint.connect(Client(endpoint), vsn="3.0.0")
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_join_that_is_replaced_while_it_is_authorized_is_given_up() -> None:
    entered = []

    class Slow(Channel, topic="slow"):
        async def authorize(self, params: Any) -> bool:
            entered.append(params)
            await asyncio.sleep(3600 if params.get("is_slow") else 0)
            return True

    endpoint = Endpoint()
    endpoint.declare(Slow)
    client = Client(endpoint)
    client.push("slow", "phx_join", {"is_slow": True})
    await until(lambda: len(entered) == 1)
    await client.join("slow", {})
    assert [(frame[0], frame[3]) for frame in map(loads, client.frames)] == [
        ("2", "phx_reply"),
        ("1", "phx_close"),
        ("2", "state:change"),
    ]
    await until(lambda: len(endpoint.sessions) == 1)
    gone = Client(endpoint)
    gone.push("slow", "phx_join", {"is_slow": True})
    await until(lambda: len(entered) == 3)
    gone.connection.lost()
    await until(lambda: len(endpoint.sessions) == 1)
    await endpoint.close()


@pytest.mark.asyncio
async def test_ending_ten_times_as_many_sessions_takes_about_ten_times_as_long() -> None:
    class Room(Channel, topic="room:*", shared=True):
        pass

    async def seconds(count: int) -> float:
        endpoint = Endpoint()
        endpoint.declare(Room)
        sessions = [endpoint.session(f"room:{number}", None) for number in range(count)]
        before = time.thread_time()  # whatever else the machine does
        for session in sessions:
            session.close()
        spent = time.thread_time() - before
        assert endpoint.sessions == []
        assert endpoint.session("room:1", None) is not sessions[1]
        await endpoint.close()
        return spent

    assert await seconds(5000) < 30 * await seconds(500)

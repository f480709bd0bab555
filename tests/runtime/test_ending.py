"""`ended`: the end of a session, where what `init` has opened is closed."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from livestate_nb import Channel, Refuse, on
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Outcome
from tests.clients import Client, until
from tests.runtime.test_meter import Tape

pytestmark = pytest.mark.asyncio


class Store(Channel, topic="store:*"):
    told: ClassVar[list[Any]] = []

    def init(self, params: Any) -> Any:
        if "refuse" in params:
            raise Refuse("closed")
        if "fail" in params:
            raise ValueError("raised on purpose")
        self.gate = threading.Event()
        self.begun = threading.Event()
        return {"n": 0}

    async def left(self, state: Any) -> None:
        self.told.append("left")

    async def ended(self, state: Any) -> Any:
        assert self.member is None
        assert self.members == []
        self.told.append(("ended", state["n"]))
        state["n"] = "nowhere"

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    async def boom(self, payload: Any, state: Any) -> None:
        state["n"] = 99
        raise ValueError("raised on purpose")

    @on("stream")
    async def stream(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                yield
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0.05)
            self.told.append("the stream ended")

    @on("hang")
    def hang(self, payload: Any, state: Any) -> None:
        self.begun.set()
        self.gate.wait()
        self.told.append("hung")


class Plain(Store, topic="plain:*"):
    def ended(self, state: Any) -> Any:
        self.told.append(("ended", state["n"]))


class Shared(Store, topic="shared:*", shared=True, grace=0.5):
    """One for all."""


@pytest.fixture(autouse=True)
def told() -> list[Any]:
    """Return what the channels of this test do, from now on."""
    Store.told.clear()
    return Store.told


async def enter(endpoint: Endpoint, channel: type[Channel], topic: str) -> Client:
    """Return a client that has joined and dispatched one event."""
    if endpoint.match(topic) is None:
        endpoint.declare(channel)
    client = Client(endpoint)
    await client.join(topic)
    client.dispatch(topic, "inc")
    await client.wait("state:patch", 1)
    return client


async def hang(endpoint: Endpoint) -> Plain:
    """Let a plain handler hang in its thread; return its channel object, whose gate frees it."""
    client = await enter(endpoint, Plain, "plain:1")
    channel = endpoint.sessions[0].channel
    assert isinstance(channel, Plain)
    client.dispatch("plain:1", "hang")
    await until(channel.begun.is_set)
    return channel


@pytest.mark.parametrize(("channel", "topic"), [(Store, "store:1"), (Plain, "plain:1")])
@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "left"])
async def test_the_last_member_leaves_and_then_the_session_ends(
    endpoint: Endpoint, told: list[Any], channel: type[Channel], topic: str, *, is_lost: bool
) -> None:
    client = await enter(endpoint, channel, topic)
    if is_lost:
        client.connection.lost()
    else:
        client.push(topic, "phx_leave")
        await client.wait("phx_close", 1)
    await endpoint.settle()
    assert told == ["left", ("ended", 1)]


async def test_a_shared_session_ends_when_nobody_comes_within_the_grace_time(
    endpoint: Endpoint, told: list[Any]
) -> None:
    ann = await enter(endpoint, Shared, "shared:1")
    ann.connection.lost()
    await endpoint.settle()
    bob = await enter(endpoint, Shared, "shared:1")
    assert told == ["left"]
    bob.connection.lost()
    await until(lambda: len(told) == 3)
    assert told == ["left", "left", ("ended", 2)]


async def test_a_generator_ends_before_its_session(endpoint: Endpoint, told: list[Any]) -> None:
    client = await enter(endpoint, Store, "store:1")
    client.dispatch("store:1", "stream")
    await client.wait("state:patch", 3)
    client.push("store:1", "phx_leave")
    await client.wait("phx_close", 1)
    await endpoint.settle()
    assert told == ["left", "the stream ended", ("ended", 1)]


def closed(endpoint: Endpoint) -> None:
    endpoint.sessions[0].close()


def withdrawn(endpoint: Endpoint) -> None:
    endpoint.withdraw("store:*")


@pytest.mark.parametrize("end", [closed, withdrawn])
async def test_a_session_that_is_closed_ends_at_once(
    endpoint: Endpoint, told: list[Any], end: Callable[[Endpoint], None]
) -> None:
    client = await enter(endpoint, Store, "store:1")
    end(endpoint)
    await client.wait("phx_close", 1)
    await endpoint.settle()
    assert told == [("ended", 1)]


async def test_an_endpoint_that_closes_waits_for_the_end_of_its_sessions(told: list[Any]) -> None:
    endpoint = Endpoint()
    for channel, topic in ((Plain, "plain:1"), (Shared, "shared:1")):
        await enter(endpoint, channel, topic)
    await endpoint.open(Shared, "shared:2", "a", {})
    await endpoint.close()
    assert sorted(one[1] for one in told if one != "left") == [0, 1, 1]


async def test_when_the_process_ends_clients_are_told_nothing(
    endpoint: Endpoint, told: list[Any]
) -> None:
    client = await enter(endpoint, Store, "store:1")
    before = len(client.frames)
    await endpoint.abandon()
    assert told == [("ended", 1)]
    assert len(client.frames) == before
    assert client.closed is None


async def test_each_life_of_a_held_session_ends_once(endpoint: Endpoint, told: list[Any]) -> None:
    class Frail(Store, topic="frail", on_error="crash"):
        """Crashes."""

    endpoint.declare(Frail)
    session = await endpoint.open(Frail, "frail", "a", {})
    await session.dispatch("inc", {}, frozenset())
    with pytest.raises(ValueError, match="on purpose"):
        await session.dispatch("boom", {}, frozenset())
    await endpoint.settle()
    assert told == [("ended", 1)]
    await session.dispatch("inc", {}, frozenset())
    await session.dispatch("inc", {}, frozenset())
    session.close()
    await endpoint.settle()
    assert told == [("ended", 1), ("ended", 2)]
    assert session.ledger.snapshot() == {"n": 2}
    assert not endpoint._last


async def test_a_session_that_crashes_has_ended(endpoint: Endpoint, told: list[Any]) -> None:
    class Frail(Store, topic="frail", on_error="crash"):
        """Crashes."""

    client = await enter(endpoint, Frail, "frail")
    client.dispatch("frail", "boom")
    await client.wait("phx_error", 1)
    await endpoint.settle()
    assert told == [("ended", 1)]


@pytest.mark.parametrize("how", ["refuse", "fail"])
async def test_what_has_not_begun_does_not_end(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    endpoint.declare(Store)
    client = Client(endpoint)
    client.push("store:1", "phx_join", {how: True})
    await client.wait("error", 1)
    client.connection.lost()
    await endpoint.settle()
    assert endpoint.sessions == []
    assert "failed on ended" not in caplog.text


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_an_ended_that_fails_is_logged(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    class Failing(Store, topic="failing"):
        def ended(self, state: Any) -> Any:
            raise error("raised on purpose")

    client = await enter(endpoint, Failing, "failing")
    other = await enter(endpoint, Store, "store:1")
    client.connection.lost()
    await endpoint.settle()
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.getMessage() == "Failing on 'failing' failed on ended"
    assert endpoint.sessions[0].topic == "store:1"
    other.dispatch("store:1", "inc")
    await other.wait("state:patch", 2)


async def test_an_ended_that_yields_is_logged(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    class Yielding(Store, topic="yielding"):
        async def ended(self, state: Any) -> Any:
            yield

    client = await enter(endpoint, Yielding, "yielding")
    client.connection.lost()
    await endpoint.settle()
    assert "must not yield" in caplog.text


async def test_ended_can_broadcast_but_hears_and_tells_no_more(
    endpoint: Endpoint, told: list[Any]
) -> None:
    class Loud(Store, topic="loud"):
        async def ended(self, state: Any) -> Any:
            self.push("nobody", {})
            self.subscribe("news")
            self.broadcast("news", "the end")

        async def handle_message(self, message: Any, state: Any) -> None:
            self.told.append(message)

    class Hearing(Store, topic="hearing"):
        async def init(self, params: Any) -> Any:
            self.subscribe("news")
            return {"n": 0}

        async def handle_message(self, message: Any, state: Any) -> None:
            self.told.append(message)

    client = await enter(endpoint, Loud, "loud")
    hearing = await enter(endpoint, Hearing, "hearing")
    endpoint.withdraw("loud")
    await hearing.wait("state:patch", 2)
    await endpoint.settle()
    assert told == ["the end"]
    assert client.received("nobody") == []


async def test_what_runs_in_a_thread_ends_before_the_session(
    endpoint: Endpoint, told: list[Any]
) -> None:
    channel = await hang(endpoint)
    endpoint.withdraw("plain:*")
    await asyncio.sleep(0)
    assert told == []
    channel.gate.set()
    await endpoint.settle()
    assert told == ["hung", ("ended", 1)]


async def test_a_thread_that_does_not_end_does_not_keep_the_session_from_it(
    endpoint: Endpoint, told: list[Any]
) -> None:
    channel = await hang(endpoint)
    await endpoint.abandon()
    assert told == [("ended", 1)]
    channel.gate.set()


async def test_an_ended_that_never_returns_does_not_keep_the_endpoint_from_closing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stuck(Store, topic="stuck"):
        async def ended(self, state: Any) -> Any:
            await asyncio.Event().wait()

    class StuckPlain(Store, topic="stuck_plain"):
        def ended(self, state: Any) -> Any:
            gate.wait()

    gate, endpoint = threading.Event(), Endpoint()
    await enter(endpoint, Stuck, "stuck")
    await enter(endpoint, StuckPlain, "stuck_plain")
    begun = time.monotonic()
    await endpoint.close()
    gate.set()
    assert time.monotonic() - begun < 20
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert sorted(told) == [
        "Stuck on 'stuck' is given up: its ended takes too long",
        "StuckPlain on 'stuck_plain' is given up: its ended takes too long",
    ]


async def test_live_sessions_gain_ended_with_their_class(
    endpoint: Endpoint, told: list[Any]
) -> None:
    class Old(Store, topic="store:*"):
        ended = Channel.ended  # type: ignore[assignment]  # what a class without one has

    client = await enter(endpoint, Old, "store:1")
    endpoint.declare(Store)
    await endpoint.settle()
    client.connection.lost()
    await endpoint.settle()
    assert told == ["left", ("ended", 1)]


async def test_a_session_that_closes_while_it_migrates_ends_with_the_class_that_it_had(
    endpoint: Endpoint, told: list[Any]
) -> None:
    class New(Store, topic="store:*"):
        async def migrate(self, state: Any) -> Any:
            self.begun.set()
            await asyncio.Event().wait()

        async def ended(self, state: Any) -> Any:
            raise AssertionError("the state is not in its shape")

    await enter(endpoint, Store, "store:1")
    channel = endpoint.sessions[0].channel
    assert isinstance(channel, Store)
    endpoint.declare(New)
    await until(channel.begun.is_set)
    endpoint.withdraw("store:*")
    await endpoint.settle()
    assert told == [("ended", 1)]


async def test_an_end_is_measured_where_ended_is_defined() -> None:
    class Failing(Store, topic="failing"):
        def ended(self, state: Any) -> Any:
            raise ValueError("raised on purpose")

    tape = Tape()
    endpoint = Endpoint(meter=tape)
    await enter(endpoint, Failing, "failing")
    await enter(endpoint, Store, "store:1")
    await endpoint.close()
    assert {one[1:] for one in tape.told if one[0] == "handled" and one[2] == "end"} == {
        ("failing", "end", Outcome.FAILED),
        ("store:*", "end", Outcome.OK),
    }

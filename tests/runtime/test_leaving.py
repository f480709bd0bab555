"""`left`: a member that has gone for good."""

import asyncio
import logging
from typing import Any

import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Outcome
from tests.clients import Client, until
from tests.runtime.test_meter import Tape

pytestmark = pytest.mark.asyncio


class Room(Channel, topic="room:*", shared=True):
    def authorize(self, params: Any) -> bool:
        return "no" not in params

    def init(self, params: Any) -> Any:
        if "no state" in params:
            raise Refuse("closed")
        self.gate = asyncio.Event()
        return {"here": [], "gone": []}

    def joined(self, params: Any, state: Any) -> None:
        assert self.member is not None
        self.member.assigns["name"] = params["name"]
        state["here"].append(params["name"])

    async def left(self, state: Any) -> Any:
        assert self.member is not None
        name = self.member.assigns["name"]
        assert self.member not in self.members
        if state.get("is_bad"):
            state["gone"].append("half done")
            raise ValueError("raised on purpose")
        state["here"].remove(name)
        state["gone"].append(name)
        return Reply(None, Event("bye", {"name": name}))

    @on("spoil")
    async def spoil(self, payload: Any, state: Any) -> None:
        state["is_bad"] = True

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        await self.gate.wait()
        state["gone"].append(payload)

    @on("stream")
    async def stream(self, payload: Any, state: Any) -> Any:
        while not self.gate.is_set():
            yield
            await asyncio.sleep(0)
        state["gone"].append("the stream")


async def enter(endpoint: Endpoint, topic: str, name: str, **params: Any) -> Client:
    """Return a client that has joined, and whose `joined` has run."""
    client = Client(endpoint)
    await client.join(topic, {"name": name, **params})
    await client.wait("state:patch", 1)
    return client


def room(endpoint: Endpoint) -> Room:
    [channel] = [one.channel for one in endpoint.sessions]
    assert isinstance(channel, Room)
    return channel


async def now(client: Client, topic: str) -> Any:
    """Return the state when all that was sent before is handled."""
    await client.settle(topic)
    return client.received("state:change")[-1][4]["state"]


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the errors that were logged."""
    return [record for record in caplog.records if record.levelno == logging.ERROR]


async def test_those_who_remain_are_told_what_left_changes(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann, bob = [await enter(endpoint, "room:1", name) for name in ("ann", "bob")]
    await ann.wait("state:patch", 2)
    before = len(ann.frames)
    bob.push("room:1", "phx_leave")
    await bob.wait("phx_close", 1)
    await ann.wait("state:patch", 3)
    told = [ann.decoded(place)[0][3] for place in range(before, len(ann.frames))]
    assert told == ["bye", "state:patch"]
    assert bob.received("bye") == []
    assert await now(ann, "room:1") == {"here": ["ann"], "gone": ["bob"]}


async def test_left_comes_once_after_what_the_member_sent_before(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.declare(Room)
    ann, bob = [await enter(endpoint, "room:1", name) for name in ("ann", "bob")]
    bob.dispatch("room:1", "say", "wait for me")
    bob.push("room:1", "phx_leave")
    bob.connection.lost()
    room(endpoint).gate.set()
    await ann.wait("bye", 1)
    assert (await now(ann, "room:1"))["gone"] == ["wait for me", "bob"]
    await endpoint.settle()
    assert len(ann.received("bye")) == 1
    assert errors(caplog) == []


async def test_a_lost_connection_that_keeps_no_place_is_a_leave(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann, bob = [await enter(endpoint, "room:1", name) for name in ("ann", "bob")]
    bob.connection.lost()
    await ann.wait("bye", 1)


async def test_who_comes_back_within_the_grace_time_has_not_left(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann = await enter(endpoint, "room:1", "ann")
    bob = await enter(endpoint, "room:1", "bob", livestate={})
    token = bob.received("phx_reply")[0][4]["response"]["livestate"]["token"]
    bob.connection.lost()
    again = Client(endpoint)
    again.push("room:1", "phx_join", {"livestate": {"resume": {"token": token, "received": 0}}})
    await again.wait("phx_reply", 1)
    assert (await now(again, "room:1"))["here"] == ["ann", "bob"]
    again.push("room:1", "phx_leave")
    await ann.wait("bye", 1)
    assert await now(ann, "room:1") == {"here": ["ann"], "gone": ["bob"]}


async def test_who_does_not_come_back_has_left_when_the_grace_time_is_over(
    endpoint: Endpoint,
) -> None:
    class Brief(Room, topic="brief", grace=0.5):
        """Waits for nobody."""

    endpoint.declare(Brief)
    ann = await enter(endpoint, "brief", "ann")
    bob = await enter(endpoint, "brief", "bob", livestate={})
    bob.connection.lost()
    assert [one.away for one in endpoint.sessions] == [1]
    await endpoint.settle()
    assert ann.received("bye") == []
    await ann.wait("bye", 1)


async def test_who_was_refused_has_not_left(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.declare(Room)
    for params in ({"no": True}, {"no state": True}):
        client = Client(endpoint)
        client.push("room:1", "phx_join", params)
        await client.wait("error" if "no state" in params else "phx_reply", 1)
        client.connection.lost()
        await endpoint.settle()
    ann = await enter(endpoint, "room:1", "ann")
    assert await now(ann, "room:1") == {"here": ["ann"], "gone": []}
    assert errors(caplog) == []


class Slow(Room, topic="slow"):
    begins: asyncio.Event

    async def init(self, params: Any) -> Any:
        await type(self).begins.wait()
        return super().init(params)


@pytest.mark.parametrize("limits", [Limits(waiting_per_client=3)], ids=["3 may wait"])
async def test_who_was_expelled_before_it_was_let_in_has_not_left(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    Slow.begins = asyncio.Event()
    endpoint.declare(Slow)
    bob, ann = Client(endpoint), Client(endpoint)
    for client, name in ((bob, "bob"), (ann, "ann")):
        client.push("slow", "phx_join", {"name": name})
        await client.wait("phx_reply", 1)
    for _ in range(3):
        bob.dispatch("slow", "say")
    await bob.wait("phx_error", 1)
    Slow.begins.set()
    await ann.wait("state:patch", 1)
    await endpoint.settle()
    assert await now(ann, "slow") == {"here": ["ann"], "gone": []}
    assert errors(caplog) == []


async def test_nobody_has_left_a_channel_that_has_crashed(endpoint: Endpoint) -> None:
    class Frail(Room, topic="frail", on_error="crash"):
        left_by: list[Any]

        def init(self, params: Any) -> Any:
            type(self).left_by = []
            return super().init(params)

        async def left(self, state: Any) -> None:
            type(self).left_by.append(self.member)

    endpoint.declare(Frail)
    ann, bob = [await enter(endpoint, "frail", name) for name in ("ann", "bob")]
    bob.dispatch("frail", "say")
    bob.push("frail", "phx_leave")  # waits for the event, and then behind the next one
    ann.dispatch("frail", "nobody knows it")
    room(endpoint).gate.set()
    await ann.wait("phx_error", 1)
    await endpoint.settle()
    assert Frail.left_by == []
    assert endpoint.sessions == []


async def test_pages_leave_a_session_that_a_cell_shows(endpoint: Endpoint) -> None:
    class Shown(Room, topic="shown", shared=False):
        """A cell's."""

    endpoint.declare(Shown)
    session = await endpoint.open(Shown, "shown", "a", {})
    for count in (1, 2):
        page = Client(endpoint, is_local=True)
        await page.join("shown", {"name": "page", "livestate": {"session": session.key}})
        await page.wait("state:patch", 1)
        page.push("shown", "phx_leave")
        await page.wait("phx_close", 1)
        await endpoint.settle()
        assert session.ledger.snapshot() == {"here": [], "gone": ["page"] * count}


async def test_a_generator_goes_on_when_its_member_has_left(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann, bob = [await enter(endpoint, "room:1", name) for name in ("ann", "bob")]
    bob.dispatch("room:1", "stream")
    await bob.wait("state:patch", 3)
    bob.push("room:1", "phx_leave")
    await ann.wait("bye", 1)
    room(endpoint).gate.set()
    await endpoint.settle()
    assert await now(ann, "room:1") == {"here": ["ann"], "gone": ["bob", "the stream"]}


async def test_a_left_that_fails_is_logged_and_told_to_nobody(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.declare(Room)
    ann, bob, cid = [await enter(endpoint, "room:1", name) for name in ("ann", "bob", "cid")]
    bob.dispatch("room:1", "spoil")
    bob.push("room:1", "phx_leave")
    await bob.wait("phx_close", 1)
    cid.connection.lost()
    await endpoint.settle()
    state = {"here": ["ann", "bob", "cid"], "gone": [], "is_bad": True}
    assert len(ann.received("state:patch")) == 4
    assert await now(ann, "room:1") == state
    assert ann.received("error") == []
    [record, _] = errors(caplog)
    assert record.getMessage() == "Room on 'room:1' failed on left"
    assert record.exc_info
    assert "raised on purpose" in str(record.exc_info[1])


@pytest.mark.parametrize("error", [SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_whatever_left_raises_ends_that_left(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, error: type[BaseException]
) -> None:
    class Raising(Room, topic="raising"):
        async def left(self, state: Any) -> None:
            state["gone"].append("half done")
            raise error

    endpoint.declare(Raising)
    ann, bob = [await enter(endpoint, "raising", name) for name in ("ann", "bob")]
    bob.push("raising", "phx_leave")
    await bob.wait("phx_close", 1)
    await endpoint.settle()
    assert (await now(ann, "raising"))["gone"] == []
    assert [one.getMessage() for one in errors(caplog)] == ["Raising on 'raising' failed on left"]


async def test_a_left_that_fails_crashes_a_channel_that_asks_for_it(endpoint: Endpoint) -> None:
    class Frail(Room, topic="frail", on_error="crash"):
        """Crashes."""

    endpoint.declare(Frail)
    ann, bob = [await enter(endpoint, "frail", name) for name in ("ann", "bob")]
    bob.dispatch("frail", "spoil")
    bob.push("frail", "phx_leave")
    await ann.wait("phx_error", 1)


async def test_a_left_that_yields_is_refused(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    class Yielding(Room, topic="yielding"):
        async def left(self, state: Any) -> Any:
            state["gone"].append("yielded")
            yield

    endpoint.declare(Yielding)
    ann, bob = [await enter(endpoint, "yielding", name) for name in ("ann", "bob")]
    bob.push("yielding", "phx_leave")
    await bob.wait("phx_close", 1)
    await endpoint.settle()
    assert (await now(ann, "yielding"))["gone"] == []
    assert "left must not yield" in caplog.text


async def test_a_left_that_never_returns_keeps_nobody_from_leaving() -> None:
    class Stuck(Room, topic="stuck"):
        async def left(self, state: Any) -> None:
            await asyncio.Event().wait()

    endpoint = Endpoint()
    endpoint.declare(Stuck)
    ann, bob = [await enter(endpoint, "stuck", name) for name in ("ann", "bob")]
    for client in (bob, ann):
        client.push("stuck", "phx_leave")
        await client.wait("phx_close", 1)
    assert len(endpoint.sessions) == 1
    await endpoint.close()
    assert endpoint.sessions == []


async def test_live_sessions_gain_and_lose_left_with_their_class(endpoint: Endpoint) -> None:
    class Deaf(Room, topic="room:*"):
        left = Channel.left

    endpoint.declare(Deaf)
    names = ("ann", "bob", "cid", "dan")
    ann, bob, cid, dan = [await enter(endpoint, "room:1", name) for name in names]
    bob.push("room:1", "phx_leave")
    await bob.wait("phx_close", 1)
    endpoint.declare(Room)
    cid.push("room:1", "phx_leave")
    await ann.wait("bye", 1)
    assert (await now(ann, "room:1"))["gone"] == ["cid"]
    endpoint.declare(Deaf)
    dan.push("room:1", "phx_leave")
    await dan.wait("phx_close", 1)
    await endpoint.settle()
    assert (await now(ann, "room:1"))["gone"] == ["cid"]


async def test_what_left_changes_waits_for_its_time(endpoint: Endpoint) -> None:
    class Paced(Room, topic="paced", fps=0.001):
        """Almost still."""

    endpoint.declare(Paced)
    ann, bob = [await enter(endpoint, "paced", name) for name in ("ann", "bob")]
    await ann.wait("state:patch", 2)
    bob.push("paced", "phx_leave")
    await ann.wait("bye", 1)
    [session] = endpoint.sessions
    await until(lambda: session.ledger.is_ahead)
    assert len(ann.received("state:patch")) == 2


async def test_a_leave_is_measured_where_left_is_defined() -> None:
    tape = Tape()
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Room)
    ann = await enter(endpoint, "room:1", "ann")
    ann.push("room:1", "phx_leave")
    await ann.wait("phx_close", 1)
    await endpoint.settle()
    await endpoint.close()
    assert [one[2:] for one in tape.told if one[0] == "handled"] == [
        ("join", Outcome.OK),
        ("leave", Outcome.OK),
    ]

"""What one client may pile up, and what of its data may stand in a log: little, and nothing."""

import asyncio
import logging
from typing import Any

import pytest

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.codec import loads
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio
MAX_RUNNING = Limits().generators


class Crowd(Channel, topic="crowd", shared=True):
    running = 0

    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("run")
    async def run(self, payload: Any, state: Any) -> Any:
        Crowd.running += 1
        try:
            while True:
                yield
                await asyncio.sleep(0.005)
        finally:
            Crowd.running -= 1

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        state["n"] += 1


async def run_many(client: Client, count: int) -> None:
    for _ in range(count):
        client.dispatch("crowd", "run")
    await client.settle("crowd")


async def test_a_client_may_have_100_generators(endpoint: Endpoint) -> None:
    endpoint.declare(Crowd)
    client, other = Client(endpoint), Client(endpoint)
    await client.join("crowd")
    await other.join("crowd")
    await run_many(client, MAX_RUNNING + 3)
    assert Crowd.running == MAX_RUNNING
    errors = [payload["message"] for _, payload in client.payloads("error")]
    assert errors == ["100 generators run already: wait until one has ended"] * 3
    await run_many(other, 1)
    assert Crowd.running == MAX_RUNNING + 1


async def test_the_generators_of_a_client_of_the_server_that_is_gone_end(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Crowd)
    gone, stays = Client(endpoint), Client(endpoint)
    await gone.join("crowd")
    await stays.join("crowd")
    await run_many(gone, 3)
    await run_many(stays, 1)
    gone.connection.lost()
    await until(lambda: Crowd.running == 1)
    assert stays.received("error") == []


async def test_the_generators_of_those_who_leave_go_on_but_100_at_most(
    endpoint: Endpoint,
) -> None:
    await join(endpoint, Crowd, "crowd")
    for _ in range(2):
        client = Client(endpoint)
        await client.join("crowd")
        await run_many(client, MAX_RUNNING - 10)
        client.push("crowd", "phx_leave")
        await client.wait("phx_close", 1)
    await until(lambda: Crowd.running == MAX_RUNNING)


class Late(Channel, topic="late", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.subscribe("news")
        self.release = asyncio.Event()
        return {"code": "old"}

    @on("boom")
    async def boom(self, payload: Any, state: Any) -> None:
        await self.release.wait()
        raise ValueError

    async def handle_message(self, message: Any, state: Any) -> None: ...


@pytest.mark.parametrize("limits", [Limits(waiting_per_session=100)], ids=["100 may wait"])
async def test_a_full_mailbox_does_not_keep_a_session_from_ending(endpoint: Endpoint) -> None:
    client = await join(endpoint, Late, "late")
    [session] = endpoint.sessions
    assert isinstance(session.channel, Late)
    client.dispatch("late", "boom")
    for _ in range(101):
        endpoint.pubsub.publish("news", 1)
    release = session.channel.release
    endpoint.declare(type("Late", (Late,), {}, topic="late", on_error="keep"))
    client.connection.lost()
    release.set()
    await until(lambda: endpoint.sessions == [])


async def test_a_session_that_crashes_begins_again_with_the_newest_class(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Late)
    session = await endpoint.open(Late, "late", "a", {})
    assert isinstance(session.channel, Late)
    client = Client(endpoint, is_local=True)
    await client.join("late", {"livestate": {"session": session.key}})
    client.dispatch("late", "boom")
    release = session.channel.release
    newer = type("Late", (Late,), {"init": lambda self, params: {"code": "new"}}, topic="late")
    endpoint.declare(newer)
    release.set()
    await client.wait("phx_error", 1)
    assert type(session.channel) is newer


class Leaky(Channel, topic="leaky"):
    def init(self, params: Any) -> Any:
        return {"password": "hunter2"}

    @on("state")
    async def bad_state(self, payload: Any, state: Any) -> Any:
        return [state, payload]

    @on("event")
    async def bad_event(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("told", [payload]))  # type: ignore[arg-type]

    @on("reply")
    async def bad_reply(self, payload: Any, state: Any) -> Any:
        return Reply(state, payload)


async def test_no_payload_and_no_state_gets_into_a_log(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = await join(endpoint, Leaky, "leaky")
    for event in ("state", "event", "reply", "unknown" * 10_000):
        client.dispatch("leaky", event, {"token": "swordfish"})
    await client.wait("error", 4)
    assert len(caplog.records) >= 4
    assert "hunter2" not in caplog.text
    assert "swordfish" not in caplog.text
    assert len(caplog.text) < 10_000
    assert len(client.payloads("error")[-1][1]["event"]) == 200


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (loads("[" * 100 + "]" * 100), "<an array>"),
        ([0] * 100_000, "<an array>"),
        ({"a": 1}, "<an object>"),
        (10**4_000, f"1{'0' * 79}…"),
        (True, "True"),
        (None, "None"),
    ],
    ids=["nested", "an array", "an object", "a number", "a boolean", "null"],
)
async def test_an_event_that_is_no_text_is_answered_in_few_words(
    endpoint: Endpoint, event: Any, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "livestate_nb")
    client = await join(endpoint, Crowd, "crowd")
    client.push("crowd", event)
    [error] = await client.wait("error", 1)
    assert error[4]["type"] == "unknown_event"
    assert error[4]["message"].endswith(f" {shown}")
    await client.settle("crowd")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(caplog.text) < 5_000


async def test_an_event_that_is_nested_too_deeply_closes_its_connection_alone(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    other = await join(endpoint, Crowd, "crowd")
    client = Client(endpoint)
    await client.join("crowd")
    client.feed(f'["1","9","crowd",{"[" * 900}{"]" * 900},{{}}]')
    assert client.closed is not None
    assert client.closed[0] == 1011
    other.dispatch("crowd", "add")
    await other.wait("state:patch", 1)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


class Guarded(Channel, topic="guarded"):
    def authorize(self, params: Any) -> bool:
        assert self.member is not None
        self.member.assigns["role"] = params.get("role", "guest")
        return "role" not in params

    def init(self, params: Any) -> Any:
        return {}


async def test_a_refused_resume_leaves_the_live_member_alone(endpoint: Endpoint) -> None:
    endpoint.declare(Guarded)
    client, thief = Client(endpoint), Client(endpoint)
    await client.join("guarded", {"livestate": {}})
    terms = client.received("phx_reply")[0][4]["response"]["livestate"]
    resume = {"token": terms["token"], "received": 1}
    thief.push("guarded", "phx_join", {"role": "admin", "livestate": {"resume": resume}})
    [reply] = await thief.wait("phx_reply", 1)
    assert reply[4]["status"] == "error"
    [member] = endpoint.sessions[0].members
    assert member.assigns == {"role": "guest"}


@pytest.mark.parametrize("limits", [Limits(absent_clients=3)], ids=["3 absent"])
async def test_nobody_pushes_out_anothers_place(endpoint: Endpoint) -> None:
    ann = await join(endpoint, Crowd, "crowd", {"livestate": {}}, principal="ann")
    ann.connection.lost()
    for _ in range(5):
        bob = Client(endpoint, principal="bob")
        await bob.join("crowd", {"livestate": {}})
        bob.connection.lost()
    token = ann.received("phx_reply")[0][4]["response"]["livestate"]["token"]
    back = Client(endpoint, principal="ann")
    back.push("crowd", "phx_join", {"livestate": {"resume": {"token": token, "received": 1}}})
    [reply] = await back.wait("phx_reply", 1)
    assert reply[4]["response"]["livestate"]["resumed"] is True

"""Updates that come faster than they are wanted, and clients that cannot keep up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Channel, on
from livestate_nb.codec import loads
from livestate_nb.errors import DeclarationError
from livestate_nb.runtime import Endpoint
from livestate_nb.testing.view import View
from tests.clients import Client, join

pytestmark = pytest.mark.asyncio

FPS = 4.0


class Stream(Channel, topic="stream", shared=True, fps=FPS):
    def init(self, params: Any) -> Any:
        self.subscribe("ticks")
        return {"n": 0, "seen": []}

    @on("burst")
    async def burst(self, payload: Any, state: Any) -> Any:
        for _ in range(200):
            state["n"] += 1
            yield
        state["seen"].append("end")

    @on("mark")
    def mark(self, payload: Any, state: Any) -> None:
        state["seen"].append(payload)

    async def handle_message(self, message: Any, state: Any) -> None:
        state["n"] += message


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.declare(Stream)
    yield endpoint
    await endpoint.close()


def state_of(client: Client) -> Any:
    """Return the state that a client makes of what it got, its versions without a gap."""
    join_ref, _, topic, *_ = loads(client.frames[0])
    return View(topic, join_ref, client.frames).read().state


async def test_a_burst_is_merged_and_ends_with_the_right_state(endpoint: Endpoint) -> None:
    client = Client(endpoint)
    await client.join("stream")
    client.dispatch("stream", "burst")
    await client.until(lambda: state_of(client) == {"n": 200, "seen": ["end"]})
    assert len(client.received("state:patch")) < 20


async def test_messages_in_a_burst_are_merged_and_the_last_one_arrives(endpoint: Endpoint) -> None:
    client = Client(endpoint)
    await client.join("stream")
    for _ in range(100):
        endpoint.pubsub.publish("ticks", 1)
    await client.until(lambda: state_of(client)["n"] == 100)
    assert len(client.received("state:patch")) <= 3


async def test_an_event_is_answered_at_once_with_what_was_held(endpoint: Endpoint) -> None:
    client = Client(endpoint)
    await client.join("stream")
    endpoint.pubsub.publish("ticks", 1)
    await client.wait("state:patch", 1)
    endpoint.pubsub.publish("ticks", 2)
    client.dispatch("stream", "mark", "a")
    await client.wait("state:patch", 2)
    assert state_of(client) == {"n": 3, "seen": ["a"]}
    await asyncio.sleep(1.5 / FPS)
    assert len(client.received("state:patch")) == 2


async def test_who_joins_in_a_burst_gets_the_state_as_it_is(endpoint: Endpoint) -> None:
    first, second = Client(endpoint), Client(endpoint)
    await first.join("stream")
    endpoint.pubsub.publish("ticks", 1)
    await first.wait("state:patch", 1)
    endpoint.pubsub.publish("ticks", 2)
    assert (await second.join("stream"))["state"]["n"] == 3
    assert state_of(first)["n"] == 3
    first.dispatch("stream", "mark", "a")
    for client in (first, second):
        await client.until(lambda client=client: state_of(client)["seen"] == ["a"])  # type: ignore[misc]


async def test_a_change_that_cannot_be_sent_fails_in_its_own_turn(endpoint: Endpoint) -> None:
    class Bad(Channel, topic="bad", fps=1):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("go")
        async def go(self, payload: Any, state: Any) -> Any:
            for n in (1, 2):
                state["n"] = n
                yield
            state["n"] = float("nan")
            yield

    client = await join(endpoint, Bad, "bad")
    client.dispatch("bad", "go")
    [error] = await client.wait("error", 1)
    assert error[4]["type"] == "bad_state"
    await client.until(lambda: state_of(client) == {"n": 2})


async def test_a_client_that_reads_slowly_gets_the_latest_state_instead(endpoint: Endpoint) -> None:
    slow, quick = Client(endpoint), Client(endpoint)
    await slow.join("stream")
    await quick.join("stream")
    slow.is_congested = True
    for number in range(50):
        quick.dispatch("stream", "mark", number)
    await quick.wait("state:patch", 50)
    assert slow.received("state:patch") == []
    quick.push("stream", "lvs_refresh")
    slow.is_congested = False
    slow.connection.drained()
    assert state_of(slow) == state_of(quick) == {"n": 0, "seen": list(range(50))}
    quick.dispatch("stream", "mark", "after")
    await slow.wait("state:patch", 1)
    assert state_of(slow)["seen"][-1] == "after"
    slow.connection.drained()
    assert len(slow.received("state:change")) == 2


async def test_events_reach_a_client_that_reads_slowly(endpoint: Endpoint) -> None:
    class Teller(Channel, topic="teller"):
        @on("tell")
        def tell(self, payload: Any, state: Any) -> None:
            self.push("told", {"n": payload})

    client = await join(endpoint, Teller, "teller")
    client.is_congested = True
    for number in range(3):
        client.dispatch("teller", "tell", number)
    assert [frame[4]["n"] for frame in await client.wait("told", 3)] == [0, 1, 2]


@pytest.mark.parametrize("fps", [0, -1, "fast", float("inf"), float("nan")])
async def test_fps_is_a_number_above_0(fps: Any) -> None:

    with pytest.raises(DeclarationError, match="fps as a number above 0"):

        class Wrong(Channel, topic="wrong", fps=fps):
            pass

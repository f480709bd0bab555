"""How fast clients may send and join, however often they leave and come back."""

from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until
from tests.runtime.test_resume import Own

pytestmark = pytest.mark.asyncio


class Tally(Channel, topic="tally:*", shared=True):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        state["n"] += 1


SLOW = Limits(events_per_second=0.001, events_at_once=5, joins=3)
"""No test is so long that time gives anything back."""


@pytest.fixture
def limits() -> Limits:
    return SLOW


async def state(endpoint: Endpoint) -> Any:
    """Return the state of tally:1, as somebody else gets it."""
    return (await Client(endpoint).join("tally:1"))["state"]


async def leave(client: Client, topic: str) -> None:
    count = len(client.received("phx_close"))
    client.push(topic, "phx_leave")
    await client.wait("phx_close", count + 1)


@pytest.mark.parametrize("is_left", [True, False], ids=["left", "not left"])
async def test_who_joins_again_may_not_send_more(endpoint: Endpoint, is_left: bool) -> None:
    client = await join(endpoint, Tally, "tally:1")
    for times in (1, 2, 3):
        for _ in range(3):
            client.dispatch("tally:1", "add")
        if is_left:
            await leave(client, "tally:1")
        client.push("tally:1", "phx_join")
        await client.wait("state:change", times + 1)
    assert await state(endpoint) == {"n": 5}


async def test_who_joins_another_topic_may_send_there(endpoint: Endpoint) -> None:
    client = await join(endpoint, Tally, "tally:1")
    for _ in range(7):
        client.dispatch("tally:1", "add")
    await client.wait("error", 2)
    await client.join("tally:2")
    client.dispatch("tally:2", "add")
    await until(lambda: client.received("state:patch")[-1][2] == "tally:2")
    assert len(client.received("error")) == 2


async def test_who_comes_back_to_its_place_may_not_send_more(endpoint: Endpoint) -> None:
    endpoint.declare(Tally)
    client = Own(endpoint, "tally:1")
    await client.start()
    for _ in range(5):
        client.dispatch("tally:1", "add")
    await client.wait("state:patch", 5)
    client.connection.lost()

    back = Own(endpoint, "tally:1", client)
    assert (await back.open())["resumed"] is True
    ref = back.dispatch("tally:1", "add")
    await until(lambda: bool(back.answers(ref)))
    assert back.answers(ref)[0][1]["type"] == "too_fast"

    await leave(back, "tally:1")
    back.push("tally:1", "phx_join", {"livestate": {}})
    await back.wait("state:change", 1)
    ref = back.dispatch("tally:1", "add")
    await until(lambda: bool(back.answers(ref)))
    assert back.answers(ref)[0][1]["type"] == "too_fast"
    assert await state(endpoint) == {"n": 5}


async def test_who_joins_and_leaves_all_the_time_is_refused_and_then_closed(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Tally)
    client = Client(endpoint)
    for number in range(2 * SLOW.joins):
        await client.join(f"tally:{number}")
        await leave(client, f"tally:{number}")
        client.frames.clear()
    for number in range(2 * SLOW.joins):
        client.push(f"tally:{number}", "phx_join")
        [*_, reply] = await client.wait("phx_reply", number + 1)
        assert reply[4] == {"status": "error", "response": {"reason": "too many joins"}}
    assert client.closed is None
    client.push("tally:1", "phx_join")
    assert client.closed == (1013, "too many joins")


async def test_the_notebook_s_own_clients_may_join_and_send_as_fast_as_they_like(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Tally)
    client = Client(endpoint, is_local=True)
    assert 2 * SLOW.joins < 10
    for _ in range(10):
        await client.join("tally:1")
        client.dispatch("tally:1", "add")
        await client.wait("state:patch", 1)
        await leave(client, "tally:1")
        client.frames.clear()

"""What an endpoint tells whoever measures it, a kernel's as well as a server's."""

import asyncio
from typing import Any

import pytest

from livestate_nb import Channel, Refuse, on
from livestate_nb.limits import Limits
from livestate_nb.roles import User
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Outcome, Refusal
from tests.clients import Client, until

pytestmark = pytest.mark.asyncio

ANN = User("ann", "Ann", "Ann", "A")


class Tape:
    """Keep what is told; implements `livestate_nb.runtime.meter.Meter`."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def joined(self, connection: str, user: str, topic: str) -> None:
        self.told.append(("joined", connection, user, topic))

    def refused(self, refusal: Refusal, connection: str, user: str, topic: str) -> None:
        self.told.append(("refused", refusal, connection, user, topic))

    def handled(self, pattern: str, kind: str, outcome: Outcome, seconds: float) -> None:
        assert 0 < seconds < 60
        self.told.append(("handled", pattern, kind, outcome))

    def updated(self, pattern: str, size: int) -> None:
        self.told.append(("updated", pattern, size))


class Room(Channel, topic="room:*", shared=True, presence=False):
    def authorize(self, params: Any) -> bool:
        return "no" not in params

    def init(self, params: Any) -> Any:
        self.subscribe("news")
        return {"n": 0}

    def joined(self, params: Any, state: Any) -> None:
        state["n"] += 1

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("refuse")
    async def refuse(self, payload: Any, state: Any) -> None:
        raise Refuse("no")

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")

    @on("count")
    async def count(self, payload: Any, state: Any) -> Any:
        for _ in range(3):
            state["n"] += 1
            yield

    def handle_message(self, message: Any, state: Any) -> None:
        state["n"] = message


@pytest.fixture
def tape() -> Tape:
    return Tape()


async def test_a_join_is_told_with_the_name_of_the_connection(tape: Tape) -> None:
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Room)
    await Client(endpoint, user=ANN, name="7").join("room:a")
    nameless = Client(endpoint)
    await nameless.join("room:a")
    await nameless.wait("state:patch", 1)
    assert [one for one in tape.told if one[0] == "joined"] == [
        ("joined", "7", "ann", "room:a"),
        ("joined", "c1", "", "room:a"),
    ]
    await endpoint.close()


async def test_what_is_handled_is_told_once_with_how_it_ended(tape: Tape) -> None:
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Room)
    client = Client(endpoint)
    await client.join("room:a")
    await client.wait("state:patch", 1)
    for position, event in enumerate(("inc", "refuse", "fail", "nobody"), 2):
        client.dispatch("room:a", event)
        await client.wait("state:patch", position)
    client.dispatch("room:a", "count")
    await client.wait("state:patch", 9)
    endpoint.broadcast("news", 7)
    await client.wait("state:patch", 10)
    handled = [one[1:] for one in tape.told if one[0] == "handled"]
    assert handled == [
        ("room:*", "join", Outcome.OK),
        ("room:*", "event", Outcome.OK),
        ("room:*", "event", Outcome.REFUSED),
        ("room:*", "event", Outcome.FAILED),
        ("room:*", "event", Outcome.REFUSED),
        ("room:*", "event", Outcome.OK),
        ("room:*", "message", Outcome.OK),
    ]
    await endpoint.close()


async def test_an_update_is_told_with_the_bytes_of_its_payload(tape: Tape) -> None:
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Room)
    clients = [Client(endpoint) for _ in range(3)]
    for client in clients:
        await client.join("room:ä")
    for client in clients:
        await client.settle("room:ä")
    tape.told.clear()
    clients[0].dispatch("room:ä", "inc")
    await clients[2].wait("state:patch", 1)
    size = len('{"patch":[{"op":"replace","path":"/n","value":4}],"version":4}')
    assert [one for one in tape.told if one[0] == "updated"] == [("updated", "room:*", size)]
    await endpoint.close()


async def test_refusals_are_told_with_their_kind(tape: Tape) -> None:
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Room)
    client = Client(endpoint, user=ANN, name="7")
    client.push("room:a", "phx_join", {"no": True})
    await client.wait("phx_reply", 1)
    client.push("other", "phx_join")
    client.feed('["1","1",["no","topic"],"phx_join",{}]')
    await client.join("room:b")
    client.dispatch("room:b", "refuse")
    await client.wait("error", 1)
    client.feed("no frame")
    assert [one for one in tape.told if one[0] == "refused"] == [
        ("refused", Refusal.JOIN, "7", "ann", "room:a"),
        ("refused", Refusal.UNMATCHED, "7", "ann", "other"),
        ("refused", Refusal.UNMATCHED, "7", "ann", ""),
        ("refused", Refusal.EVENT, "7", "ann", "room:b"),
        ("refused", Refusal.FRAME, "7", "ann", ""),
    ]
    await endpoint.close()


@pytest.mark.parametrize("text", ["unmatched topic", "too many joins", "too many channels joined"])
async def test_a_channel_that_refuses_in_our_own_words_refuses_a_join(
    tape: Tape, text: str
) -> None:
    class Choosy(Channel, topic="choosy"):
        def authorize(self, params: Any) -> bool:
            raise Refuse(text)

    endpoint = Endpoint(meter=tape)
    endpoint.declare(Choosy)
    client = Client(endpoint, user=ANN, name="7")
    client.push("choosy", "phx_join")
    [reply] = await client.wait("phx_reply", 1)
    assert reply[4]["response"] == {"reason": text}
    assert tape.told == [("refused", Refusal.JOIN, "7", "ann", "choosy")]
    await endpoint.close()


async def test_more_channels_or_joins_than_a_client_may_have_are_told_as_a_limit(
    tape: Tape,
) -> None:
    endpoint = Endpoint(meter=tape, limits=Limits(joins=1))
    endpoint.declare(Room)
    client = Client(endpoint, user=ANN, name="7")
    await client.join("room:a")
    client.push("room:b", "phx_join")
    await client.wait("phx_reply", 2)
    client.push("room:a", "phx_join")
    await client.wait("phx_reply", 3)
    client.push("room:a", "phx_join")
    [*_, reply] = await client.wait("phx_reply", 4)
    assert reply[4]["response"] == {"reason": "too many joins"}
    assert [one for one in tape.told if one[0] == "refused"] == [
        ("refused", Refusal.LIMIT, "7", "ann", "room:b"),
        ("refused", Refusal.LIMIT, "7", "ann", "room:a"),
    ]
    await endpoint.close()


async def test_a_join_of_a_topic_that_nobody_serves_any_more_is_told_as_unmatched(
    tape: Tape,
) -> None:
    endpoint = Endpoint(meter=tape)
    client = Client(endpoint, user=ANN, name="7", serves=lambda topic: True)
    client.push("room:a", "phx_join")
    [reply] = await client.wait("phx_reply", 1)
    assert reply[4]["response"] == {"reason": "unmatched topic"}
    assert tape.told == [("refused", Refusal.UNMATCHED, "7", "ann", "room:a")]
    await endpoint.close()


async def test_an_event_whose_session_ends_is_told_as_dropped(tape: Tape) -> None:
    class Slow(Channel, topic="slow"):
        @on("wait")
        async def wait(self, payload: Any, state: Any) -> None:
            begun.append(True)
            await asyncio.Event().wait()

    begun: list[bool] = []
    endpoint = Endpoint(meter=tape)
    endpoint.declare(Slow)
    client = Client(endpoint)
    await client.join("slow")
    client.dispatch("slow", "wait")
    await until(lambda: bool(begun))
    endpoint.withdraw("slow")
    await until(lambda: ("handled", "slow", "event", Outcome.DROPPED) in tape.told)
    await endpoint.close()

"""Clients of the kit that lose their connection and come back, as our own client in a browser."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Refuse, on
from livestate_nb.testing import AsyncClient, AsyncRig, Rig
from tests.clients import until
from tests.testing.channels import Fragile, Room, Tally


class Guarded(Tally, topic="guarded:*"):
    """Lets in who knows the word of the day."""

    word = "swordfish"

    def authorize(self, params: Any) -> bool:
        if params["word"] != Guarded.word:
            raise Refuse("not any more")
        return True


class Brief(Tally, topic="brief:*", grace=0):
    """Keeps no places."""


class Slow(Tally, topic="slow:*"):
    """Answers when it is let."""

    gate = asyncio.Event()

    @on("wait")
    async def wait(self, payload: Any, state: Any) -> None:
        await Slow.gate.wait()
        state["n"] += 1


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[AsyncRig]:
    Guarded.word, Slow.gate = "swordfish", asyncio.Event()
    async with AsyncRig(Tally, Room, Fragile, Guarded, Brief, Slow, timeout=2.0) as rig:
        yield rig


@pytest_asyncio.fixture
async def client(rig: AsyncRig) -> AsyncClient:
    return rig.connect()


@pytest.mark.asyncio
async def test_who_comes_back_goes_on_and_gets_what_was_missed(
    rig: AsyncRig, client: AsyncClient
) -> None:
    room = await client.join("room:1")
    client.close()
    assert not room.is_joined
    rig.broadcast("news", "rain")
    rig.broadcast("news", "snow")
    assert not room.is_resumed
    await client.reconnect()
    assert (room.is_joined, room.is_resumed) == (True, True)
    await room.assert_state_patch(state={"said": [["news", "rain"], ["news", "snow"]]}, version=2)
    assert room.versions == [0, 1, 2]


@pytest.mark.asyncio
async def test_nothing_comes_twice_however_often_it_comes_back(client: AsyncClient) -> None:
    tally = await client.join("tally:a")
    for n in range(1, 6):
        tally.send_event("add")
        tally.send_event("tell")
        await tally.settle()
        await client.reconnect()
        assert tally.is_resumed
        assert tally.state == {"n": n}
    assert len(tally.events) == 10
    assert tally.versions == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2]


@pytest.mark.asyncio
async def test_events_wait_for_the_connection(client: AsyncClient) -> None:
    tally = await client.join("tally:a")
    client.close()
    tally.send_event("add")
    tally.send_event("climb")
    with pytest.raises(AssertionError, match="the client has closed its connection: reconnect it"):
        await tally.settle()
    await client.reconnect()
    await tally.settle()
    assert tally.state == {"n": 3}


@pytest.mark.asyncio
async def test_an_event_without_an_answer_is_sent_again_and_handled_once(
    client: AsyncClient,
) -> None:
    slow = await client.join("slow:a")
    slow.send_event("wait")
    slow.send_event("add", {"by": 10})
    await client.reconnect()
    Slow.gate.set()
    await slow.settle()
    assert (slow.state, slow.versions) == ({"n": 11}, [0, 1, 2])


@pytest.mark.asyncio
async def test_an_event_that_never_arrived_is_sent_again(
    rig: AsyncRig, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = await client.join("tally:a")
    [session] = rig.endpoint.sessions
    [member] = session.joined
    with monkeypatch.context() as dead:
        dead.setattr(member.line, "feed", lambda _frame: None)
        tally.send_event("add")
    await client.reconnect()
    await tally.settle()
    assert tally.state == {"n": 1}


@pytest.mark.asyncio
async def test_who_has_come_back_may_leave_at_once(client: AsyncClient, rig: AsyncRig) -> None:
    tally = await client.join("tally:a")
    await client.reconnect()
    await tally.leave()
    await until(lambda: rig.endpoint.sessions == [])


@pytest.mark.asyncio
async def test_where_no_place_is_kept_it_joins_afresh(client: AsyncClient) -> None:
    brief = await client.join("brief:a", {"start": 5})
    brief.send_event("add")
    await brief.settle()
    await client.reconnect()
    assert not brief.is_resumed
    await brief.assert_state_change({"n": 5}, version=0)
    await brief.assert_state_change({"n": 5}, version=0)
    brief.send_event("add")
    await brief.assert_state_patch(state={"n": 6}, version=1)


@pytest.mark.asyncio
async def test_who_may_not_join_any_more_is_refused(client: AsyncClient) -> None:
    guarded = await client.join("guarded:a", {"word": "swordfish"})
    Guarded.word = "trout"
    with pytest.raises(Refuse) as refused:
        await client.reconnect()
    assert refused.value.reason == {"reason": "not any more"}
    Guarded.word = "swordfish"
    await client.reconnect()
    assert guarded.is_resumed


@pytest.mark.asyncio
async def test_every_topic_is_joined_again_but_those_that_have_ended(client: AsyncClient) -> None:
    tally, room = await client.join("tally:a"), await client.join("room:1")
    fragile, left = await client.join("fragile"), await client.join("tally:b")
    fragile.send_event("drop")
    await fragile.assert_crash()
    await left.leave()
    await client.reconnect()
    assert [one.is_resumed for one in (tally, room, fragile, left)] == [True, True, False, False]
    assert [one.is_joined for one in (fragile, left)] == [False, False]


def test_a_plain_test_loses_its_connection_too(livestate: Rig) -> None:
    livestate.declare(Room)
    client = livestate.connect()
    room = client.join("room:1")
    client.close()
    livestate.broadcast("news", "rain")
    client.reconnect()
    room.assert_state_patch(state={"said": [["news", "rain"]]})
    assert room.is_resumed

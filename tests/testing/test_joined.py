"""Clients of the kit in async tests: what they know of a topic, and what their assertions say."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import ANY

import pytest
import pytest_asyncio

from livestate_nb import Channel, Refuse, User, on
from livestate_nb.errors import ProtocolError
from livestate_nb.testing import AsyncRig
from tests.testing.channels import Fragile, NamedTally, Room, ShapedTally, Tally

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[AsyncRig]:
    async with AsyncRig(Tally, Room, Fragile, ShapedTally, NamedTally, timeout=2.0) as rig:
        yield rig


@pytest_asyncio.fixture
async def hasty() -> AsyncIterator[AsyncRig]:
    """A rig whose clients do not wait long, for what is not to come."""
    async with AsyncRig(Tally, timeout=1.0) as rig:
        yield rig


async def test_a_joined_topic_has_its_first_state(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a", {"start": 5})
    assert (tally.topic, tally.state, tally.version, tally.versions) == (
        "tally:a",
        {"n": 5},
        0,
        [0],
    )
    assert await tally.assert_state_change({"n": 5}, version=0) == {"n": 5}
    assert tally.is_joined


async def test_patches_are_asserted_by_operations_state_and_version(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    for _ in range(3):
        tally.send_event("add")
    operations = [{"op": "replace", "path": "/n", "value": 1}]
    assert await tally.assert_state_patch(operations) == operations
    await tally.assert_state_patch(state={"n": 2})
    await tally.assert_state_patch(version=3)
    tally.send_event("add", {"by": 10})
    await tally.assert_state_patch([{"op": "replace", "path": "/n", "value": ANY}], version=0)
    assert (tally.state, tally.versions) == ({"n": 13}, [0, 1, 2, 3, 0])


async def test_an_assertion_takes_what_fits_and_leaves_the_rest_to_others(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    for _ in range(2):
        tally.send_event("add")
    await tally.assert_state_patch(version=2)
    await tally.assert_state_patch(version=1)
    tally.refresh()
    await tally.assert_state_change(version=0)
    await tally.assert_state_change(version=2)


async def test_events_come_with_their_details_in_order(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    tally.send_event("tell")
    assert await tally.assert_event("told", {"again": True}) == {"again": True}
    assert await tally.assert_event("told") == {"n": 0}
    tally.send_event("fail")
    failure = await tally.assert_event("error")
    assert (failure["type"], failure["event"]) == ("raised", "fail")
    assert [name for name, _ in tally.events] == ["told", "told", "error"]


async def test_settled_events_are_handled_generators_to_their_end(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    tally.send_event("climb")
    tally.send_event("fail")
    tally.send_event("add")
    await tally.settle()
    assert tally.state == {"n": 3}
    await tally.settle()


async def test_bytes_are_sent_in_binary_frames(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    tally.send_event("measure", b"\x00\xff\x00")
    await tally.assert_state_patch(state={"n": 3})


async def test_members_of_a_topic_are_told_apart_by_their_users(rig: AsyncRig) -> None:
    ann, somebody = await rig.join("room:1", user=User("ann")), await rig.join("room:1")
    ann.send_event("say", {"text": "hello"})
    await somebody.assert_state_patch(state={"said": [["ann", "hello"]]})
    somebody.send_event("say", {"text": "hi"})
    await ann.assert_state_patch(state={"said": [["ann", "hello"], ["somebody", "hi"]]})


async def test_a_client_joins_several_topics(rig: AsyncRig) -> None:
    client = rig.connect()
    tally, room = await client.join("tally:a"), await client.join("room:1")
    tally.send_event("add")
    await tally.assert_state_patch(state={"n": 1})
    assert room.versions == [0]


async def test_messages_reach_those_who_subscribed(rig: AsyncRig) -> None:
    room = await rig.join("room:1")
    rig.broadcast("news", "rain")
    await room.assert_state_patch(state={"said": [["news", "rain"]]})


async def test_a_refused_join_raises_what_the_client_was_told(rig: AsyncRig) -> None:
    with pytest.raises(Refuse) as refused:
        await rig.join("tally:a", {"secret": "x"})
    assert refused.value.reason == {"reason": "not with a secret"}
    with pytest.raises(Refuse, match="unmatched topic"):
        await rig.join("nowhere")


async def test_a_refused_state_is_an_error_event_and_there_is_no_state(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a", {"bad": True})
    await tally.assert_event("error", {"message": "a bad start"})
    with pytest.raises(AssertionError, match="expected a state on 'tally:a'"):
        _ = tally.state
    with pytest.raises(AssertionError, match="expected a version on 'tally:a'"):
        _ = tally.version


async def test_one_who_left_is_joined_no_longer(rig: AsyncRig) -> None:
    room = await rig.join("room:1")
    await room.leave()
    await room.assert_close()
    assert not room.is_joined
    await room.leave()


async def test_a_closed_client_is_no_longer_told(rig: AsyncRig) -> None:
    leaving, staying = rig.connect(), await rig.join("room:1")
    room = await leaving.join("room:1")
    leaving.close()
    staying.send_event("say", {"text": "gone?"})
    await staying.settle()
    assert room.versions == [0]


async def test_a_crash_is_asserted_and_ends_all_waiting_at_once(rig: AsyncRig) -> None:
    fragile = await rig.join("fragile")
    fragile.send_event("drop")
    assert await fragile.assert_crash() == {"reason": "channel_crash"}
    assert not fragile.is_joined
    with pytest.raises(AssertionError, match="expected answers to all events on 'fragile'"):
        await fragile.settle()
    with pytest.raises(AssertionError, match="expected state:patch on 'fragile'"):
        await fragile.assert_state_patch()


async def test_the_end_of_the_endpoint_is_told(rig: AsyncRig) -> None:
    client = rig.connect()
    tally = await client.join("tally:a")
    await rig.close()
    assert client.closed == (1012, "the server is going away")
    with pytest.raises(AssertionError, match="the connection was closed: 1012"):
        await tally.assert_event("more")


async def test_a_failed_assertion_says_what_came_instead(hasty: AsyncRig) -> None:
    tally = await hasty.join("tally:a")
    tally.send_event("add")
    tally.send_event("tell")
    await tally.settle()
    await tally.assert_event("told", {"n": 1})
    with pytest.raises(AssertionError) as failed:
        await tally.assert_state_patch(state={"n": 7}, version=1)
    assert str(failed.value).splitlines() == [
        "expected state:patch with state={'n': 7}, version=1 within 1 s on 'tally:a', got:",
        "  state:change {'state': {'n': 0}, 'version': 0}",
        "  state:patch {'patch': [{'op': 'replace', 'path': '/n', 'value': 1}], 'version': 1}",
        "  told {'again': True}",
        "  state:patch {'patch': [], 'version': 2}",
    ]


async def test_a_failed_assertion_says_that_nothing_came(hasty: AsyncRig) -> None:
    tally = await hasty.join("tally:a")
    await tally.assert_state_change()
    with pytest.raises(AssertionError) as failed:
        await tally.assert_event("told")
    assert str(failed.value) == (
        "expected told within 1 s on 'tally:a', got nothing that no assertion has taken"
    )


async def test_what_a_builder_of_its_own_sends_is_an_event(rig: AsyncRig) -> None:
    tally = await rig.join("shaped:a")
    tally.send_event("add")
    await tally.settle()
    assert tally.events == [
        ("state:change", {"all": {"n": 0}, "v": 0}),
        ("state:patch", {"patch": 1, "version": 1}),
    ]
    assert tally.versions == []
    with pytest.raises(AssertionError, match="expected a state on 'shaped:a'"):
        _ = tally.state
    await tally.assert_event("state:patch", {"patch": 1, "version": 1})


async def test_a_first_state_of_another_name_is_waited_for_where_it_is_named(
    rig: AsyncRig,
) -> None:
    tally = await rig.join("named:a", first="whole")
    assert tally.events == [("whole", {"state": {"n": 0}, "version": 0})]
    tally.send_event("add")
    await tally.assert_event("step", {"patch": ANY, "version": 1})


async def test_events_of_an_ended_channel_are_never_settled(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    await tally.leave()
    tally.send_event("add")
    with pytest.raises(AssertionError, match="expected answers to all events on 'tally:a'"):
        await tally.settle()


async def test_names_that_no_binary_frame_holds_are_told(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")
    with pytest.raises(ProtocolError, match="expected at most 255 bytes"):
        tally.send_event("m" * 300, b"\x00")


async def test_a_class_declared_again_takes_over_what_is_joined(rig: AsyncRig) -> None:
    tally = await rig.join("tally:a")

    class Double(Tally, topic="tally:*", max_version=3):
        @on("add")
        async def add(self, payload: Any, state: Any) -> None:
            state["n"] += 2

    rig.declare(Double)
    tally.send_event("add")
    await tally.assert_state_patch(state={"n": 2})


async def test_a_channel_without_a_state_of_its_own_has_an_empty_one(rig: AsyncRig) -> None:
    class Empty(Channel, topic="empty"):
        pass

    rig.declare(Empty)
    assert (await rig.join("empty")).state == {}

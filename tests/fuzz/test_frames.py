"""Frames of hostile clients: whatever they send, nobody else notices, and the server goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import strategies as st

from livestate_nb import Channel, on
from livestate_nb.codec import dumps, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import Message, SerializerV1, SerializerV2, pushed, serializer_for
from livestate_nb.protocol.head import Head, head_of
from livestate_nb.protocol.message import PHX_JOIN
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.places import Owner, Places
from tests.clients import Client
from tests.fuzz import hostile
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import binary_frames, text_frames, tokens, values, words
from tests.fuzz.loops import settle

CODES = (1011, 1013)
"""Close codes of who breaks the protocol, or sends too much."""

V2 = SerializerV2()


class Shared(Channel, topic="shared:*", shared=True):
    async def authorize(self, params: Any) -> bool:
        return True

    async def init(self, params: Any) -> Any:
        return {"said": {}, "count": 0}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        state["count"] += 1
        state["said"] = payload

    @on("typed")
    async def typed(self, payload: dict[str, int], state: Any) -> None:
        state["count"] += 1


class Own(Shared, topic="own:*"):
    pass


topics = hostile.topics("shared:1", "shared:1", "own:1", "own:*")
events = hostile.events("say", "say", "typed")
v2_frames = st.one_of(text_frames(topics, events, vsn=2), binary_frames(topics, events))
v1_frames = st.one_of(text_frames(topics, events, vsn=1), binary_frames(topics, events))


@asynccontextmanager
async def endpoint_with(*channels: type[Channel]) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    for channel in channels:
        endpoint.declare(channel)
    yield endpoint
    await endpoint.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


@fuzz(200, st.lists(v2_frames, min_size=1, max_size=12))
def test_no_frame_of_a_client_is_noticed_by_another(frames: list[str | bytes]) -> None:
    run(lambda: hostile_client(frames, "2.0.0"))


@fuzz(150, st.lists(v1_frames, min_size=1, max_size=12))
def test_no_frame_of_the_first_version_is_either(frames: list[str | bytes]) -> None:
    run(lambda: hostile_client(frames, "1.0.0"))


async def hostile_client(frames: list[str | bytes], vsn: str) -> None:
    """Let a client send frames, while another goes about its business in the same session."""
    async with endpoint_with(Shared, Own) as endpoint:
        good = Client(endpoint)
        idle = asyncio.all_tasks()
        await good.join("shared:1")
        bad = Client(endpoint, vsn=vsn, principal="bad")
        for frame in frames:
            bad.feed(frame)
            if isinstance(frame, str) and PHX_JOIN in frame:
                await asyncio.sleep(0)
        good.dispatch("shared:1", "say", {"hello": "there"})
        await good.settle("shared:1")
        state = good.received("state:change")[-1][4]["state"]
        assert state["count"] == len(good.received("state:patch"))
        assert good.closed is None
        assert not good.received("phx_error")
        assert bad.closed is None or bad.closed[0] in CODES
        if bad.closed is not None:
            assert len(bad.closed[1].encode()) <= 123
        for frame in bad.frames:
            assert_is_frame(frame, vsn)
        bad.connection.lost()
        good.connection.lost()
        await settle(idle)
        assert not any(one.joined for one in endpoint.sessions)


def assert_is_frame(frame: str | bytes, vsn: str) -> None:
    if isinstance(frame, bytes):
        pushed(frame)
    elif vsn == "2.0.0":
        assert len(loads(frame)) == 5
    else:
        assert set(loads(frame)) == {"topic", "event", "payload", "ref"}


@fuzz(500, st.sampled_from(["1.0.0", "2.0.0"]), st.one_of(v1_frames, v2_frames))
def test_a_frame_is_a_message_or_breaks_the_protocol(vsn: str, frame: str | bytes) -> None:
    serializer = serializer_for(vsn)
    try:
        message = serializer.decode(frame)
    except ProtocolError:
        return
    assert isinstance(message, Message)
    assert head_of(frame, serializer) == Head(*message[:4])  # the relay sees what the kernel sees
    if not isinstance(message.payload, bytes):
        assert isinstance(serializer.encode(message), str)
    if not isinstance(message.payload, bytes) and isinstance(serializer, SerializerV2):
        assert dumps(serializer.decode(serializer.encode(message))) == dumps(message)


@fuzz(300, st.one_of(v1_frames, v2_frames))
def test_the_head_of_what_is_no_message_is_refused_or_read(frame: str | bytes) -> None:
    for serializer in (SerializerV1(), V2):
        try:
            head = head_of(frame, serializer)
        except ProtocolError:
            continue
        assert isinstance(head, Head)


@fuzz(300, st.binary(max_size=60))
def test_a_binary_frame_of_a_server_is_a_push_or_breaks_the_protocol(frame: bytes) -> None:
    try:
        message = pushed(frame)
    except ProtocolError:
        return
    assert V2.encode(message) == frame


@fuzz(300, words)
def test_a_version_is_spoken_or_refused(vsn: str) -> None:
    for text in (vsn, f"2.0.{vsn}", f"{vsn}.0.0"):
        try:
            serializer_for(text)
        except ProtocolError:
            continue
        assert text.isascii()


@fuzz(400, tokens, values)
def test_no_made_up_token_claims_a_place(token: Any, received: Any) -> None:
    places: Places[str] = Places(10, lambda: 0.0)
    ann = Owner("ann", False, "room:1")
    place = places.open(ann, "her seat")
    assert places.claim(token, ann, received) is None
    right = places.token(place)
    claim = places.claim(right, ann, received)
    assert claim is not None
    assert claim.received >= 0


@fuzz(300, st.integers(0, 80), words, values)
def test_no_part_of_a_token_claims_a_place(position: int, put_in: str, received: Any) -> None:
    places: Places[str] = Places(10, lambda: 0.0)
    ann = Owner("ann", False, "room:1")
    token = places.token(places.open(ann, "her seat"))
    changed = token[:position] + put_in + token[position + 1 :]
    assert (places.claim(changed, ann, received) is None) == (changed != token)


def answers_of(client: Client) -> dict[str, Any]:
    return {reply[1]: reply[4]["response"] for reply in client.received("phx_reply")}


@fuzz(200, st.lists(st.tuples(tokens, values), min_size=1, max_size=4))
def test_a_made_up_claim_joins_afresh(claims: list[tuple[Any, Any]]) -> None:
    async def check() -> None:
        async with endpoint_with(Own) as endpoint:
            client = Client(endpoint)
            for token, received in claims:
                ours = {"resume": {"token": token, "received": received}, "session": token}
                ref = client.push("own:1", PHX_JOIN, {"livestate": ours})
                while ref not in (answers := answers_of(client)):
                    await client.wait("phx_reply", len(answers) + 1)
                assert answers[ref]["livestate"]["resumed"] is False

    run(check)


@pytest.mark.parametrize(
    "topic", ["../x", "a/b", "\0", "x" * 10_000, "shared:..%2f", "own:</script>"]
)
def test_odd_topics_are_answered_as_any_other(topic: str) -> None:
    async def check() -> None:
        async with endpoint_with(Shared, Own) as endpoint:
            for name in (topic, f"shared:{topic}", f"own:{topic}"):
                client = Client(endpoint)
                is_hosted = endpoint.is_hosted(name)
                ref = client.push(name, PHX_JOIN)
                [reply, *_] = await client.wait("phx_reply", 1)
                assert reply[1:4] == [ref, name, "phx_reply"]
                assert reply[4]["status"] == ("ok" if is_hosted else "error")
                if is_hosted:
                    await client.wait("state:change", 1)
                    client.dispatch(name, "say", {"text": topic})
                    await client.settle(name)
                    state = client.received("state:change")[-1][4]["state"]
                    assert state == {"said": {"text": topic}, "count": 1}

    run(check)

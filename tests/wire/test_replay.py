"""The original's transcripts, replayed against the same channels written for livestate_nb.

Control frames and events are equal; patches are compared by the state they lead to, since ours
are better. Where we answer otherwise on purpose the difference is named in `SAYS`.
"""

import ast
import asyncio
from functools import partial
from typing import Any

import jsonpatch
import pytest

from livestate_nb.codec import Json, loads
from livestate_nb.runtime import Endpoint
from tests.clients import Client
from tests.testbed import channels, transcripts
from tests.wire.vectors import DIFFS, OF_SOCKETS, TRANSCRIPTS

CHANNELS = [*channels.CHANNELS, *transcripts.CHANNELS]  # of two with one topic the latter serves

SAYS = [
    # Phoenix 1.8 gives the reason of a crash; the transcripts are of 1.7
    ('"phx_error",{}', '"phx_error",{"reason":"channel_crash"}'),
    # a refusal with a text is an object: clients cope badly with a bare one
    ('"response":"Go away!"', '"response":{"reason":"Go away!"}'),
    # a fault of the original: its refresh bypasses the encoder, the builder and the state's key
    ('"my_state"', '"state"'),
    ('"__meta__":{"hidden":1},', ""),
    ('{"__meta__":1,"k":1}', '{"k":1}'),
    # Elixir's times know how many digits they have
    ('"03:04:05.5"', '"03:04:05.500000"'),
]

FREE = ["Join and events sent back to back"]
"""Where the order of frames is free between topics."""

DUPLICATE = "Duplicate join of the same topic on one socket"

ANSWERED_OTHERWISE = {
    # nothing of a reply is sent before all of it is known to be sound
    "Reply list whose second member is not an Event": ["phx_reply", "state:change", "phx_error"],
    # a state is an object, after init as well
    "New state is a list": ["phx_reply", "state:change", "phx_error"],
}

REPLAYED = [
    "Join ok",
    "Join with params",
    'Join denied by authorize ({:error, "Go away!"})',
    'Join denied by authorize with a map ({:error, %{reason: "unauthorized"}})',
    "Join authorized",
    "authorize raises",
    "Join, payload null",
    "Unmatched topic",
    "Init error, string",
    "Init error, map",
    "Init raises",
    "Init returns {:ok, non-map}",
    "Event without reply: state:patch",
    "Remove from a list",
    "Event with one reply event",
    "Event with two reply events",
    "handle_event/4 with socket, reply reads socket.assigns",
    "lvs_refresh",
    "Leave",
    "Leave with a wrong join_ref",
    "Heartbeat",
    "Event on a topic not joined",
    "Two topics on one socket",
    "Event with join_ref null / missing payload / short array",
    "Extra array members are ignored",
    "Numeric refs",
    "Invalid JSON frame",
    "Valid JSON, not an array",
    "Binary frame (not V2 binary push)",
    "Handler raises",
    "Handler returns something else",
    "handle_message raises after its event's patch",
    "Unknown event name, channel defines handle_event clauses but none matches",
    "Known event, payload does not match the clause",
    "Unknown event name, channel defines no handle_event at all",
    "Message that is neither lvs_evt: nor lvs_refresh",
    "Event name empty",
    "State unchanged",
    "Version rollover (max_version 10)",
    "Custom message builder: full state:change instead of patches",
    "Types and encoding",
    "state_key overridden to :my_state",
    "Shared topic, two clients (PubSub)",
    "Join and events sent back to back",
    "Slow handler (300 ms) does not block the other channel or heartbeat of the socket",
    "Payload not a map",
    "Reply event whose detail is not a map",
    "New state nil",
]


def test_every_transcript_is_replayed() -> None:
    replayed = [*REPLAYED, *ANSWERED_OTHERWISE, DUPLICATE, *OF_SOCKETS]
    assert sorted(replayed) == sorted(TRANSCRIPTS)


class States:
    """What a client that applies patches makes of its frames: each patch becomes a state."""

    def __init__(self) -> None:
        self._states: dict[str, Json] = {}

    def read(self, frame: str) -> tuple[Any, ...]:
        if frame.startswith("CLOSE"):
            return ("CLOSE", frame.split()[1])
        join_ref, ref, topic, event, payload = loads(frame)
        if event == "state:change":
            self._states[topic] = payload["state"]
        elif event == "state:patch":
            old = self._states[topic]
            self._states[topic] = jsonpatch.apply_patch(old, payload["patch"])
            payload = {"state": self._states[topic], "version": payload["version"]}
        return (join_ref, ref, topic, event, repr(sort(payload)))


@pytest.mark.asyncio
@pytest.mark.parametrize("name", REPLAYED)
async def test_the_server_answers_as_the_original(name: str) -> None:
    endpoint = Endpoint()
    for channel in CHANNELS:
        endpoint.declare(channel)
    lines = TRANSCRIPTS[name]
    clients = {line.client: Client(endpoint) for line in lines}
    expected: dict[str, list[str]] = {client: [] for client in clients}
    try:
        for position, line in enumerate(lines):
            if line.is_from_client:
                is_batch = position + 1 < len(lines) and lines[position + 1].is_from_client
                clients[line.client].feed(_frame(line.frame))
                if is_batch:
                    continue
            elif not line.frame.startswith("TCP"):
                frame = line.frame
                for old, new in SAYS:
                    frame = frame.replace(old, new)
                expected[line.client].append(frame)
            if position + 1 == len(lines) or lines[position + 1].is_from_client:
                await _all_came(clients, expected)
        for key, client in clients.items():
            sent, recorded = States(), States()
            frames = [sent.read(str(frame)) for frame in client.frames]
            if client.closed is not None:
                frames.append(("CLOSE", f"code={client.closed[0]}"))
            if name == "Payload not a map":
                # the original's patches around null are wrong; ours lead to the right state
                assert frames[-1][4] == repr(
                    {"state": {"todos": [7, None, [1, 2], "just a string"]}, "version": 4}
                )
                continue
            wanted = [recorded.read(frame) for frame in expected[key]]
            if name in FREE:
                frames.sort(key=_topic)
                wanted.sort(key=_topic)
            assert frames == wanted
    finally:
        await endpoint.close()


@pytest.mark.asyncio
async def test_a_duplicate_join_is_answered_as_in_phoenix_1_8() -> None:
    endpoint = Endpoint()
    for channel in CHANNELS:
        endpoint.declare(channel)
    client = Client(endpoint)
    frames = [line.frame for line in TRANSCRIPTS[DUPLICATE] if line.is_from_client]
    # Phoenix 1.7, recorded in the transcript, still handled the fourth, with the old join_ref
    for frame, count in zip(frames, [2, 3, 6, 6, 7], strict=True):
        client.feed(frame)
        await client.until(lambda count=count: len(client.frames) >= count)  # type: ignore[misc]
    kinds = [(f[0], f[3], f[4].get("version")) for f in map(loads, client.frames)]
    assert kinds == [
        ("1", "phx_reply", None),
        ("1", "state:change", 0),
        ("1", "state:patch", 1),
        ("3", "phx_reply", None),
        ("1", "phx_close", None),
        ("3", "state:change", 0),
        ("3", "state:patch", 1),
    ]
    await endpoint.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "old", "new"), DIFFS)
async def test_every_recorded_change_of_state_arrives(name: str, old: Json, new: Json) -> None:
    """Also where the original's patch is wrong: objects and lists, null in lists, {} and []."""
    endpoint = Endpoint()
    for channel in CHANNELS:
        endpoint.declare(channel)
    client = Client(endpoint)
    await client.join("echo:1", old)
    client.dispatch("echo:1", "set", new)
    [patch] = await client.wait("state:patch", 1)
    assert repr(sort(jsonpatch.apply_patch(old, patch[4]["patch"]))) == repr(sort(new))
    await endpoint.close()


def sort(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: sort(value[key]) for key in sorted(value)}
    return [sort(item) for item in value] if isinstance(value, list) else value


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ANSWERED_OTHERWISE)
async def test_what_the_original_let_pass_ends_the_channel(name: str) -> None:
    endpoint = Endpoint()
    for channel in CHANNELS:
        endpoint.declare(channel)
    client = Client(endpoint)
    events = ANSWERED_OTHERWISE[name]
    for line in TRANSCRIPTS[name]:
        if line.is_from_client:
            client.feed(line.frame)
    await client.until(lambda: len(client.frames) == len(events))
    assert [loads(frame)[3] for frame in client.frames] == events
    await endpoint.close()


def _topic(frame: tuple[Any, ...]) -> str:
    return str(frame[2])


def _frame(recorded: str) -> str | bytes:
    """Return a frame of a client: binary ones were recorded as such."""
    if not recorded.startswith("(opcode 2) "):
        return recorded
    binary: bytes = ast.literal_eval(recorded.removeprefix("(opcode 2) "))
    return binary


async def _all_came(clients: dict[str, Client], expected: dict[str, list[str]]) -> None:
    for key, client in clients.items():
        frames = [frame for frame in expected[key] if not frame.startswith("CLOSE")]
        is_closed = len(frames) < len(expected[key])
        await client.until(partial(_has_come, client, len(frames), is_closed))
    await asyncio.sleep(0)


def _has_come(client: Client, count: int, is_closed: bool) -> bool:
    return len(client.frames) >= count and (client.closed is not None) == is_closed

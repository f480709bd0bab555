"""Bytes as details of events: one frame for all, an error for clients that have none for it."""

import array
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.protocol import pushed
from livestate_nb.runtime import Endpoint
from tests.clients import Client

pytestmark = pytest.mark.asyncio

GRID = np.arange(6, dtype=np.int16).reshape(2, 3)
BUFFERS: dict[str, tuple[Any, bytes]] = {
    "bytes": (b"\x89PNG\xff", b"\x89PNG\xff"),
    "nothing": (b"", b""),
    "bytearray": (bytearray(b"\x00\x01"), b"\x00\x01"),
    "memoryview": (memoryview(b"abcd")[1:3], b"bc"),
    "array": (array.array("B", [1, 2]), b"\x01\x02"),
    "numpy": (GRID, GRID.tobytes()),
    "transposed": (GRID.T, GRID.T.tobytes()),
    "every other": (GRID[:, ::2], GRID[:, ::2].tobytes()),
}
UNSENDABLE: dict[str, Any] = {
    "objects": np.array([object()]),
    "dates": np.array(["2024-01-01"], dtype="datetime64[D]"),
    "a number": np.float64(1.5),
    "an array of no dimension": np.array(1.5),
    "text": "a text is no object",
    "numpy text": np.str_("nor is this"),
}
LONG = "long:" + "t" * 300


class Film(Channel, topic="film", shared=True):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("reply")
    async def reply(self, payload: Any, state: Any) -> Any:
        state["n"] += 1
        return Reply(state, Event("frame", BUFFERS[payload["what"]][0]))

    @on("unsendable")
    async def unsendable(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("frame", UNSENDABLE[payload["what"]]))

    @on("push")
    async def push_all(self, payload: Any, state: Any) -> None:
        pixels = bytearray(b"before")
        self.push("frame", pixels)
        pixels[:] = b"after!"


class Long(Film, topic="long:*"):
    pass


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.declare(Film)
    endpoint.declare(Long)
    yield endpoint
    await endpoint.close()


def binary(client: Client) -> list[bytes]:
    return [frame for frame in client.frames if isinstance(frame, bytes)]


@pytest.mark.parametrize("what", BUFFERS)
async def test_a_detail_that_is_a_buffer_travels_as_its_bytes(
    endpoint: Endpoint, what: str
) -> None:
    client = Client(endpoint)
    await client.join("film")
    client.dispatch("film", "reply", {"what": what})
    await client.wait("state:patch", 1)
    assert client.payloads("frame", "state:patch") == [
        ("frame", BUFFERS[what][1]),
        ("state:patch", {"patch": [{"op": "replace", "path": "/n", "value": 1}], "version": 1}),
    ]
    [frame] = binary(client)
    assert pushed(frame).join_ref == "1"


@pytest.mark.parametrize("what", UNSENDABLE)
async def test_what_is_neither_plain_bytes_nor_an_object_is_a_clear_error(
    endpoint: Endpoint, what: str
) -> None:
    client = Client(endpoint, is_local=True)
    await client.join("film")
    client.dispatch("film", "unsendable", {"what": what})
    [error] = await client.wait("error", 1)
    assert (error[4]["type"], error[4]["event"]) == ("bad_state", "unsendable")
    assert "expected" in error[4]["message"]
    await client.wait("state:patch", 1)
    assert not client.received("frame")


async def test_all_members_get_the_bytes_as_they_were_when_they_were_pushed(
    endpoint: Endpoint,
) -> None:
    clients = [Client(endpoint) for _ in range(3)]
    for client in clients:
        await client.join("film")
    clients[0].dispatch("film", "push")
    for client in clients:
        [frame] = await client.wait("frame", 1)
        assert frame[4] == b"before"


@pytest.mark.parametrize(
    ("topic", "more", "why"),
    [
        ("film", {"has_binary": False}, "long-poll carries no bytes"),
        (LONG, {}, "expected at most 255 bytes"),
    ],
)
async def test_a_client_that_cannot_take_bytes_is_told_and_nothing_else_is_harmed(
    endpoint: Endpoint, topic: str, more: Any, why: str
) -> None:
    client, other = Client(endpoint, **more), Client(endpoint)
    await client.join(topic)
    await other.join(topic)
    client.dispatch(topic, "push")
    client.dispatch(topic, "reply", {"what": "bytes"})
    await client.wait("state:patch", 2)
    errors = [frame[4] for frame in client.received("error")]
    assert [(error["type"], error["event"]) for error in errors] == [("undeliverable", "frame")] * 2
    assert why in errors[0]["message"]
    assert client.closed is None
    await other.wait("state:patch", 2)
    assert len(binary(other)) == (topic == "film")


async def test_a_client_of_the_first_version_is_told(endpoint: Endpoint) -> None:
    client, other = Client(endpoint, vsn="1.0.0"), Client(endpoint)
    await other.join("film")
    client.feed('{"topic":"film","event":"phx_join","payload":{},"ref":0}')
    await client.until(lambda: len(client.frames) == 2)
    other.dispatch("film", "push")
    await other.wait("state:patch", 1)
    assert '"type":"undeliverable","event":"frame"' in str(client.frames[2])
    assert client.closed is None
    assert '"version":1' in str(client.frames[3])
    assert not binary(client)


async def test_bytes_that_were_missed_come_after_a_lost_connection(endpoint: Endpoint) -> None:
    other = Client(endpoint)
    await other.join("film")
    client = Client(endpoint)
    await client.join("film", {"livestate": {}})
    [reply] = client.received("phx_reply")
    token = reply[4]["response"]["livestate"]["token"]
    client.connection.lost()
    other.dispatch("film", "push")
    await other.wait("state:patch", 1)
    back = Client(endpoint)
    back.push("film", "phx_join", {"livestate": {"resume": {"token": token, "received": 1}}})
    await back.wait("state:patch", 1)
    assert back.payloads("frame", "state:patch")[0] == ("frame", b"before")

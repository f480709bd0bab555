"""How a server that ends lets go of its clients."""

import asyncio
from typing import Any

import pytest

from livestate_nb import Channel
from livestate_nb.runtime import Endpoint, drain
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


class Plain(Channel, topic="plain"):
    def init(self, params: Any) -> Any:
        return {}


async def clients(endpoint: Endpoint) -> list[Client]:
    endpoint.declare(Plain)
    found = [Client(endpoint) for _ in range(5)]
    for client in found[1::2]:
        await client.join("plain")
    return found


def closed(found: list[Client]) -> list[int]:
    return [number for number, client in enumerate(found) if client.closed is not None]


async def test_clients_are_closed_in_batches_those_with_channels_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drain, "BATCH", 2)
    monkeypatch.setattr(drain, "PAUSE", 0.5)
    endpoint = Endpoint()
    found = await clients(endpoint)
    closing = asyncio.ensure_future(endpoint.close())
    await found[1].until(lambda: found[1].closed is not None)
    assert closed(found) == [1, 3]
    await closing
    assert [client.closed for client in found] == [(1012, "the server is going away")] * 5


class Slowly(Channel, topic="slowly", fps=0.01):
    def init(self, params: Any) -> Any:
        self.subscribe("news")
        return {"news": None}

    async def handle_message(self, message: Any, state: Any) -> None:
        state["news"] = message


def values(client: Client) -> list[str]:
    patches = [frame[4]["patch"] for frame in client.received("state:patch")]
    return [operation["value"] for patch in patches for operation in patch]


async def test_channels_say_first_what_they_held_back_and_clients_may_come_back() -> None:
    endpoint = Endpoint()
    client = await join(endpoint, Slowly, "slowly")
    for message in ("one", "two", "three"):
        endpoint.broadcast("news", message)
    await client.wait("state:patch", 1)
    [session] = endpoint.sessions
    await until(lambda: session.ledger.is_ahead)
    await endpoint.close()
    assert values(client) == ["one", "three"]
    # phoenix.js would take a phx_close for good
    assert client.payloads("phx_close", "phx_error") == []
    assert client.closed == (1012, "the server is going away")


async def test_channels_go_on_until_their_clients_are_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drain, "BATCH", 1)
    monkeypatch.setattr(drain, "PAUSE", 0.5)
    endpoint = Endpoint()
    endpoint.declare(Slowly)
    found = [Client(endpoint), Client(endpoint)]
    for client in found:
        await client.join("slowly")
    closing = asyncio.ensure_future(endpoint.close())
    await until(lambda: closed(found) != [])
    [last] = [client for client in found if client.closed is None]
    for message in ("one", "two"):
        endpoint.broadcast("news", message)
    await closing
    assert values(last) == ["one", "two"]


async def test_after_a_while_the_rest_is_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "BATCH", 1)
    monkeypatch.setattr(drain, "PAUSE", 3600)
    monkeypatch.setattr(drain, "PATIENCE", 0)
    endpoint = Endpoint()
    found = await clients(endpoint)
    await endpoint.close()
    assert closed(found) == [0, 1, 2, 3, 4]

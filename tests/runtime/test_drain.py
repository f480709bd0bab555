"""How a server that ends lets go of its clients."""

import asyncio
from typing import Any

import pytest

from livestate_nb import Channel
from livestate_nb.runtime import Endpoint, drain
from tests.clients import Client

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
    monkeypatch.setattr(drain, "PAUSE", 0.05)
    endpoint = Endpoint()
    found = await clients(endpoint)
    closing = asyncio.ensure_future(endpoint.close())
    await found[1].until(lambda: found[1].closed is not None)
    assert closed(found) == [1, 3]
    await closing
    assert [client.closed for client in found] == [(1012, "the server is going away")] * 5


async def test_after_a_while_the_rest_is_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "BATCH", 1)
    monkeypatch.setattr(drain, "PAUSE", 3600)
    monkeypatch.setattr(drain, "PATIENCE", 0)
    endpoint = Endpoint()
    found = await clients(endpoint)
    await endpoint.close()
    assert closed(found) == [0, 1, 2, 3, 4]

"""What kernels may ask of their server, met over real uplinks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from livestate_nb import Channel
from livestate_nb.errors import HostError
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.dial import Address, dial
from livestate_nb.transports.uplink import Uplink
from tests.clients import until
from tests.relays import USER, Gallery, Place
from tests.seen import check, message

pytestmark = pytest.mark.asyncio
LIMITS = Limits(uplinks=2, kernel_topics=2)


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    place = Place(limits=LIMITS)
    yield place
    await place.close()


def channel(pattern: str) -> type[Channel]:
    def init(self: Any, params: Any) -> Any:
        return {"pattern": pattern}

    return type("Kept", (Channel,), {"init": init}, topic=pattern, shared=True)


A, B, C = channel("a"), channel("b"), channel("c")


async def test_uplinks_are_bounded_and_a_kernel_dials_until_there_is_room(place: Place) -> None:
    first = await place.dial("k1", A)
    await place.dial("k2", B)
    with pytest.raises(HTTPClientError) as refused:
        await dial(place.address("k3"))
    visitor = place.visit("k3")
    visitor.push("c", "phx_join")
    waiting = place.start("k3", C)
    await first.close()
    await until(lambda: True in waiting.changes)
    assert (await visitor.wait("state:change", 1))[0][4]["state"] == {"pattern": "c"}
    check("uplinks", 2, f"a join waits; its kernel, HTTP {refused.value.code}, and dials again")


async def test_a_kernel_may_publish_only_so_many_topics(place: Place) -> None:
    kernel = await place.dial("k1", A, B, C)
    for pattern in ("a", "b"):
        await kernel.uplink.publish(pattern)
    with pytest.raises(HostError) as refused:
        await kernel.uplink.publish("c")
    visitor = place.visit()
    for topic in ("a", "b"):
        await visitor.join(topic)
    outside = await visitor.refusal("c")
    bound = place.visit("k1")
    assert (await bound.join("c"))["state"] == {"pattern": "c"}  # it stays its author's
    kernel.withdraw("a")
    await kernel.uplink.publish("c")
    expected = message("phx_reply", {"status": "error", "response": outside})
    check("kernel_topics", 2, f"{expected}; `publish` raises HostError: {refused.value}")


async def test_what_a_kernel_had_before_is_awaited_in_bounds(place: Place) -> None:
    for number in range(5):
        one = channel(f"t{number}")
        kernel = await place.dial("k1", one)
        await kernel.uplink.publish(f"t{number}")
        await kernel.close()
        await until(lambda: not place.is_connected("k1"))
    known = [place.publisher(f"t{number}") for number in range(5)]
    assert known == [None, None, None, "k1", "k1"]


class Standstill(WebSocketHandler):
    """A server that lets a kernel in, has a client of it join, and reads nothing any more."""

    address: Address
    opened = 0
    goes_on: asyncio.Event

    def open(self, kernel_id: str) -> None:
        nonce = self.request.headers[wire.NONCE_HEADER]
        proof = wire.proof(self.address.key, wire.SERVER, kernel_id, nonce)
        self.write_message(wire.pack_json(wire.HELLO, 0, {"nonce": "n", "proof": proof}))

    async def on_message(self, received: str | bytes) -> None:
        if wire.HELLO not in str(received)[:1]:
            await self.goes_on.wait()
            return
        Standstill.opened += 1
        turns = wire.Turns()
        client = {"vsn": "2.0.0", "user": USER, "is_local": True, "principal": "", "assigns": {}}
        client |= {"has_binary": True, "frame_bytes": 1_000_000}
        self.write_message(turns.stamp(wire.pack_json(wire.OPEN, 1, client)))
        self.write_message(turns.stamp(wire.pack(wire.FRAME, 1, '["1","1","a","phx_join",{}]')))


async def test_a_server_that_does_not_read_is_hung_up_on_and_dialled_again() -> None:
    socket, port = bind_unused_port()
    address = Address(f"ws://127.0.0.1:{port}/kernel/", "secret", "k1", b"key")
    Standstill.address, Standstill.goes_on = address, asyncio.Event()
    server = HTTPServer(Application([(r"/kernel/(\w+)", Standstill)]))
    server.add_socket(socket)
    endpoint = Endpoint(limits=Limits(unread_most=1_000_000))
    endpoint.declare(A)
    uplink = Uplink(endpoint, address, lambda _is_open: None, Gallery())
    await until(lambda: bool(endpoint.sessions) and bool(endpoint.sessions[0].members))
    [session] = endpoint.sessions
    session.push("told", {"text": "x" * 30_000_000})

    def is_lost() -> bool:
        session.push("told", {"n": 1})
        return session.members == []

    await until(is_lost)
    Standstill.goes_on.set()
    await until(lambda: Standstill.opened == 2)
    await endpoint.close()
    await uplink.close()
    server.stop()
    await server.close_all_connections()


async def test_a_burst_for_a_server_that_reads_may_be_larger_than_what_may_wait(
    place: Place,
) -> None:
    endpoint = Endpoint(limits=Limits(unread_most=1_000_000))
    endpoint.declare(A)
    uplink = Uplink(endpoint, place.address("k1"), lambda _is_open: None, Gallery())
    client = place.visit("k1")
    await client.join("a")
    [session] = endpoint.sessions
    for _ in range(10):
        session.push("told", {"text": "x" * 3_000_000})
    await client.wait("told", 10)
    session.push("told", {"text": "x"})
    await client.wait("told", 11)
    await endpoint.close()
    await uplink.close()

"""Messages of a hostile server to a kernel: the kernel's own clients do not notice."""

import asyncio
import os
from typing import Any

from hypothesis import strategies as st
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from livestate_nb import Channel, on
from livestate_nb.codec import dumps
from livestate_nb.runtime import Endpoint
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink import Uplink
from tests.clients import Client, until
from tests.fuzz import hostile
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import text_frames, values, words
from tests.relays import USER, Gallery

KEY = b"the key of the kernel"


class Count(Channel, topic="count:*", shared=True, grace=0):
    async def authorize(self, params: Any) -> bool:
        return True

    async def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


class Server(WebSocketHandler):
    """Prove that it is the kernel's server, say what it is given, and hang up."""

    def initialize(self, messages: list[str | bytes], opened: "list[Server]") -> None:
        self.messages = messages
        opened.append(self)

    def open(self, *args: str, **kwargs: str) -> None:
        nonce = self.request.headers[wire.NONCE_HEADER]
        proof = wire.proof(KEY, wire.SERVER, "k1", nonce)
        self.write_message(wire.pack_json(wire.HELLO, 0, {"nonce": "n", "proof": proof}))

    async def on_message(self, message: str | bytes) -> None:
        if str(message).startswith(wire.HELLO):  # what comes behind it is numbered
            turns = wire.Turns()
            said, self.messages[:] = list(self.messages), []
            for one in said:
                await self.write_message(turns.stamp(one), binary=isinstance(one, bytes))
            if said:
                self.close()


KINDS = "Hdofxsrte?"
clients = st.fixed_dictionaries(
    {
        "vsn": st.one_of(st.sampled_from(["2.0.0", "1.0.0", "3.0.0"]), values),
        "user": st.one_of(st.none(), st.just(USER), values),
        "is_local": st.one_of(st.booleans(), values),
        "principal": st.one_of(st.just("ann"), values),
        "assigns": st.one_of(st.just({}), values),
        "has_binary": st.booleans(),
        "frame_bytes": st.integers(1),
    }
)
frames = text_frames(hostile.topics("count:1", "count:2"), hostile.events("inc"), vsn=2)
numbers = st.integers(0, 3)
bodies = st.one_of(
    clients,
    values,
    st.fixed_dictionaries({"refused": values}),
    st.fixed_dictionaries({"patterns": values}),
    st.fixed_dictionaries({"tag": values}),
).map(lambda body: dumps(body).decode())
messages = st.one_of(
    st.builds(wire.pack, st.just(wire.OPEN), numbers, clients.map(lambda one: dumps(one).decode())),
    st.builds(wire.pack, st.just(wire.FRAME), numbers, frames),
    st.builds(wire.pack, st.sampled_from(KINDS), numbers, st.one_of(bodies, frames)),
    words,
    st.binary(max_size=30),
).map(lambda one: one if isinstance(one, bytes) else one.encode("utf-8", "replace").decode())


@fuzz(6, st.lists(messages, min_size=1, max_size=8))
def test_no_message_of_a_server_is_noticed_by_a_kernel_s_own_clients(
    said: list[str | bytes],
) -> None:
    asyncio.run(check(said))


async def check(said: list[str | bytes]) -> None:
    before = files()
    waiting, opened = list(said), list[Server]()
    [listening] = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/k1", Server, {"messages": waiting, "opened": opened})]))
    server.add_sockets([listening])
    endpoint = Endpoint()
    endpoint.declare(Count)
    own = Client(endpoint, is_local=True)
    await own.join("count:own")
    url = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    ways: list[bool] = []
    uplink = Uplink(endpoint, Address(url, "secret", "k1", KEY), ways.append, Gallery())
    await until(lambda: ways.count(True) > 1)  # it has dialled again
    own.dispatch("count:own", "inc")
    await own.wait("state:patch", 1)
    assert own.closed is None
    assert uplink.is_open
    await until(lambda: {one.topic for one in endpoint.sessions} == {"count:own"})
    server.stop()
    for one in opened:
        one.close()
    await until(lambda: not uplink.is_open)
    await uplink.close()
    await endpoint.close()
    await until(lambda: files() <= before)


def files() -> int:
    """Return how many files and sockets this process has open."""
    return len(os.listdir("/dev/fd"))

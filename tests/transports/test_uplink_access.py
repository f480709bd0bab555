"""Each message of an uplink: from who has not proved which kernel it is, and about whom it may be.

The rows are compared with the letters of `uplink_wire`: a new letter without a row fails.
"""

from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any, Final

import pytest
import pytest_asyncio
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from livestate_nb import Channel, on
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.dial import dial
from tests.relays import Place

pytestmark = pytest.mark.asyncio

NONCE: Final = "0" * 32

ABOUT: Final[dict[str, object]] = {
    wire.HELLO: {"nonce": NONCE, "proof": "wrong"},
    wire.DECLARE: {"channels": ["board:*"], "published": {"board:*": 1.0}, "elements": {}},
    wire.TAKEN: {"patterns": ["board:*"]},
    wire.ELEMENT: {"source": "stolen"},
    wire.WIDGETS: {"file": "stolen.js", "models": {"1": {"topic": "board:a"}}},
    wire.OPEN: {"vsn": "2.0.0", "user": None, "principal": "ann", "is_local": True},
    wire.FRAME: ["1", None, "board:a", "state:change", {"state": {"n": 666}, "version": 0}],
    wire.CLOSE: {"code": 4000, "reason": "another kernel said so"},
    wire.ASK: {"ask": wire.REVOKE, "id": wire.ALL},
    wire.SLOW: None,
    wire.READY: None,
}
"""Letter -> a body that would do harm."""


class Board(Channel, topic="board:*"):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    yield place
    await place.close()


async def test_each_letter_of_the_wire_has_its_row() -> None:
    texts = (one for one in vars(wire).values() if isinstance(one, str))
    letters = {one for one in texts if len(one) == 1 and one.isalpha()}
    assert letters == set(ABOUT), "say in ABOUT what harm a message could do"


@pytest.mark.parametrize("letter", ABOUT)
async def test_who_has_not_proved_which_kernel_it_is_is_turned_away(
    place: Place, letter: str
) -> None:
    await place.dial("k1", Board)
    visitor = place.visit("k1")
    await visitor.join("board:a")
    address = place.address("k2")  # by the secret that all kernels of the server have
    headers = {wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: NONCE}
    socket = await websocket_connect(HTTPRequest(f"{address.url}k2", headers=headers))
    with closing(socket):
        assert await socket.read_message() is not None
        await socket.write_message(wire.pack_json(letter, visitor.guest.number, ABOUT[letter]))
        assert await socket.read_message() is None
    assert socket.close_code == 4403
    assert place.relay.publisher("board:a") is None
    await is_unharmed(visitor)


@pytest.mark.parametrize("letter", ABOUT)
async def test_a_kernel_cannot_reach_the_clients_of_another(place: Place, letter: str) -> None:
    await place.dial("k1", Board)
    visitor = place.visit("k1")
    await visitor.join("board:a")
    with closing(await dial(place.address("k2"))) as socket:
        turns = wire.Turns()
        harm = wire.pack_json(letter, visitor.guest.number, ABOUT[letter])
        await socket.write_message(turns.stamp(harm))
        declared = {"channels": [], "published": {}, "elements": {}}
        await socket.write_message(turns.stamp(wire.pack_json(wire.DECLARE, 7, declared)))
        answer: object = ""
        while answer is not None and f" {wire.DECLARE}7:" not in str(answer):
            answer = await socket.read_message()  # what came before it has been taken
        assert answer is not None
        await is_unharmed(visitor)


async def is_unharmed(visitor: Any) -> None:
    """Check that a client is connected, and that nothing has come but what its kernel sent."""
    visitor.dispatch("board:a", "inc")
    [patch] = await visitor.wait("state:patch", 1)
    assert patch[4]["patch"] == [{"op": "replace", "path": "/n", "value": 1}]
    assert [one[4]["state"] for one in visitor.received("state:change")] == [{"n": 0}]
    assert visitor.is_open

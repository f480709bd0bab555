"""What is measured of channels in kernels, and of several servers in one process."""

import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from livestate_nb import Channel, on
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.metrics import Gauges
from livestate_nb_server.observer import Rejection
from tests.metrics import Labels, here, labels
from tests.relays import Place

pytestmark = pytest.mark.asyncio

Samples = Counter[tuple[str, Labels]]


class Board(Channel, topic="board:*"):
    def authorize(self, params: Any) -> bool:
        return "no" not in params

    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


class Hosted(Board, topic="hosted:*"):
    pass


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    place = Place(Hosted)
    yield place
    await place.close()


def refusals(counted: Samples) -> dict[str, float]:
    name = "livestate_refusals_total"
    return {dict(told)["kind"]: value for (key, told), value in counted.items() if key == name}


async def test_what_goes_between_clients_and_kernels_is_counted(place: Place) -> None:
    await place.dial("k1", Board)
    before = here()
    assert before["livestate_kernels", ()] == 1
    visitor = place.visit("k1")
    await visitor.join("board:a")
    visitor.dispatch("board:a", "inc")
    await visitor.wait("state:patch", 1)
    counted = here() - before
    assert counted["livestate_relayed_frames_total", labels(to="kernels")] == 2
    assert counted["livestate_relayed_frames_total", labels(to="clients")] == 3
    came = sum(map(len, visitor.frames))
    assert counted["livestate_relayed_characters_total", labels(to="clients")] == came
    assert counted["livestate_relayed_characters_total", labels(to="kernels")] > 0
    topics = {value for _, told in counted for key, value in told if key == "topic"}
    assert not topics  # what a kernel's handlers do, the kernel knows


async def test_joins_that_a_kernel_refuses_or_that_come_too_late_are_counted(place: Place) -> None:
    await place.dial("k1", Board)
    before = here()
    visitor = place.visit("k1")
    await visitor.refusal("board:a", {"no": True})
    await visitor.refusal("other:a")
    await place.visit("gone").refusal("board:a")
    assert refusals(here() - before) == {Rejection.KERNEL: 3}


async def test_joins_in_kernels_are_logged_with_who_and_how_long(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "livestate_nb")
    await place.dial("k1", Board)
    visitor = place.visit("k1")
    await visitor.join("board:a")
    [record] = [one for one in caplog.records if getattr(one, "kernel", None)]
    told = vars(record)
    assert (told["topic"], told["user"], told["kernel"]) == ("board:a", "ann", "k1")
    assert 0 < told["seconds"] < 20
    same = [one for one in caplog.records if vars(one).get("connection") == told["connection"]]
    whats = {one.getMessage().partition(":")[0] for one in same}
    assert whats == {"connected", "joined"}  # in the kernel, under the server's name for it


async def test_who_may_not_be_a_kernel_is_counted(place: Place) -> None:
    address = place.address("k1")
    before = here()
    with pytest.raises(HTTPClientError):
        await websocket_connect(HTTPRequest(f"{address.url}k1"))
    headers = {wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: "n"}
    socket = await websocket_connect(HTTPRequest(f"{address.url}other", headers=headers))
    assert await socket.read_message() is None
    socket.close()
    assert refusals(here() - before) == {Rejection.UPLINK: 2}


async def test_several_servers_of_a_process_add_up(place: Place) -> None:
    other = Place(Hosted)
    for one in (place, other):
        await one.visit().join("hosted:a")
    assert here()["livestate_sessions", labels(topic="hosted:*")] == 2
    await other.close()
    assert here()["livestate_sessions", labels(topic="hosted:*")] == 1


async def test_no_gauge_can_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="livestate_connections"):
        REGISTRY.register(Gauges())

"""What kernels may ask of their server, met over real uplinks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError

from livestate_nb import Channel
from livestate_nb.errors import HostError
from livestate_nb.limits import Limits
from livestate_nb.transports.dial import dial
from tests.clients import until
from tests.relays import Place
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

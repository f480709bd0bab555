"""A wall clock that is set while all goes on: nothing here asks it what comes first, or when."""

import time
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.testing import AsyncRig
from tests.relays import Place

pytestmark = pytest.mark.asyncio

DAY = 86_400.0


class Counter(Channel, topic="cells:*", shared=True, grace=20):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


@pytest.fixture(params=[DAY, -DAY], ids=["forward", "back"])
def jump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what sets the clock of this process."""

    def set_it() -> None:
        right = time.time
        monkeypatch.setattr(time, "time", lambda: right() + request.param)

    return set_it


async def test_a_lost_client_comes_back_although_the_clock_was_set(jump: Any) -> None:
    async with AsyncRig(Counter) as rig:
        client = rig.connect()
        counter = await client.join("cells:a")
        counter.send_event("inc")
        await counter.settle()
        client.close()
        counter.send_event("inc")
        jump()
        await client.reconnect()
        await counter.settle()
        assert counter.is_resumed
        assert counter.state == {"n": 2}


async def test_the_newest_publication_takes_joins_although_the_clock_was_set(jump: Any) -> None:
    place = Place()
    for kernel_id in ("k1", "k2"):
        kernel = await place.dial(kernel_id, Counter)
        await kernel.uplink.publish("cells:*")
        jump()
    assert place.publisher("cells:a") == "k2"
    await place.close()

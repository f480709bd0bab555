"""A wall clock that is set while all goes on: nothing here asks it what comes first, or when."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.runtime import Endpoint
from livestate_nb.testing import AsyncRig
from tests.fuzz.loops import StillLoop
from tests.relays import Place

DAY = 86_400.0
GRACE = 20.0


class Counter(Channel, topic="cells:*", shared=True, grace=GRACE):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


class WallClock(AsyncRig):
    """A rig whose endpoint goes by the wall clock, as none must: what the test can notice."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint = Endpoint(clock=lambda: time.time())  # noqa: PLW0108 - it is set later
        self.declare(Counter)


@pytest.fixture(params=[DAY, -DAY], ids=["forward", "back"])
def jump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what sets the clock of this process."""

    def set_it() -> None:
        right = time.time
        monkeypatch.setattr(time, "time", lambda: right() + request.param)

    return set_it


async def comes_back(rig: AsyncRig, jump: Callable[[], None]) -> bool:
    """Return whether a client finds its place when the clock is set and deadlines are looked at."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StillLoop)
    async with rig:
        client = rig.connect()
        counter = await client.join("cells:a")
        counter.send_event("inc")
        await counter.settle()
        client.close()
        counter.send_event("inc")
        jump()
        await loop.pass_by(GRACE + 0.1)
        await client.reconnect()
        await counter.settle()
        return counter.is_resumed and counter.state == {"n": 2}


def test_a_lost_client_comes_back_although_the_clock_was_set(jump: Any) -> None:
    with asyncio.Runner(loop_factory=StillLoop) as runner:
        assert runner.run(comes_back(AsyncRig(Counter), jump))


@pytest.mark.parametrize("jump", [DAY], ids=["forward"], indirect=True)
def test_an_endpoint_that_went_by_the_wall_clock_would_give_it_up(jump: Any) -> None:
    with asyncio.Runner(loop_factory=StillLoop) as runner:
        assert not runner.run(comes_back(WallClock(), jump))


@pytest.mark.asyncio
async def test_the_newest_publication_takes_joins_although_the_clock_was_set(jump: Any) -> None:
    place = Place()
    for kernel_id in ("k1", "k2"):
        kernel = await place.dial(kernel_id, Counter)
        await kernel.uplink.publish("cells:*")
        jump()
    assert place.publisher("cells:a") == "k2"
    await place.close()

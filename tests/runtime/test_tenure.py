"""How long a shared session goes on when nobody is joined, by a clock that the tests set."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from livestate_nb import Channel, on
from livestate_nb.runtime import Endpoint
from tests.clients import Client
from tests.fuzz.loops import StillLoop, settle

GRACE = 0.4


class Room:
    """A shared session that begins, and clients of it."""

    def __init__(self, loop: StillLoop) -> None:
        self.loop = loop
        self.gate = gate = asyncio.Event()
        self.endpoint = Endpoint(clock=loop.time, idle_timeout=1e9)

        class Kept(Channel, topic="kept", shared=True, grace=GRACE):
            async def authorize(self, params: Any) -> bool:
                return True

            async def init(self, params: Any) -> Any:
                return {}

            @on("wait")
            async def wait(self, payload: Any, state: Any) -> None:
                await gate.wait()

        self.endpoint.declare(Kept)

    async def join(self) -> Client:
        client = Client(self.endpoint)
        await client.join("kept")
        return client

    @property
    def is_open(self) -> bool:
        return bool(self.endpoint.sessions)


@asynccontextmanager
async def room(loop: StillLoop) -> AsyncIterator[Room]:
    one = Room(loop)
    yield one
    await one.endpoint.close()


async def stays_for_a_whole_grace_time(kept: Room, idle: "set[asyncio.Task[Any]]") -> None:
    """Check that a session ends when its grace time is over from now on, and not before."""
    await settle(idle)
    assert kept.is_open
    await kept.loop.pass_by(GRACE)
    await settle(idle)
    assert not kept.is_open


def run(test: Callable[[StillLoop], Coroutine[Any, Any, None]]) -> None:
    loop = StillLoop()
    try:
        loop.run_until_complete(test(loop))
    finally:
        loop.close()


def test_who_leaves_as_an_earlier_grace_time_ends_leaves_a_whole_one() -> None:
    async def check(loop: StillLoop) -> None:
        async with room(loop) as kept:
            first, second = await kept.join(), Client(kept.endpoint)
            idle = asyncio.all_tasks()
            first.connection.lost()
            await second.join("kept")
            second.dispatch("kept", "wait")
            await loop.pass_by(GRACE)  # the end waits behind the handler, as second is joined
            second.connection.lost()
            kept.gate.set()
            await stays_for_a_whole_grace_time(kept, idle)

    run(check)


def test_who_comes_and_goes_while_the_end_waits_leaves_a_whole_grace_time() -> None:
    async def check(loop: StillLoop) -> None:
        async with room(loop) as kept:
            first, second = await kept.join(), Client(kept.endpoint)
            idle = asyncio.all_tasks()
            first.dispatch("kept", "wait")
            first.connection.lost()
            await loop.pass_by(GRACE)  # nobody is joined, and the end waits behind the handler
            second.push("kept", "phx_join")
            await second.wait("phx_reply", 1)
            second.connection.lost()
            kept.gate.set()
            await stays_for_a_whole_grace_time(kept, idle)

    run(check)

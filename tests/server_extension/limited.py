"""A channel whose clients can go too far in every way."""

import asyncio
from typing import Any

from livestate_nb import Channel, Event, Reply, on


class Limited(Channel, topic="limited:*", shared=True):
    """One state for all who join; the tests open its gate."""

    def init(self, params: Any) -> Any:
        self.gate = asyncio.Event()
        self.subscribe("news")
        return {"n": 0, "heard": 0, "pad": ""}

    async def authorize(self, params: Any) -> bool:
        if "slow" in params:
            await asyncio.Event().wait()
        return True

    async def handle_message(self, message: Any, state: Any) -> None:
        state["heard"] += 1

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("stick")
    async def stick(self, payload: Any, state: Any) -> None:
        await self.gate.wait()

    @on("run")
    async def run(self, payload: Any, state: Any) -> Any:
        while True:
            yield
            await asyncio.sleep(0.01)

    @on("pad")
    async def pad(self, payload: Any, state: Any) -> None:
        state["n"] += 1
        state["pad"] = chr(97 + state["n"]) * payload["size"]

    @on("tell")
    async def tell(self, payload: Any, state: Any) -> Any:
        self.push("told", {"pad": "x" * payload["size"]})

    @on("echo")
    async def echo(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("echoed", {"n": len(payload)}))

"""Channels for the npm clients beside those of tests/wire: what the original does not have."""

from typing import Any

from livestate_nb import Channel, Event, Reply, on


class Board(Channel, topic="board:*", shared=True):
    def init(self, params: Any) -> Any:
        return {"lines": []}

    @on("draw")
    def draw(self, payload: Any, state: Any) -> Any:
        state["lines"].append(payload["line"])
        return Reply(state, Event("drawn", {"lines": len(state["lines"])}))

    @on("ring")
    async def ring(self, payload: Any, state: Any) -> None:
        self.push("rung", {"members": len(self.members)})


class Kept(Channel, topic="kept:*"):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        state["n"] = 99
        raise RuntimeError("raised on purpose")


class Lounge(Channel, topic="lounge:*", shared=True, presence=True):
    def joined(self, params: Any, state: Any) -> None:
        self.track({"typing": False}, key=params["name"])

    @on("typing")
    def typing(self, payload: Any, state: Any) -> None:
        self.track({"typing": payload["on"]})


class Booth(Lounge, topic="booth:*", shared=False):
    pass

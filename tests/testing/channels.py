"""Channels that the kit is tested on; a server hosts them by the name of this module."""

from typing import Any

from livestate_nb import Channel, Event, MessageBuilder, Refuse, Reply, on
from livestate_nb.state.change import Change


class Tally(Channel, topic="tally:*", max_version=3):
    def authorize(self, params: Any) -> bool:
        if "secret" in params:
            raise Refuse("not with a secret")
        return True

    def init(self, params: Any) -> Any:
        if "bad" in params:
            raise Refuse("a bad start")
        return {"n": params.get("start", 0)}

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        state["n"] += payload.get("by", 1)

    @on("climb")
    async def climb(self, payload: Any, state: Any) -> Any:
        for _ in range(2):
            state["n"] += 1
            yield

    @on("tell")
    async def tell(self, payload: Any, state: Any) -> Reply:
        return Reply(None, Event("told", {"n": state["n"]}), Event("told", {"again": True}))

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        raise ValueError("on purpose")

    @on("measure")
    async def measure(self, payload: Any, state: Any) -> None:
        state["n"] = len(payload)


class Room(Channel, topic="room:*", shared=True):
    def init(self, params: Any) -> Any:
        self.subscribe("news")
        return {"said": []}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        assert self.member is not None
        user = self.member.user
        state["said"].append([user.username if user else "somebody", payload["text"]])

    def handle_message(self, message: Any, state: Any) -> None:
        state["said"].append(["news", message])


class Fragile(Channel, topic="fragile", on_error="crash"):
    @on("drop")
    async def drop(self, payload: Any, state: Any) -> None:
        raise ValueError("broken")


class Shaped(MessageBuilder):
    """Sends other payloads by the names that clients know."""

    def new_state_message(self, document: Any, version: int) -> tuple[str, Any]:
        return "state:change", {"all": document, "v": version}

    def update_state_message(self, change: Change, version: int) -> tuple[str, Any]:
        return "state:patch", {"patch": len(change.operations), "version": version}


class Named(MessageBuilder):
    """Sends by other names."""

    def new_state_message(self, document: Any, version: int) -> tuple[str, Any]:
        return "whole", {"state": document, "version": version}

    def update_state_message(self, change: Change, version: int) -> tuple[str, Any]:
        return "step", {"patch": change.operations, "version": version}


class ShapedTally(Tally, topic="shaped:*", message_builder=Shaped()):
    pass


class NamedTally(Tally, topic="named:*", message_builder=Named()):
    pass

"""Channels whose states tell which events were handled, and how often."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Final

from livestate_nb import Channel, Event, Member, Reply, on

KINDS: Final = ["add", "slow", "tell", "shout", "stream", "fail"]
"""Events, each with a token that is to be among the items afterwards, but for `fail`."""

_lives = count(1)


@dataclass(slots=True, eq=False)
class Life:
    """Tell who came into one life of a session and who went, and how often it has ended."""

    came: list[Member] = field(default_factory=list)
    went: list[Member] = field(default_factory=list)
    ended: int = 0
    is_cut_short: bool = False
    """Whether it was withdrawn, or has crashed, under who was in it."""


class Ledger(Channel):
    """Keep the tokens of what was handled.

    All is async, since what threads do is not the same each time.

    Attributes:
        lives: those that have begun; who looks at them empties it first.
    """

    lives: ClassVar[list[Life]] = []

    async def authorize(self, params: Any) -> bool:
        await asyncio.sleep(0)
        return True

    async def init(self, params: Any) -> Any:
        await asyncio.sleep(0)
        self.subscribe("news")
        self.life = Life()
        self.lives.append(self.life)
        return {"life": next(_lives), "items": [], "steps": {}}

    async def joined(self, params: Any, state: Any) -> None:
        assert self.member is not None
        self.life.came.append(self.member)
        await asyncio.sleep(0)

    async def left(self, state: Any) -> None:
        assert self.member is not None
        assert not self.life.ended
        self.life.went.append(self.member)
        await asyncio.sleep(0)

    async def ended(self, state: Any) -> None:
        await asyncio.sleep(0)
        self.life.ended += 1

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])

    @on("slow")
    async def slow(self, payload: Any, state: Any) -> Any:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return {**state, "items": [*state["items"], payload["token"]]}

    @on("tell")
    async def tell(self, payload: Any, state: Any) -> Any:
        state["items"].append(payload["token"])
        return Reply(state, Event("told", {"token": payload["token"]}))

    @on("shout")
    async def shout(self, payload: Any, state: Any) -> None:
        state["items"].insert(0, payload["token"])
        self.push("shouted", {"token": payload["token"]})

    @on("stream")
    async def stream(self, payload: Any, state: Any) -> Any:
        state["items"].append(payload["token"])
        for step in range(3):
            yield
            await asyncio.sleep(0)
            state["steps"][payload["token"]] = step

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        await asyncio.sleep(0)
        self.life.is_cut_short = self.topic.startswith("frail")
        raise ValueError(payload["token"])

    async def handle_message(self, message: Any, state: Any) -> None:
        state["items"].append(message)


def channels() -> list[type[Channel]]:
    """Return new classes for the same topics, as a cell that is run again defines."""

    class Board(Ledger, topic="board:*", shared=True, grace=30):
        pass

    class Mine(Ledger, topic="mine:*", grace=30):
        pass

    class Frail(Ledger, topic="frail:*", shared=True, grace=30, on_error="crash"):
        pass

    class Fleeting(Ledger, topic="fleeting:*", grace=0):
        pass

    return [Board, Mine, Frail, Fleeting]

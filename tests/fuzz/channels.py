"""Channels whose states tell which events were handled, and how often."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Final

from livestate_nb import Channel, Event, Member, Reply, on
from livestate_nb.errors import ChannelError

KINDS: Final = [
    "add", "slow", "tell", "shout", "blob", "spread", "stream", "run", "fail",
    "show", "rename", "hide",
]  # fmt: skip
"""Events, each with a token that is to be among the items afterwards, but for `fail`."""

STEPS: Final = {"stream": 3, "run": 8}
"""How often generators yield."""

NEWS: Final = "news"
GOSSIP: Final = "gossip"

HERE: Final = "here"
"""Among a member's assigns: the key and the token by which it is present, if it is."""

BROKEN: Final = 3
"""The shape of a class whose `migrate` fails."""

running: Final = set[str]()
"""Tokens of the generators that have begun and not ended."""

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
    shape: ClassVar[int] = 0
    """Says which class a state is for; 0 takes any."""

    async def authorize(self, params: Any) -> bool:
        await asyncio.sleep(0)
        return True

    async def init(self, params: Any) -> Any:
        await asyncio.sleep(0)
        self.subscribe(NEWS)
        self.subscribe(GOSSIP)
        self.life = Life()
        self.lives.append(self.life)
        return {
            "life": next(_lives), "shape": self.shape, "items": [], "heard": [], "steps": {},
        }  # fmt: skip

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
        for _ in range(3):  # who asked may be gone when it is told
            await asyncio.sleep(0)
        return Reply(state, Event("told", {"token": payload["token"]}))

    @on("shout")
    async def shout(self, payload: Any, state: Any) -> None:
        state["items"].insert(0, payload["token"])
        self.push("shouted", {"token": payload["token"]})

    @on("blob")
    async def blob(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        self.push("blob", payload["token"].encode())

    @on("spread")
    async def spread(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        self.broadcast(GOSSIP, payload["token"])

    @on("stream")
    async def stream(self, payload: Any, state: Any) -> Any:
        state["items"].append(payload["token"])
        for step in range(STEPS["stream"]):
            yield
            await asyncio.sleep(0)
            state["steps"][payload["token"]] = step

    @on("run")
    async def go_on(self, payload: Any, state: Any) -> Any:
        token = payload["token"]
        running.add(token)
        try:
            state["items"].append(token)
            for step in range(STEPS["run"]):
                yield
                await asyncio.sleep(0)
                state["steps"][token] = step
        finally:
            running.discard(token)

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        await asyncio.sleep(0)
        self.life.is_cut_short = crashes(self.topic)
        raise ValueError(payload["token"])

    @on("show")
    async def show_up(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        self.be_present(None, payload["token"])

    @on("rename")
    async def rename(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        self.be_present("another", payload["token"])

    @on("hide")
    async def hide(self, payload: Any, state: Any) -> None:
        state["items"].append(payload["token"])
        self.untrack()
        self.of_member.pop(HERE, None)

    async def handle_message(self, message: Any, state: Any) -> None:
        state["items" if str(message).startswith(NEWS) else "heard"].append(message)

    def be_present(self, key: str | None, token: str) -> None:
        """Track the member, and note that, where the class tells who is present."""
        assert self.member is not None
        chosen = key or self.member.params["key"]
        with suppress(ChannelError):
            self.track({"token": token}, key=chosen)
            self.of_member[HERE] = chosen, token

    @property
    def of_member(self) -> dict[str, Any]:
        """The assigns of whose event is handled."""
        assert self.member is not None
        return self.member.assigns


class Greeting(Ledger):
    """Let members be present from their join on."""

    async def joined(self, params: Any, state: Any) -> None:
        await super().joined(params, state)
        self.be_present(None, params["token"])


class First(Ledger):
    """Take over states."""

    shape = 1

    async def migrate(self, old: Any) -> None:
        old["shape"] = 1


class Second(Ledger):
    """Take over states by a wait, and as new ones."""

    shape = 2

    async def migrate(self, old: Any) -> Any:
        await asyncio.sleep(0)
        return {**old, "shape": 2}


class Broken(Ledger):
    """Take over no state."""

    shape = BROKEN

    async def migrate(self, old: Any) -> None:
        old["shape"] = BROKEN
        await asyncio.sleep(0)
        raise ValueError("migrate raises on purpose")


def crashes(topic: str) -> bool:
    """Return whether a session of a topic ends when a handler fails."""
    return topic.startswith(("frail:", "club:"))


def channels(generation: int) -> list[type[Channel]]:
    """Return new classes for the same topics, as a cell that is run again defines.

    Args:
        generation: how often that was done before; they differ in some.
    """
    shaped = [Ledger, First, Broken, Second][generation % 4]
    is_open = generation % 2 == 0

    class Board(shaped, topic="board:*", shared=True, grace=30):
        pass

    class Mine(shaped, topic="mine:*", grace=30):
        pass

    class Frail(Ledger, topic="frail:*", shared=True, grace=30, on_error="crash"):
        pass

    class Fleeting(Ledger, topic="fleeting:*", grace=0):
        pass

    class Paced(Ledger, topic="paced:*", shared=True, grace=30, fps=2):
        pass

    class Hall(Greeting, topic="hall:*", shared=True, grace=30, presence=True):
        pass

    class Booth(Ledger, topic="booth:*", grace=30, presence=True):
        async def init(self, params: Any) -> Any:
            self.be_present(None, params["token"])
            return await super().init(params)

    class Club(Greeting, topic="club:*", shared=True, grace=30, on_error="crash", presence=is_open):
        pass

    return [Board, Mine, Frail, Fleeting, Paced, Hall, Booth, Club]

"""The channels of the soak: each state counts what was handled, so that nothing goes unnoticed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from bench.channels import row
from livestate_nb import Channel, Event, Reply, on

ROWS: Final = 20
LINES: Final = 20
TEXT: Final = 200_000
"""Characters that the board replaces each time: what fills the way to who does not read."""

LOBBY: Final = "lobby"
FPS: Final = 5.0
GRACE: Final = 15.0


class OnPurpose(Exception):
    """Is raised by a handler that fails because it was asked to."""


class Desk(Channel, topic="desk:*", grace=GRACE):
    """A state for each join, changed in every way that a handler has."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Return some rows."""
        return {"handled": 0, "rows": [row(number) for number in range(ROWS)]}

    @on("count")
    async def count(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Count and no more."""
        state["handled"] += 1

    @on("toggle")
    async def toggle(self, payload: Any, state: Any) -> None:
        """Change one field of one row."""
        found = state["rows"][payload["i"] % ROWS]
        found["done"] = not found["done"]
        state["handled"] += 1

    @on("turn")
    async def turn(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Put the last row in front."""
        state["rows"].insert(0, state["rows"].pop())
        state["handled"] += 1

    @on("plain")
    def plain(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Count in a worker thread."""
        state["handled"] += 1

    @on("steps")
    async def steps(self, payload: Any, state: Any) -> AsyncIterator[None]:  # noqa: ARG002
        """Change the state three times in a row."""
        for number in range(2):
            state["rows"][number]["note"] = f"step {state['handled']}"
            yield
            await asyncio.sleep(0)
        state["handled"] += 1

    @on("ask")
    async def ask(self, payload: Any, state: Any) -> Reply:
        """Answer with an event."""
        state["handled"] += 1
        return Reply(state, Event("told", payload))

    @on("blob")
    async def blob(self, payload: Any, state: Any) -> Reply:
        """Answer bytes with bytes."""
        state["handled"] += 1
        return Reply(state, Event("blob", payload))

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Leave no trace."""
        state["handled"] += 1
        raise OnPurpose


class Room(Channel, topic="room:*", shared=True, grace=GRACE):
    """One state for many, who hear one another; the board hears all rooms."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Return an empty room."""
        return {"handled": 0, "lines": []}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        """Tell everybody."""
        state["lines"].append(payload["text"])
        if len(state["lines"]) > LINES:
            del state["lines"][0]
        state["handled"] += 1
        self.broadcast(LOBBY, 1)


class Board(Channel, topic="board", shared=True, grace=GRACE, fps=FPS):
    """A long text, replaced whenever somebody says something in a room."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Listen to the rooms."""
        self.subscribe(LOBBY)
        return {"handled": 0, "text": ""}

    def handle_message(self, message: int, state: Any) -> None:
        """Count what was said."""
        state["handled"] += message
        state["text"] = chr(97 + state["handled"] % 26) * TEXT

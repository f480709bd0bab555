"""The channels that the load run drives: the contract of the client that measured the original."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from livestate_nb import Channel, on


def row(number: int) -> dict[str, Any]:
    """Return the row with this number."""
    note = f"note {number} ".ljust(40, "x")
    return {"id": number, "name": f"row {number}", "done": False, "note": note}


class Counter(Channel, topic="counter:*"):
    """A number and some rows, a state for each client, changed by async handlers."""

    def init(self, params: dict[str, Any]) -> Any:
        """Return a state with as many rows as the join asks for."""
        return {"count": 0, "rows": [row(number) for number in range(params.get("rows", 0))]}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Count."""
        state["count"] += 1

    @on("toggle")
    async def toggle(self, payload: Any, state: Any) -> None:
        """Change one field of one row."""
        found = state["rows"][payload["i"]]
        found["done"] = not found["done"]

    @on("bump_first")
    async def bump_first(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Put a row in front."""
        state["rows"].insert(0, row(len(state["rows"])))


class PlainCounter(Counter, topic="plain:*"):
    """The same with a plain handler, which runs in a thread."""

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - there is none
        """Count."""
        state["count"] += 1


class Own(Channel, topic="own:*"):
    """A room in which each client has a state of its own, kept equal by messages."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Return an empty room."""
        self.subscribe(self.topic)
        return {"messages": []}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:  # noqa: ARG002 - the message changes it
        """Tell everybody."""
        self.broadcast(self.topic, payload["text"])

    async def handle_message(self, message: Any, state: Any) -> None:
        """Take what somebody told."""
        state["messages"].append(message)


class Shared(Channel, topic="shared:*", shared=True):
    """A room with one state for all its clients."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Return an empty room."""
        return {"messages": []}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        """Tell everybody."""
        state["messages"].append(payload["text"])


class Flood(Channel, topic="flood:*", shared=True):
    """A large text, replaced faster than a slow client can read."""

    def init(self, params: dict[str, Any]) -> Any:  # noqa: ARG002 - there are none
        """Return no text yet."""
        return {"n": 0, "text": ""}

    @on("flood")
    async def flood(self, payload: Any, state: Any) -> AsyncIterator[None]:
        """Replace the text so many times."""
        for n in range(1, payload["updates"] + 1):
            state["n"] = n
            state["text"] = chr(97 + n % 26) * payload["length"]
            yield
            await asyncio.sleep(0)

"""What the server of the outage test hosts; run in that server, not in pytest."""

from typing import Any

from livestate_nb import Channel, Event, Reply, on


class Tally(Channel, topic="tally", shared=True, max_version=100):
    """Note each event that was handled."""

    def init(self, params: Any) -> Any:
        """Start with none."""
        return {"handled": []}

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        """Note one."""
        state["handled"].append([payload["name"], payload["n"]])


class Own(Channel, topic="own:*"):
    """Count the events of one client, and tell it the count."""

    def init(self, params: Any) -> Any:
        """Start at none."""
        return {"n": 0}

    @on("count")
    async def count(self, payload: Any, state: Any) -> Reply:
        """Count one."""
        state["n"] += 1
        return Reply(state, Event("counted", {"n": state["n"]}))

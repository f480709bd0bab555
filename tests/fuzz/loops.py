"""A loop that is the same each time: its time stands still, and it can be run until it is idle.

It must not know what runs.
"""

import asyncio
from typing import Any, Final

MOST_TURNS: Final = 20_000


class StillLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still unless it is put forward."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def pass_by(self, seconds: float) -> None:
        """Put the time forward, and let what is due begin."""
        self.now += seconds
        for _ in range(3):
            await asyncio.sleep(0)


async def settle(idle: "set[asyncio.Task[Any]]") -> None:
    """Let the loop turn until no other tasks are left than these and the caller's."""
    idle = {*idle, asyncio.current_task()}
    for _ in range(MOST_TURNS):
        await asyncio.sleep(0)
        if asyncio.all_tasks() <= idle:
            return
    raise AssertionError(f"tasks that do not end: {asyncio.all_tasks() - idle}")

"""Close the connections of clients that have fallen silent.

It must not know sessions or transports.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Final, Protocol

_IDLE: Final = 1002


class Heard(Protocol):
    """What a connection offers to who listens for its client."""

    last_seen: float

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


async def close_idle(
    connections: Collection[Heard],
    clock: Callable[[], float],
    patience: float,
    tell: Callable[[float], None],
) -> None:
    """Close connections from which nothing has come for some time, until it is cancelled.

    Seconds in which the loop stood still (a stopped process, a handler that blocks it) do not
    count: it could hear nobody, so they say nothing of anybody.

    Args:
        connections: those that there are at any time.
        clock: gives the seconds that `last_seen` is in.
        patience: seconds without a frame after which a connection is closed.
        tell: is called with the time after each look.
    """
    loop, pause = asyncio.get_running_loop(), patience / 4
    while True:
        due = loop.time() + pause
        await asyncio.sleep(pause)
        late = max(0.0, loop.time() - due)
        now = clock()
        for connection in list(connections):
            connection.last_seen = min(now, connection.last_seen + late)
            if now - connection.last_seen > patience:
                connection.close(_IDLE, f"no frame for {patience:g} s")
        tell(now)

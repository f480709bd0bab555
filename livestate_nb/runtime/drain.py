"""Let go of all connections when a server ends, not all at once: each client comes back elsewhere.

It must not know sessions or transports.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Protocol

GOING_AWAY: Final = 1012
"""Close code of a server that restarts: clients come back (phoenix socket drainer)."""

BATCH: Final = 10_000
"""Connections that are closed at once."""

PAUSE: Final = 2.0
"""Seconds between two batches."""

PATIENCE: Final = 30.0
"""Seconds after which the rest is closed at once."""


class Drained(Protocol):
    """What a connection offers to who lets it go."""

    @property
    def has_joined(self) -> bool:
        """Whether its client has joined a topic."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


async def drain(connections: Iterable[Drained], tell: Callable[[], None]) -> None:
    """Close connections in batches, those that have joined a topic first.

    Clients get no ``phx_close``, after which phoenix.js would not come back: the code says it all
    (the original sends none either).

    Args:
        connections: all that there are.
        tell: lets channels say what they still have to say, before each batch.
    """
    waiting = sorted(connections, key=lambda one: not one.has_joined)
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while waiting:
        tell()
        for connection in waiting[:BATCH]:
            connection.close(GOING_AWAY, "the server is going away")
        del waiting[:BATCH]
        if waiting and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(PAUSE)

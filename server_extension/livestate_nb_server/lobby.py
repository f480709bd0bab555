"""The lobby: outsiders who are connected, how many and how often, and until when.

It must not know frames or requests.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Protocol

from livestate_nb.runtime.deadline import Deadline
from livestate_nb_server.addresses import Addresses, host_of
from livestate_nb_server.errors import Expired, Revoked
from livestate_nb_server.shares import Share, Shares

LOOK: Final = 2.0
"""Seconds between looks at whether the shares in use still hold: other processes revoke them."""

BURST: Final = 100
"""Connections, or elements, that an address may ask for at once."""

PAUSE: Final = 0.5
"""Seconds after which it may ask for one more."""

FAILURES: Final = 30
"""Joins with no token, or one that this server has not made, that an address may try at once."""

FAILURE_PAUSE: Final = 2.0
"""Seconds after which it may bring about one more."""


class Outsider(Protocol):
    """One connection, as the lobby knows it."""

    @property
    def address(self) -> str:
        """Where it comes from."""

    def end(self, reason: str) -> None:
        """Close the connection, as its share does not hold any more.

        Args:
            reason: what its client is told.
        """


class Lobby:
    """Let outsiders in, as long as there is room for them and their shares hold.

    It belongs to the server's loop.

    Args:
        shares: prove tokens.
        room: how many connections may be open at a time.
    """

    def __init__(self, shares: Shares, room: int) -> None:
        self.shares = shares
        self._room = room
        self._comings = Addresses(BURST, PAUSE)
        self._failures = Addresses(FAILURES, FAILURE_PAUSE)
        self._outsiders: dict[Outsider, _Stay | None] = {}
        self._watch: asyncio.Task[None] | None = None

    def may_come(self, address: str) -> bool:
        """Note that an address asks for something; return whether it does not ask too often."""
        return self._comings.take(address) and self._failures.may(address)

    def fail(self, address: str) -> bool:
        """Note that an address tried a token that is none; return whether it may go on."""
        self._failures.take(address)
        return self._failures.may(address)

    def has_room(self, address: str) -> bool:
        """Return whether one more connection may be opened; an address takes a tenth at most."""
        host = host_of(address)
        theirs = sum(host_of(one.address) == host for one in self._outsiders)
        return len(self._outsiders) < self._room and theirs < max(1, self._room // 10)

    def come(self, outsider: Outsider) -> None:
        """Note a connection, which has no share yet."""
        self._outsiders[outsider] = None

    def wait(self, outsider: Outsider) -> None:
        """Note that a connection has no share yet after all."""
        if outsider in self._outsiders:
            self.leave(outsider)
            self.come(outsider)

    def stay(self, outsider: Outsider, share: Share) -> None:
        """Note the share of a connection: it is ended when that expires or is revoked."""
        if (earlier := self._outsiders.get(outsider)) is not None:
            earlier.expiry.cancel()
        left = share.expires - time.time()
        expiry = Deadline(time.time, left, lambda: outsider.end(Expired.reason))
        self._outsiders[outsider] = _Stay(share, expiry)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.get_running_loop().create_task(self._look())

    def leave(self, outsider: Outsider) -> None:
        """Note that a connection has ended."""
        stay = self._outsiders.pop(outsider, None)
        if stay is not None:
            stay.expiry.cancel()

    def revoked(self, name: str) -> None:
        """End the connections of a share that was revoked."""
        for outsider, stay in list(self._outsiders.items()):
            if stay is not None and stay.share.id == name:
                is_over = stay.share.expires <= time.time()
                outsider.end(Expired.reason if is_over else Revoked.reason)

    async def close(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])

    async def _look(self) -> None:
        while held := {stay.share for stay in self._outsiders.values() if stay is not None}:
            for share in await asyncio.to_thread(self._changed, held):
                self.revoked(share.id)
            await asyncio.sleep(LOOK)

    def _changed(self, held: set[Share]) -> list[Share]:
        return [share for share in held if self.shares.find(share.id) != share]


@dataclass(frozen=True, slots=True)
class _Stay:
    share: Share
    expiry: Deadline

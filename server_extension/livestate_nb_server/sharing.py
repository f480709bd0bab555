"""What kernels ask about shares: to make one, to list theirs, to revoke them.

A kernel shares what it has published, and sees and ends only what it has shared itself. It must
not know uplinks or outsiders.
"""

import asyncio
import logging
from typing import Final

from livestate_nb.codec import Json, dumps
from livestate_nb.declaration import contains
from livestate_nb.errors import ShareError
from livestate_nb.runtime.failure import cut
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.kernel import Kernel
from livestate_nb_server.lobby import Lobby
from livestate_nb_server.shares import Share, Wish

MAX_OPEN: Final = 100
"""Asks of kernels that wait for the disk; one more is refused."""

_log = logging.getLogger("livestate_nb")


class Sharing:
    """Answer kernels.

    Args:
        lobby: has the shares; None where nothing may be shared.
        mount: the path of the public mount, with the server's base_url.
    """

    def __init__(self, lobby: Lobby | None, mount: str) -> None:
        self._lobby = lobby
        self._mount = mount
        self._tasks: set[asyncio.Task[None]] = set()

    def asked(self, kernel: Kernel, number: int, body: dict[str, Json]) -> None:
        """Take what a kernel asks, and answer when the disk has.

        Raises:
            ValueError: it is none of what a kernel asks.
        """
        if body.get("ask") not in _ASKS:
            raise ValueError("expected an ask of a kernel")
        if len(self._tasks) >= MAX_OPEN:
            _answer(kernel, number, {"error": "too much is asked at once: try again"})
            return
        task = asyncio.get_running_loop().create_task(self._serve(kernel, number, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Answer nothing any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _serve(self, kernel: Kernel, number: int, body: dict[str, Json]) -> None:
        try:
            answer = await self._find(self._open_lobby(), kernel, body)
        except (ShareError, OSError, RuntimeError) as error:
            if not isinstance(error, ShareError):
                _log.error("shares cannot be kept: %s", error)
            answer = {"error": str(error)}
        _answer(kernel, number, answer)

    def _open_lobby(self) -> Lobby:
        if self._lobby is None:
            raise ShareError("this server shares nothing: c.LiveStateApp.public is off")
        return self._lobby

    async def _find(self, lobby: Lobby, kernel: Kernel, body: dict[str, Json]) -> Json:
        match body["ask"]:
            case wire.SHARE:
                return await self._share(lobby, kernel, body)
            case wire.SHARES:
                return {"shares": [_told(share) for share in await _of(lobby, kernel)]}
        return await _revoke(lobby, kernel, body.get("id"))

    async def _share(self, lobby: Lobby, kernel: Kernel, body: dict[str, Json]) -> Json:
        topics, tag = body.get("topics"), body.get("tag")
        for topic in topics if isinstance(topics, list) else []:
            if not any(contains(one, str(topic)) for one in kernel.published.now):
                raise ShareError(
                    f"cannot share {topic!r}: this kernel has published no channel for it: "
                    "publish() one first"
                )
        wish = Wish(
            topics or (),
            body.get("events", ()),
            body.get("origins", ()),
            body.get("expires", 0),
            tag,
        )
        share, token = await asyncio.to_thread(lobby.shares.make, wish, kernel.id)
        _log.info("kernel %s shares %s (share %s)", kernel.id, cut(share.topics), share.id)
        script = None if tag is None else f"{self._mount}/{share.id}/{tag}.js"
        mount = {"mount": self._mount, "script": script}
        return {"token": token, "id": share.id, "expires": share.expires, **mount}


_ASKS: Final = (wire.SHARE, wire.SHARES, wire.REVOKE)


async def _of(lobby: Lobby, kernel: Kernel) -> list[Share]:
    shares = await asyncio.to_thread(lobby.shares.all)
    return [share for share in shares if share.kernel_id == kernel.id]


async def _revoke(lobby: Lobby, kernel: Kernel, name: Json) -> Json:
    revoked: list[str] = []
    for share in await _of(lobby, kernel):
        if name in (wire.ALL, share.id) and await asyncio.to_thread(lobby.shares.revoke, share.id):
            lobby.revoked(share.id)
            revoked.append(share.id)
            _log.info("kernel %s has revoked the share %s", kernel.id, share.id)
    return {"revoked": revoked}


def _told(share: Share) -> Json:
    return {
        "id": share.id,
        "topics": share.topics,
        "events": share.events,
        "origins": share.origins,
        "expires": share.expires,
        "tag": share.tag,
    }


def _answer(kernel: Kernel, number: int, answer: Json) -> None:
    kernel.send(wire.ASK, number, dumps(answer).decode())

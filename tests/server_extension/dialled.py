"""A kernel as the server sees it: this process speaks in its place on the uplink."""

import asyncio
import os
from typing import Any, Self

from tornado.websocket import WebSocketClientConnection

from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.dial import Address, dial
from tests.server_extension.web import PATIENCE


class Dialled:
    """One uplink; open it with `Dialled.open`."""

    def __init__(self, kernel_id: str, socket: WebSocketClientConnection) -> None:
        self.id = kernel_id
        self._socket = socket
        self._asked = 0
        self._kept: list[wire.Tagged] = []
        self._sent, self._came = wire.Turns(), wire.Turns()

    @classmethod
    async def open(cls, app: Any, kernel_id: str) -> Self:
        """Dial as a kernel that the server runs, and that does not dial itself."""
        key = app.kernel_manager.get_kernel(kernel_id).session.key
        url, secret = os.environ[wire.URL_VARIABLE], os.environ[wire.SECRET_VARIABLE]
        return cls(kernel_id, await dial(Address(url, secret, kernel_id, key)))

    async def send(self, kind: str, number: int, body: Any) -> None:
        await self._socket.write_message(self._sent.stamp(wire.pack_json(kind, number, body)))

    async def wait(self, kind: str) -> wire.Tagged:
        """Return the next message of a kind; others are kept for later."""
        for kept in self._kept:
            if kept.kind == kind:
                self._kept.remove(kept)
                return kept
        while (message := await self._read()) is not None:
            tagged = wire.unpack(self._came.check(message))
            if tagged.kind == kind:
                return tagged
            self._kept.append(tagged)
        raise AssertionError(f"hung up: {self._socket.close_code} {self._socket.close_reason}")

    async def publish(self, *patterns: str, elements: dict[str, str] | None = None) -> None:
        """Declare some channels and publish them."""
        published = dict.fromkeys(patterns, 1.0)
        body = {"channels": [*patterns, "private"], "published": published}
        await self.send(wire.DECLARE, 1, {**body, "elements": elements or {}})
        await self.wait(wire.DECLARE)

    async def ask(self, ask: str, **more: Any) -> Any:
        """Ask the server and return its answer."""
        self._asked += 1
        await self.send(wire.ASK, self._asked, {"ask": ask, **more})
        answer = await self.wait(wire.ASK)
        assert answer.number == self._asked
        return answer.json

    async def share(self, *topics: str, **more: Any) -> Any:
        wish = {"events": [], "origins": ["https://page.example"], "expires": 3600, "tag": None}
        return await self.ask(wire.SHARE, topics=list(topics), **{**wish, **more})

    async def is_hung_up(self) -> bool:
        """Read to the end."""
        while await self._read() is not None:
            pass
        return True

    async def _read(self) -> str | bytes | None:
        async with asyncio.timeout(PATIENCE):
            return await self._socket.read_message()

    def close(self) -> None:
        self._socket.close()

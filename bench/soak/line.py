"""A WebSocket that is read all the time, so that nothing waits for who times single things.

It must not know what is sent and what comes.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.servers import TOKEN

PATIENCE: Final = 60.0
"""Seconds that somebody waits for an answer."""

HEADERS: Final = {"Authorization": f"token {TOKEN}"}


class Line:
    """Send messages, and wait for what comes of each.

    Args:
        socket: it belongs to the line.
    """

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._heard: list[str | bytes] | None = None
        """What has come since it was asked; None where nobody waits."""
        self._has_heard = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str) -> "Line":
        """Connect with Jupyter's token."""
        return cls(await websocket_connect(HTTPRequest(url, headers=HEADERS)))

    async def close(self) -> None:
        """Hang up."""
        self._reader.cancel()
        await asyncio.wait([self._reader])
        self._socket.close()

    async def send(self, frame: str | bytes) -> None:
        """Send what nobody waits for an answer to."""
        await self._socket.write_message(frame)

    async def ask(self, frame: str | bytes, is_answered: Callable[[str | bytes], bool]) -> None:
        """Send a message and wait for what comes of it, one at a time.

        Args:
            frame: the message.
            is_answered: given each message that comes, until it returns True.

        Raises:
            TimeoutError: it never did.
            ConnectionError: the server has closed the connection.
        """
        self._heard = []
        try:
            await self.send(frame)
            async with asyncio.timeout(PATIENCE):
                while not any(is_answered(one) for one in await self._next()):
                    pass
        finally:
            self._heard = None

    async def _next(self) -> list[str | bytes]:
        """Wait for more to come, and return it."""
        while not self._heard:
            if self._reader.done():
                raise ConnectionError("the server has closed the connection")
            self._has_heard.clear()
            await self._has_heard.wait()
        heard, self._heard = self._heard, []
        return heard

    async def _read(self) -> None:
        try:
            while (frame := await self._socket.read_message()) is not None:
                if self._heard is not None:
                    self._heard.append(frame)
                    self._has_heard.set()
        finally:
            asyncio.get_running_loop().call_soon(self._has_heard.set)  # when it is done

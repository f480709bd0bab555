"""Clients of a running server, over its WebSocket.

It must not know who started the server.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlencode

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from livestate_nb.testing.client import AsyncClient
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.rig import TIMEOUT

_MAX_FRAME: Final = 64_000_000
_NO_CODE: Final = 1006
"""The close code of a connection that ended without one (RFC 6455 section 7.1.5)."""


@asynccontextmanager
async def connect_async(
    url: str,
    *,
    token: str = "",
    params: dict[str, str] | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of all that the client will wait for
) -> AsyncIterator[AsyncClient]:
    """Connect to a running server, for as long as an ``async with`` block lasts.

    Args:
        url: where clients connect, such as ``"ws://localhost:8888/livestate"``.
        token: Jupyter's token; without it the server takes only who it lets in anyway.
        params: connect params.
        timeout: seconds that the client waits for anything.

    Raises:
        HTTPClientError: the server refused; ``code`` is the status, 403 for who may not.
        OSError: there is no server.
    """
    query = urlencode({**(params or {}), "vsn": "2.0.0"})
    headers = {"Authorization": f"token {token}"} if token else {}
    request = HTTPRequest(
        f"{url.rstrip('/')}/websocket?{query}",
        headers=headers,
        connect_timeout=timeout,
        request_timeout=timeout,
    )
    inbox = Inbox(timeout)
    lines: list[_Line] = []

    async def dial() -> _Line:
        line = _Line(inbox)
        line.socket = await websocket_connect(
            request, on_message_callback=line.receive, max_message_size=_MAX_FRAME
        )
        lines.append(line)
        return line

    client = AsyncClient(inbox, await dial(), dial)
    try:
        yield client
    finally:
        client.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for line in lines:
                    await line.has_ended.wait()


class _Line:
    """Carry frames over a WebSocket; implements `livestate_nb.testing.client.Line`."""

    socket: WebSocketClientConnection

    def __init__(self, inbox: Inbox) -> None:
        self.has_ended = asyncio.Event()
        self._inbox = inbox
        self._is_lost = False

    def feed(self, frame: str | bytes) -> None:
        """Send a frame."""
        self.socket.write_message(frame, binary=isinstance(frame, bytes))

    def lost(self) -> None:
        """Close the socket: what still comes is nobody's."""
        self._is_lost = True
        self.socket.close()

    def receive(self, frame: str | bytes | None) -> None:
        """Take a frame, or None at the end."""
        if frame is None:
            self.has_ended.set()
        if self._is_lost:
            return
        if frame is None:
            code, reason = self.socket.close_code, self.socket.close_reason
            self._inbox.close(code or _NO_CODE, reason or "")
        else:
            self._inbox.send(frame)

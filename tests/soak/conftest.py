"""A server of this process for what the soak times, which hangs up when it is asked to."""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest_asyncio
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.websocket import WebSocketHandler


class Handler(WebSocketHandler):
    """Count up to the number that is sent, then ping; hang up on all else."""

    pongs: ClassVar[list[bytes]] = []

    def on_message(self, message: str | bytes) -> None:
        if not message.isdigit():
            self.close()
            return
        for number in range(1, int(message) + 1):
            self.write_message(str(number))
        self.ping(message)

    def on_pong(self, data: bytes) -> None:
        self.pongs.append(data)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Run the server; yields where it listens."""
    Handler.pongs.clear()
    socket, port = bind_unused_port()
    server = HTTPServer(web.Application([("/", Handler)]))
    server.add_sockets([socket])
    yield port
    server.stop()
    await server.close_all_connections()

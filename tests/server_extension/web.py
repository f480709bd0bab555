"""A client that speaks frames over a WebSocket."""

import asyncio
from typing import Any, Protocol

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

from livestate_nb.codec import Json, dumps
from livestate_nb.testing.frames import Writer
from tests.clients import decode

PATIENCE = 20.0
OUTSIDER = {"Authorization": ""}
"""Headers that take away the login which pytest-jupyter adds."""


class Web:
    """One client: it writes frames, and reads on until what it waits for has come."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self._writer = Writer()

    async def push(self, topic: str, event: str, payload: Json = None) -> str:
        """Send a message and return its ref."""
        ref, frame = self._writer.write(topic, event, {} if payload is None else payload)
        await self.socket.write_message(frame)
        return ref

    async def dispatch(self, topic: str, event: str, payload: Json = None) -> str:
        return await self.push(topic, f"lvs_evt:{event}", payload)

    async def write(self, fields: Json) -> None:
        await self.socket.write_message(dumps(fields).decode())

    async def read(self) -> list[Any]:
        """Return the next frame, decoded."""
        async with asyncio.timeout(PATIENCE):
            frame = await self.socket.read_message()
        assert frame is not None, f"closed: {self.socket.close_code} {self.socket.close_reason}"
        return decode(frame)

    async def wait(self, event: str) -> Json:
        """Read up to the next frame with this event and return its payload."""
        while True:
            _, _, _, name, payload = await self.read()
            if name == event:
                return payload

    async def join(self, topic: str, params: Json = None) -> Json:
        """Join and return the payload of the first state."""
        await self.push(topic, "phx_join", params)
        return await self.wait("state:change")

    async def closed(self) -> tuple[int | None, str | None]:
        """Read to the end and return the close code and reason."""
        async with asyncio.timeout(PATIENCE):
            while await self.socket.read_message() is not None:
                pass
        return self.socket.close_code, self.socket.close_reason

    def close(self) -> None:
        self.socket.close()


class Connect(Protocol):
    """Open a WebSocket; see the fixture `connect`."""

    async def __call__(self, vsn: str | None = "2.0.0", **options: Any) -> Web: ...


async def status(answer: Any) -> int:
    """Return the status that refuses a request; 101 or 200 where it is not refused."""
    try:
        response = await answer
    except HTTPClientError as error:
        return error.code
    return 101 if isinstance(response, Web) else response.code

"""A client that speaks frames over long-poll."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpclient import HTTPResponse

from livestate_nb.codec import Json, dumps, loads
from tests.server_extension.web import PATIENCE

Fetch = Callable[..., Awaitable[HTTPResponse]]


class Polling:
    """One client: it posts frames, and polls on until what it waits for has come."""

    def __init__(self, fetch: Fetch, **options: Any) -> None:
        self._fetch = fetch
        self._options = options
        self.token: str | None = None
        self._came: list[list[Any]] = []
        self.last: HTTPResponse

    async def request(self, method: str = "GET", **more: Any) -> Json:
        """Send a request and return the JSON of its answer."""
        options = {**self._options, **more}
        params = {"vsn": "2.0.0", **options.pop("params", {})}
        if self.token is not None:
            params["token"] = self.token
        self.last = await self._fetch(
            "livestate", "longpoll", method=method, params=params, **options
        )
        return loads(self.last.body) if self.last.body else None

    async def open(self) -> "Polling":
        """Begin a session."""
        answer = await self.request()
        assert answer["status"] == 410, answer
        self.token = answer["token"]
        return self

    async def post(self, *frames: Json, kind: str = "application/x-ndjson") -> Json:
        """Send frames, JSON values or bytes, and return the answer."""
        lines = [base64.b64encode(one) if isinstance(one, bytes) else dumps(one) for one in frames]
        return await self.send(b"\n".join(lines), kind)

    async def send(self, body: bytes, kind: str = "application/x-ndjson") -> Json:
        """Send a body and return the answer."""
        headers = {**self._options.get("headers", {}), "Content-Type": kind}
        return await self.request("POST", body=body, headers=headers)

    async def poll(self) -> Json:
        """Poll once; keep the frames that come."""
        answer = await self.request()
        self._came += [json.loads(frame) for frame in answer.get("messages", [])]
        return answer

    async def wait(self, event: str) -> Json:
        """Poll until a frame with this event comes, and return its payload."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for position, frame in enumerate(self._came):
                    if frame[3] == event:
                        del self._came[: position + 1]
                        return frame[4]
                await self.poll()

"""Requests written by hand: with headers that no well-made client sends."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.server_extension.web import PATIENCE

Outcome: TypeAlias = int | str
"""The status of an answer, that of the JSON inside of it for long-poll, or where it redirects."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a credential adds to a request."""

    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""


async def ask(host: str, method: str, path: str, request: Request, *, upgrade: bool) -> Outcome:
    """Send a request of a few lines and return how it ends."""
    headers = {"Host": host, "Connection": "close", "Content-Length": "0"}
    if upgrade:
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers |= request.headers
    head = [f"{method} {path}?vsn=2.0.0{request.query} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write("\r\n".join([*head, "", ""]).encode())
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
            status = int(answer.split(" ", 2)[1])
            if status == 302:
                return re.search(r"\nLocation: [^ ?]*/(\w+)", answer)[1]  # type: ignore[index]
            if "application/json" in answer and method not in ("HEAD", "OPTIONS"):
                body = (await reader.read()).decode()
                # long-poll says it in the body
                return int(json.loads(body[body.index("{") :]).get("status", status))
            return status
    finally:
        writer.close()

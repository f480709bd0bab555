"""The transcripts of WebSocket's own frames, pings and closes, replayed against a real server."""

import ast
import asyncio
import re
import struct
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from livestate_nb.codec import loads
from tests.testbed.starting import Testbed, run_testbed
from tests.wire.vectors import OF_SOCKETS, TRANSCRIPTS

PATIENCE = 10.0
MASK = bytes(4)
TEXT, CLOSE = 1, 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with run_testbed(tmp_path_factory.mktemp("testbed") / "log") as running:
        yield running


class Raw:
    """A WebSocket taken apart: frames of a few bytes, of any kind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "Raw":
        parts = urlsplit(url)
        raw = cls(*await asyncio.open_connection(parts.hostname, parts.port))
        lines = [
            f"GET {parts.path}/websocket?vsn=2.0.0 HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]
        raw._writer.write("\r\n".join([*lines, "", ""]).encode())
        assert (await raw._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        return raw

    def send(self, recorded: str) -> None:
        """Send a frame as it was recorded: a text, or an opcode and its bytes."""
        opcode, payload = TEXT, recorded.encode()
        if found := re.fullmatch(r"\(opcode (\d+)\) (b'.*')", recorded):
            opcode, payload = int(found[1]), ast.literal_eval(found[2])
        assert len(payload) < 126
        self._writer.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + MASK + payload)

    async def read(self) -> str:
        """Return the next frame as it would be recorded."""
        try:
            first, size = await self._reader.readexactly(2)
        except asyncio.IncompleteReadError:
            return "TCP EOF"
        if size == 126:
            (size,) = struct.unpack("!H", await self._reader.readexactly(2))
        payload = await self._reader.readexactly(size)
        if first == 0x80 | TEXT:
            return payload.decode()
        if first == 0x80 | CLOSE:
            return f"CLOSE code={int.from_bytes(payload[:2])} reason={payload[2:].decode()!r}"
        return f"FRAME op={first:#x} {payload!r}"

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@pytest.mark.asyncio
@pytest.mark.parametrize("name", OF_SOCKETS)
async def test_the_server_answers_pings_and_closes_as_the_original(
    server: Testbed, name: str
) -> None:
    async with asyncio.timeout(PATIENCE):
        raw = await Raw.open(server.url)
        for line in TRANSCRIPTS[name]:
            if line.is_from_client:
                raw.send(line.frame)
                continue
            frame = await raw.read()
            is_message = line.frame.startswith("[")
            assert (loads(frame) if is_message else frame) == (
                loads(line.frame) if is_message else line.frame
            )
        await raw.close()

"""A WebSocket taken apart, for what no well-made client does: it reads only when it is asked to."""

import asyncio
import struct
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

TEXT: Final = 1
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_MASK: Final = bytes(4)


class Raw:
    """One connection, from `Raw.open`; its frames are (opcode, payload)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str, **headers: str) -> Self:
        """Connect.

        Args:
            url: of the WebSocket, with its query.
            **headers: more of the request.
        """
        parts = urlsplit(url)
        raw = cls(*await asyncio.open_connection(parts.hostname, parts.port))
        headers |= {"Host": parts.netloc, "Upgrade": "websocket", "Connection": "Upgrade"}
        headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = [f"GET {parts.path}?{parts.query} HTTP/1.1", *lines, "", ""]
        raw._writer.write("\r\n".join(head).encode())
        assert (await raw._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        return raw

    def announce(self, opcode: int, size: int) -> None:
        """Send the head of a frame alone."""
        head = (size,) if size < 126 else (127, size)
        form = "!BB" if size < 126 else "!BBQ"
        self._writer.write(struct.pack(form, _FINAL | opcode, _MASKED | head[0], *head[1:]))

    def send(self, opcode: int, payload: bytes) -> None:
        """Send a frame."""
        self.announce(opcode, len(payload))
        self._writer.write(_MASK + payload)

    async def read(self) -> tuple[int, bytes] | None:
        """Return the next frame, None at the end."""
        try:
            first, size = await self._reader.readexactly(2)
        except asyncio.IncompleteReadError:
            return None
        if size >= 126:
            form = "!H" if size == 126 else "!Q"
            (size,) = struct.unpack(form, await self._reader.readexactly(struct.calcsize(form)))
        assert first & _FINAL
        return first & 0xF, await self._reader.readexactly(size)

    async def closed(self) -> tuple[int, str]:
        """Read to the end and return the close code and reason."""
        last = 0, b""
        while frame := await self.read():
            last = frame
        opcode, payload = last
        assert opcode == CLOSE
        return int.from_bytes(payload[:2]), payload[2:].decode()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

"""A lean client: blocking sockets, frames as bytes, so that the server is what is measured."""

import json
import os
import select
import socket
import struct
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

_OPEN_TEXT = 0x81
_PATIENCE = 60.0


class Client:
    """One WebSocket, joined to one topic.

    Args:
        url: ws://host:port/path, without the query.
        token: Jupyter's token.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        address = parts.hostname or "127.0.0.1", parts.port or 80
        self.socket = socket.create_connection(address, timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._topic = ""
        key = b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {parts.path}?vsn=2.0.0 HTTP/1.1",
            f"Host: {address[0]}:{address[1]}",
            f"Authorization: token {token}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise ConnectionError(f"expected an upgrade, got {answer[:200]!r}")
        self._buffer = answer.partition(b"\r\n\r\n")[2]

    def join(self, topic: str, params: dict[str, Any] | None = None) -> None:
        """Join a topic and wait for its state."""
        self._topic = topic
        self.socket.sendall(self.frame("phx_join", params or {}))
        self.until(b'"state:change"')

    def frame(self, event: str, payload: dict[str, Any]) -> bytes:
        """Return a frame of the joined topic, masked with zeros."""
        fields = ["1", "1", self._topic, event, payload]
        data = json.dumps(fields, separators=(",", ":")).encode()
        if len(data) < 126:
            head = struct.pack("!BB", _OPEN_TEXT, 0x80 | len(data))
        else:
            head = struct.pack("!BBH", _OPEN_TEXT, 0x80 | 126, len(data))
        return head + b"\0\0\0\0" + data

    def until(self, mark: bytes) -> bytes:
        """Wait for a message with a mark in it, and return that."""
        while True:
            for message in self.messages():
                if mark in message:
                    return message
            self._buffer += self._more()

    def messages(self) -> Iterator[bytes]:
        """Yield the whole messages that have come."""
        while (found := _message(self._buffer)) is not None:
            message, self._buffer = found
            yield message

    def read(self) -> Iterator[bytes]:
        """Take what has come and yield its whole messages."""
        self._buffer += self._more()
        return self.messages()

    def close(self) -> None:
        """Cut the connection."""
        self.socket.close()

    def _more(self) -> bytes:
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server has closed the connection")
        return data


def _message(buffer: bytes) -> tuple[bytes, bytes] | None:
    """Return the first message of a buffer and the rest; None while it is not whole."""
    if len(buffer) < 2:
        return None
    start, length = 2, buffer[1] & 127
    if length >= 126:
        size = 2 if length == 126 else 8
        if len(buffer) < 2 + size:
            return None
        start, length = 2 + size, int.from_bytes(buffer[2 : 2 + size], "big")
    if len(buffer) < start + length:
        return None
    return buffer[start : start + length], buffer[start + length :]


class Crowd:
    """Many clients, read as their answers come."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        self._poll = select.epoll()
        self._by_number = {client.socket.fileno(): client for client in clients}
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)

    def answers(self) -> Iterator[tuple[Client, bytes]]:
        """Wait, and yield the messages that have come with who got them."""
        ready = self._poll.poll(_PATIENCE, 1024)
        if not ready:
            raise TimeoutError("the server answers no more")
        for number, _ in ready:
            client = self._by_number[number]
            for message in client.read():
                yield client, message

    def close(self) -> None:
        """Cut all connections."""
        self._poll.close()
        for client in self.clients:
            client.close()

"""A way to a server that takes no WebSockets, as some gateways between browsers and servers do."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

REFUSAL: Final = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Gateway(socketserver.ThreadingTCPServer):
    """Carry HTTP to a port of this machine; connections that begin with an upgrade are refused."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Carrier)
        self.target = target
        self.refused = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.server_address[1]
        return port


class _Carrier(socketserver.StreamRequestHandler):
    server: Gateway

    def handle(self) -> None:
        with suppress(OSError):
            head = self._head()
            if b"upgrade: websocket" in head.lower():
                self.server.refused += 1
                self.wfile.write(REFUSAL)
                return
            with socket.create_connection(("127.0.0.1", self.server.target)) as far:
                far.sendall(head)
                answers = threading.Thread(target=_pump, args=(far, self.connection))
                answers.start()
                with suppress(OSError):
                    while data := self.rfile.read1(65536):
                        far.sendall(data)
                with suppress(OSError):
                    far.shutdown(socket.SHUT_RDWR)
                answers.join()

    def _head(self) -> bytes:
        """Return the head of the connection's first request."""
        lines = [self.rfile.readline()]
        while lines[-1].strip():
            lines.append(self.rfile.readline())
        return b"".join(lines)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def without_websockets(target: int) -> Iterator[Gateway]:
    """Run a gateway to a port until the block ends."""
    with Gateway(target) as gateway:
        serving = threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield gateway
        finally:
            gateway.shutdown()
            serving.join()

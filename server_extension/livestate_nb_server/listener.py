"""The side listener: where kernels of this server dial in, on loopback only.

Kernels get no address of their server, so the extension gives them one through the environment,
which every kernel started later inherits. It must not know clients or topics.
"""

import os
import secrets
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.relay import Relay
from livestate_nb_server.uplink import UplinkHandler

_HOST = "127.0.0.1"
_HEADERS = 16_384
"""Bytes of a request's headers, at most."""

_IDLE = 10.0
"""Seconds for a request to come."""


class Listener:
    """Bind a port at once and tell kernels of it; serve it later, when the loop runs."""

    def __init__(self) -> None:
        self._sockets = bind_sockets(0, _HOST)
        self.secret = secrets.token_hex(32)
        self.handlers: list[tuple[str, type[RequestHandler], dict[str, Any]]] = []
        """The routes of its port, once it serves."""
        self._server: HTTPServer | None = None
        self.url = f"ws://{_HOST}:{self._sockets[0].getsockname()[1]}/kernel/"
        self._variables = {wire.URL_VARIABLE: self.url, wire.SECRET_VARIABLE: self.secret}
        os.environ.update(self._variables)

    def serve(self, relay: Relay, kernels: Kernels) -> None:
        """Take uplinks from now on.

        Args:
            relay: what they are for.
            kernels: what the server runs.
        """
        arguments = {"relay": relay, "kernels": kernels, "secret": self.secret}
        arguments["opened"] = set()
        self.handlers = [(r"/kernel/([^/]+)", UplinkHandler, arguments)]
        application = Application(list(self.handlers), log_function=_log_nothing)
        # nothing has a body here: none is read before the secret was seen
        self._server = HTTPServer(
            application, max_body_size=1, max_header_size=_HEADERS, idle_connection_timeout=_IDLE
        )
        self._server.add_sockets(self._sockets)

    async def close(self) -> None:
        """Hang up on all kernels, and take the address out of the environment."""
        for name, value in self._variables.items():
            if os.environ.get(name) == value:
                del os.environ[name]
        if self._server is None:
            for socket in self._sockets:
                socket.close()
        else:
            self._server.stop()
            await self._server.close_all_connections()


def _log_nothing(handler: RequestHandler) -> None:
    """Leave it to the handler what is worth a line."""

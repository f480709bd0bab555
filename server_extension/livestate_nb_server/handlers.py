"""The routes: WebSockets that only feed their client, and a page that says what is hosted.

Every route authenticates and authorizes. They must not know channels' states.
"""

from functools import partial
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketHandler

from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Refusal
from livestate_nb.transports.writing import write
from livestate_nb_server.admission import AdmissionHandler, Rejected, Visitor
from livestate_nb_server.client import Client
from livestate_nb_server.desk import Desk
from livestate_nb_server.observer import Rejection
from livestate_nb_server.page import page
from livestate_nb_server.params import auth_token
from livestate_nb_server.relay import Relay
from livestate_nb_server.visits import Visits


class LiveStateHandler(WebSocketMixin, WebSocketHandler, AdmissionHandler):
    """Carry the frames of one client; implements `livestate_nb.runtime.Transport`."""

    ping_callback: PeriodicCallback | None  # type: ignore[assignment]  # WebSocketMixin's, untyped

    def initialize(self, endpoint: Endpoint, relay: Relay, desk: Desk, visits: Visits) -> None:
        """Take what serves the client.

        Args:
            endpoint: runs what the server hosts.
            relay: leads to what kernels host.
            desk: asks what the app says to clients that connect.
            visits: counts the sockets of each user.
        """
        super().initialize()
        self.observer = relay.observer
        self._endpoint = endpoint
        self._relay = relay
        self._desk = desk
        self._visits = visits
        self._visitor: Visitor | None = None
        self._client: Client | None = None
        self._is_gone = False

    @property
    def max_message_size(self) -> int:
        """Bytes of one frame, at most."""
        return self._endpoint.limits.frame_bytes

    def set_default_headers(self) -> None:
        """Set none: a WebSocket has no page whose content they would protect."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """Offer no compression unless the server's settings ask for it, as Phoenix does."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose phoenix.js's own, or none."""
        return "phoenix" if "phoenix" in subprotocols else None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade, for who is let in."""
        await self.authorize()
        self._must_upgrade()
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        visitor = self._visitor = await self.admit(self._desk, partial(auth_token, offered))
        if self._is_gone:
            return
        if not self._visits.begin(visitor.principal):
            self.reject(Refusal.LIMIT)
            raise web.HTTPError(429, "a connection is refused: its user has too many")
        try:
            await super().get(*args, **kwargs)  # which ends with the connection
        finally:
            self._visits.end(visitor.principal)

    def _must_upgrade(self) -> None:
        """Check what tornado checks too late for us, when the app has been asked.

        Raises:
            HTTPError: 400, the request is for no WebSocket.
            Rejected: it comes from a foreign page.
        """
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPError(400, "expected a WebSocket, got a request without the upgrade")
        if not self.check_origin():
            raise Rejected(Rejection.ORIGIN)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Start the pings, send small frames at once, and join the endpoint."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        if self._visitor is not None:
            kernel_id = self._kernel_of(*args)
            self._client = Client(
                self._endpoint, self._relay, self, self._visitor, kernel_id=kernel_id
            )

    def on_message(self, message: str | bytes) -> None:
        """Feed the client."""
        if self._client is not None:
            self._client.feed(message)

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        if self.ping_callback is not None:  # its timer would keep us for up to 30 s
            self.ping_callback.stop()
        self._is_gone = True
        if self._client is not None:
            self._client.lost()

    def _kernel_of(self, *_path: str) -> str | None:
        """Return the kernel that the socket is bound to, from the groups of its route."""
        return None

    def send(self, frame: str | bytes) -> None:
        """Send a frame; nothing happens where the client has gone."""
        client = self._client
        if client is not None and not client.has_room():
            return
        if write(self.ws_connection, frame, partial(self._taken, len(frame))) and client:
            client.wait(len(frame))

    @property
    def is_congested(self) -> bool:
        """Whether too much waits for the client to read."""
        return self._client is not None and self._client.is_congested

    def _taken(self, size: int, is_sent: bool) -> None:
        if self._client is not None:
            self._client.took(size, is_sent=is_sent)


class KernelHandler(LiveStateHandler):
    """Carry the frames of one client of one kernel: all that the kernel declares is for it.

    So it is for who may run code in the server's kernels, and not for who may only join.
    """

    async def authorize(self) -> None:
        """Check that who the server authenticated may execute in this server and its kernels."""
        await super().authorize()
        await self._must_execute("kernels")

    def _kernel_of(self, *path: str) -> str | None:
        return path[0]


class InfoHandler(AdmissionHandler):
    """Say on a page what this server hosts."""

    def initialize(self, app: Any) -> None:
        """Take the extension application."""
        super().initialize()
        self.observer = app.observer
        self._app = app

    @web.authenticated
    async def get(self) -> None:
        """Answer with the page, for who may execute in this server."""
        await self.authorize()
        url = f"{self.base_url}livestate"
        app = self._app
        await self.finish(page(url, app.endpoint.channels, app.gallery.files, app.failed))

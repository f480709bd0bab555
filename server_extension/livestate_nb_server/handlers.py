"""The routes: WebSockets that only feed their client, and what is asked for without one.

Every route authenticates and authorizes. They must not know channels' states.
"""

from functools import partial
from typing import Any

from jupyter_server.auth.decorator import ws_authenticated
from tornado import web

from livestate_nb.codec import dumps
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Refusal
from livestate_nb_server.admission import (
    AdmissionHandler,
    KernelAdmissionHandler,
    Rejected,
    Visitor,
)
from livestate_nb_server.carrier import Carrier
from livestate_nb_server.client import Client
from livestate_nb_server.desk import Desk
from livestate_nb_server.observer import Rejection
from livestate_nb_server.page import page
from livestate_nb_server.params import auth_token
from livestate_nb_server.relay import Relay
from livestate_nb_server.visits import Visits


class LiveStateHandler(Carrier, AdmissionHandler):
    """Carry the frames of one client that the server has authenticated."""

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
        self.limits = endpoint.limits
        self._endpoint = endpoint
        self._relay = relay
        self._desk = desk
        self._visits = visits
        self._visitor: Visitor | None = None
        self._is_gone = False

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
        """Join the endpoint."""
        super().open(*args, **kwargs)
        if self._visitor is not None:
            kernel_id = self._kernel_of(*args)
            self.client = Client(
                self._endpoint, self._relay, self, self._visitor, kernel_id=kernel_id
            )

    def on_message(self, message: str | bytes) -> None:
        """Feed the client."""
        if self.client is not None:
            self.client.feed(message)

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        self._is_gone = True

    def _kernel_of(self, *_path: str) -> str | None:
        """Return the kernel that the socket is bound to, from the groups of its route."""
        return None


class KernelHandler(KernelAdmissionHandler, LiveStateHandler):
    """Carry the frames of one client of one kernel."""

    def _kernel_of(self, *path: str) -> str | None:
        return path[0]


class WidgetsHandler(KernelAdmissionHandler):
    """Tell a page what widgets a kernel shows, for whose outputs it has no models.

    JupyterLab asks a kernel for them, which answers when no cell runs.
    """

    def initialize(self, relay: Relay) -> None:
        """Take what leads to the kernels."""
        super().initialize()
        self.observer = relay.observer
        self._relay = relay

    @ws_authenticated
    async def get(self, kernel_id: str) -> None:
        """Answer with JSON, for who may be a client of the kernel; see `Relay.widgets`.

        Raises:
            Rejected: the page is a foreign one.
            HTTPError: 504, the kernel does not answer.
        """
        await self.authorize()
        if not self.check_origin():
            raise Rejected(Rejection.ORIGIN)
        try:
            widgets = await self._relay.widgets(kernel_id)
        except TimeoutError as error:
            raise web.HTTPError(504, "the kernel does not answer") from error
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        await self.finish(dumps(widgets))


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

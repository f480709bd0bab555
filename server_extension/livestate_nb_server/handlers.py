"""The routes: a WebSocket that only feeds its connection, and a page that says what is hosted.

Every route authenticates and authorizes. They must not know channels' states.
"""

from asyncio import Future
from contextlib import suppress
from functools import partial
from typing import Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import serializer_for
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb_server.page import page

AUTH_RESOURCE: Final = "livestate"
MAX_FRAME: Final = 8_000_000
"""Bytes of one frame, as Bandit allows; a larger one closes the socket with 1009."""

CONGESTED: Final = 1_000_000
"""Characters waiting for one client from which on it gets no updates but, later, the state."""

MAX_UNSENT: Final = 64_000_000
"""Characters waiting for one client that close its socket at the next frame."""

TRY_AGAIN_LATER: Final = 1013


class LiveStateHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Carry the frames of one client; implements `livestate_nb.runtime.Transport`."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, endpoint: Endpoint) -> None:
        """Take the endpoint that runs the channels."""
        super().initialize()
        self._endpoint = endpoint
        self._connection: Connection | None = None
        self._unsent = 0

    @property
    def max_message_size(self) -> int:
        """Bytes of one frame, at most."""
        return MAX_FRAME

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
        """Upgrade, for who may execute in this server and speaks a version that we do."""
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        )
        if not allowed:
            raise web.HTTPError(403)
        try:
            serializer_for(self._vsn)
        except ProtocolError as error:
            raise web.HTTPError(403, str(error)) from error
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Start the pings, send small frames at once, and join the endpoint."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        self._connection = self._endpoint.connect(self, vsn=self._vsn, user=self.current_user)

    def on_message(self, message: str | bytes) -> None:
        """Feed the connection; nothing here waits for a channel."""
        if self._connection is not None:
            self._connection.feed(message)

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        if self._connection is not None:
            self._connection.lost()

    @property
    def _vsn(self) -> str:
        return str(self.get_query_argument("vsn", "1.0.0"))

    def send(self, frame: str | bytes) -> None:
        """Send a frame; nothing happens where the client has gone."""
        if self._unsent > MAX_UNSENT and self._connection is not None:
            self._connection.close(TRY_AGAIN_LATER, "too slow a reader")
            return
        with suppress(WebSocketClosedError):
            written = self.write_message(frame, binary=isinstance(frame, bytes))
            if self._is_writing:
                self._unsent += len(frame)
                written.add_done_callback(partial(self._written, len(frame)))

    @property
    def is_congested(self) -> bool:
        """Whether more than `CONGESTED` characters wait for the client to read."""
        return self._unsent > CONGESTED

    @property
    def _is_writing(self) -> bool:
        """Whether something waits for the client to read."""
        stream = self.ws_connection.stream if self.ws_connection is not None else None
        return stream is not None and stream.writing()

    def _written(self, size: int, written: "Future[None]") -> None:
        was_congested = self.is_congested
        self._unsent -= size
        is_sent = not written.cancelled() and written.exception() is None
        if is_sent and was_congested and not self.is_congested and self._connection is not None:
            self._connection.drained()


class InfoHandler(JupyterHandler):
    """Say on a page what this server hosts."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, app: Any) -> None:
        """Take the extension application."""
        super().initialize()
        self._app = app

    @web.authenticated
    async def get(self) -> None:
        """Answer with the page, for who may execute in this server."""
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        )
        if not allowed:
            raise web.HTTPError(403)
        url = f"{self.base_url}livestate"
        await self.finish(page(url, self._app.endpoint.channels, self._app.failed))

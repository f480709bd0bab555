"""The routes: WebSockets that only feed relay and connection, a page that says what is hosted.

Every route authenticates and authorizes. They must not know channels' states.
"""

from asyncio import Future
from contextlib import suppress
from dataclasses import asdict
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
from livestate_nb.roles import User
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb_server.guest import TRY_AGAIN_LATER, Guest
from livestate_nb_server.page import page
from livestate_nb_server.relay import Relay

AUTH_RESOURCE: Final = "livestate"
MAX_FRAME: Final = 8_000_000
"""Bytes of one frame, as Bandit allows; a larger one closes the socket with 1009."""

CONGESTED: Final = 1_000_000
"""Characters waiting for one client from which on it gets no updates but, later, the state."""

MAX_UNSENT: Final = 64_000_000
"""Characters waiting for one client that close its socket at the next frame."""

BY_TOKEN: Final = "token"  # noqa: S105 - no token, but that there was one
"""The principal of who authenticated by Jupyter's token: a new anonymous user each time."""


class LiveStateHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Carry the frames of one client; implements `livestate_nb.runtime.Transport`."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, endpoint: Endpoint, relay: Relay) -> None:
        """Take what serves the client.

        Args:
            endpoint: runs what the server hosts.
            relay: leads to what kernels host.
        """
        super().initialize()
        self._endpoint = endpoint
        self._relay = relay
        self._connection: Connection | None = None
        self._guest: Guest | None = None
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
        user = _user(self.current_user)
        by_token = self.identity_provider.is_token_authenticated(self)
        principal = BY_TOKEN if by_token else user.username
        self._connection = self._endpoint.connect(
            self, vsn=self._vsn, user=user, principal=principal
        )
        identity = {"vsn": self._vsn, "user": asdict(user), "principal": principal}
        self._guest = self._relay.connect(self, identity, self._kernel_of(*args))

    def on_message(self, message: str | bytes) -> None:
        """Feed the relay, and the connection with what is none of the relay's."""
        if self._connection is None or self._guest is None or self._connection.is_closed:
            return
        if self._guest.feed(message):
            self._connection.last_seen = self._endpoint.clock()
        else:
            self._connection.feed(message)

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        if self._connection is not None and self._guest is not None:
            self._connection.lost()
            self._relay.disconnected(self._guest)

    def _kernel_of(self, *_path: str) -> str | None:
        """Return the kernel that the socket is bound to, from the groups of its route."""
        return None

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
                was_congested = self.is_congested
                self._unsent += len(frame)
                if self.is_congested and not was_congested and self._guest is not None:
                    self._guest.paced(is_slow=True)
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
        if not (is_sent and was_congested and not self.is_congested):
            return
        if self._connection is not None and self._guest is not None:
            self._connection.drained()
            self._guest.paced(is_slow=False)


class KernelHandler(LiveStateHandler):
    """Carry the frames of one client of one kernel: all that the kernel declares is for it."""

    def _kernel_of(self, *path: str) -> str | None:
        return path[0]


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


def _user(user: Any) -> User:
    """Return who jupyter_server authenticated, in words that kernels know."""
    return User(
        user.username, user.name, user.display_name, user.initials, user.avatar_url, user.color
    )

"""The routes: a WebSocket that only feeds its connection, and a page that says what is hosted.

Every route authenticates and authorizes. They must not know channels' states.
"""

from typing import Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import serializer_for
from livestate_nb.runtime import Connection, Endpoint
from tornado import web
from tornado.escape import xhtml_escape
from tornado.websocket import WebSocketClosedError, WebSocketHandler

AUTH_RESOURCE: Final = "livestate"
MAX_FRAME: Final = 8_000_000
"""Bytes of one frame, as Bandit allows; a larger one closes the socket with 1009."""


class LiveStateHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Carry the frames of one client; implements `livestate_nb.runtime.Transport`."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, endpoint: Endpoint) -> None:
        """Take the endpoint that runs the channels."""
        super().initialize()
        self._endpoint = endpoint
        self._connection: Connection | None = None

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
        try:
            self.write_message(frame, binary=isinstance(frame, bytes))
        except WebSocketClosedError:
            pass


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
        await self.finish(self._page())

    def _page(self) -> str:
        rows = "".join(
            f"<tr><td><code>{xhtml_escape(pattern)}</code></td>"
            f"<td>{xhtml_escape(channel.__name__)}</td>"
            f"<td>{xhtml_escape(', '.join(channel.events()))}</td></tr>"
            for pattern, channel in self._app.endpoint.channels.items()
        )
        failed = "".join(
            f"<li><code>{xhtml_escape(one.source)}</code>: {xhtml_escape(one.message)}</li>"
            for one in self._app.failed
        )
        return _PAGE.format(
            hosted=_TABLE.format(rows=rows) if rows else _NOTHING,
            failed=f"<h2>Could not be loaded</h2><ul>{failed}</ul>" if failed else "",
            url=xhtml_escape(f"{self.base_url}livestate"),
        )


_TABLE = "<table><tr><th>Topic<th>Channel<th>Events</tr>{rows}</table>"
_NOTHING = (
    "<p>No channels yet. Name them in <code>jupyter_server_config.py</code>:</p>"
    '<pre>c.LiveStateApp.channels = {{"todo:*": "package.module:Class"}}</pre>'
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>LiveState</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
  table {{ border-collapse: collapse; width: 100%; }}
  th, td {{ text-align: left; padding: 0.4rem 1rem 0.4rem 0; border-bottom: 1px solid #8886; }}
</style>
<h1>LiveState</h1>
<p>Clients of <code>phoenix</code> and <code>phx-live-state</code> connect to <code>{url}</code>.</p>
{hosted}
{failed}
</html>
"""

"""A WebSocket that carries one client's frames, whoever let the client in.

It must not know how clients are let in, nor what frames mean.
"""

from functools import partial
from typing import Any

from jupyter_server.base.websocket import WebSocketMixin
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketHandler

from livestate_nb.limits import Limits
from livestate_nb.transports.writing import write
from livestate_nb_server.client import Client


class Carrier(WebSocketMixin, WebSocketHandler):
    """Carry frames; implements `livestate_nb.runtime.Transport`. The base of the handlers."""

    client: Client | None = None
    """Who has been let in."""

    ping_callback: PeriodicCallback | None  # type: ignore[assignment]  # WebSocketMixin's, untyped

    limits: Limits
    """How much it may send at once, and leave unread."""

    @property
    def max_message_size(self) -> int:
        """Bytes of one frame, at most."""
        return self.limits.frame_bytes

    def set_default_headers(self) -> None:
        """Set none: a WebSocket has no page whose content they would protect."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """Offer no compression unless the server's settings ask for it, as Phoenix does."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose phoenix.js's own, or none."""
        return "phoenix" if "phoenix" in subprotocols else None

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Start the pings, and send small frames at once."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        if self.ping_callback is not None:  # its timer would keep us for up to 30 s
            self.ping_callback.stop()
        if self.client is not None:
            self.client.lost()

    def send(self, frame: str | bytes) -> None:
        """Send a frame; nothing happens where the client has gone."""
        client = self.client
        if client is not None and not client.has_room():
            return
        if write(self.ws_connection, frame, partial(self._taken, len(frame))) and client:
            client.wait(len(frame))

    @property
    def is_congested(self) -> bool:
        """Whether too much waits for the client to read."""
        return self.client is not None and self.client.is_congested

    def _taken(self, size: int, is_sent: bool) -> None:
        if self.client is not None:
            self.client.took(size, is_sent=is_sent)

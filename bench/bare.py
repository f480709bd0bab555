"""A bare Tornado handler in a Jupyter server that counts by hand: what there is to compare with.

It decodes a frame, counts, and answers with the frame that a channel would; it keeps no
document, checks nothing and knows one event.
"""

from typing import Any

import msgspec
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketHandler

from bench.channels import row


class BareHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Count the events of one client."""

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade."""
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Start to count."""
        super().open(*args, **kwargs)
        self.set_nodelay(True)
        self.count = 0
        self.rows: list[Any] = []

    def on_message(self, message: str | bytes) -> None:
        """Answer a join with the state and an event with a patch."""
        join_ref, ref, topic, event, payload = msgspec.json.decode(message)
        answer: Any
        if event == "phx_join":
            self.rows = [row(number) for number in range(payload.get("rows", 0))]
            answer = {"status": "ok", "response": {}}
            self.answer([join_ref, ref, topic, "phx_reply", answer])
            answer = {"state": {"count": 0, "rows": self.rows}, "version": 0}
            self.answer([join_ref, None, topic, "state:change", answer])
        else:
            self.count += 1
            patch = [{"op": "replace", "path": "/count", "value": self.count}]
            answer = {"patch": patch, "version": self.count % 1001}
            self.answer([join_ref, None, topic, "state:patch", answer])

    def answer(self, fields: list[Any]) -> None:
        """Send a frame."""
        self.write_message(msgspec.json.encode(fields).decode())


def _load_jupyter_server_extension(serverapp: Any) -> None:
    route = (rf"{serverapp.base_url}bare/websocket", BareHandler)
    serverapp.web_app.add_handlers(".*$", [route])


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "bench.bare"}]

"""Carry frames over a widget's comm, each tagged with the connection that it belongs to.

A custom message goes to every front end of the kernel and to every view, so each page picks out
its own by the tag. It must not know widgets: it is given functions that send.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from livestate_nb.errors import ProtocolError, SessionClosed
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.runtime.drain import GOING_AWAY

KIND: Final = "livestate"
OPEN: Final = "open"
FRAME: Final = "frame"
CLOSE: Final = "close"

_UNKNOWN: Final = 1001
_log = logging.getLogger("livestate_nb")

SendContent: TypeAlias = Callable[[dict[str, Any], list[bytes]], None]
"""Sends the content and buffers of a custom message on one comm; callable from any thread."""


class CommTransport:
    """Carry one page's connection; implements `livestate_nb.runtime.Transport`.

    Args:
        tag: the page's name for the connection.
        send: sends on the comm that last brought a message of it.
    """

    def __init__(self, tag: str, send: SendContent) -> None:
        self.tag = tag
        self.carry = send

    def send(self, frame: str | bytes) -> None:
        """Send a frame, a binary one as a buffer; nothing happens where the comm has gone."""
        content = {KIND: FRAME, "connection": self.tag}
        if isinstance(frame, bytes):
            self._send(content, frame)
        else:
            self._send({**content, "frame": frame})

    def close(self, code: int, reason: str) -> None:
        """Tell the page that the connection is closed."""
        self._send({KIND: CLOSE, "connection": self.tag, "code": code, "reason": reason})

    @property
    def is_congested(self) -> bool:
        """Always False: a comm does not tell what its page has read."""
        return False

    def opened(self) -> None:
        """Tell the page that the connection is open."""
        self._send({KIND: OPEN, "connection": self.tag})

    def _send(self, content: dict[str, Any], *buffers: bytes) -> None:
        try:
            self.carry(content, list(buffers))
        except Exception:  # noqa: BLE001 - a comm in any stage of its end may raise anything
            _log.debug("a comm is gone: connection %s gets nothing", self.tag, exc_info=True)


class CommHub:
    """Hold the connections that pages have over the comms of one kernel.

    It belongs to the endpoint's loop.

    Args:
        endpoint: runs the channels.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._open: dict[str, tuple[Connection, CommTransport]] = {}

    def receive(
        self, content: object, buffers: Sequence[bytes | memoryview], send: SendContent
    ) -> None:
        """Take a custom message.

        Args:
            content: ``{"livestate": "open" | "frame" | "close", "connection": tag, ...}``, with
                ``vsn`` to open and ``frame`` for a text frame; anything else is ignored.
            buffers: one for a binary frame.
            send: sends on the comm that brought it.
        """
        if not isinstance(content, dict) or not isinstance(content.get("connection"), str):
            return
        kind, tag = content.get(KIND), content["connection"]
        if kind == OPEN:
            self._connect(CommTransport(tag, send), str(content.get("vsn")))
        elif kind == FRAME:
            self._feed(tag, bytes(buffers[0]) if buffers else content.get("frame"), send)
        elif kind == CLOSE and tag in self._open:
            connection, _ = self._open.pop(tag)
            connection.lost()

    def _connect(self, transport: CommTransport, vsn: str) -> None:
        self._forget_closed()
        if transport.tag in self._open:
            self._open.pop(transport.tag)[0].lost()
        try:
            connection = self._endpoint.connect(transport, vsn=vsn, is_local=True)
        except ProtocolError as error:
            transport.close(error.code, str(error))
            return
        except SessionClosed as error:
            transport.close(GOING_AWAY, str(error))
            return
        self._open[transport.tag] = connection, transport
        transport.opened()

    def _feed(self, tag: str, frame: object, send: SendContent) -> None:
        entry = self._open.get(tag)
        if entry is None or entry[0].is_closed:
            CommTransport(tag, send).close(_UNKNOWN, "this kernel does not know the connection")
            return
        connection, transport = entry
        transport.carry = send
        if isinstance(frame, str | bytes):
            connection.feed(frame)

    def _forget_closed(self) -> None:
        self._open = {tag: entry for tag, entry in self._open.items() if not entry[0].is_closed}

"""Carry frames over a widget's comm, each tagged with the connection that it belongs to.

A custom message goes to every front end of the kernel and to every view, so each page picks out
its own by the tag. Some hosts carry each message by a request of its own, which may fail or
overtake another: frames are numbered. It must not know widgets: it is given functions that send.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from livestate_nb.errors import ProtocolError, SessionClosed
from livestate_nb.protocol.message import TRY_AGAIN_LATER
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.runtime.deadline import Deadline
from livestate_nb.runtime.drain import GOING_AWAY
from livestate_nb.transports.order import Order

KIND: Final = "livestate"
OPEN: Final = "open"
FRAME: Final = "frame"
CLOSE: Final = "close"

_UNKNOWN: Final = 1001
_PATIENCE: Final = 2.0
"""Seconds in which the kernel hears its pages that a frame may come later than one behind it."""

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
        self.order: Order[object] = Order()
        """Of the frames that the page sends."""
        self._sent = 0
        self._missing = 0
        """The number of the frame that is waited for."""
        self._patience: Deadline | None = None

    def send(self, frame: str | bytes) -> None:
        """Send a frame, a binary one as a buffer; nothing happens where the comm has gone."""
        content = {KIND: FRAME, "connection": self.tag, "number": self._sent}
        self._sent += 1
        if isinstance(frame, bytes):
            self._send(content, frame)
        else:
            self._send({**content, "frame": frame})

    def close(self, code: int, reason: str) -> None:
        """Tell the page that the connection is closed."""
        self.stop_waiting()
        self._send({KIND: CLOSE, "connection": self.tag, "code": code, "reason": reason})

    @property
    def is_congested(self) -> bool:
        """Always False: a comm does not tell what its page has read."""
        return False

    def opened(self) -> None:
        """Tell the page that the connection is open."""
        self._send({KIND: OPEN, "connection": self.tag})

    def wait(self, clock: Callable[[], float], give_up: Callable[[], object]) -> None:
        """Wait for a frame that is missing in front of those that came, if one is.

        Args:
            clock: gives seconds.
            give_up: called when it has not come in time.
        """
        if self._patience is not None and self._missing == self.order.awaited:
            return
        self.stop_waiting()
        if self.order.has_gap:
            self._missing = self.order.awaited
            self._patience = Deadline(clock, _PATIENCE, give_up)

    def stop_waiting(self) -> None:
        """Wait for no frame: it has come, or the connection is lost."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

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
                ``vsn`` to open, and ``number`` of a frame (0, 1, ...) with ``frame`` for a text
                one; anything else is ignored.
            buffers: one for a binary frame.
            send: sends on the comm that brought it.
        """
        if not isinstance(content, dict) or not isinstance(content.get("connection"), str):
            return
        kind, tag = content.get(KIND), content["connection"]
        if kind == OPEN:
            self._connect(CommTransport(tag, send), str(content.get("vsn")))
        elif kind == FRAME:
            frame = bytes(buffers[0]) if buffers else content.get("frame")
            self._feed(tag, content.get("number"), frame, send)
        elif kind == CLOSE and tag in self._open:
            self._drop(tag)

    def _connect(self, transport: CommTransport, vsn: str) -> None:
        self._forget_closed()
        if transport.tag in self._open:
            self._drop(transport.tag)
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

    def _feed(self, tag: str, number: object, frame: object, send: SendContent) -> None:
        entry = self._open.get(tag)
        if entry is None or entry[0].is_closed:
            CommTransport(tag, send).close(_UNKNOWN, "this kernel does not know the connection")
            return
        connection, transport = entry
        transport.carry = send
        if not isinstance(number, int):
            return
        try:
            due = transport.order.take(number, frame)
        except OverflowError:
            self._lose(connection, transport)
            return
        for one in due:
            if isinstance(one, str | bytes):
                connection.feed(one)
        if not connection.is_closed:
            transport.wait(self._endpoint.clock, partial(self._lose, connection, transport))

    def _drop(self, tag: str) -> None:
        """Forget a connection that its page has closed, or opens anew."""
        connection, transport = self._open.pop(tag)
        transport.stop_waiting()
        connection.lost()

    def _lose(self, connection: Connection, transport: CommTransport) -> None:
        """End a connection that has lost a frame: the page opens another and sends it again."""
        if not connection.is_closed:
            connection.lost()
            transport.close(TRY_AGAIN_LATER, "a frame was lost on the way")

    def _forget_closed(self) -> None:
        self._open = {tag: entry for tag, entry in self._open.items() if not entry[0].is_closed}

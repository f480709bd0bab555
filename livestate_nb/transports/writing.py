"""Write to a WebSocket of tornado's, and learn what waits for its other end to read.

It must not know what is written, nor what is done about what waits.
"""

from asyncio import Future
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from tornado.websocket import WebSocketClosedError, WebSocketProtocol


def write(
    protocol: WebSocketProtocol | None, message: str | bytes, taken: Callable[[bool], None]
) -> bool:
    """Write a message; return whether it waits. Nothing happens where the socket is closed.

    What the operating system takes at once does not wait, however much is written in a burst.

    Args:
        protocol: of the socket; None where it is closed.
        message: str for a text message, bytes for a binary one.
        taken: called when a message that waited does not any more, with whether it was sent.
    """
    if protocol is None or protocol.is_closing():
        return False
    with suppress(WebSocketClosedError):
        written = protocol.write_message(message, binary=isinstance(message, bytes))
        stream = protocol.stream
        is_waiting = stream is not None and stream.writing()
        written.add_done_callback(partial(_written, taken if is_waiting else None))
        return is_waiting
    return False


def _written(taken: Callable[[bool], None] | None, written: "Future[None]") -> None:
    is_sent = not written.cancelled() and written.exception() is None
    if taken is not None:
        taken(is_sent)

"""A WebSocket relay that loses, doubles or swaps the messages that it carries."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

Message: TypeAlias = str | bytes
Kind: TypeAlias = Literal["lose", "double", "swap"]
Picks: TypeAlias = Callable[[Message], bool]

PASSED_ON = ("Authorization", "X-Livestate-Secret", "X-Livestate-Nonce", "Sec-Websocket-Protocol")


class Faults:
    """Do something to every so many messages of those that may be harmed.

    Args:
        kinds: what, in turn: a swapped message comes behind the next one of its connection.
        every: how many there are to one that is harmed.
        picks: returns whether a message may be harmed.
    """

    def __init__(self, kinds: Sequence[Kind], every: int, picks: Picks) -> None:
        self.is_on = False
        self.count = 0
        """How many were harmed."""
        self._kinds = kinds
        self._every = every
        self._picks = picks
        self._seen = 0

    def harm(self, message: Message, held: list[Message]) -> list[Message]:
        """Return what becomes of a message.

        Args:
            message: the message.
            held: what waits for the next message of its connection and direction.
        """
        behind = held[:]
        held.clear()
        if not (self.is_on and self._picks(message)):
            return [message, *behind]
        self._seen += 1
        if self._seen % self._every:
            return [message, *behind]
        kind = self._kinds[self.count % len(self._kinds)]
        self.count += 1
        if kind == "swap":
            held.append(message)
            return behind
        return [message, message, *behind] if kind == "double" else behind


class _Way(WebSocketHandler):
    """Carry one connection."""

    def initialize(
        self, target: int, faults: Faults, fars: list[asyncio.Future[WebSocketClientConnection]]
    ) -> None:
        self._target = target
        self._fars = fars
        self._faults = faults
        self._held: tuple[list[Message], list[Message]] = [], []
        self._early: list[Message] = []
        self._far: WebSocketClientConnection | None = None

    def check_origin(self, origin: str) -> bool:
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def get(self, *args: Any, **kwargs: Any) -> None:
        headers = self.request.headers
        request = HTTPRequest(
            f"ws://127.0.0.1:{self._target}{self.request.uri}",
            headers={name: headers[name] for name in PASSED_ON if name in headers},
        )
        dialing = asyncio.ensure_future(websocket_connect(request, on_message_callback=self._came))
        self._fars.append(dialing)  # the client may be gone by then: nothing else closes it
        self._far = await dialing
        await super().get(*args, **kwargs)

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        early, self._early = self._early, []
        for message in early:
            self._came(message)

    def on_message(self, message: Message) -> None:
        for one in self._faults.harm(message, self._held[0]):
            assert self._far is not None
            if self._far.protocol is not None:
                self._far.write_message(one, binary=isinstance(one, bytes))

    def on_close(self) -> None:
        assert self._far is not None
        self._far.close()

    def _came(self, message: Message | None) -> None:
        if message is None:
            self.close()
        elif self.ws_connection is None:
            self._early.append(message)
        else:
            for one in self._faults.harm(message, self._held[1]):
                if not self.ws_connection.is_closing():
                    self.write_message(one, binary=isinstance(one, bytes))


@asynccontextmanager
async def relay(target: int, faults: Faults) -> AsyncIterator[int]:
    """Carry WebSockets to a port of this machine; yields the port that the relay listens on."""
    [socket] = bind_sockets(0, "127.0.0.1")
    fars: list[asyncio.Future[WebSocketClientConnection]] = []
    options = {"target": target, "faults": faults, "fars": fars}
    server = HTTPServer(Application([(r"/.*", _Way, options)]))
    server.add_sockets([socket])
    try:
        yield socket.getsockname()[1]
    finally:
        server.stop()
        await server.close_all_connections()
        for far in await asyncio.gather(*fars, return_exceptions=True):
            if isinstance(far, WebSocketClientConnection) and far.protocol is not None:
                far.protocol.stream.close()
        await asyncio.sleep(0)

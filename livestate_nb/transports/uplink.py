"""The kernel's end of an uplink: it dials the Jupyter server and connects the clients behind it.

It belongs to the endpoint's loop. It must not know notebooks: it is given an address, and told
when channels were declared.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Container
from functools import partial
from math import inf
from typing import Any, Final, Protocol

from tornado.httpclient import HTTPError
from tornado.websocket import WebSocketClientConnection

from livestate_nb.codec import Json
from livestate_nb.declaration import serving
from livestate_nb.errors import HostError, ProtocolError, SessionClosed, ShareError
from livestate_nb.protocol.message import TOO_BIG
from livestate_nb.roles import User
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.runtime.drain import GOING_AWAY
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.answers import Answers
from livestate_nb.transports.dial import Address, dial
from livestate_nb.transports.writing import write

_log = logging.getLogger("livestate_nb")

_BACKOFF: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Seconds between attempts to dial, the last one for ever."""

_FAILURES: Final = 3
"""Failed attempts to dial after which the way counts as lost: it often is back at once."""

_PATIENCE: Final = 5.0
"""Seconds that a server may take to make room: a burst may be more than it can read at once."""

_NO_WAY: Final = "the Jupyter server of this kernel cannot be reached; see its log"


class Gallery(Protocol):
    """Hold what a kernel shows."""

    def offers(self, patterns: Container[str]) -> dict[str, str]:
        """Return tag -> pattern of the elements that are shown for channels of these patterns."""

    async def source(self, tag: str, patterns: Container[str]) -> str | None:
        """Return the source of such an element as it is now; None where there is none."""

    def widgets(self) -> wire.Shown:
        """Return the widgets that a kernel shows, and what shows them in a page."""


class UplinkTransport:
    """Carry one client's connection; implements `livestate_nb.runtime.Transport`.

    Args:
        uplink: carries it.
        number: the server's name for the client.
    """

    def __init__(self, uplink: "Uplink", number: int) -> None:
        self.is_slow = False
        self._uplink = uplink
        self._number = number

    def send(self, frame: str | bytes) -> None:
        """Send a frame; nothing happens where the uplink is lost."""
        if not wire.carries(frame):
            self._uplink.drop(self._number, TOO_BIG, "a frame is too large for the uplink")
            return
        self._uplink.send(wire.pack(wire.FRAME, self._number, frame))

    @property
    def is_congested(self) -> bool:
        """Whether the client, or the server itself, reads too slowly."""
        return self.is_slow or self._uplink.is_congested

    def close(self, code: int, reason: str) -> None:
        """Let the server close the connection."""
        body = {"code": code, "reason": reason}
        self._uplink.send(wire.pack_json(wire.CLOSE, self._number, body))
        self._uplink.forget(self._number)


class Uplink:
    """Keep a way open between a kernel's endpoint and its server.

    Args:
        endpoint: runs the channels.
        address: where to dial.
        changed: called with True when the way is open, and with False when it was not for some
            attempts to dial.
        gallery: has the elements and widgets that pages may ask the server for.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        address: Address,
        changed: Callable[[bool], None],
        gallery: Gallery,
    ) -> None:
        self._endpoint = endpoint
        self._address = address
        self._changed = changed
        self._gallery = gallery
        self._offered: dict[str, str] = {}
        self._giving: set[asyncio.Task[None]] = set()
        self._published: dict[str, float] = {}
        """Pattern -> when it was published, by the clock that all of a machine share."""
        self.taken: frozenset[str] = frozenset()
        """Published patterns whose new joins go to another kernel."""
        self._clients: dict[int, tuple[Connection, UplinkTransport]] = {}
        self._socket: WebSocketClientConnection | None = None
        self._turns = wire.Turns()
        self._unsent = 0
        self._full_since = inf
        """Since when too much has waited for the server to read."""
        self._failures = 0
        """Attempts to dial since the way was open."""
        self._answers = Answers()
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def is_open(self) -> bool:
        """Whether the server has let this kernel in."""
        return self._socket is not None

    @property
    def is_congested(self) -> bool:
        """Whether so much waits for the server to read that none of its clients gets updates."""
        return self._unsent > self._endpoint.limits.unread

    @property
    def _is_full(self) -> bool:
        return self._unsent > self._endpoint.limits.unread_most

    @property
    def published(self) -> list[str]:
        """The patterns that are open to the server's other clients, in the order of publishing."""
        return list(self._published)

    async def publish(self, pattern: str) -> None:
        """Open a declared pattern to the server's other clients, here and after reconnecting.

        Raises:
            HostError: there is no way to the server, or it hosts such topics itself.
        """
        if not self.is_open:
            raise HostError(f"cannot publish {pattern!r}: {_NO_WAY}")
        earlier = self._published.get(pattern)
        now = self._published[pattern] = time.monotonic()
        try:
            await self._request(pattern)
        except BaseException:
            if self._published.get(pattern) == now:
                self._unpublish(pattern, earlier)
            raise

    def unpublish(self, pattern: str) -> None:
        """Close a pattern to the server's other clients; those who have joined are told."""
        self._unpublish(pattern, None)
        for connection, _ in list(self._clients.values()):
            connection.turn_out()

    async def ask(self, what: str, **more: Json) -> Any:
        """Ask the server for or about shares: `uplink_wire` says what, and what it answers.

        Raises:
            HostError: there is no way to the server, or it does not answer.
            ShareError: the server does not allow it.
        """
        if not self.is_open:
            raise HostError(_NO_WAY)
        body = {"ask": what, **more}
        answer = await self._answers.to(
            lambda request: self.send(wire.pack_json(wire.ASK, request, body))
        )
        if "error" in answer:
            raise ShareError(answer["error"])
        return answer

    def declared(self) -> None:
        """Tell the server that other channels are declared now."""
        if self.is_open:
            self._declare(0)

    def shown(self) -> None:
        """Tell the server if elements of published channels are shown that it does not know."""
        if self.is_open and self._offers() != self._offered:
            self._declare(0)

    async def close(self) -> None:
        """Hang up, for good."""
        tasks = [self._task, *self._giving]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    # for the transports

    def send(self, message: str | bytes) -> None:
        """Send a message; nothing happens where the uplink is lost.

        A server that has not read for long is hung up on: its clients find what they missed when
        it is dialled again.
        """
        socket = self._socket
        if socket is None:
            return
        if time.monotonic() - self._full_since > _PATIENCE:
            self._hang_up(socket)
            return
        size = len(message)
        if write(socket.protocol, self._turns.stamp(message), partial(self._taken, socket, size)):
            self._unsent += size
            if self._full_since == inf and self._is_full:
                self._full_since = time.monotonic()

    def drop(self, number: int, code: int, reason: str) -> None:
        """Close a client's connection from this end."""
        if number in self._clients:
            self._clients[number][0].close(code, reason)

    def forget(self, number: int) -> None:
        """Note that a client's connection is closed."""
        self._clients.pop(number, None)

    # the way

    def _hang_up(self, socket: WebSocketClientConnection) -> None:
        """End the way at once; what waits is dropped."""
        stream = None if socket.protocol is None else socket.protocol.stream
        if stream is not None and not stream.closed():
            _log.warning("hanging up on the Jupyter server: it does not read what it is sent")
            stream.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._serve(await dial(self._address))
            except HostError as error:
                _log.info("this kernel has no uplink: %s", error)
                self._changed(False)
                return
            except (OSError, HTTPError, TimeoutError) as error:
                _log.debug("the Jupyter server cannot be reached: %s", error)
            except ValueError as error:
                _log.warning("the uplink to the Jupyter server is broken: %s", error)
            except Exception:  # noqa: BLE001 - one broken message must not end the way for good
                _log.exception("the uplink to the Jupyter server failed")
            if self._failures == _FAILURES:
                self._changed(False)
            await asyncio.sleep(_BACKOFF[min(self._failures, len(_BACKOFF) - 1)])
            self._failures += 1

    async def _serve(self, socket: WebSocketClientConnection) -> None:
        """Take what the server sends until the way is lost."""
        self._socket = socket
        self._turns, theirs = wire.Turns(), wire.Turns()
        self._unsent, self._full_since = 0, inf
        self.taken = frozenset()
        try:
            self._declare(0)
            self._changed(True)
            self._failures = 0
            while (message := await socket.read_message()) is not None:
                self._receive(wire.unpack(theirs.check(message)))
        finally:
            self._socket = None
            socket.close()
            clients, self._clients = list(self._clients.values()), {}
            for connection, _ in clients:
                connection.lost()
            self._answers.lost()

    def _declare(self, request: int) -> None:
        channels = self._endpoint.channels
        published = {
            pattern: since for pattern, since in self._published.items() if pattern in channels
        }
        self._offered = self._offers()
        body = {"channels": list(channels), "published": published, "elements": self._offered}
        self.send(wire.pack_json(wire.DECLARE, request, body))

    def _offers(self) -> dict[str, str]:
        return self._gallery.offers(self._published)

    async def _give(self, request: int, tag: str) -> None:
        """Answer with the source of an element."""
        source = await self._gallery.source(tag, self._published)
        self.send(wire.pack_json(wire.ELEMENT, request, {"source": source}))

    def _tell_widgets(self, request: int) -> None:
        """Answer with the widgets that are shown; with none where no message can hold them."""
        try:
            answer = wire.pack_json(wire.WIDGETS, request, self._gallery.widgets())
        except UnicodeEncodeError:  # a handler has printed half of a character
            answer = ""
        if not 0 < len(answer) <= wire.MAX_MESSAGE // 4:
            answer = wire.pack_json(wire.WIDGETS, request, wire.Shown())
        self.send(answer)

    async def _request(self, pattern: str) -> None:
        """Declare all there is, and wait until the server has published a pattern."""
        refused = (await self._answers.to(self._declare))["refused"].get(pattern)
        if refused is not None:
            raise HostError(f"cannot publish {pattern!r}: {refused}")

    # messages

    def _receive(self, message: wire.Tagged) -> None:
        number = message.number
        if message.kind == wire.FRAME:
            if entry := self._clients.get(number):
                entry[0].feed(message.body)
        elif message.kind == wire.OPEN:
            self._connect(number, message.json)
        elif message.kind == wire.CLOSE:
            if entry := self._clients.pop(number, None):
                entry[0].lost()
        elif message.kind in (wire.SLOW, wire.READY):
            self._pace(number, is_slow=message.kind == wire.SLOW)
        elif message.kind == wire.DECLARE:
            self._declare_answered(number, message.json)
        elif message.kind == wire.ASK:
            self._answers.came(number, message.json)
        elif message.kind == wire.TAKEN:
            self._lose_joins(frozenset(message.json["patterns"]))
        elif message.kind == wire.ELEMENT:
            giving = asyncio.create_task(self._give(number, message.json["tag"]))
            self._giving.add(giving)
            giving.add_done_callback(self._giving.discard)
        elif message.kind == wire.WIDGETS:
            self._tell_widgets(number)

    def _lose_joins(self, taken: frozenset[str]) -> None:
        for pattern in sorted(taken - self.taken):
            _log.warning(
                "another kernel takes new joins of %s from now on: publish it again to take them "
                "back",
                pattern,
            )
        self.taken = taken

    def _is_published(self, topic: str) -> bool:
        """Return whether a topic is open to others than this kernel's own clients."""
        return serving(self._endpoint.channels, topic) in self._published

    def _unpublish(self, pattern: str, earlier: float | None) -> None:
        """Go back to an earlier publication of a pattern, or to none, and tell the server."""
        if earlier is None:
            self._published.pop(pattern, None)
        else:
            self._published[pattern] = earlier
        self.declared()

    def _connect(self, number: int, client: Any) -> None:
        transport = UplinkTransport(self, number)
        user = None if client["user"] is None else User(**client["user"])
        try:
            connection = self._endpoint.connect(
                transport,
                vsn=client["vsn"],
                user=user,
                is_local=client["is_local"],
                # who may run code here is one principal, whichever way it comes
                principal="" if client["is_local"] else client["principal"],
                assigns=client["assigns"],
                has_binary=client["has_binary"],
                serves=None if client["is_local"] else self._is_published,
                name=str(number),
                frame_bytes=client["frame_bytes"],
            )
        except ProtocolError as error:
            transport.close(error.code, str(error))
            return
        except SessionClosed as error:
            transport.close(GOING_AWAY, str(error))
            return
        self._clients[number] = connection, transport

    def _pace(self, number: int, *, is_slow: bool) -> None:
        if entry := self._clients.get(number):
            connection, transport = entry
            transport.is_slow = is_slow
            if not transport.is_congested:
                connection.drained()

    def _declare_answered(self, number: int, answer: Any) -> None:
        self._answers.came(number, answer)
        for pattern, why in answer["refused"].items():
            if number == 0:
                _log.warning("the Jupyter server does not publish %s: %s", pattern, why)

    def _taken(
        self,
        socket: WebSocketClientConnection,
        size: int,
        _is_sent: bool,
    ) -> None:
        if socket is not self._socket:
            return
        was_congested = self.is_congested
        self._unsent -= size
        if not self._is_full:
            self._full_since = inf
        if was_congested and not self.is_congested:
            for connection, transport in list(self._clients.values()):
                if not transport.is_congested:
                    connection.drained()

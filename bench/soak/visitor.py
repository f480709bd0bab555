"""One client of the soak: its socket, the topics it joins, and the mixed events that it sends.

It must not know how many there are.
"""

import asyncio
import socket
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench.soak.seat import Seat
from livestate_nb.protocol.message import (
    EVENT_PREFIX,
    HEARTBEAT,
    PHOENIX_TOPIC,
    PHX_JOIN,
    PHX_LEAVE,
    REFRESH,
)
from livestate_nb.testing.frames import Writer, decode
from livestate_nb.transports.writing import write

PATIENCE: Final = 60.0
"""Seconds that a client waits for anything."""

BURST: Final = 3
"""Things that a client does at most without waiting for the one before."""

DESKS: Final = 5
BUFFER: Final = 65_536
"""Bytes that Linux takes for a client that reads nothing, at its end."""

MAX_FRAME: Final = 8_000_000
SAY: Final = "say"
COME_BACK: Final = "come back"
MIX: Final = {
    "count": 40,
    "toggle": 20,
    "turn": 10,
    "plain": 8,
    "steps": 4,
    "ask": 5,
    "blob": 2,
    "fail": 1,
    SAY: 2,
    REFRESH: 6.5,
    COME_BACK: 1.5,
}
"""What clients do, in percent."""


class Visitor:
    """Join desks of one's own, a room, and the board perhaps; follow all of them.

    Args:
        url: of the WebSocket.
        token: Jupyter's.
        number: which one it is.
        topics: the topics of its desks, its room, and the board where it looks at that.
        is_own: whether it is as our own client: it comes back to the place that it had. Others
            leave, and begin afresh.
        is_slow: whether it may be closed, since it stops to read.
        said: called with the room where it has said something.
        fault: called with what is not as it should be.
    """

    def __init__(
        self,
        url: str,
        token: str,
        number: int,
        topics: list[str],
        *,
        is_own: bool,
        is_slow: bool,
        said: Callable[[str], None],
        fault: Callable[[str], None],
    ) -> None:
        self.events = 0
        self.frames = 0
        self.returns = 0
        self.was_closed = False
        """Whether the server has closed the connection."""
        self.seats: dict[str, Seat] = {}
        self._url = url
        self._headers = {"Authorization": f"token {token}"}
        self._number = number
        self._topics = topics
        self._is_own = is_own
        self._is_slow = is_slow
        self._said = said
        self._fault = fault
        self._chance = Random(number)
        self._writer = Writer()
        self._came = asyncio.Event()
        self._socket: WebSocketClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._reads = asyncio.Event()
        self._reads.set()

    async def come(self) -> None:
        """Connect and join; what has no answer from before is sent again."""
        self.was_closed = False
        request = HTTPRequest(
            self._url, headers=self._headers, connect_timeout=PATIENCE, request_timeout=PATIENCE
        )
        self._socket = await websocket_connect(request, max_message_size=MAX_FRAME)
        self._reader = asyncio.create_task(self._read(self._socket))
        for topic in self._topics:
            if topic not in self.seats:
                self.seats[topic] = self._seat(topic)
            seat = self.seats[topic]
            ref, frame = self._writer.write(topic, PHX_JOIN, seat.params)
            seat.joining(ref)
            self._write(frame)
        await self.until(lambda: all(seat.is_joined for seat in self.seats.values()))
        for seat in self.seats.values():
            for ref, event, payload in seat.send_again():
                self._push(seat.topic, EVENT_PREFIX + event, payload, ref)

    async def act(self) -> None:
        """Do a few of all the things that clients do, and wait until they are done."""
        for _ in range(self._chance.randint(1, BURST)):
            await self._act()
        await self.until(lambda: all(seat.is_settled for seat in self.seats.values()))

    async def come_back(self) -> None:
        """Go away and connect again: our own client in the middle of all, others in good order."""
        if self._is_own:
            self._hang_up()
        else:
            await self.settle()
            await self.leave()
            self.seats.clear()
        await self.come()
        self.returns += 1

    def ask(self, seat: Seat) -> None:
        """Ask for a whole state, against which the document is held when it comes."""
        seat.asked += 1
        self._push(seat.topic, REFRESH, {})

    def stop_reading(self) -> None:
        """Read nothing until `read_on`, and let little wait on the way."""
        self._reads.clear()
        assert self._socket is not None
        stream = self._socket.protocol.stream
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    async def read_on(self) -> None:
        """Read what has come; where the server has closed the connection, come again."""
        self._reads.set()
        for seat in self.seats.values():
            self.ask(seat)
        await self.until(lambda: not any(seat.asked for seat in self.seats.values()))
        if self.was_closed:
            self.seats.clear()
            await self.come()
            self.returns += 1

    def live(self) -> None:
        """Send a heartbeat, once it is connected."""
        if self._socket is not None:
            self._push(PHOENIX_TOPIC, HEARTBEAT, {})

    async def settle(self) -> None:
        """Hold all documents against the server's, when what was sent has been handled."""
        for seat in self.seats.values():
            self.ask(seat)
        await self.until(lambda: all(seat.is_settled for seat in self.seats.values()))

    async def leave(self) -> None:
        """Leave all topics, then close the socket."""
        for seat in self.seats.values():
            seat.is_leaving = True
            self._push(seat.topic, PHX_LEAVE, {})
        await self.until(lambda: not any(seat.is_joined for seat in self.seats.values()))
        self._hang_up()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what has come holds; it is a fault if it never does."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition() and not self.was_closed:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            late = [str(seat) for seat in self.seats.values() if not seat.is_settled]
            self._fault(f"client {self._number} waits for ever: {late}")

    def _seat(self, topic: str) -> Seat:
        return Seat(
            topic,
            is_own=self._is_own,
            is_alone=topic in self._topics[:DESKS],
            may_skip=self._is_slow or topic not in self._topics[: DESKS + 1],
            fault=self._fault,
        )

    async def _act(self) -> None:
        [act] = self._chance.choices(list(MIX), list(MIX.values()))
        desk, room = self._chance.choice(self._topics[:DESKS]), self._topics[DESKS]
        if act == COME_BACK:
            await self.come_back()
        elif act == REFRESH:
            self.ask(self.seats[self._chance.choice([desk, room])])
        elif act == SAY:
            self._said(room)
            self._dispatch(room, SAY, {"text": f"{self._number} says {self.events}"})
        else:
            number = self._chance.randrange(1000)
            self._dispatch(desk, act, bytes(number) if act == "blob" else {"i": number})

    def _dispatch(self, topic: str, event: str, payload: Any) -> None:
        self.events += 1
        ref = self._push(topic, EVENT_PREFIX + event, payload)
        self.seats[topic].sent(ref, event, payload)

    def _push(self, topic: str, event: str, payload: Any, ref: str | None = None) -> str:
        ref, frame = self._writer.write(topic, event, payload, ref)
        self._write(frame)
        return ref

    def _write(self, frame: str | bytes) -> None:
        assert self._socket is not None
        write(self._socket.protocol, frame, lambda _is_sent: None)

    def _hang_up(self) -> None:
        assert self._socket is not None
        assert self._reader is not None
        self._reader.cancel()
        self._socket.protocol.stream.close()

    async def _read(self, web: WebSocketClientConnection) -> None:
        while (frame := await web.read_message()) is not None:
            await self._reads.wait()
            self.frames += 1
            message = decode(frame)
            if seat := self.seats.get(message.topic):
                seat.take(message)
                self._came.set()
        self.was_closed = True
        self._came.set()
        if not self._is_slow:
            self._fault(f"client {self._number}: closed {web.close_code} {web.close_reason}")

"""Clients of the machine that tries the endpoint: what each was sent, and what it may expect.

They check each frame as it comes. They must not know sessions.
"""

from collections import Counter
from dataclasses import dataclass, field

from livestate_nb.codec import Json
from livestate_nb.protocol.message import (
    EVENT_PREFIX,
    LAST,
    OPEN,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    PHX_REPLY,
    RECEIVED,
    REFRESH,
    RESERVED_KEY,
    RESUME,
    SENT,
    SYNC,
)
from livestate_nb.protocol.socket import UNMATCHED
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.runtime.drain import GOING_AWAY
from livestate_nb.runtime.intake import LOST
from livestate_nb.testing.frames import Writer, decode
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.view import View


class Way:
    """Carry frames to a client until it is cut: implements `livestate_nb.runtime.Transport`."""

    is_congested = False

    def __init__(self, inbox: Inbox) -> None:
        self.is_cut = False
        self._inbox = inbox

    def send(self, frame: str | bytes) -> None:
        if not self.is_cut:
            self._inbox.send(frame)

    def close(self, code: int, reason: str) -> None:
        assert code == GOING_AWAY, f"a well-made client was closed: {code} {reason}"


@dataclass
class Seat:
    """One topic of a client."""

    view: View
    ref: str
    has_left: bool = False
    is_back: bool = False
    """Whether it waits to hear that it has its place again, to send again what was not answered."""
    is_theft: bool = False
    """Whether it joins with the claim of another."""
    queue: list[str] = field(default_factory=list)
    """Names of events that wait until what was not answered is sent again."""
    sent: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Ref -> name and token of the events that the session got or is to get."""
    last: str = "0"
    """The ref of the event that was sent last on this connection: the next one names it."""
    wired: dict[str, str] = field(default_factory=dict)
    """Ref -> how it was written on this connection, with the one before it."""
    fed: Counter[str] = field(default_factory=Counter)
    """How often each ref was sent on this connection."""


class Player:
    """A client that joins as our own does, or as Phoenix's do."""

    def __init__(self, endpoint: Endpoint, name: str, *, is_own: bool) -> None:
        self.name = name
        self.is_own = is_own
        self.inbox = Inbox(5.0)
        self.seats: dict[str, Seat] = {}
        self.way: Way | None = None
        self.lost: list[Connection] = []
        """Connections that the server believes to be there."""
        self.claims: list[tuple[str, Json]] = []
        """Topic and claim of all the places that it had."""
        self._endpoint = endpoint
        self._connection: Connection
        self._writer = Writer()
        self._tokens = 0
        self._position = 0
        self._over: set[tuple[str, str]] = set()
        """Topic and join_ref of what has ended."""
        self._replaced: set[tuple[str, str]] = set()
        self._replies: Counter[tuple[str, str]] = Counter()

    # what it does

    def connect(self) -> None:
        self.way = Way(self.inbox)
        self._connection = self._endpoint.connect(self.way, vsn="2.0.0", principal=self.name)
        self._replies.clear()

    def vanish(self) -> None:
        """Lose the connection, of which the server does not hear."""
        assert self.way is not None
        self.way.is_cut, self.way = True, None
        self.lost.append(self._connection)
        self.read()

    def come_back(self) -> None:
        """Connect, and join again what was joined."""
        self.connect()
        for topic, seat in list(self.seats.items()):
            if not seat.has_left and not seat.view.has_ended:
                self.join(topic)

    def join(self, topic: str, claim: Json = None) -> None:
        """Join, with the place that there was unless another claim is given."""
        self._look()
        seat = self.seats.get(topic)
        if seat is not None and (seat.has_left or seat.view.has_ended):
            seat = None
        if seat is not None:
            self._replaced.add((topic, seat.ref))
        params = {"who": self.name}
        if self.is_own:
            params[RESERVED_KEY] = claim or (seat.view.claim if seat else {})
        ref = self._send(topic, PHX_JOIN, params)
        if seat is None:
            seat = self.seats[topic] = Seat(View(topic, ref, self.inbox.frames), ref)
        seat.view.follow(ref)
        seat.ref, seat.is_back, seat.is_theft = ref, True, claim is not None
        seat.last = "0"
        seat.wired.clear()
        seat.fed.clear()

    def dispatch(self, topic: str, name: str) -> None:
        seat = self.seats.get(topic)
        if self.is_own and seat is not None and seat.is_back and (seat.sent or seat.queue):
            seat.queue.append(name)
            return
        self._tokens += 1
        token = f"{self.name}:{self._tokens}:{name}"
        self._writer.last += 1
        ref = self._dispatch(topic, seat, name, token, str(self._writer.last))
        if seat is not None and not seat.has_left:
            seat.sent[ref] = name, token
            seat.fed[ref] += 1

    def repeat(self, topic: str) -> None:
        """Send all events again, in the wrong order, where the session knows them again."""
        seat = self.seats.get(topic)
        if seat is not None and not seat.has_left and seat.view.claim:
            for ref in reversed(list(seat.fed)):
                self._again(topic, seat, ref)

    def sync(self, topic: str) -> None:
        """Ask whether each side has all that the other has sent, when nothing is on its way."""
        seat = self.seats.get(topic)
        if seat is None or seat.has_left or seat.view.has_ended or not seat.view.claim:
            return
        ref = self._send(topic, SYNC, {LAST: seat.last})
        status, response = seat.view.read().answers[ref]
        assert status == "ok"
        assert response == {SENT: seat.view.claim[RESUME][RECEIVED], OPEN: 0}

    def leave(self, topic: str) -> None:
        self._send(topic, PHX_LEAVE, {})
        if topic in self.seats:
            self.seats[topic].has_left = True

    def refresh(self, topic: str) -> None:
        self._send(topic, REFRESH, {})

    def intrude(self, topic: str, join_ref: str) -> None:
        """Send what belongs to no join of this client."""
        frame = f'["{join_ref}","x","{topic}","{EVENT_PREFIX}add",{{"token":"intruder"}}]'
        self._connection.feed(frame)

    # what came

    def read(self) -> None:
        """Check what has come since, and send again what is to be sent again."""
        self._look()
        for topic, seat in self.seats.items():
            view = seat.view.read()
            if view.claim:
                self.claims.append((topic, view.claim))
            if view.has_ended:
                seat.sent.clear()
            if seat.is_back and seat.ref in view.answers and self.way is not None:
                self._joined(topic, seat)

    def settled(self) -> list[tuple[Seat, list[str]]]:
        """Check what must have come by now; return the seats that are joined.

        Each comes with the tokens of its events that were told to be handled.
        """
        joined = []
        for topic, seat in self.seats.items():
            if self.way is None or seat.has_left or seat.view.has_ended:
                continue
            status, _ = seat.view.answers[seat.ref]
            assert status == "ok"
            assert seat.view.version is not None
            for ref, count in seat.fed.items():
                replies = self._replies[topic, ref]
                assert replies <= count
                assert replies >= self.is_own
            told = [
                token
                for ref, (name, token) in seat.sent.items()
                if answers_of(seat).get(ref) == ("ok", {}) and name != "fail"
            ]
            joined.append((seat, told))
        return joined

    # inside

    def _joined(self, topic: str, seat: Seat) -> None:
        """Send what waited for the answer to a join."""
        seat.is_back = False
        assert not (seat.is_theft and seat.view.is_resumed)
        if not seat.view.is_resumed:  # what was sent behind the join is this session's
            seat.sent = {ref: seat.sent[ref] for ref in seat.fed if ref in seat.sent}
        for ref in list(seat.sent):
            _, response = answers_of(seat).get(ref, ("", UNMATCHED))
            if ref not in seat.fed and response == UNMATCHED:
                self._again(topic, seat, ref)
        queue, seat.queue = seat.queue, []
        for name in queue:
            self.dispatch(topic, name)

    def _send(self, topic: str, event: str, payload: Json, ref: str | None = None) -> str:
        ref, frame = self._writer.write(topic, event, payload, ref)
        self._connection.feed(frame)
        return ref

    def _again(self, topic: str, seat: Seat, ref: str) -> None:
        name, token = seat.sent.get(ref, ("", ""))
        if name:
            seat.fed[ref] += 1
            self._dispatch(topic, seat, name, token, ref)

    def _dispatch(self, topic: str, seat: Seat | None, name: str, token: str, ref: str) -> str:
        """Send an event as our own client does, with the ref of the one before it."""
        wired = ref
        if self.is_own and seat is not None:
            wired = seat.wired.setdefault(ref, f"{ref}:{seat.last}")
            seat.last = max(seat.last, ref, key=int)
        self._send(topic, EVENT_PREFIX + name, {"token": token}, wired)
        return ref

    def _look(self) -> None:
        """Check what has come since."""
        for frame in self.inbox.frames[self._position :]:
            self._check(frame)
        self._position = len(self.inbox.frames)

    def _check(self, frame: str | bytes) -> None:
        message = decode(frame)
        topic, join_ref, event = message.topic, message.join_ref, message.event
        if (topic, join_ref) in self._over:
            assert event == PHX_REPLY, message  # to what was sent since
        elif (topic, join_ref) in self._replaced:
            assert event in (PHX_CLOSE, PHX_REPLY), message
        assert event != PHX_ERROR or message.payload != {"reason": LOST}
        if event in (PHX_CLOSE, PHX_ERROR):
            self._over.add((topic, join_ref))
        if event == PHX_REPLY:
            self._replies[topic, number_of(message.ref)] += 1


def answers_of(seat: Seat) -> dict[str, tuple[str, Json]]:
    """Return ref -> (status, response), the refs without those before them."""
    return {number_of(ref): answer for ref, answer in seat.view.answers.items()}


def number_of(ref: Json) -> str:
    return str(ref).partition(":")[0]

"""Clients of the machine that tries the endpoint: what each was sent, and what it may expect.

They check each frame as it comes. They must not know sessions.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

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
from livestate_nb.runtime.intake import LOST
from livestate_nb.testing.frames import Writer, decode
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.view import View
from tests.fuzz.channels import STEPS, crashes
from tests.fuzz.presence import Presence
from tests.fuzz.ways import FirstTongue, Tongue, Way

KEPT: Final = 25.0
"""Seconds for which a place of 30 seconds is there, however long its client's join takes."""

GIVEN_UP: Final = 31.0
"""Seconds after which it is not."""


@dataclass
class Seat:
    """One topic of a client."""

    view: View
    ref: str
    present: Presence
    """Who is present, as it was told."""
    told: int = 0
    """How many of the pushes it has looked at."""
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
    missing: float | None = None
    """Since when, at the earliest, its place is kept for it; None while it is joined."""
    has_place: bool = False
    """Whether the server must know its place if it is back in time."""
    is_late: bool = False
    """Whether it is back so late that there is no place any more."""


class Player:
    """A client that joins as our own does, or as Phoenix's do.

    Args:
        endpoint: what it connects to.
        name: who it is.
        key: under which it is present.
        is_own: whether it joins as our own does.
        vsn: the version of the wire; "1.0.0 told" for the first one with refs of joins.
    """

    def __init__(
        self, endpoint: Endpoint, name: str, key: str, *, is_own: bool = False, vsn: str = "2.0.0"
    ) -> None:
        self.name = name
        self.is_own = is_own
        self.connection: Connection
        self.inbox = Inbox(5.0)
        self.seats: dict[str, Seat] = {}
        self.way: Way | None = None
        self.lost: list[Connection] = []
        """Connections that the server believes to be there."""
        self.claims: list[tuple[str, Json]] = []
        """Topic and claim of all the places that it had."""
        self._endpoint = endpoint
        self._key = key
        self._vsn = vsn
        self._tongue = Tongue()
        self._absent: float | None = None
        """Since when the server has known that none of its connections is there."""
        self._connections = 0
        self._writer = Writer()
        self._tokens = 0
        self._position = 0
        self._over: set[tuple[str, str]] = set()
        """Topic and join_ref of what has ended."""
        self._replaced: set[tuple[str, str]] = set()
        self._replies: Counter[tuple[str, str]] = Counter()

    # what it does

    def connect(self) -> None:
        version, _, told = self._vsn.partition(" ")
        self._tongue = Tongue() if version == Tongue.vsn else FirstTongue(tells=bool(told))
        self._connections += 1
        self.way = Way(self.inbox, self._tongue)
        self.connection = self._endpoint.connect(
            self.way, vsn=version, principal=self.name, name=f"{self.name} {self._connections}"
        )
        self._replies.clear()

    def vanish(self) -> None:
        """Lose the connection, of which the server does not hear."""
        assert self.way is not None
        self.way.is_cut, self.way = True, None
        self.lost.append(self.connection)
        self.read()
        for seat in self.seats.values():
            seat.missing = self._now if seat.missing is None else seat.missing

    def noticed(self) -> None:
        """Note that the server has heard of all that was lost."""
        self.lost.clear()
        if self.way is None and self._absent is None:
            self._absent = self._now

    def come_back(self) -> None:
        """Connect, and join again what was joined."""
        is_late = self._absent is not None and self._now - self._absent > GIVEN_UP
        self._absent = None
        self.connect()
        for topic, seat in list(self.seats.items()):
            if not seat.has_left and not seat.view.has_ended:
                self.join(topic)
                seat.is_late = is_late

    def join(self, topic: str, claim: Json = None) -> None:
        """Join, with the place that there was unless another claim is given."""
        self._look()
        seat, present = self.seats.get(topic), None
        if seat is not None and (seat.has_left or seat.view.has_ended):
            present = None if seat.has_left else seat.present  # a channel that crashed goes on
            seat = None
        if seat is not None:
            self._replaced.add((topic, seat.ref))
        self._tokens += 1
        params: dict[str, Json] = {
            "who": self.name, "key": self._key, "token": f"{self.name}:{self._tokens}:join",
        }  # fmt: skip
        if self.is_own:
            params[RESERVED_KEY] = claim or (seat.view.claim if seat else {})
        ref = self._send(topic, PHX_JOIN, params)
        if seat is None:
            present = present or Presence(waits=not self.is_own)
            seat = self.seats[topic] = Seat(View(topic, ref, self.inbox.frames), ref, present)
        elif seat.missing is None:
            seat.missing = self._now
        seat.view.follow(ref)
        seat.ref, seat.is_back, seat.is_theft = ref, True, claim is not None
        seat.is_late = False
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
        self.connection.feed(self._tongue.says(frame, tells=True))

    # what came

    def read(self) -> None:
        """Check what has come since, and send again what is to be sent again."""
        self._look()
        for topic, seat in self.seats.items():
            view = seat.view.read()
            for push in view.pushes[seat.told :]:
                seat.present.take(push.event, push.payload, seat.ref)
            seat.told = len(view.pushes)
            if view.claim:
                self.claims.append((topic, view.claim))
            if view.has_ended:
                seat.sent.clear()
            if seat.is_back and seat.ref in view.answers and self.way is not None:
                self._joined(topic, seat)

    def settled(self, *, gets_all: bool) -> dict[str, tuple[Seat, list[str]]]:
        """Check what must have come by now; return the seats that are joined, by topic.

        Each comes with the tokens of its events that were told to be handled.

        Args:
            gets_all: whether all that it misses is kept for it.
        """
        joined = {}
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
            told = []
            brought = Counter(
                push.payload["token"] for push in seat.view.pushes if push.event == "told"
            )
            for ref, (name, token) in seat.sent.items():
                if answers_of(seat).get(ref) == ("ok", {}) and name != "fail":
                    told.append(token)
                    assert brought[token] <= 1
                    assert brought[token] == (name == "tell") or not gets_all
                    if name in STEPS and not self.way.is_congested:
                        assert seat.view.state["steps"][token] == STEPS[name] - 1
            joined[topic] = seat, told
        return joined

    # inside

    @property
    def _now(self) -> float:
        return self._endpoint.clock()

    def _joined(self, topic: str, seat: Seat) -> None:
        """Send what waited for the answer to a join."""
        seat.is_back = False
        assert not (seat.view.is_resumed and (seat.is_theft or seat.is_late))
        if seat.has_place and not seat.is_theft and seat.missing is not None:
            assert seat.view.is_resumed or self._now - seat.missing > KEPT
        seat.missing, seat.has_place = None, bool(seat.view.claim) and not crashes(topic)
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
        self.connection.feed(self._tongue.says(frame))
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

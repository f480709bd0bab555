"""The protocol core against interleavings of all that a client and a runtime may do to it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livestate_nb.codec import Json
from livestate_nb.limits import Limits
from livestate_nb.protocol import (
    Action,
    Deliver,
    Join,
    Leave,
    Message,
    Reject,
    Send,
    Socket,
    Start,
    Stop,
)
from livestate_nb.protocol.message import (
    HEARTBEAT,
    PHOENIX_TOPIC,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    PHX_REPLY,
)
from livestate_nb.protocol.socket import UNMATCHED
from tests.fuzz.cases import bounded, ran
from tests.fuzz.hostile import NAMES, ODD_REFS

refs = st.sampled_from(ODD_REFS)

TOPICS = ["t:1", "t:2", "t:../\0"]
ELSEWHERE = ["u:1", "", None, 1, ["t:1"], {"t:1": 1}, True]


@dataclass
class Seat:
    """What the machine knows of a topic that is joined or being joined."""

    join: Join
    number: int
    is_started: bool = False
    is_leaving: bool = False
    leave: int | None = None
    waiting: list[tuple[int, Json, Json]] = field(default_factory=list)
    """Number, event and join_ref of what came before the answer."""


class SocketMachine(RuleBasedStateMachine):
    """Feed messages and answers in any order, and keep account of what comes of each."""

    def __init__(self) -> None:
        super().__init__()
        ran.cases += 1
        self.socket = Socket(lambda topic: topic in TOPICS, Limits())
        self.seats: dict[str, Seat] = {}
        self.count = 0
        self.replies: Counter[int] = Counter()
        self.delivered: list[int] = []
        self.endings: Counter[str] = Counter()
        """phx_close and phx_error by the topic and join_ref that they are for."""
        self.due: Counter[str] = Counter()
        """Those that must have come."""
        self.replaced: dict[str, list[Join]] = {}
        """Joins whose place another took, and who will be told with the answer to that."""

    # what a client does

    @rule(topic=st.sampled_from(TOPICS), join_ref=refs, shown=refs)
    def join(self, topic: str, join_ref: Json, shown: Json) -> None:
        before = self.seats.get(topic)
        number = self.receive(topic, PHX_JOIN, join_ref, shown)
        seat = self.seats[topic]
        assert seat is not before
        assert seat.number == number
        assert self.replies[number] == 0
        if before is not None:
            # a leave behind a join that was accepted is the channel's to answer: it goes with it
            is_answered = not before.is_started
            for waiting, event, _ in before.waiting:
                assert self.replies[waiting] == (is_answered and event == PHX_LEAVE)

    @rule(topic=st.sampled_from(ELSEWHERE), join_ref=refs, shown=refs)
    def join_what_nobody_serves(self, topic: Json, join_ref: Json, shown: Json) -> None:
        assert self.replies[self.receive(topic, PHX_JOIN, join_ref, shown)] == 1

    @rule(shown=refs, join_ref=refs)
    def beat(self, shown: Json, join_ref: Json) -> None:
        assert self.replies[self.receive(PHOENIX_TOPIC, HEARTBEAT, join_ref, shown)] == 1

    @rule(
        topic=st.sampled_from([*TOPICS, *TOPICS, *TOPICS, *ELSEWHERE]),
        event=st.sampled_from([PHX_LEAVE, PHX_LEAVE, "lvs_evt:a", PHX_CLOSE, PHX_REPLY, *NAMES]),
        join_ref=refs,
        is_right=st.booleans(),
        shown=refs,
    )
    def send(self, topic: Json, event: str, join_ref: Json, is_right: bool, shown: Json) -> None:
        seat = self.seats.get(topic) if isinstance(topic, str) else None
        was_leaving = seat is not None and seat.is_leaving
        if seat is not None and is_right:
            join_ref = seat.join.join_ref
        before = len(self.delivered)
        number = self.receive(topic, event, join_ref, shown)
        if seat is None:
            assert self.replies[number] == 1
            assert len(self.delivered) == before
            return
        assert self.replies[number] == 0
        if not seat.is_started:
            seat.waiting.append((number, event, join_ref))
            assert len(self.delivered) == before
        elif was_leaving or not belongs(join_ref, seat.join):
            assert len(self.delivered) == before
            assert seat.leave != number
        elif event == PHX_LEAVE:
            assert seat.leave == number
        else:
            assert self.delivered[before:] == [number]

    # what a runtime does

    @precondition(lambda self: any(not seat.is_started for seat in self.seats.values()))
    @rule(data=st.data(), is_accepted=st.booleans())
    def answer(self, data: Any, is_accepted: bool) -> None:
        waiting = [topic for topic, seat in self.seats.items() if not seat.is_started]
        self.answer_to(data.draw(st.sampled_from(waiting)), is_accepted)

    @precondition(lambda self: any(seat.is_started for seat in self.seats.values()))
    @rule(data=st.data(), how=st.sampled_from(["closed", "crashed", "left"]))
    def end(self, data: Any, how: str) -> None:
        started = [topic for topic, seat in self.seats.items() if seat.is_started]
        self.end_of(data.draw(st.sampled_from(started)), how)

    @precondition(lambda self: any(seat.is_started for seat in self.seats.values()))
    @rule(data=st.data())
    def answer_twice(self, data: Any) -> None:
        started = [seat for seat in self.seats.values() if seat.is_started]
        join = data.draw(st.sampled_from(started)).join
        for answer in (self.socket.accept, self.socket.refuse):
            try:
                answer(join, {})
            except ValueError:
                continue
            raise AssertionError("a join was answered twice")

    @invariant()
    def nothing_is_answered_twice(self) -> None:
        ran.steps += 1
        assert all(count == 1 for count in self.replies.values())
        assert len(set(self.delivered)) == len(self.delivered)

    def teardown(self) -> None:
        for topic in list(self.seats):
            if not self.seats[topic].is_started:
                self.answer_to(topic, is_accepted=True)
            self.end_of(topic, "left" if self.seats[topic].is_leaving else "closed")
        assert self.endings == self.due
        for topic in TOPICS:
            assert self.replies[self.receive(topic, "lvs_evt:a", None, None)] == 1

    # inside

    def receive(self, topic: Json, event: str, join_ref: Json, shown: Json) -> int:
        """Feed a message whose ref is one of its own, whatever it looks like."""
        self.count += 1
        ref = {"shown": shown, "number": self.count}
        self.perform(self.socket.receive(Message(join_ref, ref, topic, event, self.count)))
        return self.count

    def answer_to(self, topic: str, is_accepted: bool) -> None:
        seat = self.seats[topic]
        before = len(self.delivered)
        answer = self.socket.accept if is_accepted else self.socket.refuse
        if not is_accepted:
            del self.seats[topic]
        for join in self.replaced.pop(topic, []):
            self.due[ending(PHX_CLOSE, topic, join.join_ref)] += 1
        self.perform(answer(seat.join, {}))
        assert self.replies[seat.number] == 1
        fitting: list[int] = []
        for number, event, join_ref in seat.waiting:
            if not is_accepted:
                assert self.replies[number] == 1
            elif belongs(join_ref, seat.join):
                if event == PHX_LEAVE:
                    assert seat.leave == number
                    break
                fitting.append(number)
        assert self.delivered[before:] == fitting

    def end_of(self, topic: str, how: str) -> None:
        seat = self.seats.pop(topic)
        event = PHX_ERROR if how == "crashed" else PHX_CLOSE
        self.due[ending(event, topic, seat.join.join_ref)] += 1
        if how == "left":
            self.count += 1
            self.perform(self.socket.left(seat.join, {"number": self.count}))
            assert self.replies[self.count] == 1
        else:
            self.perform(getattr(self.socket, how)(seat.join))

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Reject(Message(_, ref, _, event, payload)):
                    assert event == PHX_REPLY
                    assert payload == {"status": "error", "response": UNMATCHED}
                    self.replies[ref["number"]] += 1
                case Send(Message(join_ref, ref, topic, event, payload)):
                    if event == PHX_REPLY:
                        assert payload["status"] == "ok" or payload["response"] == {}
                        self.replies[ref["number"]] += 1
                    else:
                        self.endings[ending(event, topic, join_ref)] += 1
                case Join(topic):
                    assert topic not in self.seats
                    self.seats[topic] = Seat(action, action.payload)
                case Stop(join):
                    assert self.seats.pop(join.topic).join is join
                    self.replaced.setdefault(join.topic, []).append(join)
                case Start(join):
                    assert self.seats[join.topic].join is join
                    assert not self.seats[join.topic].is_started
                    self.seats[join.topic].is_started = True
                case Deliver(join, message):
                    seat = self.seats[join.topic]
                    assert seat.join is join
                    assert seat.is_started
                    assert not seat.is_leaving
                    assert belongs(message.join_ref, join)
                    self.delivered.append(message.payload)
                case Leave(join, ref):
                    seat = self.seats[join.topic]
                    assert seat.join is join
                    assert not seat.is_leaving
                    seat.is_leaving, seat.leave = True, ref["number"]


def belongs(join_ref: Json, join: Join) -> bool:
    """Say whether a message is for a join: it says nothing, or the very same."""
    return join_ref is None or (type(join_ref) is type(join.join_ref) and join_ref == join.join_ref)


def ending(event: str, topic: Json, join_ref: Json) -> str:
    return repr((event, topic, join_ref))


SocketMachine.TestCase.settings = bounded(150, steps=60)
TestSocketMachine = SocketMachine.TestCase

"""The join table against the recorded frames, and against what Phoenix 1.8 does otherwise."""

import gc
from weakref import ref as ref_to

import pytest

from livestate_nb.errors import ProtocolError
from livestate_nb.limits import Limits
from livestate_nb.protocol import (
    Action,
    Deliver,
    Join,
    Leave,
    Message,
    Reject,
    Send,
    SerializerV2,
    Socket,
    Start,
    Stop,
)
from livestate_nb.protocol.socket import UNMATCHED
from tests.wire.vectors import TRANSCRIPTS

V2 = SerializerV2()
LIMITS = Limits()


class Server:
    """Perform a socket's actions as a runtime does, with scripted answers and no channels."""

    def __init__(self) -> None:
        self.socket = Socket(lambda topic: topic != "nosuch:topic", LIMITS)
        self.sent: list[str] = []
        self.delivered: list[object] = []

    def take(self, frame: str) -> None:
        self.perform(self.socket.receive(V2.decode(frame)))

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(message) | Reject(message):
                    self.sent.append(V2.encode(message))
                case Join():
                    self.perform(self.answer(action))
                case Leave(join, ref):
                    self.perform(self.socket.left(join, ref))
                case Deliver(join, message):
                    self.delivered.append(message.event)
                    if message.event == "lvs_evt:boom":
                        self.perform(self.socket.crashed(join))
                case Start() | Stop():
                    pass

    def answer(self, join: Join) -> list[Action]:
        refusals = {
            "authorized:map": {"reason": "unauthorized"},
            "authorized:raise": {"reason": "join crashed"},
        }
        if join.topic in refusals:
            return self.socket.refuse(join, refusals[join.topic])
        if join.topic == "authorized:all" and join.payload != {"password": "secret"}:
            return self.socket.refuse(join, "Go away!")
        return self.socket.accept(join, {})


CONTROL = [
    "Join ok",
    "Join with params",
    'Join denied by authorize ({:error, "Go away!"})',
    'Join denied by authorize with a map ({:error, %{reason: "unauthorized"}})',
    "Join authorized",
    "authorize raises",
    "Join, payload null",
    "Unmatched topic",
    "Leave",
    "Leave with a wrong join_ref",
    "Heartbeat",
    "Event on a topic not joined",
    "Two topics on one socket",
    "Extra array members are ignored",
    "Numeric refs",
    "Handler raises",
]


def is_control(frame: str) -> bool:
    return any(f'"{event}"' in frame for event in ("phx_reply", "phx_close", "phx_error"))


@pytest.mark.parametrize("name", CONTROL)
def test_control_frames_are_the_recorded_ones(name: str) -> None:
    server = Server()
    for line in TRANSCRIPTS[name]:
        if line.is_from_client:
            server.take(line.frame)
    recorded = [
        # Phoenix 1.8 gives the reason of a crash; the transcripts are of 1.7
        line.frame.replace('"phx_error",{}', '"phx_error",{"reason":"channel_crash"}')
        for line in TRANSCRIPTS[name]
        if not line.is_from_client and is_control(line.frame)
    ]
    assert [V2.decode(frame) for frame in server.sent] == [V2.decode(frame) for frame in recorded]


def test_a_duplicate_join_closes_the_old_one_behind_its_own_reply() -> None:
    server = Server()
    server.take('["1","1","todo:all","phx_join",{}]')
    actions = server.socket.receive(V2.decode('["3","3","todo:all","phx_join",{}]'))
    stop, join = actions
    assert isinstance(stop, Stop)
    assert stop.join.join_ref == "1"
    assert isinstance(join, Join)
    reply, close, start = server.socket.accept(join, {})
    assert isinstance(reply, Send)
    assert isinstance(close, Send)
    assert V2.encode(reply.message).startswith('["3","3","todo:all","phx_reply"')
    assert V2.encode(close.message) == '["1","1","todo:all","phx_close",{}]'
    assert start == Start(join)


def test_joins_that_replace_one_another_before_an_answer_are_all_closed() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    joins = [socket.receive(Message(ref, ref, "t", "phx_join", {}))[-1] for ref in ("1", "2", "3")]
    last = joins[-1]
    assert isinstance(last, Join)
    sent = [action.message for action in socket.accept(last, {}) if isinstance(action, Send)]
    assert [(message.join_ref, message.event) for message in sent] == [
        ("3", "phx_reply"),
        ("1", "phx_close"),
        ("2", "phx_close"),
    ]
    assert socket.receive(Message("3", "4", "t", "lvs_evt:a", {}))[0][0] is last  # Deliver


def test_joins_that_replace_one_another_without_end_break_the_protocol() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    kept = []
    for ref in range(LIMITS.joins + 1):
        params = Params()
        kept.append(ref_to(params))
        socket.receive(Message(ref, ref, "t", "phx_join", params))
    del params
    gc.collect()
    assert [alive() is not None for alive in kept] == [False] * LIMITS.joins + [True]
    with pytest.raises(ProtocolError, match="at most 100 joins") as caught:
        socket.receive(Message("x", "x", "t", "phx_join", {}))
    assert caught.value.code == 1013


class Params(dict[str, object]):
    """Join params that tell when nobody holds them any more."""


def test_an_event_with_an_outdated_join_ref_is_dropped() -> None:
    server = Server()
    server.take('["1","1","t","phx_join",{}]')
    server.take('["3","3","t","phx_join",{}]')
    server.take('["1","4","t","lvs_evt:old",{}]')
    server.take('[3,"5","t","lvs_evt:other_type",{}]')
    server.take('["3","6","t","lvs_evt:new",{}]')
    server.take('[null,"7","t","lvs_evt:null",{}]')
    assert server.delivered == ["lvs_evt:new", "lvs_evt:null"]


def test_zero_is_a_ref_and_true_is_not_one() -> None:
    server = Server()
    server.take('[0,0,"t","phx_join",{}]')
    server.take('[false,1,"t","lvs_evt:x",{}]')
    server.take('[0,2,"t","lvs_evt:y",{}]')
    assert server.delivered == ["lvs_evt:y"]
    assert server.sent == ['[0,0,"t","phx_reply",{"status":"ok","response":{}}]']


def test_a_leave_with_a_null_join_ref_leaves() -> None:
    server = Server()
    server.take('["1","1","t","phx_join",{}]')
    server.take('[null,"2","t","phx_leave",{}]')
    assert server.sent[1:] == [
        '["1","2","t","phx_reply",{"status":"ok","response":{}}]',
        '["1","1","t","phx_close",{}]',
    ]
    server.take('["1","8","t","lvs_evt:late",{}]')
    assert "unmatched topic" in server.sent[-1]


def test_a_join_without_join_ref_gets_pushes_that_carry_its_ref() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [join] = socket.receive(Message(None, 5, "t", "phx_join", {}))
    assert isinstance(join, Join)
    reply, _ = socket.accept(join, {})
    assert isinstance(reply, Send)
    assert (reply.message.join_ref, reply.message.ref) == (None, 5)
    assert socket.push(join, "state:change", {}).join_ref == 5
    [crash] = socket.crashed(join)
    assert isinstance(crash, Send)
    assert (crash.message.join_ref, crash.message.ref) == (None, None)


def test_messages_wait_for_the_answer_to_their_join() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [join] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(join, Join)
    assert socket.receive(Message("1", "2", "t", "lvs_evt:a", {})) == []
    assert socket.receive(Message("1", "3", "t", "phx_leave", {})) == []
    _, start, deliver, leave = socket.accept(join, {})
    assert start == Start(join)
    assert isinstance(deliver, Deliver)
    assert deliver.message.event == "lvs_evt:a"
    assert leave == Leave(join, "3")


def test_what_was_sent_behind_a_refused_join_is_unmatched() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [join] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(join, Join)
    socket.receive(Message("1", "2", "t", "lvs_evt:a", {}))
    socket.receive(Message("1", "3", "t", "phx_leave", {}))
    refusal, unmatched, left = socket.refuse(join, {"reason": "no"})
    assert isinstance(unmatched, Reject)
    assert not unmatched.is_limit
    assert isinstance(left, Send)
    assert refusal == Send(
        Message("1", "1", "t", "phx_reply", {"status": "error", "response": {"reason": "no"}})
    )
    assert unmatched.message.join_ref is None
    assert unmatched.message.payload["response"] == {"reason": "unmatched topic"}
    assert left.message.payload["status"] == "ok"


def test_a_join_that_replaces_a_waiting_one_answers_the_leaves_behind_it() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [first] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    socket.receive(Message("1", "2", "t", "lvs_evt:a", {}))
    socket.receive(Message("1", "3", "t", "phx_leave", {}))
    stop, left, second = socket.receive(Message("4", "4", "t", "phx_join", {}))
    assert isinstance(first, Join)
    assert isinstance(left, Send)
    assert isinstance(second, Join)
    assert stop == Stop(first)
    assert (left.message.ref, left.message.payload["status"]) == ("3", "ok")


def test_a_join_that_replaces_a_leaving_one_ends_it_without_an_answer_to_its_leave() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [old] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(old, Join)
    socket.receive(Message("1", "2", "t", "phx_leave", {}))
    assert socket.accept(old, {})[-1] == Leave(old, "2")
    stop, new = socket.receive(Message("3", "3", "t", "phx_join", {}))
    assert stop == Stop(old)
    assert isinstance(new, Join)
    _, close, start = socket.accept(new, {})
    assert close == Send(Message("1", "1", "t", "phx_close", {}))
    assert start == Start(new)


def test_nothing_is_handled_behind_a_leave() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [join] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(join, Join)
    socket.accept(join, {})
    assert socket.receive(Message("1", "2", "t", "phx_leave", {})) == [Leave(join, "2")]
    assert socket.receive(Message("1", "3", "t", "lvs_evt:a", {})) == []
    assert socket.receive(Message("1", "4", "t", "phx_leave", {})) == []


def test_a_late_end_of_a_replaced_join_leaves_the_new_one_alone() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [old] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(old, Join)
    socket.accept(old, {})
    new = socket.receive(Message("2", "2", "t", "phx_join", {}))[-1]
    assert isinstance(new, Join)
    socket.accept(new, {})
    socket.closed(old)
    assert socket.receive(Message("2", "3", "t", "phx_leave", {})) == [Leave(new, "3")]


def test_the_101st_channel_of_a_socket_is_refused() -> None:
    server = Server()
    for number in range(1, LIMITS.joins + 2):
        server.take(f'["{number}","{number}","plain:{number}","phx_join",{{}}]')
    assert server.sent[-1] == (
        '["101","101","plain:101","phx_reply",'
        '{"status":"error","response":{"reason":"too many channels joined"}}]'
    )
    [refused] = server.socket.receive(Message("102", "102", "plain:102", "phx_join", {}))
    assert isinstance(refused, Reject)
    assert refused.is_limit
    server.take('["103","103","plain:7","phx_join",{}]')
    assert '"status":"ok"' in server.sent[-2]


def test_too_many_messages_before_the_answer_to_a_join_break_the_protocol() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    socket.receive(Message("1", "1", "t", "phx_join", {}))
    for number in range(LIMITS.waiting_for_join):
        socket.receive(Message("1", number, "t", "lvs_evt:a", {}))
    with pytest.raises(ProtocolError, match="before the answer") as caught:
        socket.receive(Message("1", "x", "t", "lvs_evt:a", {}))
    assert caught.value.code == 1013


@pytest.mark.parametrize("topic", [7, None, ["t"], {"t": 1}, True])
def test_a_topic_that_is_no_text_is_unmatched(topic: object) -> None:
    socket = Socket(lambda topic: True, LIMITS)
    for event in ("phx_join", "lvs_evt:a"):
        [answer] = socket.receive(Message("1", "1", topic, event, {}))
        assert isinstance(answer, Reject)
        assert not answer.is_limit
        assert answer.message == Message(
            None,
            "1",
            topic,
            "phx_reply",
            {"status": "error", "response": {"reason": "unmatched topic"}},
        )
    [left] = socket.receive(Message("1", "1", topic, "phx_leave", {}))
    assert isinstance(left, Send)
    assert left.message.payload["status"] == "ok"


def test_an_event_that_is_no_text_goes_to_the_channel() -> None:
    server = Server()
    server.take('["1","1","t","phx_join",{}]')
    server.take('["1","2","t",7,{}]')
    assert server.delivered == [7]


def test_replies_and_closes_carry_the_join_ref() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [join] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(join, Join)
    socket.accept(join, {})
    assert socket.reply(join, "2", "ok", {}) == Message(
        "1", "2", "t", "phx_reply", {"status": "ok", "response": {}}
    )
    assert socket.closed(join) == [Send(Message("1", "1", "t", "phx_close", {}))]
    [answer] = socket.receive(Message("1", "3", "t", "lvs_evt:late", {}))
    assert isinstance(answer, Reject)
    assert answer.message.payload == {"status": "error", "response": UNMATCHED}


def test_only_a_join_that_waits_for_its_answer_is_answered() -> None:
    socket = Socket(lambda topic: True, LIMITS)
    [old] = socket.receive(Message("1", "1", "t", "phx_join", {}))
    assert isinstance(old, Join)
    new = socket.receive(Message("2", "2", "t", "phx_join", {}))[-1]
    assert isinstance(new, Join)
    for answer in (socket.accept, socket.refuse):
        with pytest.raises(ValueError, match="waits for its answer"):
            answer(old, {})
    socket.accept(new, {})
    with pytest.raises(ValueError, match="waits for its answer"):
        socket.accept(new, {})

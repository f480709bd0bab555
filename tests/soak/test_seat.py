"""What a client of the soak notices: that its checks fail where they must."""

from typing import Any

import pytest

from bench.soak.seat import Seat
from livestate_nb.protocol import Message

TOPIC = "desk:a"


class Client:
    """A client that has joined a desk of its own, and the faults that it found."""

    def __init__(self, *, is_own: bool = False) -> None:
        self.faults: list[str] = []
        self.seat = Seat(
            TOPIC, is_own=is_own, is_alone=True, may_skip=False, fault=self.faults.append
        )
        self.seat.joining("1")
        terms = {"livestate": {"token": "t", "received": 0, "resumed": False}} if is_own else {}
        self.take("phx_reply", {"status": "ok", "response": terms}, ref="1")
        self.take("state:change", {"state": {"handled": 0}, "version": 0})

    def take(self, event: str, payload: Any, ref: str | None = None) -> None:
        self.seat.take(Message("1", ref, TOPIC, event, payload))

    def patch(self, version: int) -> None:
        operation = {"op": "replace", "path": "/handled", "value": version}
        self.take("state:patch", {"patch": [operation], "version": version})

    def answer(self, ref: str) -> None:
        self.take("phx_reply", {"status": "ok", "response": {}}, ref=ref)


def test_an_event_is_settled_by_its_one_patch() -> None:
    client = Client()
    client.seat.sent("2", "count", {})
    assert not client.seat.is_settled
    client.patch(1)
    assert client.seat.is_settled
    assert client.faults == []


def test_an_event_that_is_handled_twice_settles_nothing() -> None:
    client = Client()
    client.seat.sent("2", "count", {})
    client.patch(1)
    client.patch(2)
    assert not client.seat.is_settled


def test_a_lost_patch_is_a_fault() -> None:
    client = Client()
    client.patch(2)
    assert client.faults == [f"{TOPIC}: expected version 1, got 2"]


def test_a_patch_that_does_not_apply_is_a_fault() -> None:
    client = Client()
    patch = [{"op": "remove", "path": "/rows/0"}]
    client.take("state:patch", {"patch": patch, "version": 1})
    assert client.faults == [
        f"{TOPIC}: {patch} does not apply: member 'rows' not found in {{'handled': 0}}"
    ]


def test_a_document_that_is_not_the_servers_is_a_fault() -> None:
    client = Client()
    client.seat.asked = 1
    client.take("state:change", {"state": {"handled": 7}, "version": 0})
    assert client.faults == [f"{TOPIC}: version 0 is not the server's 0"]


def test_a_whole_state_that_nobody_asked_for_is_a_fault() -> None:
    client = Client()
    client.take("state:change", {"state": {"handled": 0}, "version": 0})
    assert client.faults == [f"{TOPIC}: a whole state that nobody asked for"]


@pytest.mark.parametrize("event", ["error", "phx_close", "phx_error"])
def test_what_ends_or_fails_is_a_fault(event: str) -> None:
    client = Client()
    client.take(event, {"event": "count"})
    assert client.faults == [f"{TOPIC}: {event} {{'event': 'count'}}"]


def test_an_answer_that_comes_twice_is_a_fault() -> None:
    client = Client(is_own=True)
    client.seat.sent("2", "count", {})
    client.answer("2")
    assert client.faults == []
    client.answer("2")
    assert client.faults == [f"{TOPIC}: ok {{}} for nothing (2)"]


def test_an_event_that_is_sent_twice_may_be_answered_twice_and_no_oftener() -> None:
    client = Client(is_own=True)
    client.seat.sent("2", "count", {})
    assert client.seat.send_again() == [("2", "count", {})]
    client.answer("2")
    client.answer("2")
    assert client.faults == []
    client.answer("2")
    assert client.faults == [f"{TOPIC}: ok {{}} for nothing (2)"]


def test_an_event_without_an_answer_is_not_settled() -> None:
    client = Client(is_own=True)
    client.seat.sent("2", "count", {})
    client.patch(1)
    assert not client.seat.is_settled
    client.answer("2")
    assert client.seat.is_settled


def test_a_place_that_is_not_kept_is_a_fault() -> None:
    client = Client(is_own=True)
    client.seat.joining("2")
    terms = {"livestate": {"token": "u", "received": 0, "resumed": False}}
    answer = {"status": "ok", "response": terms}
    client.seat.take(Message("2", "2", TOPIC, "phx_reply", answer))
    assert client.faults == [f"{TOPIC}: joined with ok {terms}"]


def test_an_echo_that_comes_twice_is_a_fault() -> None:
    client = Client()
    client.seat.sent("2", "ask", {})
    client.take("told", {})
    client.take("told", {})
    assert client.faults == [f"{TOPIC}: told came once more than it was asked for"]

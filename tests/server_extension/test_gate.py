"""The gate: what passes is written anew, so that nobody behind it reads something else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from livestate_nb.errors import ProtocolError
from livestate_nb.limits import Limits
from livestate_nb.protocol.serializer import SerializerV1, SerializerV2
from livestate_nb_server.errors import ShareRefused
from livestate_nb_server.gate import (
    MAX_JOIN,
    MAX_TOPIC,
    MAX_TOPICS,
    Answer,
    Gate,
    Knock,
    Pass,
)
from livestate_nb_server.shares import Share

SHARE = Share("0" * 32, "1" * 32, ("todos:*",), ("add",), ("*",), 0, 0.0, None, None)


def knock(gate: Gate, frame: str) -> Knock:
    step = gate.take(frame)
    assert isinstance(step, Knock)
    return step


def opened(gate: Gate | None = None) -> Gate:
    """Return a gate with a share."""
    gate = gate or Gate(SerializerV2(), Limits(), None)
    gate.admit(knock(gate, '["1","1","todos:me","phx_join",{"share":"t"}]').join, SHARE)
    return gate


@pytest.mark.parametrize(
    ("params", "passed", "token"),
    [
        ('{"share":"t","a":1}', '{"a":1}', "t"),
        ('{"a":1,"share":"no","share":"t"}', '{"a":1}', "t"),
        ('{"sh\\u0061re":"t"}', "{}", "t"),
        ('{"livestate":{"session":"cell","resume":{}},"share":"t"}', None, "t"),
        ('{"livestate":{"share":"t"}}', '{"livestate":{"share":"t"}}', None),
        ('{"livestate":7}', '{"livestate":7}', None),
        ("[]", "[]", None),
        ("null", "null", None),
        ('{"share":null}', "{}", None),
        ('{"share":["t"]}', "{}", None),
    ],
)
def test_a_join_passes_without_its_token(params: str, passed: str | None, token: Any) -> None:
    gate = Gate(SerializerV2(), Limits(), None)
    asked = knock(gate, f'["1","1","todos:me","phx_join",{params},"more"]')
    assert asked.token == token
    expected = passed if passed is not None else '{"livestate":{"resume":{}}}'
    assert gate.admit(asked.join, SHARE) == f'["1","1","todos:me","phx_join",{expected}]'


def test_a_join_stays_small_and_so_does_its_topic() -> None:
    gate = Gate(SerializerV2(), Limits(), None)
    large = knock(gate, json.dumps(["1", "1", "todos:me", "phx_join", {"x": "x" * MAX_JOIN}]))
    with pytest.raises(ShareRefused, match="share takes joins of 4000 characters"):
        gate.admit(large.join, SHARE)
    long = knock(gate, json.dumps(["1", "1", f"todos:{'x' * MAX_TOPIC}", "phx_join", {}]))
    with pytest.raises(ShareRefused, match="share takes topics of 500 characters"):
        gate.admit(long.join, SHARE)


def test_a_connection_has_some_topics_again_and_again_and_no_more() -> None:
    gate = Gate(SerializerV2(), Limits(), None)
    for number in [*range(MAX_TOPICS), *range(MAX_TOPICS)]:
        gate.admit(knock(gate, f'["1","1","todos:{number}","phx_join",{{}}]').join, SHARE)
    with pytest.raises(ShareRefused, match="share takes 20 topics on a connection"):
        gate.admit(knock(gate, '["1","1","todos:more","phx_join",{}]').join, SHARE)


def test_a_token_of_the_connection_is_for_joins_that_bring_none() -> None:
    gate = Gate(SerializerV2(), Limits(), "offered")
    assert knock(gate, '["1","1","todos:me","phx_join",{}]').token == "offered"
    assert knock(gate, '["1","1","todos:me","phx_join",7]').token == "offered"
    assert knock(gate, '["1","1","todos:me","phx_join",{"share":"t"}]').token == "t"
    assert knock(gate, '["1","1","todos:me","phx_join",{"share":null}]').token is None


def test_what_was_read_is_what_passes() -> None:
    gate = opened()
    frame = '["1", "2", "todos:me", "lvs_evt:\\u0061dd", {"a": 1, "a": 2}, "lvs_evt:drop"]'
    assert gate.take(frame) == Pass('["1","2","todos:me","lvs_evt:add",{"a":2}]')
    beat = gate.take('["1","2","phoenix","heartbeat",{"long":"payload"}]')
    assert beat == Pass('[null,"2","phoenix","heartbeat",{}]')
    for frame in (
        '["1","3","todos:me","lvs_refresh",{}]',
        '["1","4","todos:me","lvs_sync",{"last":"2"}]',
        '["1","5","todos:me","phx_leave",{}]',
    ):
        assert gate.take(frame) == Pass(frame)


def test_what_is_nested_too_deeply_to_be_read_is_refused() -> None:
    gate = opened()
    deep = "[" * 100_000 + "]" * 100_000
    for event in ("phx_join", "lvs_evt:add", "lvs_refresh", "phx_leave"):
        step = gate.take(f'["1","7","todos:me","{event}",{deep}]')
        assert isinstance(step, Answer)
        _, ref, _, _, payload = json.loads(step.frame)
        assert (ref, payload["status"]) == ("7", "error")
        assert "arrays and objects in one another" in payload["response"]["reason"]


def test_nothing_passes_before_a_share() -> None:
    gate = Gate(SerializerV2(), Limits(), "offered")
    for event in ("lvs_evt:add", "lvs_refresh", "phx_leave", "heartbeat"):
        for topic in ("todos:me", "phoenix"):
            assert isinstance(gate.take(json.dumps(["1", "1", topic, event, {}])), Answer)
    gate.take('["1","1","todos:me","phx_join",{}]')  # which nobody admits
    assert isinstance(gate.take('["1","2","todos:me","lvs_evt:add",{}]'), Answer)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner),
    max_leaves=5,
)
TOPICS = some.sampled_from(["todos:me", "todos:*", "todos", "phoenix", "other"]) | JSON
EVENTS = some.sampled_from(
    [
        "phx_join",
        "phx_leave",
        "heartbeat",
        "lvs_refresh",
        "lvs_sync",
        "lvs_evt:add",
        "lvs_evt:drop",
        "add",
    ]
)


@settings(deadline=None)
@given(some.lists(some.tuples(JSON, JSON, TOPICS, EVENTS | JSON, JSON), min_size=1))
def test_whatever_comes_only_what_the_share_allows_passes(frames: list[Any]) -> None:
    gate = opened()
    for fields in frames:
        step = gate.take(json.dumps(fields))
        if isinstance(step, Pass):
            _, _, topic, event, _ = json.loads(step.frame)
            if topic == "phoenix":
                assert event == "heartbeat"
            else:
                assert topic == "todos:me"
                assert event in ("phx_leave", "lvs_refresh", "lvs_sync", "lvs_evt:add")


@pytest.mark.parametrize("serializer", [SerializerV1(), SerializerV2()], ids=["V1", "V2"])
@pytest.mark.parametrize(
    "frame", [b"\x00\x01\x01\x08\x0b11todos:melvs_evt:add{}", b"", "", "{", "7"]
)
def test_what_is_no_text_message_breaks_the_protocol(serializer: Any, frame: Any) -> None:
    with pytest.raises(ProtocolError):
        Gate(serializer, Limits(), None).take(frame)


def test_the_first_version_of_the_wire_passes_too() -> None:
    gate = Gate(SerializerV1(), Limits(), None)
    sent = {"topic": "todos:me", "event": "phx_join", "payload": {"share": "t"}, "ref": 0}
    passed = gate.admit(knock(gate, json.dumps(sent)).join, SHARE)
    assert json.loads(passed) == {**sent, "payload": {}}
    event = {**sent, "event": "lvs_evt:add", "payload": {"a": 1}, "ref": 1}
    step = gate.take(json.dumps({**event, "more": 7}))
    assert isinstance(step, Pass)
    assert json.loads(step.frame) == event

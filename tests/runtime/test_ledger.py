"""The ledger: a state of any kind, committed, and what handlers keep of it afterwards."""

from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import Any

import jsonpatch
import pytest

from livestate_nb.channel import Options
from livestate_nb.codec import loads
from livestate_nb.errors import EncodeError, ReturnError
from livestate_nb.runtime.ledger import Ledger, Outgoing


@dataclass
class Shop:
    rows: list[Any] = field(default_factory=list)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(Options())


def read(outgoing: Outgoing | None) -> Any:
    assert outgoing is not None
    assert not isinstance(outgoing.payload, str)
    return loads(bytes(outgoing.payload))


def test_a_dict_in_place_of_an_object_is_not_the_handler_s_own(ledger: Ledger) -> None:
    state = read(ledger.start(Shop()))["state"]
    mine = {"rows": [1]}
    update = read(ledger.commit(ledger.open(), mine))
    mine["rows"].append(2)
    assert jsonpatch.apply_patch(state, update["patch"]) == {"rows": [1]}
    assert read(ledger.whole())["state"] == {"rows": [1]}


@pytest.mark.parametrize(
    "first", [OrderedDict(n=1), Counter(n=1), defaultdict(list, n=1), {"n": 1}], ids=type
)
def test_a_first_state_of_any_dict_class_is_a_draft_for_handlers(
    ledger: Ledger, first: dict[str, Any]
) -> None:
    ledger.start(first)
    first["n"] = 99
    working = ledger.open()
    working["n"] += 1
    update = read(ledger.commit(working, {"n": 2}))  # as a generator yields it
    assert update["patch"] == [{"op": "replace", "path": "/n", "value": 2}]
    working = ledger.reopen(working)
    working["n"] += 1
    assert read(ledger.commit(working))["patch"] == [{"op": "replace", "path": "/n", "value": 3}]


def test_a_dict_class_inside_a_returned_state_makes_patches(ledger: Ledger) -> None:
    ledger.start(Shop())
    ledger.commit(ledger.open(), {"by_day": defaultdict(list, monday=[1])})
    working = ledger.open()
    working["by_day"]["monday"].append(2)
    patch = read(ledger.commit(working))["patch"]
    assert patch == [{"op": "add", "path": "/by_day/monday/1", "value": 2}]


def test_a_generator_may_turn_an_object_into_a_dict(ledger: Ledger) -> None:
    ledger.start(Shop())
    working = ledger.open()
    ledger.commit(working, {"rows": [1]})
    working = ledger.reopen(working)
    working["rows"].append(2)
    ledger.commit(working)
    assert ledger.state == {"rows": [1, 2]}


def test_an_object_that_a_handler_keeps_changes_nothing_later(ledger: Ledger) -> None:
    mine = Shop([1])
    ledger.start(mine)
    mine.rows.append("late")
    working = ledger.open()
    working.rows.append(2)
    ledger.commit(working)
    working.rows.append("late")
    assert ledger.state == Shop([1, 2])
    assert read(ledger.whole())["state"] == {"rows": [1, 2]}


@pytest.mark.parametrize("state", [7, "text", [1], None])
def test_a_first_state_that_is_no_object_is_refused(ledger: Ledger, state: object) -> None:
    with pytest.raises(ReturnError, match="an object"):
        ledger.start(state)


def test_a_state_that_cannot_be_sent_leaves_the_one_before(ledger: Ledger) -> None:
    ledger.start({"n": 1})
    working = ledger.open()
    working["n"] = float("nan")
    with pytest.raises(EncodeError) as caught:
        ledger.commit(working)
    assert caught.value.path == "/n"
    ledger.abort(working)
    assert ledger.state == {"n": 1}
    assert ledger.version == 0


def test_what_is_held_is_published_as_one_update(ledger: Ledger) -> None:
    ledger.start({"n": 0})
    for _ in range(3):
        working = ledger.open()
        working["n"] += 1
        assert ledger.commit(working, is_held=True) is None
    assert ledger.is_ahead
    assert read(ledger.publish()) == {
        "patch": [{"op": "replace", "path": "/n", "value": 3}],
        "version": 1,
    }

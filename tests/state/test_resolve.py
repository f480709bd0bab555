import copy
import heapq
import operator
from dataclasses import dataclass
from typing import Any

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given

from livestate_nb.errors import DraftError
from livestate_nb.state.change import Change
from livestate_nb.state.draft import drop, finish, open_draft, plain
from livestate_nb.state.encoder import DocumentEncoder, register
from tests.state.judge import applied, is_plain, is_same, unshared
from tests.state.trees import Hand, programs, states

# objects that are no dict and no list


class User:
    def __init__(self, rows: Any) -> None:
        self.rows = rows


register(User, only=["rows"])


@dataclass(frozen=True)
class Frozen:
    rows: Any


@attrs.frozen
class FrozenAttrs:
    rows: Any


class FrozenStruct(msgspec.Struct, frozen=True):
    rows: Any


class Settled(pydantic.BaseModel, frozen=True):
    rows: list[Any]


class Model(pydantic.BaseModel):
    rows: list[Any]


OBJECTS = [
    User,
    Frozen,
    FrozenAttrs,
    FrozenStruct,
    lambda rows: Settled(rows=rows),
    lambda rows: Model(rows=rows),
]


def operations(base: Any, finished: Any) -> list[dict[str, Any]]:
    change = Change(base, finished.state, touched=finished.touched, encoder=DocumentEncoder())
    assert is_same(applied(change.old_document, change.operations), change.new_document)
    return change.operations


@pytest.mark.parametrize("make", OBJECTS)
def test_what_an_object_holds_may_be_changed_and_is_sent(make):
    base = plain({"shop": make([1, 2, 3])})
    draft = open_draft(base)
    draft["shop"].rows.append(4)
    finished = finish(draft)
    assert operations(base, finished) == [{"op": "add", "path": "/shop/rows/3", "value": 4}]
    assert base["shop"].rows == [1, 2, 3]
    assert finished.state["shop"].rows == [1, 2, 3, 4]


@pytest.mark.parametrize("make", OBJECTS)
def test_what_an_object_holds_is_as_it_was_after_an_exception(make):
    base = plain({"shop": make([1]), "pair": (make([1]), 1), "all": [make([1])]})
    draft = open_draft(base)
    for shop in (draft["shop"], draft["pair"][0], draft["all"][0]):
        shop.rows.append(2)
    drop(draft)
    assert [base["shop"].rows, base["pair"][0].rows, base["all"][0].rows] == [[1], [1], [1]]


def test_an_attribute_of_a_taught_object_may_be_changed_and_is_sent():
    base = plain({"user": User("ann")})
    draft = open_draft(base)
    draft["user"].rows = "bob"
    finished = finish(draft)
    assert operations(base, finished)
    assert (base["user"].rows, finished.state["user"].rows) == ("ann", "bob")


@pytest.mark.parametrize("make", OBJECTS)
def test_what_is_put_in_inside_an_object_may_be_changed_after_the_turn(make):
    mine: list[Any] = [1]
    draft = open_draft({})
    draft["shop"] = make(mine)
    draft["pair"] = (make(mine),)
    state = finish(draft).state
    copied = plain({"shop": make(mine)})
    mine.append(2)
    assert state["shop"].rows == [1]
    assert state["pair"][0].rows == [1]
    assert copied["shop"].rows == [1]


@pytest.mark.parametrize("make", OBJECTS[:4])
@pytest.mark.parametrize("wrap", [lambda rows: rows, tuple, lambda rows: {"all": (rows,)}])
def test_no_draft_stays_inside_an_object(make, wrap):
    base = {"rows": [{"n": 1}]}
    draft = open_draft(base)
    draft["shop"] = make(wrap(draft["rows"]))
    draft["rows"][0]["n"] = 2
    finished = finish(draft)
    assert is_plain(finished.state["shop"].rows)
    assert operations(base, finished)
    assert "2" in repr(finished.state["shop"].rows)


@pytest.mark.parametrize("make", OBJECTS[:4])
def test_an_object_that_holds_drafts_may_be_returned_as_the_state(make):
    draft = open_draft({"rows": [{"n": 1}]})
    rows = draft["rows"]
    state = finish(draft, make(rows)).state
    assert is_plain(state.rows)
    assert is_same(state.rows, [{"n": 1}])


def test_an_object_that_was_only_read_makes_no_operation():
    base = plain({"user": User([1]), "n": 1})
    draft = open_draft(base)
    assert draft["user"].rows == [1]
    draft["n"] = 2
    assert [found["path"] for found in operations(base, finish(draft, {**draft}))] == ["/n"]


def test_a_draft_of_an_earlier_turn_inside_an_object_is_refused():
    draft = open_draft({"rows": [1]})
    rows = draft["rows"]
    finish(draft)
    with pytest.raises(DraftError, match="Read it again"):
        finish(open_draft({}), Frozen((rows,)))


def test_what_cannot_be_copied_is_refused():
    draft = open_draft({})
    draft["rows"] = [(n for n in range(3))]
    with pytest.raises(DraftError, match="A generator does not allow to be copied"):
        finish(draft)


# what C code writes where the draft knows that much changed


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize(
    "write",
    [
        list.append,
        heapq.heappush,
        lambda q, mine: list.insert(q, len(q) - 1, mine),
        lambda q, mine: list.__setitem__(q, -1, mine),
    ],
)
def test_a_list_that_c_code_puts_beside_what_was_added_is_copied(write, count):
    base = {"queue": [[n] for n in range(4)]}
    draft = open_draft(base)
    queue = draft["queue"]
    queue.extend([5 + n] for n in range(count))
    mine = [99]
    write(queue, mine)
    finished = finish(draft)
    assert mine in finished.state["queue"]
    operations(base, finished)
    mine.append("later")
    assert mine not in finished.state["queue"]


@pytest.mark.parametrize("moved", [0, 1])
def test_a_draft_that_c_code_puts_beside_what_was_moved_is_made_plain(moved):
    base = {"queue": [[n, "x" * 20] for n in range(30)], "user": [7]}
    draft = open_draft(base)
    queue = draft["queue"]
    queue.insert(20, queue.pop(moved))
    list.__setitem__(queue, 10, draft["user"])
    finished = finish(draft)
    assert finished.state["queue"][10] == [7]
    assert is_plain(finished.state)
    operations(base, finished)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.insert(40, x.pop(3)),
        lambda x: (x.pop(3), x.pop(30), x.append(5)),
        lambda x: (x.__setitem__(slice(5, 9), [x[8], 7, {"n": "new"}]), x.pop()),
        lambda x: x.sort(key=lambda row: -row["n"]),
        lambda x: [x.insert(n * 3, {"n": 100 + n}) for n in range(12)],
        lambda x: x.extend([1, 2, x[0], {"n": -1}] * 4),
        lambda x: (x.insert(0, 1), operator.setitem(x, 5, 9), x.pop()),
    ],
)
def test_what_is_not_new_in_a_list_stays_the_committed_object(change):
    base = [{"n": n} for n in range(50)]
    expected = list(base)
    change(expected)
    draft = open_draft(base)
    change(draft)
    state = finish(draft).state
    assert is_same(state, expected)
    assert sum(item in base for item in state) == sum(
        any(item is row for row in base) for item in state
    )


@given(states, programs)
def test_what_c_code_writes_among_other_changes_is_found(base, program):
    kept = copy.deepcopy(base)
    expected = Hand(unshared(base))
    draft = open_draft(base)
    hand = Hand(draft)
    for seed in program:
        for each in (expected, hand):
            each.change(seed)
            each.write(seed + 1)
    finished = finish(draft)
    assert is_same(finished.state, unshared(expected.tree))
    assert is_same(base, kept)
    assert is_plain(finished.state)
    operations(base, finished)


# what an audit by equality cannot see


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), (0.0, -0.0), ([1], [True])])
def test_an_equal_value_written_by_c_code_is_lost_in_state_and_patch_alike(old, new):
    base = {"a": old, "rows": [old, {"n": 1}, old], "n": 1, "gone": 1}
    draft = open_draft(base)
    dict.update(draft, a=new)
    list.__setitem__(draft["rows"], 0, new)
    draft["rows"][1]["n"] = 2
    del draft["gone"]
    finished = finish(draft)
    assert is_same(finished.state, {"a": old, "rows": [old, {"n": 2}, old], "n": 1})
    assert len(operations(base, finished)) == 2
    assert finished.state["rows"] is not base["rows"]

import copy
import json
import operator
import pickle
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy
import pandas
import pytest
from hypothesis import given

from livestate_nb.errors import DraftError, EncodeError
from livestate_nb.state.draft import drop, finish, open_draft, original, plain, rebase
from tests.state.judge import is_plain, is_same, unshared
from tests.state.trees import Hand, programs, states


def todo() -> dict[str, Any]:
    return {
        "items": [{"id": 1, "title": "milk", "tags": ["a"]}, {"id": 2, "title": "bread"}],
        "user": {"name": "ann", "roles": {"admin": True}},
        "count": 2,
    }


@dataclass
class Person:
    name: str
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Frozen:
    name: str


class Point(NamedTuple):
    x: Any
    y: Any


# the committed tree


def test_finishing_shares_whatever_was_not_touched():
    base = todo()
    draft = open_draft(base)
    draft["items"][1]["title"] = "butter"
    state = finish(draft).state
    assert state["items"][0] is base["items"][0]
    assert state["user"] is base["user"]
    assert state["items"][1] == {"id": 2, "title": "butter"}
    assert base == todo()


def test_a_draft_that_was_only_read_gives_the_committed_tree_itself():
    base = todo()
    draft = open_draft(base)
    assert [item["title"] for item in draft["items"]] == ["milk", "bread"]
    assert finish(draft).state is base


def test_an_exception_leaves_no_trace():
    base = todo()
    draft = open_draft(base)
    draft["items"].clear()
    draft["user"]["roles"]["admin"] = False
    del draft["count"]
    drop(draft)
    assert base == todo()


def test_two_drafts_over_one_tree_do_not_disturb_each_other():
    base = todo()
    first, second = open_draft(base), open_draft(base)
    first["items"].append(1)
    second["items"][0]["title"] = "beer"
    first["user"]["name"] = second["user"]["name"] + "a"
    assert finish(second).state["items"][0]["title"] == "beer"
    state = finish(first).state
    assert state["items"] == [*base["items"], 1]
    assert state["user"]["name"] == "anna"
    assert base == todo()


def test_turns_that_overlap_on_one_state_each_end_with_their_own():
    base = {"rows": [{"n": n} for n in range(3)], "log": [], "user": {"name": "ann"}}
    first, second = open_draft(base), open_draft(base)
    rows, others = first["rows"], second["rows"]
    rows[0]["n"] = "first"
    others[0]["n"] = "second"
    shared = first["user"]
    second["log"].append("second")
    others.append(second.pop("user"))
    state = finish(second).state
    shared["name"] = "bob"
    rows.append("first")
    assert state == {
        "rows": [{"n": "second"}, {"n": 1}, {"n": 2}, {"name": "ann"}],
        "log": ["second"],
    }
    assert finish(first).state == {
        "rows": [{"n": "first"}, {"n": 1}, {"n": 2}, "first"],
        "log": [],
        "user": {"name": "bob"},
    }
    assert base == {"rows": [{"n": n} for n in range(3)], "log": [], "user": {"name": "ann"}}


# values that a handler puts in


def test_a_handler_may_mutate_nested_data_and_return_a_spread_of_the_state():
    base = todo()
    draft = open_draft(base)
    draft["items"][0]["tags"].append("b")
    state = finish(draft, {**draft, "count": 3}).state
    assert state["items"][0]["tags"] == ["a", "b"]
    assert state["count"] == 3
    assert state["user"] is base["user"]
    assert is_plain(state)
    assert base == todo()


def test_a_handler_may_return_a_mixture_of_plain_values_and_drafts():
    base = todo()
    draft = open_draft(base)
    draft["user"]["name"] = "bob"
    rows = [item for item in draft["items"] if item["id"] == 2]
    state = finish(draft, {"view": {"rows": rows, "by": (draft["user"], 1)}}).state
    assert is_same(
        state, {"view": {"rows": [base["items"][1]], "by": ({**base["user"], "name": "bob"}, 1)}}
    )
    assert state["view"]["rows"][0] is base["items"][1]


def test_a_handler_may_return_a_part_of_the_state():
    base = todo()
    draft = open_draft(base)
    assert finish(draft, draft["user"]).state is base["user"]


def test_what_a_handler_returns_shares_what_equals_the_committed_tree():
    base = todo()
    state = finish(open_draft(base), {**todo(), "count": 3}).state
    assert state["items"] is base["items"]
    assert state["user"] is base["user"]
    assert finish(open_draft(base), todo()).state is base
    assert finish(open_draft([[1], 2]), [[1], True]).state == [[1], True]


def test_a_returned_list_shares_the_items_it_took_from_the_original():
    base = {"rows": [{"n": n} for n in range(5)]}
    draft = open_draft(base)
    rows = original(draft["rows"])
    state = finish(draft, {"rows": [{"n": -1}, *rows[:2], {"n": 9}, *rows[3:]]}).state
    assert state["rows"] == [{"n": n} for n in (-1, 0, 1, 9, 3, 4)]
    assert state["rows"][1] is rows[0]
    assert state["rows"][5] is rows[4]


def test_an_own_list_changed_after_it_was_put_in_counts_till_the_turn_ends():
    draft = open_draft({"rows": []})
    mine = [{"n": 1}]
    draft["rows"] = mine
    mine.append({"n": 2})
    mine[0]["n"] = 5
    state = finish(draft).state
    assert state == {"rows": [{"n": 5}, {"n": 2}]}
    mine.append({"n": 3})
    mine[0]["n"] = 6
    assert state == {"rows": [{"n": 5}, {"n": 2}]}


@pytest.mark.parametrize("put", ["append", "insert", "extend", "slice", "index"])
def test_an_own_row_changed_after_the_turn_changes_nothing(put):
    draft = open_draft({"rows": [{"n": 0}, {"n": 1}]})
    mine = {"n": 7, "more": [1]}
    rows = draft["rows"]
    match put:
        case "append":
            rows.append(mine)
        case "insert":
            rows.insert(1, mine)
        case "extend":
            rows.extend([mine])
        case "slice":
            rows[1:] = [mine]
        case "index":
            rows[1] = mine
    mine["n"] = 8
    state = finish(draft).state
    mine["more"].append(2)
    mine["n"] = 9
    assert {"n": 8, "more": [1]} in state["rows"]
    assert mine not in state["rows"]


def test_a_new_value_is_handed_out_as_it_is():
    draft = open_draft({"rows": []})
    mine = {"tags": []}
    draft["rows"].append(mine)
    draft["last"] = mine
    assert draft["rows"][-1] is mine
    assert draft["last"] is mine
    draft["rows"][-1]["tags"].append("a")
    assert mine == {"tags": ["a"]}
    assert finish(draft).state == {"rows": [{"tags": ["a"]}], "last": {"tags": ["a"]}}


def test_the_same_object_in_two_places_is_one_till_the_turn_ends_and_two_after_it():
    draft = open_draft({"a": {"n": 1}})
    draft["b"] = draft["a"]
    draft["b"]["n"] = 2
    state = finish(draft).state
    assert state == {"a": {"n": 2}, "b": {"n": 2}}
    draft = open_draft(state)
    draft["b"]["n"] = 3
    assert finish(draft).state == {"a": {"n": 2}, "b": {"n": 3}}


def test_a_subtree_can_move_elsewhere():
    base = todo()
    draft = open_draft(base)
    draft["user"]["first"] = draft["items"].pop(0)
    draft["user"]["first"]["title"] = "milk!"
    draft["owner"] = draft.pop("user")
    state = finish(draft).state
    assert state == {
        "items": [base["items"][1]],
        "owner": {**base["user"], "first": {**base["items"][0], "title": "milk!"}},
        "count": 2,
    }
    assert base == todo()


def test_a_part_that_was_taken_out_still_changes_where_it_was_put():
    draft = open_draft({"from": [{"n": 1}], "to": []})
    taken = draft["from"].pop()
    draft["to"].append(taken)
    taken["n"] = 2
    assert finish(draft).state == {"from": [], "to": [{"n": 2}]}


def test_two_rows_can_be_swapped():
    base = {"rows": [{"n": n} for n in range(4)]}
    draft = open_draft(base)
    rows = draft["rows"]
    rows[0], rows[3] = rows[3], rows[0]
    rows[0]["seen"] = True
    state = finish(draft).state
    assert state == {"rows": [{"n": 3, "seen": True}, {"n": 1}, {"n": 2}, {"n": 0}]}
    assert state["rows"][3] is base["rows"][0]


def test_a_state_that_contains_itself_is_refused():
    draft = open_draft({"rows": []})
    draft["rows"].append(draft)
    with pytest.raises(DraftError, match="contains itself"):
        finish(draft)
    knot: list[Any] = []
    knot.append({"again": knot})
    with pytest.raises(DraftError, match="contains itself"):
        finish(open_draft({}), {"knot": knot})
    with pytest.raises(DraftError, match="contains itself"):
        plain(knot)


def test_a_part_below_itself_is_refused_and_ends_the_turn():
    draft = open_draft({"a": {"b": {}}})
    draft["a"]["b"]["up"] = draft["a"]
    with pytest.raises(DraftError, match="contains itself"):
        finish(draft)
    with pytest.raises(DraftError, match="earlier turn"):
        draft["a"]


def test_one_value_many_times_is_no_cycle():
    row = {"n": 1}
    draft = open_draft({})
    draft["rows"] = [row, row, [row]]
    assert finish(draft).state == {"rows": [{"n": 1}, {"n": 1}, [{"n": 1}]]}


def test_subclasses_of_dict_and_list_become_plain_ones():
    class Stack(list):
        pass

    draft = open_draft({})
    draft["ordered"] = OrderedDict(a=1)
    draft["count"] = Counter("aab")
    draft["default"] = defaultdict(list, a=[Stack([1])])
    state = finish(draft).state
    assert is_same(state, {"ordered": {"a": 1}, "count": {"a": 2, "b": 1}, "default": {"a": [[1]]}})


def test_nesting_of_300_works():
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"a": [deep]}
    draft = open_draft({"deep": deep})
    part = draft["deep"]
    while part:
        part = part["a"][0]
    part["end"] = 1
    draft["copy"] = copy.deepcopy(deep)
    state = finish(draft).state
    part = state["deep"]
    while "end" not in part:
        part = part["a"][0]
    assert is_plain(state)
    assert state["copy"] == deep


def test_nesting_without_end_is_refused():
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    draft = open_draft({})
    draft["deep"] = deep
    with pytest.raises(EncodeError, match="too deeply"):
        finish(draft)


# leaves and tuples


def test_arrays_and_frames_are_handed_out_as_they_are_and_replaced():
    frame, array = pandas.DataFrame({"n": [1, 2]}), numpy.arange(3)
    base = {"frame": frame, "arrays": [array]}
    draft = open_draft(base)
    assert draft["frame"] is frame
    assert draft["arrays"][0] is array
    draft["frame"] = draft["frame"].assign(m=[3, 4])
    draft["arrays"][0] = draft["arrays"][0] + 1
    state = finish(draft).state
    assert list(state["frame"].columns) == ["n", "m"]
    assert state["arrays"][0].tolist() == [1, 2, 3]
    assert list(frame.columns) == ["n"]
    assert base["arrays"][0] is array


def test_a_set_a_bytearray_and_an_object_can_be_changed_in_place():
    base = {"tags": {"a"}, "raw": bytearray(b"a"), "people": [Person("ann")], "when": date.max}
    draft = open_draft(base)
    draft["tags"].add("b")
    draft["raw"] += b"b"
    draft["people"][0].tags.append("x")
    draft["people"][0].name = "bob"
    state = finish(draft).state
    assert state == {
        "tags": {"a", "b"}, "raw": bytearray(b"ab"), "people": [Person("bob", ["x"])],
        "when": date.max,
    }  # fmt: skip
    assert base["tags"] == {"a"}
    assert base["raw"] == b"a"
    assert base["people"] == [Person("ann")]


def test_an_object_that_was_changed_in_place_leaves_no_trace_after_an_exception():
    base = {"people": [Person("ann", ["x"])], "tags": {"a"}}
    draft = open_draft(base)
    draft["people"][0].tags.clear()
    draft["tags"].clear()
    drop(draft)
    assert base == {"people": [Person("ann", ["x"])], "tags": {"a"}}


def test_an_object_kept_from_a_turn_changes_nothing_later():
    mine, tags = Person("ann"), {"a"}
    draft = open_draft({})
    draft["person"], draft["tags"] = mine, tags
    assert draft["person"] is mine
    state = finish(draft).state
    mine.name = "bob"
    tags.clear()
    assert state == {"person": Person("ann"), "tags": {"a"}}
    draft = open_draft(state)
    read = draft["person"]
    read.name = "cyd"
    state = finish(draft).state
    read.name = "dan"
    assert state["person"] == Person("cyd")


def test_a_frozen_object_is_shared():
    frozen = Frozen("ann")
    draft = open_draft({"a": frozen})
    assert draft["a"] is frozen
    draft["b"] = [frozen]
    assert finish(draft).state["b"][0] is frozen


def test_parts_of_a_tuple_can_be_changed():
    base = {
        "pair": ({"n": 1}, [2]),
        "point": Point({"x": 1}, 2),
        "flat": (1, "a"),
        "deep": (((),),),
    }
    draft = open_draft(base)
    assert draft["flat"] is base["flat"]
    assert draft["deep"] is base["deep"]
    draft["pair"][0]["n"] = 5
    draft["point"].x["x"] = 6
    state = finish(draft).state
    assert state["pair"] == ({"n": 5}, [2])
    assert state["pair"][1] is base["pair"][1]
    assert state["point"] == Point({"x": 6}, 2)
    assert isinstance(state["point"], Point)
    assert is_same(base["pair"], ({"n": 1}, [2]))
    assert type(state["flat"]) is tuple


def test_a_tuple_that_was_only_read_is_shared():
    base = {"pair": ({"n": 1}, [2]), "n": 1}
    draft = open_draft(base)
    assert draft["pair"][0]["n"] == 1
    draft["n"] = 2
    assert finish(draft).state["pair"] is base["pair"]


def test_a_new_tuple_is_plain_through_and_through():
    mine = [1]
    draft = open_draft({"a": {"n": 1}})
    draft["pair"] = (mine, draft["a"], Point(mine, 1))
    draft["a"]["n"] = 2
    state = finish(draft).state
    mine.append(2)
    assert is_same(state["pair"][:2], ([1], {"n": 2}))
    assert state["pair"][2] == Point([1], 1)


# C code that knows nothing of drafts


def test_arrays_written_behind_a_draft_are_found():
    base = {"a": numpy.arange(3), "rows": [numpy.arange(3)]}
    draft = open_draft(base)
    dict.__setitem__(draft, "a", numpy.zeros(3))
    list.__setitem__(draft["rows"], 0, numpy.ones(3))
    state = finish(draft).state
    assert state["a"].tolist() == [0, 0, 0]
    assert state["rows"][0].tolist() == [1, 1, 1]


def test_what_c_code_reads_from_a_draft_is_the_committed_value_to_be_read_only():
    base = {"user": {"name": "ann"}}
    draft = open_draft(base)
    assert dict.get(draft, "user") is base["user"]
    assert list.copy(open_draft([base]))[0] is base


# the end of a turn

USES = {
    "getitem": lambda d: d["items"],
    "set": lambda d: d.__setitem__("a", 1),
    "len": len,
    "bool": bool,
    "iter": list,
    "contains": lambda d: "a" in d,
    "equal": lambda d: d == {},
    "get": lambda d: d.get("items"),
    "values": lambda d: d.values(),
    "update": lambda d: d.update(a=1),
    "spread": lambda d: {**d},
    "or": lambda d: d | {},
    "ior": lambda d: d.__ior__({}),
    "json": json.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "reversed": reversed,
    "finish": finish,
    "drop": drop,
    "original": original,
    "plain": plain,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_draft_kept_after_its_turn_refuses_every_use(use):
    draft = open_draft(todo())
    finish(draft)
    with pytest.raises(DraftError, match="Read it again from the state"):
        use(draft)


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x[0],
        lambda x: x.append(1),
        len,
        list,
        lambda x: x == [],
        lambda x: operator.add(x, []),
        lambda x: operator.add([], x),
        lambda x: x.__iadd__([1]),
        lambda x: x.sort(),
        lambda x: 1 in x,
        copy.copy,
    ],
)
@pytest.mark.parametrize("ending", [finish, drop])
def test_a_part_kept_after_its_turn_refuses_every_use(use, ending):
    draft = open_draft(todo())
    items = draft["items"]
    row = items[0]
    ending(draft)
    with pytest.raises(DraftError, match="Read it again from the state"):
        use(items)
    with pytest.raises(DraftError, match="Read it again from the state"):
        row["title"] = "late"


def test_an_ended_draft_can_still_be_shown():
    draft = open_draft(todo())
    finish(draft)
    assert "read it again from the state" in repr(draft)


def test_an_ended_draft_inside_a_returned_state_is_refused():
    draft = open_draft(todo())
    kept = draft["items"]
    finish(draft)
    with pytest.raises(DraftError, match="Read it again"):
        finish(open_draft(todo()), {"items": kept})


def test_a_draft_of_another_turn_is_copied_into_a_state():
    other = open_draft({"rows": [{"n": 1}]})
    draft = open_draft({})
    draft["theirs"] = other
    draft["row"] = other["rows"][0]
    other["rows"][0]["n"] = 2
    state = finish(draft).state
    other["rows"][0]["n"] = 3
    assert is_same(state, {"theirs": {"rows": [{"n": 2}]}, "row": {"n": 2}})


# a generator's yields


def test_a_generator_goes_on_with_its_state_after_a_yield():
    state = open_draft({"epoch": 0, "log": []})
    base = {"epoch": 0, "log": []}
    for epoch in range(3):
        state["epoch"] = epoch
        state["log"].append(epoch)
        base = finish(state).state
        rebase(state, base)
    assert base == {"epoch": 2, "log": [0, 1, 2]}
    assert finish(state).state is base


def test_after_a_yield_the_state_is_what_others_made_of_it():
    state = open_draft({"epoch": 1, "log": [1]})
    finish(state)
    rebase(state, {"epoch": 5, "other": {"n": 1}})
    assert state == {"epoch": 5, "other": {"n": 1}}
    assert list(state) == ["epoch", "other"]
    state["other"]["n"] += 1
    assert finish(state).state == {"epoch": 5, "other": {"n": 2}}


def test_a_part_read_before_a_yield_says_to_read_it_again():
    state = open_draft({"log": [1]})
    log = state["log"]
    rebase(state, finish(state).state)
    with pytest.raises(DraftError, match=r"at each yield\. Read it again from the state"):
        log.append(2)
    state["log"].append(2)
    assert finish(state).state == {"log": [1, 2]}


def test_a_list_can_be_the_state_of_a_generator():
    state = open_draft([1])
    state.append(2)
    finish(state)
    rebase(state, [5, {"n": 1}])
    state[1]["n"] = 2
    assert finish(state).state == [5, {"n": 2}]


def test_a_state_of_another_kind_cannot_be_gone_on_with():
    state = open_draft({"n": 1})
    finish(state)
    with pytest.raises(DraftError, match="was a dict and is a list now"):
        rebase(state, [1])
    with pytest.raises(DraftError, match="was a dict and is a Person now"):
        rebase(state, Person("ann"))


def test_a_turn_that_lasts_is_not_rebased():
    with pytest.raises(DraftError, match="after its turn has ended"):
        rebase(open_draft({"n": 1}), {"n": 2})


# originals and plain copies


def test_the_original_is_the_committed_tree_whatever_was_changed():
    base = todo()
    draft = open_draft(base)
    draft["items"][0]["title"] = "cheese"
    assert original(draft) is base
    assert original(draft["items"]) is base["items"]
    assert original(draft["items"][0])["title"] == "milk"


def test_the_original_of_a_new_value_is_the_value():
    draft = open_draft({})
    draft["rows"] = rows = [1]
    assert original(draft["rows"]) is rows


def test_a_plain_copy_shares_nothing_that_its_maker_can_change():
    mine = {"rows": [{"n": 1}], "tags": {1}, "pair": ([1], 2), "when": date.max}
    state = plain(mine)
    assert is_same(state, mine)
    mine["rows"][0]["n"] = 2
    mine["tags"].add(2)
    mine["pair"][0].append(2)
    assert is_same(state, {"rows": [{"n": 1}], "tags": {1}, "pair": ([1], 2), "when": date.max})


def test_a_plain_copy_of_a_draft_is_what_it_is_now():
    draft = open_draft(todo())
    draft["items"][0]["title"] = "cheese"
    taken = plain({"seen": draft["items"], "count": draft["count"]})
    draft["items"].clear()
    assert taken["seen"][0]["title"] == "cheese"
    assert is_plain(taken)
    assert plain(draft) == {**todo(), "items": []}


# anything, in any order


@given(states, programs)
def test_the_same_changes_to_a_plain_tree_and_a_draft_end_equal(base, program):
    kept = copy.deepcopy(base)
    expected = Hand(unshared(base))
    draft = open_draft(base)
    hand = Hand(draft)
    for seed in program:
        expected.change(seed)
        hand.change(seed)
    state = finish(draft).state
    assert is_same(state, unshared(expected.tree))
    assert is_same(base, kept)
    assert is_plain(state)


@given(states, programs, programs)
def test_the_same_changes_over_yields_end_equal(base, program, later):
    expected = Hand(unshared(base))
    draft = open_draft(base)
    hand = Hand(draft)
    for seed in program:
        expected.change(seed)
        hand.change(seed)
    middle = finish(draft).state
    kept = copy.deepcopy(middle)
    rebase(draft, middle)
    expected, hand = Hand(unshared(expected.tree)), Hand(draft)
    for seed in later:
        expected.change(seed)
        hand.change(seed)
    assert is_same(finish(draft, {**draft}).state, unshared(expected.tree))
    assert is_same(middle, kept)


@given(states, programs)
def test_a_turn_that_failed_leaves_no_trace(base, program):
    kept = copy.deepcopy(base)
    draft = open_draft(base)
    hand = Hand(draft)
    for seed in program:
        hand.change(seed)
    drop(draft)
    assert is_same(base, kept)


@given(states)
def test_a_turn_that_only_read_leaves_its_tree_shared(base):
    draft = open_draft(base)
    waiting = [draft]
    while waiting:
        part = waiting.pop()
        places = list(part) if isinstance(part, dict) else range(len(part))
        waiting.extend(part[place] for place in places if isinstance(part[place], (dict, list)))
    assert finish(draft).state is base

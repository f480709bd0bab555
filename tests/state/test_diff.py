import copy
import heapq
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestate_nb.codec import dumps
from livestate_nb.errors import EncodeError
from livestate_nb.state.diff import diff
from livestate_nb.state.draft import finish, open_draft
from livestate_nb.state.encoder import DocumentEncoder
from tests.state.judge import applied, is_same, replaced, size, unshared
from tests.state.trees import KEYS, LEAVES, Hand, programs, seeds, states, value


def checked(old: Any, new: Any, **options: Any) -> list[dict[str, Any]]:
    """Return the patch between two documents, after it was applied and judged."""
    before, after = copy.deepcopy(old), copy.deepcopy(new)
    operations = diff(old, new, **options)
    assert is_same(applied(old, operations), new), operations
    assert is_same((old, new), (before, after))
    return operations


def moved(origin: str, to: str) -> dict[str, str]:
    return {"op": "move", "from": origin, "path": to}


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": i, "name": f"row {i}", "done": False, "note": "x" * 40} for i in range(count)]


# the patch that a person would write


def test_equal_states_give_no_operations():
    state = {"rows": rows(3), "n": None}
    assert diff(state, state) == []
    assert diff(state, copy.deepcopy(state)) == []
    assert diff(1, 1) == []


def test_a_changed_member_is_replaced():
    old = {"n": 1, "note": "x" * 40}
    assert checked(old, {**old, "n": 2}) == [{"op": "replace", "path": "/n", "value": 2}]


def test_a_new_member_is_added_and_an_old_one_removed():
    old = {"n": 1, "note": "x" * 60}
    assert checked(old, {**old, "m": 2}) == [{"op": "add", "path": "/m", "value": 2}]
    assert checked({**old, "m": 2}, old) == [{"op": "remove", "path": "/m"}]


def test_a_renamed_member_is_moved():
    part = {"rows": rows(2)}
    old, new = {"old": part, "n": 1}, {"n": 1, "new": part}
    assert checked(old, new) == [moved("/old", "/new")]


def test_a_member_renamed_to_two_names_is_moved_once():
    part = {"rows": rows(2)}
    operations = checked({"old": part}, {"a": part, "b": part})
    assert [operation["op"] for operation in operations] == ["move", "add"]


def test_one_field_of_one_row_is_one_operation():
    old, new = rows(100), copy.deepcopy(rows(100))
    new[50]["done"] = True
    assert checked({"rows": old}, {"rows": new}) == [
        {"op": "replace", "path": "/rows/50/done", "value": True}
    ]


@pytest.mark.parametrize("at", [0, 1, 50, 99, 100])
def test_an_inserted_row_is_one_operation(at):
    old = rows(100)
    new = [*old[:at], {"id": "new"}, *old[at:]]
    assert checked(old, new) == [{"op": "add", "path": f"/{at}", "value": {"id": "new"}}]


@pytest.mark.parametrize("at", [0, 1, 50, 99])
def test_a_deleted_row_is_one_operation(at):
    old = rows(100)
    assert checked(old, old[:at] + old[at + 1 :]) == [{"op": "remove", "path": f"/{at}"}]


@pytest.mark.parametrize(("origin", "to"), [(0, 99), (99, 0), (3, 50), (50, 3), (10, 11)])
@pytest.mark.parametrize("is_copied", [False, True])
def test_a_moved_row_is_one_operation(origin, to, is_copied):
    old = rows(100)
    new = copy.deepcopy(old) if is_copied else old[:]
    new.insert(to, new.pop(origin))
    (operation,) = checked(old, new)
    assert operation["op"] == "move"


def test_a_moved_row_that_changed_as_well_is_two_operations():
    old, new = rows(100), copy.deepcopy(rows(100))
    new[99]["done"] = True
    new.insert(0, new.pop(99))
    assert checked(old, new) == [
        moved("/99", "/0"),
        {"op": "replace", "path": "/0/done", "value": True},
    ]


def test_a_moved_block_is_one_move_a_row():
    old = rows(100)
    new = [*old[:10], *old[20:60], *old[10:20], *old[60:]]
    operations = checked(old, new)
    assert [operation["op"] for operation in operations] == ["move"] * 10


def test_swapped_rows_are_two_moves():
    old = rows(100)
    new = old[:]
    new[3], new[90] = new[90], new[3]
    operations = checked(old, new)
    assert [operation["op"] for operation in operations] == ["move", "move"]


def test_a_replaced_row_is_one_operation():
    old = rows(100)
    new = old[:]
    new[50] = {"id": "other", "title": "new"}
    assert checked(old, new) == [{"op": "replace", "path": "/50", "value": new[50]}]


def test_scattered_edits_are_one_operation_each():
    old, new = rows(2000), copy.deepcopy(rows(2000))
    new[100]["done"] = True
    new[1900]["name"] = "other"
    del new[1500]
    new.insert(700, {"id": "new"})
    assert len(checked(old, new)) == 4


def test_rows_are_matched_by_the_key_that_the_channel_names():
    old = [{"slug": f"s{i}", "n": 0, "note": "x" * 30} for i in range(10)]
    new = [{**row, "n": row["n"] + (i == 9)} for i, row in enumerate(old)]
    new.insert(0, new.pop())
    assert len(checked(old, new, key="slug")) == 2
    assert checked(old, new, key=None) != checked(old, new, key="slug")


def test_rows_without_an_id_may_have_a_key():
    old = [{"key": f"s{i}", "n": 0, "note": "x" * 30} for i in range(10)]
    new = [{**row, "n": row["n"] + (i == 9)} for i, row in enumerate(old)]
    new.insert(0, new.pop())
    assert len(checked(old, new)) == 2


def test_a_row_without_an_id_that_changed_in_place_is_paired_with_what_it_was():
    old = [{"title": f"t{i}", "n": 0, "note": "x" * 30} for i in range(40)]
    new = copy.deepcopy(old)
    new[20]["n"] = 1
    del new[5]
    assert checked(old, new) == [
        {"op": "remove", "path": "/5"},
        {"op": "replace", "path": "/19/n", "value": 1},
    ]


@pytest.mark.parametrize("item", LEAVES)
def test_lists_of_leaves_get_small_patches(item):
    old = [*range(20), item, *range(30, 50)]
    assert len(checked(old, [*old, item])) == 1
    assert len(checked(old, old[1:])) == 1
    assert len(checked(old, [*old[1:], old[0]])) == 1
    assert len(checked(old, [item if n == 5 else n for n in old])) <= 1


# where a replacement is better


def test_an_emptied_list_is_replaced_and_so_is_an_empty_one_that_was_filled():
    assert checked({"rows": rows(20)}, {"rows": []}) == [
        {"op": "replace", "path": "/rows", "value": []}
    ]
    assert checked({"rows": []}, {"rows": rows(20)}) == [
        {"op": "replace", "path": "/rows", "value": rows(20)}
    ]


def test_a_dict_that_changed_all_over_is_replaced():
    old = {"user": {f"field{i}": i for i in range(10)}, "n": 1}
    new = {"user": {f"field{i}": -i for i in range(1, 11)}, "n": 1}
    assert checked(old, new) == [{"op": "replace", "path": "/user", "value": new["user"]}]


def test_a_shuffled_list_is_replaced():
    old = rows(500)
    new = Random(1).sample(old, 500)
    assert checked({"rows": old}, {"rows": new}) == [
        {"op": "replace", "path": "/rows", "value": new}
    ]


def test_a_list_that_lost_and_gained_most_of_its_rows_is_replaced():
    old = [{"id": i, "note": "x" * 500} for i in range(100)]
    new = [*old[50:], *({"id": -i} for i in range(1, 60))]
    assert len(checked({"rows": old}, {"rows": new})) == 1
    assert len(checked({"rows": old}, {"rows": old[5:] + new[-5:]})) == 10


def test_a_row_that_changed_altogether_is_replaced():
    old, new = rows(3), rows(3)
    new[1] = {"id": 1, "title": "a", "by": "b", "at": "c", "for": "d"}
    assert checked(old, new) == [{"op": "replace", "path": "/1", "value": new[1]}]


def test_a_long_key_is_removed_by_replacing_a_small_dict():
    old, new = {"n": 1, "k" * 200: 1}, {"n": 1}
    assert checked({"a": old}, {"a": new}) == [{"op": "replace", "path": "/a", "value": {"n": 1}}]


def test_a_key_that_grows_by_escaping_is_changed_by_replacing_a_small_dict():
    old, new = {"/" * 200: 1}, {"/" * 200: 2}
    assert checked({"a": old}, {"a": new}) == [{"op": "replace", "path": "/a", "value": new}]


def test_a_patch_never_has_more_operations_than_a_browser_takes_well():
    old = [{"id": i, "n": 0, "note": "x" * 500} for i in range(10_002)]
    new = [{**row, "n": 1} for row in old]
    assert len(checked(old, new)) == 1
    by_id = {str(row["id"]): row for row in old}
    assert len(checked(by_id, {str(row["id"]): row for row in new})) == 1


def test_a_patch_from_a_draft_never_has_more_operations_than_a_browser_takes_well():
    base = [{"n": 0, "note": "x" * 500} for _ in range(10_002)]
    draft = open_draft(base)
    for row in draft:
        row["n"] = 1
    finished = finish(draft)
    assert len(checked(base, finished.state, touched=finished.touched)) == 1


def test_of_many_keys_that_come_and_go_the_dict_is_replaced(monkeypatch):
    monkeypatch.setattr("livestate_nb.state.diff.MOST_OPERATIONS", 100)
    old = {f"k{i}": "x" * 500 for i in range(300)}
    for count, expected in ((100, 100), (101, 1)):
        gone = list(old)[:count]
        fewer = {key: value for key, value in old.items() if key not in gone}
        more = {**old, **{f"new{i}": 1 for i in range(count)}}
        changed = {**old, **dict.fromkeys(gone[50:], 1)}
        for key in gone[:50]:
            del changed[key]
        for new in (fewer, more, changed):
            assert len(checked({"a": old}, {"a": new})) == expected
        draft = open_draft({"a": old})
        for key in gone:
            del draft["a"][key]
        finished = finish(draft)
        assert len(checked({"a": old}, finished.state, touched=finished.touched)) == expected


def test_a_list_is_never_shifted_more_often_than_a_browser_takes_well():
    old = [{"id": i, "note": "x" * 100} for i in range(9000)]
    moving = old[::8]
    new = [*(row for row in old if row["id"] % 8), *moving]
    assert len(moving) == 1125
    assert len(checked(old, new)) == 1
    others = [{"id": -1 - row["id"]} if row["id"] % 8 == 0 else row for row in old]
    assert len(checked(old, [others[-1], *others[:-1]])) <= 3000


# values


@pytest.mark.parametrize("old", LEAVES)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda leaf: leaf,
        lambda leaf: {"a": leaf},
        lambda leaf: [leaf],
        lambda leaf: {"rows": [{"id": 1, "n": leaf}, {"id": 2}]},
    ],
)
def test_leaves_are_told_apart_by_type(old, wrap):
    for new in LEAVES:
        operations = checked(wrap(old), wrap(new))
        assert bool(operations) is (type(old) is not type(new) or repr(old) != repr(new))


def test_a_large_tree_that_differs_by_true_for_1_is_told_apart():
    old = [{"id": i, "flag": 1} for i in range(2000)]
    new = copy.deepcopy(old)
    new[700]["flag"] = True
    new[1700]["flag"] = 1.0
    assert len(checked(old, new)) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": None}, {}),
        ({}, {"a": None}),
        ([None, 1, None], [None, None]),
        ([1, None, 3], [1, None, 4]),
        ({"l": [1, None, 4]}, {"l": {"a": 1}}),
        ({"l": {"a": 1}}, {"l": []}),
        ({"a": {"x": 1}}, {"a": [1, 2]}),
        ({"a": {}}, {"a": []}),
        ({"a": []}, {"a": {}}),
        ({"a": []}, {"a": None}),
        ([{}], [[]]),
        ([[]], [{}]),
        ({}, []),
        ([], {}),
        (None, {"a": 1}),
        ({"a": 1}, 5),
        ([0, 0], [-0.0, 0.0]),
    ],
)
def test_kinds_change_into_each_other(old, new):
    checked(old, new)
    checked({"in": old}, {"in": new})
    checked([1, old, 2], [1, new, 2])


def test_a_tuple_is_a_list():
    assert diff({"a": (1, {"b": 2})}, {"a": [1, {"b": 2}]}) == []
    assert diff({"a": (1, {"b": 2})}, {"a": [1, {"b": 3}]}) == [
        {"op": "replace", "path": "/a/1/b", "value": 3}
    ]


def test_the_order_of_keys_does_not_count():
    old = [{"a": 1, "b": {"c": 1, "d": 2}}, {"b": 2, "a": 1}]
    new = [{"b": {"d": 2, "c": 1}, "a": 1}, {"a": 1, "b": 2}]
    assert diff(old, new) == []
    assert diff([old[0], old[0]], [new[0], old[0]]) == []


def test_values_are_carried_by_reference():
    part, note = {"rows": [1]}, "x" * 90
    (operation,) = diff({"note": note}, {"note": note, "a": part})
    assert operation == {"op": "add", "path": "/a", "value": part}
    assert operation["value"] is part


# keys and paths


@pytest.mark.parametrize("key", [key for key in KEYS if key not in ("constructor", "prototype")])
def test_every_key_works_in_a_path(key):
    note = "x" * 90
    assert checked({key: 1, "note": note}, {key: 2, "note": note})[0]["op"] == "replace"
    checked({"note": note}, {key: 2, "note": note})
    checked({key: 1, "note": note}, {"note": note})
    checked({key: {key: [1]}, "n": note}, {key: {key: [1, 2]}, "n": note})
    checked({"n": note, "a": {key: [note]}}, {"n": note, "a": {key: []}})


def test_slashes_and_tildes_are_escaped():
    note = "x" * 90
    old, new = {"a/b~c~1": 1, "note": note}, {"a/b~c~1": 2, "note": note}
    assert diff(old, new) == [{"op": "replace", "path": "/a~1b~0c~01", "value": 2}]


@pytest.mark.parametrize("key", ["constructor", "prototype"])
def test_no_path_goes_through_what_a_client_library_throws_at(key):
    note = "x" * 90
    table = {"n": note, "row": {key: {"deep": [1, 2]}, "note": note}}
    for change in (
        {key: {"deep": [1, 3]}, "note": note},
        {key: 5, "note": note},
        {"note": note},
        {key: {"deep": [1, 2]}, "note": "new"},
    ):
        operations = checked(table, {**table, "row": change})
        assert all(key not in operation["path"] for operation in operations)
        operations = checked({**table, "row": change}, table)
        assert all(key not in operation["path"] for operation in operations)
    assert checked({key: 1, "note": note}, {key: 2, "note": note})[0]["path"] == ""
    assert checked({key: table}, {"other": table})[0]["path"] == ""


def test_a_key_that_a_client_library_throws_at_is_fine_where_nothing_changes():
    note = "x" * 90
    old = {"constructor": {"a": 1}, "n": 1, "note": note}
    assert checked(old, {**copy.deepcopy(old), "n": 2}) == [
        {"op": "replace", "path": "/n", "value": 2}
    ]


@pytest.mark.parametrize("key", ["__proto__", 1, None, True, (1, 2), "\ud800", b"a"])
def test_a_key_that_cannot_be_sent_is_refused_with_the_path_to_its_object(key):
    with pytest.raises(EncodeError) as caught:
        diff({"a": [{}]}, {"a": [{key: 1, "b": 2}]})
    assert caught.value.path == "/a/0"
    assert caught.value.value == key


def test_two_keys_that_would_collide_are_refused_and_never_sent():
    for new in ({1: "a", "1": "b"}, {"1": "b", 1: "a"}):
        with pytest.raises(EncodeError, match="keys of an object must be str"):
            diff({}, new)
        with pytest.raises(EncodeError, match="keys of an object must be str"):
            DocumentEncoder().encode(new)
    with pytest.raises(EncodeError, match="keys of an object must be str"):
        diff({"1": "b"}, {"1": "b", 1: "a"})


def test_the_whole_document_can_be_replaced():
    assert diff({"a": 1}, [1]) == [{"op": "replace", "path": "", "value": [1]}]


# ids


@pytest.mark.parametrize(
    "ids",
    [
        [1, 1, 2],
        [1, "1", True, 1.0],
        [None, None, 1],
        [[1], {"a": 1}, 1],
        ["a", "a", "a", "b"],
        [1, 2, 3, 4, 5, 6],
        [0, False, 0.0],
    ],
)
def test_doubled_missing_and_mixed_ids_do_no_harm(ids):
    items: list[dict[str, Any]] = [{"id": identity, "n": n} for n, identity in enumerate(ids)]
    items.append({"n": "no id"})
    random = Random(1)
    for _ in range(50):
        new = random.sample(copy.deepcopy(items), random.randrange(len(items) + 1))
        if new and random.random() < 0.7:
            random.choice(new)["n"] = random.random()
        if random.random() < 0.5:
            new.append(random.choice(items))
        checked(items, new)
        checked(new, items)


def test_1_and_true_are_not_one_id():
    first, second = ({"id": identity, "note": "x" * 40, "a": identity} for identity in (1, True))
    between = [{"id": f"row {n}", "note": "x" * 40} for n in range(20)]
    operations = checked([first, *between, second], [second, *between, first])
    assert [operation["op"] for operation in operations] == ["move", "move"]


def test_duplicate_rows_are_matched_in_their_order():
    old = [{"n": 1}] * 3 + [{"n": 2}] * 3
    assert len(checked(old, [{"n": 1}] * 2 + [{"n": 2}] * 3)) == 1
    assert len(checked(old, [{"n": 2}, *old])) == 1


# hints


def test_a_draft_s_hints_lead_to_the_same_patch_as_a_look_at_everything():
    base = {"rows": rows(50), "n": 1}
    draft = open_draft(base)
    draft["rows"][10]["done"] = True
    draft["rows"][40]["name"] = "x"
    draft["rows"].append({"id": "new"})
    del draft["rows"][20]
    finished = finish(draft)
    hinted = checked(base, finished.state, touched=finished.touched)
    assert sorted(map(dumps, hinted)) == sorted(map(dumps, checked(base, finished.state)))


def test_a_value_written_and_written_back_gives_no_operation():
    base = {"rows": rows(3), "n": 1}
    draft = open_draft(base)
    draft["n"] = 2
    draft["n"] = 1
    draft["rows"].append(1)
    draft["rows"].pop()
    draft["rows"][0]["done"] = True
    draft["rows"][0]["done"] = False
    draft["new"] = 1
    del draft["new"]
    finished = finish(draft)
    assert diff(base, finished.state, touched=finished.touched) == []


def test_many_writes_to_one_field_give_one_operation():
    base = {"rows": rows(3)}
    draft = open_draft(base)
    for n in range(10):
        draft["rows"][1]["name"] = n
    finished = finish(draft)
    assert diff(base, finished.state, touched=finished.touched) == [
        {"op": "replace", "path": "/rows/1/name", "value": 9}
    ]


@pytest.mark.parametrize("is_keyed", [True, False])
def test_rows_swapped_in_a_draft_are_two_moves(is_keyed):
    base = {"rows": rows(50)}
    if not is_keyed:
        base = {"rows": [[row["name"], row["note"]] for row in base["rows"]]}
    draft = open_draft(base)
    items = draft["rows"]
    items[3], items[40] = items[40], items[3]
    items[20][0 if not is_keyed else "name"] = "changed"
    items.append(1)
    finished = finish(draft)
    operations = checked(base, finished.state, touched=finished.touched)
    assert sorted(operation["op"] for operation in operations) == ["add", "move", "move", "replace"]


def test_rows_swapped_and_changed_in_a_draft_are_found_by_their_ids():
    base = {"rows": rows(50)}
    draft = open_draft(base)
    items = draft["rows"]
    items[3], items[40] = items[40], items[3]
    items[3]["done"] = items[40]["done"] = True
    finished = finish(draft)
    operations = checked(base, finished.state, touched=finished.touched)
    assert [operation["op"] for operation in operations] == ["move", "move", "replace", "replace"]


def test_a_row_replaced_in_a_draft_is_one_operation():
    base = {"rows": rows(50)}
    draft = open_draft(base)
    draft["rows"][3] = {"id": "new"}
    draft["rows"][4]["done"] = True
    finished = finish(draft)
    operations = checked(base, finished.state, touched=finished.touched)
    assert [operation["path"] for operation in operations] == ["/rows/3", "/rows/4/done"]


def test_a_heap_written_by_c_code_gives_a_right_patch():
    base = {"queue": [5, 7, 9]}
    draft = open_draft(base)
    draft["queue"].append(8)
    heapq.heappush(draft["queue"], 1)
    finished = finish(draft)
    checked(base, finished.state, touched=finished.touched)


def test_hints_of_another_pair_of_trees_are_not_taken():
    note = "x" * 200  # so that nothing is replaced whole
    base = {"rows": [1, 2, 3], "a": {"n": 1, "note": note}}
    draft = open_draft(base)
    draft["rows"][0] = 5
    draft["a"]["n"] = 2
    finished = finish(draft)
    other = {"rows": [9, 9, 9], "a": {"n": 5, "m": 6, "note": note}}
    checked(other, finished.state, touched=finished.touched)


# values of other types


@dataclass
class Row:
    id: int
    name: str


def test_values_that_encode_alike_are_the_same():
    encoder = DocumentEncoder()
    old = {"a": Row(1, "x"), "b": {1, 2}, "c": [Row(1, "x"), Row(2, "y")]}
    new = {"a": {"id": 1, "name": "x"}, "b": [1, 2], "c": [Row(1, "x"), Row(2, "y")]}
    assert diff(old, new, encoder=encoder) == []
    assert diff(new, old, encoder=encoder) == []


def test_a_change_inside_a_value_of_another_type_is_found():
    encoder = DocumentEncoder()
    note = "x" * 60
    old = {"a": Row(1, note), "rows": [Row(i, note) for i in range(20)]}
    new = {"a": Row(2, note), "rows": [Row(99, "new"), *copy.deepcopy(old["rows"])]}
    new["rows"][5].id = 50
    assert diff(old, new, encoder=encoder) == [
        {"op": "replace", "path": "/a/id", "value": 2},
        {"op": "add", "path": "/rows/0", "value": {"id": 99, "name": "new"}},
        {"op": "replace", "path": "/rows/5/id", "value": 50},
    ]


def test_a_value_that_has_no_json_form_is_refused_with_its_path():
    encoder = DocumentEncoder()
    with pytest.raises(EncodeError) as caught:
        diff({"a": {"b": 1}}, {"a": {"b": object()}}, encoder=encoder)
    assert caught.value.path == "/a/b"
    with pytest.raises(EncodeError) as caught:
        diff({"rows": [1, 2]}, {"rows": [1, 2, {1}, object()]}, encoder=encoder)
    assert caught.value.path == "/rows/3"


def test_without_an_encoder_other_values_are_carried_as_they_are():
    row = Row(1, "x")
    assert diff({"a": row}, {"a": row}) == []
    assert diff({"a": 1}, {"a": row}) == [{"op": "replace", "path": "/a", "value": row}]


def test_ignored_keys_make_no_operations():
    encoder = DocumentEncoder(ignored={"secret"})
    old = {"secret": 1, "a": {"secret": 2, "n": 1}}
    new = {"secret": 5, "a": {"n": 1}}
    assert diff(old, new, encoder=encoder) == []
    assert diff(new, old, encoder=encoder) == []


def test_nesting_of_300_works():
    old: Any = {"n": 1}
    new: Any = {"n": 2}
    for depth in range(150):
        old, new = {"a": [old], "i": depth}, {"a": [new], "i": depth}
    (operation,) = diff(old, new)
    assert operation["value"] == 2


def test_nesting_without_end_is_refused():
    old: Any = [1]
    new: Any = [2]
    for _ in range(5000):
        old, new = [old], [new]
    with pytest.raises(EncodeError, match="too deeply"):
        diff(old, new)


# anything


def _related(old: Any, seed: int, program: list[int]) -> Any:
    """Return another state: changed, sharing parts or not; one in ten has nothing in common."""
    random = Random(seed)
    if random.random() < 0.1:
        return {key: value(random, 3) for key in random.sample(KEYS, 3)}
    draft = open_draft(old)
    hand = Hand(draft)
    for step in program:
        hand.change(step)
    new = finish(draft).state
    return new if random.random() < 0.5 else unshared(new)


def _checked_for_each_limit(old: Any, new: Any, **options: Any) -> list[dict[str, Any]]:
    """Return the patch, after others were judged that may have fewer operations."""
    for most in (1, 3, 8):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("livestate_nb.state.diff.MOST_OPERATIONS", most)
            assert len(checked(old, new, **options)) <= most
    return checked(old, new, **options)


@given(states, seeds, programs)
def test_a_patch_leads_to_the_new_state_and_is_not_larger_than_it(old, seed, program):
    new = _related(old, seed, program)
    operations = _checked_for_each_limit(old, new)
    assert bool(operations) is not is_same(old, new)
    assert size(operations) <= max(1.2 * replaced(new), 2)


@given(states, programs)
def test_a_draft_s_patch_leads_to_its_state_and_is_not_larger_than_it(base, program):
    draft = open_draft(base)
    hand = Hand(draft)
    for seed in program:
        hand.change(seed)
    finished = finish(draft)
    operations = _checked_for_each_limit(base, finished.state, touched=finished.touched)
    assert bool(operations) is not is_same(base, finished.state)
    assert size(operations) <= max(1.2 * replaced(finished.state), 2)


@given(st.lists(st.integers(0, 12), max_size=25), st.lists(st.integers(0, 12), max_size=25))
def test_any_list_turns_into_any_other(old, new):
    checked(old, new)
    checked([{"id": n} for n in old], [{"id": n} for n in new])
    checked({"a": [[n] for n in old]}, {"a": [[n] for n in new]})


@given(st.permutations(range(40)), st.integers(0, 40), st.integers(0, 8))
def test_moves_have_the_right_indices(order, start, length):
    old = [{"id": n, "note": "x" * 80} for n in range(40)]
    block = old[start : start + length]
    rest = [row for row in old if row not in block]
    for at in range(0, len(rest), 5):
        checked(old, [*rest[:at], *block, *rest[at:]])
    few = [*old[:10], *(old[i] for i in order if 10 <= i < 20), {"id": "new"}, *old[20:]]
    checked(old, few)

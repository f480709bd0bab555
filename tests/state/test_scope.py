import heapq
import json
from typing import Any

import msgspec
import pytest

from livestate_nb.errors import DraftError
from livestate_nb.state.draft import drop, finish, open_draft, original, rebase

# what C code finds of a turn that is over


def ended() -> tuple[Any, Any]:
    draft = open_draft({"rows": [[1], [2]]})
    rows = draft["rows"]
    rows.append([3])
    finish(draft)
    return draft, rows


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("read", [msgspec.json.encode, msgspec.to_builtins, json.dumps])
def test_c_code_that_reads_an_ended_draft_fails(read, part):
    with pytest.raises((TypeError, DraftError)):
        read(ended()[part])


def test_c_code_that_takes_from_an_ended_draft_gets_nothing_of_use():
    taken = heapq.heappop(ended()[1])
    with pytest.raises(DraftError, match="Read it again"):
        taken[0]["n"] = 1
    with pytest.raises(DraftError, match="Read it again"):
        list(taken)
    with pytest.raises(DraftError, match="Read it again"):
        heapq.heappush(ended()[1], [0])


def test_a_generator_s_state_holds_what_is_committed_whatever_c_code_wrote_before():
    for base, write in (({"a": 1}, dict.update), ([1], list.append)):
        state = open_draft(base)
        finish(state)
        write(state, {"left": 1})
        rebase(state, base)
        assert state == base


# values that a turn got from C code or from original


def test_what_c_code_takes_out_of_a_draft_is_committed_and_copied_where_it_is_put():
    base = {"queue": [[1, {"n": 0}], [2, {"n": 1}]]}
    draft = open_draft(base)
    taken = heapq.heappop(draft["queue"])
    assert taken is base["queue"][0]
    draft["last"] = [*taken, "seen"]
    state = finish(draft).state
    assert state == {"queue": [[2, {"n": 1}]], "last": [1, {"n": 0}, "seen"]}
    assert base == {"queue": [[1, {"n": 0}], [2, {"n": 1}]]}


PUTS = {
    "insert": lambda draft, row: (draft["rows"].insert(0, row), draft["rows"][0])[1],
    "append": lambda draft, row: (draft["rows"].append(row), draft["rows"].pop())[1],
    "set": lambda draft, row: (draft["rows"].__setitem__(1, row), draft["rows"][1])[1],
    "key": lambda draft, row: (draft.update(last=row), draft["last"])[1],
    "setdefault": lambda draft, row: draft.setdefault("last", row),
    "loop": lambda draft, row: (draft["rows"].extend([row]), list(draft["rows"])[-1])[1],
}


@pytest.mark.parametrize("put", PUTS.values(), ids=PUTS)
def test_a_row_of_the_original_that_is_put_in_is_a_draft_there(put):
    base: dict[str, Any] = {"rows": [{"n": 0}, {"n": 1}, {"n": 2}]}
    draft = open_draft(base)
    draft["rows"][0]["n"] = 0
    put(draft, original(draft["rows"])[2])["n"] = 99
    assert base == {"rows": [{"n": 0}, {"n": 1}, {"n": 2}]}
    drop(draft)


def test_a_row_of_the_original_that_was_put_in_and_changed_is_kept_apart():
    base = {"rows": [{"n": 0}, {"n": 1}, {"n": 2}], "user": {"name": "ann"}}
    draft = open_draft(base)
    draft["rows"].insert(0, original(draft["rows"])[2])
    draft["rows"][0]["n"] = 7
    draft["old"] = original(draft["rows"])
    draft["old"].append(1)
    draft["owner"] = original(draft)["user"]
    draft["owner"]["name"] = "bob"
    assert draft["user"]["name"] == "ann"
    assert finish(draft).state == {
        "rows": [{"n": 7}, {"n": 0}, {"n": 1}, {"n": 2}],
        "old": [{"n": 0}, {"n": 1}, {"n": 2}, 1],
        "user": {"name": "ann"},
        "owner": {"name": "bob"},
    }
    assert base == {"rows": [{"n": 0}, {"n": 1}, {"n": 2}], "user": {"name": "ann"}}


def test_rows_that_an_own_list_takes_along_from_the_original_are_changed_in_copies():
    base = {"rows": [{"n": 0}, {"n": 1}, {"n": 2}]}
    draft = open_draft(base)
    draft["rows"] = [{**row} for row in original(draft["rows"]) if row["n"]]
    draft["rows"][0]["n"] = 99
    assert finish(draft).state == {"rows": [{"n": 99}, {"n": 2}]}
    assert base == {"rows": [{"n": 0}, {"n": 1}, {"n": 2}]}


def test_what_can_be_neither_copied_nor_changed_is_handed_out_as_it_is():
    base = {"function": len, "n": 1}
    draft = open_draft(base)
    assert draft["function"] is len
    assert finish(draft).state is base


def test_own_values_stay_as_they_are_beside_an_original():
    mine = {"n": 5}
    draft = open_draft({"rows": [{"n": 0}], "n": 1})
    draft["rows"].append(mine)
    draft["mine"] = mine
    assert original(draft["rows"]) == [{"n": 0}]
    assert draft["rows"][1] is mine
    assert draft["mine"] is mine

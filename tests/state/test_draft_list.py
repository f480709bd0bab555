import copy
import heapq
import operator
import pickle
import random
from typing import Any

import pytest

from livestate_nb.state.draft import finish, open_draft
from tests.state.judge import check_changes_alike, is_same

LIST_COPIES = {
    "list": list,
    "spread": lambda d: [*d],
    "slice": lambda d: d[:],
    "copy": lambda d: d.copy(),
    "copy.copy": copy.copy,
    "add": lambda d: operator.add(d, []),
    "radd": lambda d: operator.add([], d),
    "times": lambda d: d * 1,
    "extend": lambda d: _extended([], d),
    "reversed": lambda d: list(reversed(d)),
    "sorted": lambda d: sorted(d, key=str),
    "comprehension": lambda d: [item for item in d if item],
    "deepcopy": copy.deepcopy,
    "pickle": lambda d: pickle.loads(pickle.dumps(d)),
}


def _extended(target: list[Any], source: Any) -> list[Any]:
    target += source
    return target


@pytest.mark.parametrize("copied", LIST_COPIES.values(), ids=LIST_COPIES)
def test_what_a_copy_of_a_list_holds_never_leads_to_the_committed_tree(copied):
    base = [{"name": "ann"}]
    taken = copied(open_draft(base))
    assert type(taken) is list
    taken[0]["name"] = "bob"
    assert base == [{"name": "ann"}]


LIST_CHANGES = {
    "set": lambda x: x.__setitem__(1, "new"),
    "set from the end": lambda x: x.__setitem__(-1, "new"),
    "set beyond": lambda x: x.__setitem__(9, "new"),
    "set slice": lambda x: x.__setitem__(slice(1, 2), [7, 8, 9]),
    "set slice backwards": lambda x: x.__setitem__(slice(3, 1), [7]),
    "set every other": lambda x: x.__setitem__(slice(None, None, 2), [7, 8]),
    "set every other wrongly": lambda x: x.__setitem__(slice(None, None, 2), [7]),
    "set all from an iterator": lambda x: x.__setitem__(slice(None), iter("ab")),
    "set all to itself": lambda x: x.__setitem__(slice(None), x),
    "delete": lambda x: x.__delitem__(0),
    "delete from the end": lambda x: x.__delitem__(-1),
    "delete beyond": lambda x: x.__delitem__(9),
    "delete slice": lambda x: x.__delitem__(slice(0, 2)),
    "delete every other": lambda x: x.__delitem__(slice(None, None, 2)),
    "append": lambda x: x.append({"n": 1}),
    "extend": lambda x: x.extend(iter("ab")),
    "extend with itself": lambda x: x.extend(x),
    "extend with nonsense": lambda x: x.extend(3),
    "iadd": lambda x: x.__iadd__((1, 2)) is x,
    "imul": lambda x: x.__imul__(2) is x,
    "imul by none": lambda x: x.__imul__(0),
    "insert": lambda x: x.insert(1, "new"),
    "insert far away": lambda x: (x.insert(99, "last"), x.insert(-99, "first"), x.insert(-1, 5)),
    "pop": lambda x: x.pop(),
    "pop first": lambda x: x.pop(0),
    "pop beyond": lambda x: x.pop(9),
    "pop of none": lambda x: (x.clear(), x.pop()),
    "remove": lambda x: x.remove({"n": 2}),
    "remove missing": lambda x: x.remove("none"),
    "clear": lambda x: x.clear(),
    "clear and fill": lambda x: (x.clear(), x.append(1)),
    "sort": lambda x: x.sort(key=str),
    "sort backwards": lambda x: x.sort(key=str, reverse=True),
    "sort nonsense": lambda x: x.sort(),
    "reverse": lambda x: x.reverse(),
    "shuffle": lambda x: random.Random(1).shuffle(x),
    "swap": lambda x: x.__setitem__(slice(0, 2), [x[1], x[0]]),
    "add nonsense": lambda x: operator.add(x, (1,)),
    "radd nonsense": lambda x: operator.add((1,), x),
    "append while read": lambda x: [x.append(1) for item in x if len(x) < 9],
    "shorten while read": lambda x: [x.pop() for item in reversed(x)],
    "nested": lambda x: x[0].update(n=5),
    "nested after a shift": lambda x: (x.insert(0, 0), x[1].update(n=5), x[2].update(n=6)),
    "nested before a shift": lambda x: (x[0].update(n=5), x.insert(0, 0), x.pop(), x[1].clear()),
    "cut on both sides": lambda x: (x.pop(), x.pop(0), x.append(1), x.insert(0, 2)),
    "cut in the middle": lambda x: (x.pop(1), x[-1].update(n=7), x[0].update(n=8)),
    "set behind a cut": lambda x: (x.pop(0), x.__setitem__(-1, 1), x.__setitem__(0, {"n": 0})),
}


@pytest.mark.parametrize("change", LIST_CHANGES.values(), ids=LIST_CHANGES)
def test_a_list_changes_as_a_plain_one_does(change):
    check_changes_alike(lambda: [{"n": 1}, {"n": 2}, {"n": [3]}], change)


# C code that knows nothing of drafts


def test_a_heap_in_a_draft_is_found_and_kept():
    base = {"queue": [[1, "a"], [3, "b"]], "n": 1}
    draft = open_draft(base)
    mine = [0, "c"]
    heapq.heappush(draft["queue"], mine)
    heapq.heappush(draft["queue"], [2, "d"])
    assert heapq.heappop(draft["queue"]) == [0, "c"]
    state = finish(draft).state
    mine.append("changed later")
    expected = [[1, "a"], [3, "b"]]
    heapq.heappush(expected, [0, "c"])
    heapq.heappush(expected, [2, "d"])
    heapq.heappop(expected)
    assert is_same(state, {"queue": expected, "n": 1})
    assert base == {"queue": [[1, "a"], [3, "b"]], "n": 1}


@pytest.mark.parametrize(
    "shift",
    [
        lambda x: heapq.heappush(x, [0, {"n": 0}]),
        lambda x: list.insert(x, 0, 5),
        lambda x: list.pop(x, 0),
        lambda x: list.sort(x, key=repr, reverse=True),
        list.reverse,
    ],
)
def test_items_that_c_code_moved_are_still_drafts(shift):
    def change(x: Any) -> None:
        shift(x)
        for item in x:
            if isinstance(item, list):
                item[1]["seen"] = True
        x[-1][1]["n"] = 9

    check_changes_alike(lambda: [[n, {"n": n}] for n in range(1, 5)], change)


@pytest.mark.parametrize(
    "write",
    [
        lambda x: heapq.heapreplace(x, [5, {"n": 5}]),
        heapq.heapify,
        lambda x: list.__setitem__(x, 0, 7),
        list.reverse,
        lambda x: list.__setitem__(x[0], 0, "inner"),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_what_c_code_writes_over_items_that_were_read_is_found(write, count):
    def change(x: Any) -> None:
        assert [item[1]["n"] for item in x]
        write(x)

    check_changes_alike(lambda: [[n, {"n": n}] for n in range(count, 0, -1)], change)


def test_an_item_that_c_code_put_beside_others_it_moved_is_handed_out_as_it_is():
    mine = [0, "mine"]
    draft = open_draft([[1], [2]])
    heapq.heappush(draft, mine)
    assert draft[0] is mine
    mine.append("more")
    draft[1].append("read")
    state = finish(draft).state
    mine.append("later")
    assert state == [[0, "mine", "more"], [2, "read"], [1]]


@pytest.mark.parametrize(
    "bypass",
    [
        lambda x: list.append(x, {"n": 5}),
        lambda x: list.__setitem__(x, 0, {"n": 5}),
        lambda x: list.insert(x, 0, 5),
        lambda x: list.pop(x, 0),
        list.clear,
        lambda x: list.sort(x, key=str, reverse=True),
        lambda x: (x.append(1), list.__setitem__(x, 0, 7)),
        lambda x: (x.pop(), list.__setitem__(x, 0, 7)),
        lambda x: (x[0], list.__setitem__(x, 1, 7)),
        lambda x: (x[0].update(n=9), list.insert(x, 0, 7)),
        lambda x: ([list.append(x, 7) for _ in range(5)], x.insert(0, 8), x[3].update(n=9)),
        lambda x: ([list.append(x, {"n": 7}) for _ in range(5)], x.insert(0, 8), x[1].update(n=9)),
    ],
)
def test_what_list_writes_behind_a_draft_is_found(bypass):
    check_changes_alike(lambda: [{"n": 1}, {"n": 2}, {"n": 3}], bypass)


def test_what_list_writes_into_an_empty_draft_is_found():
    draft = open_draft({"queue": []})
    heapq.heappush(draft["queue"], 5)
    assert finish(draft).state == {"queue": [5]}

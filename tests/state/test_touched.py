import gc
from typing import Any

import pytest

from livestate_nb.state.diff import diff
from livestate_nb.state.draft import finish, open_draft
from livestate_nb.state.touched import Touched


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        (lambda d: d.update(a=5), {"a"}),
        (lambda d: d.pop("a"), {"a"}),
        (lambda d: d.__delitem__("a"), {"a"}),
        (lambda d: d["b"].append(1), {"b"}),
        (lambda d: d.setdefault("z", 1), {"z"}),
        (lambda d: d.popitem(), {"c"}),
        (lambda d: (d.get("b"), d.update(a=5)), {"a", "b"}),
        (lambda d: d.clear(), {"a", "b", "c"}),
    ],
)
def test_of_a_dict_no_more_is_looked_at_than_what_was_touched(change, keys):
    base = {"a": 1, "b": [2], "c": 3}
    draft = open_draft(base)
    change(draft)
    finished = finish(draft)
    hint = finished.touched.of_dict(base, finished.state)
    assert set(hint.keys) == keys


@pytest.mark.parametrize(
    ("change", "head", "tail", "places"),
    [
        (lambda x: x.append(1), 6, 0, []),
        (lambda x: x.extend([1, 2]), 6, 0, []),
        (lambda x: x.insert(0, 1), 0, 6, []),
        (lambda x: x.insert(2, 1), 2, 4, []),
        (lambda x: x.insert(-1, 1), 5, 1, []),
        (lambda x: (x.insert(2, 1), x.insert(0, 1)), 0, 4, []),
        (lambda x: (x.insert(2, 1), x.append(1)), 2, 0, []),
        (lambda x: x.pop(), 5, 0, []),
        (lambda x: x.pop(0), 0, 5, []),
        (lambda x: x.__delitem__(2), 2, 3, []),
        (lambda x: x.__delitem__(-2), 4, 1, []),
        (lambda x: x.__delitem__(slice(1, 3)), 1, 3, []),
        (lambda x: x.__setitem__(slice(1, 3), [7, 8, 9]), 1, 3, []),
        (lambda x: x.__setitem__(slice(4, 2), [7]), 4, 2, []),
        (lambda x: x.__setitem__(2, 5), 6, 0, [2]),
        (lambda x: x.__setitem__(-1, 5), 6, 0, [5]),
        (lambda x: x[1].update(n=5), 6, 0, [1]),
        (lambda x: (x[1].update(n=5), x.append(1)), 6, 0, [1]),
        (lambda x: (x[1].update(n=5), x.insert(3, 1), x[-1].update(n=6)), 3, 3, [1, 5]),
        (lambda x: (x.pop(3), x[3].update(n=6), x[1].update(n=5)), 3, 2, [1, 4]),
        (lambda x: (x[2].update(n=5), x.pop(2)), 2, 3, []),
        (lambda x: (x.pop(1), x.pop(-2)), 1, 1, []),
        (lambda x: x.reverse(), 0, 0, []),
        (lambda x: x.sort(key=str), 0, 0, []),
        (lambda x: x.clear(), 0, 0, []),
    ],
)
def test_of_a_list_no_more_is_looked_at_than_what_was_touched(change, head, tail, places):
    base = [{"n": n} for n in range(6)]
    draft = open_draft(base)
    change(draft)
    finished = finish(draft)
    hint = finished.touched.of_list(base, finished.state)
    assert (hint.head, hint.tail, list(hint.places)) == (head, tail, places)


def test_nothing_is_known_of_what_no_draft_made():
    assert Touched().of_dict({}, {}) is None
    assert Touched().of_list([], []) is None


def test_what_is_known_is_not_mistaken_for_what_is_known_of_an_object_at_the_same_address():
    base: dict[str, Any] = {"a": {"n": 1, "m": 1}}
    draft = open_draft(base)
    draft["a"]["n"] = 2
    finished = finish(draft)
    known = finished.touched
    del finished
    gc.collect()
    for n in range(500):
        new = {"n": 1, "m": n + 2}
        assert known.of_dict(base["a"], new) is None
        assert diff(base["a"], new, touched=known)

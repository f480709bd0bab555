import copy
import itertools
import json
import pickle
import random
from typing import Any

import msgspec
import numpy
import pandas
import pydantic
import pytest

from livestate_nb.state.draft import finish, open_draft
from tests.state.judge import check_changes_alike, is_same, without_drafts


def todo() -> dict[str, Any]:
    return {
        "items": [{"id": 1, "title": "milk", "tags": ["a"]}, {"id": 2, "title": "bread"}],
        "user": {"name": "ann", "roles": {"admin": True}},
        "count": 2,
    }


# what is natural on a dict or a list is natural on a draft


def test_a_draft_is_a_dict_or_a_list_and_equals_what_it_stands_for():
    draft = open_draft(todo())
    assert isinstance(draft, dict)
    assert isinstance(draft["items"], list)
    assert isinstance(draft["items"][0], dict)
    assert draft == todo()
    assert todo() == draft
    assert draft["items"] == todo()["items"]
    assert draft != {**todo(), "count": 3}
    assert repr(draft) == repr(todo())
    with pytest.raises(TypeError, match="unhashable"):
        hash(draft)


READS = {
    "getitem": lambda d: (d["count"], d["items"][0]["title"], d["items"][-1]["title"]),
    "missing": lambda d: (d.get("none"), d.get("none", 1), "none" in d, "count" in d),
    "len": lambda d: (len(d), len(d["items"]), bool(d["items"])),
    "iteration": lambda d: [key for key in d if key],
    "reversed": lambda d: (list(reversed(d)), list(reversed(d["items"]))),
    "keys": lambda d: (list(d.keys()), d.keys() & {"count"}),
    "values": lambda d: (list(d.values()), list(reversed(d.values())), len(d.values())),
    "items": lambda d: (list(d.items()), list(reversed(d.items())), ("count", 2) in d.items()),
    "comprehension": lambda d: [item["title"] for item in d["items"] if item["id"] > 1],
    "sorted": lambda d: sorted(d["items"], key=lambda item: item["title"]),
    "slices": lambda d: (d["items"][:1], d["items"][::-1], d["items"][5:], d["items"][-1:]),
    "unpacking": lambda d: _unpacked(d["items"]),
    "spread": lambda d: ({**d, "count": 3}, [*d["items"], 1]),
    "keywords": lambda d: dict(**d),
    "copies": lambda d: (dict(d), list(d["items"]), tuple(d["items"]), d.copy()),
    "list copy": lambda d: (d["items"].copy(), d["items"][:]),
    "or": lambda d: (d | {"a": 1}, {"a": 1} | d, d["user"] | d),
    "add": lambda d: (d["items"] + [1], [1] + d["items"], d["items"] + d["items"]),
    "times": lambda d: (d["items"] * 2, 2 * d["items"], d["items"] * 0),
    "index": lambda d: (d["items"].index({"id": 2, "title": "bread"}), d["items"].count(1)),
    "compare": lambda d: (d["items"] == [], [1] < [2], d["items"][0] == d["items"][1]),
    "next": lambda d: next(iter(d["items"])),
    "max": lambda d: max(d["items"], key=lambda item: item["id"]),
    "chain": lambda d: list(itertools.chain(d["items"], d)),
    "zip": lambda d: list(zip(d["items"], d, strict=False)),
    "choice": lambda d: random.Random(1).choice(d["items"]),
    "same type again": lambda d: (type(d)(a=1), type(d)([("a", 1)]), type(d["items"])("ab")),
    "fromkeys": lambda d: d.fromkeys("ab", 1),
    "string": lambda d: (str(d), f"{d['items']}"),
    "match": lambda d: (_matched(d), _matched(d["items"])),
    "json": lambda d: (json.dumps(d), json.dumps(d, indent=1), json.dumps(d["items"])),
    "json with sorted keys": lambda d: json.dumps(d, sort_keys=True),
    "msgspec": lambda d: (msgspec.json.encode(d), msgspec.msgpack.encode(d["items"])),
    "msgspec builtins": msgspec.to_builtins,
    "copy": lambda d: (copy.copy(d), copy.copy(d["items"])),
    "deepcopy": lambda d: (copy.deepcopy(d), copy.deepcopy([d["items"], d["user"]])),
    "pickle": lambda d: (pickle.loads(pickle.dumps(d)), pickle.loads(pickle.dumps(d["items"], 2))),
    "pydantic": lambda d: pydantic.TypeAdapter(dict[str, Any]).validate_python(d),
    "frame": lambda d: pandas.DataFrame(d["items"]).to_dict("records")[1]["title"],
    "array": lambda d: numpy.array([d["items"][0]["id"], d["count"]]).tolist(),
}


def _unpacked(items: Any) -> Any:
    first, *rest = items
    return first, rest


def _matched(state: Any) -> str:
    match state:
        case {"items": [{"title": title}, *_], "user": {"roles": {"admin": True}}}:
            return title
    return "no match"


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reading_gives_what_a_plain_tree_gives(read):
    draft = open_draft(todo())
    assert is_same(without_drafts(read(draft)), read(todo()))
    draft["items"][0]["title"] = "cheese"
    changed = todo()
    changed["items"][0]["title"] = "cheese"
    assert is_same(without_drafts(read(draft)), read(changed))


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reading_changes_nothing(read):
    base = todo()
    draft = open_draft(base)
    read(draft)
    assert finish(draft).state is base


COPIES = {
    "dict": dict,
    "spread": lambda d: {**d},
    "or": lambda d: d | {},
    "ror": lambda d: {} | d,
    "copy": lambda d: d.copy(),
    "copy.copy": copy.copy,
    "update": lambda d: _updated({}, d),
    "items": lambda d: dict(d.items()),
    "zip": lambda d: dict(zip(d, d.values(), strict=True)),
    "keywords": lambda d: dict(**d),
    "deepcopy": copy.deepcopy,
    "pickle": lambda d: pickle.loads(pickle.dumps(d)),
}


def _updated(target: dict[str, Any], source: Any) -> dict[str, Any]:
    target.update(source)
    return target


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_what_a_copy_of_a_dict_holds_never_leads_to_the_committed_tree(copied):
    base = {"user": {"name": "ann"}}
    taken = copied(open_draft(base))
    assert type(taken) is dict
    taken["user"]["name"] = "bob"
    assert base == {"user": {"name": "ann"}}


DICT_CHANGES = {
    "set": lambda d: d.__setitem__("new", 1),
    "set again": lambda d: d.__setitem__("count", 1),
    "delete": lambda d: d.__delitem__("count"),
    "delete missing": lambda d: d.__delitem__("none"),
    "get missing": lambda d: d["none"],
    "pop": lambda d: d.pop("items"),
    "pop missing": lambda d: d.pop("none"),
    "pop default": lambda d: (d.pop("none", None), d.pop("none", 5)),
    "pop too much": lambda d: d.pop("none", 1, 2),
    "popitem": lambda d: (d.popitem(), d.popitem()),
    "popitem of none": lambda d: (d.clear(), d.popitem()),
    "clear": lambda d: d.clear(),
    "clear and fill": lambda d: (d.clear(), d.update(user=1)),
    "setdefault": lambda d: (d.setdefault("count", 9), d.setdefault("new", []).append(1)),
    "setdefault of none": lambda d: d.setdefault("nothing"),
    "update": lambda d: d.update({"a": 1}, count=5),
    "update with pairs": lambda d: d.update([("a", 1), ("b", 2)]),
    "update with nothing": lambda d: d.update(),
    "update with nonsense": lambda d: d.update(3),
    "ior": lambda d: d.__ior__({"a": 1}) is d,
    "ior with pairs": lambda d: d.__ior__([("a", 1)]) is d,
    "or with nonsense": lambda d: d | [("a", 1)],
    "ror with nonsense": lambda d: [("a", 1)] | d,
    "last one first": lambda d: (d.__setitem__("items", d.pop("items")), list(d)),
    "nested": lambda d: d["user"]["roles"].update(editor=True),
    "nested in a view": lambda d: [
        value.clear() for value in d.values() if isinstance(value, dict)
    ],
    "changed while read": lambda d: [d.pop(key) for key in d],
}


@pytest.mark.parametrize("change", DICT_CHANGES.values(), ids=DICT_CHANGES)
def test_a_dict_changes_as_a_plain_one_does(change):
    check_changes_alike(todo, change)


# C code that knows nothing of drafts


@pytest.mark.parametrize(
    "bypass",
    [
        lambda x: dict.update(x, {"a": 5, "z": 6}),
        lambda x: dict.__setitem__(x, "a", 7),
        lambda x: dict.__delitem__(x, "a"),
        lambda x: dict.pop(x, "b"),
        dict.clear,
        lambda x: dict.setdefault(x, "z", []),
        lambda x: (x.__setitem__("a", 1), dict.__setitem__(x, "b", 2)),
        lambda x: (x.pop("a"), dict.__setitem__(x, "a", 2)),
        lambda x: (x["b"].update(n=9), dict.__delitem__(x, "c")),
        lambda x: (x["b"]["n"], dict.__setitem__(x, "b", 5)),
        lambda x: (x["b"]["n"], dict.__setitem__(x["b"], "n", 5)),
        lambda x: (x["b"]["n"], x["c"][0], dict.pop(x, "c")),
    ],
)
def test_what_dict_writes_behind_a_draft_is_found(bypass):
    check_changes_alike(lambda: {"a": 1, "b": {"n": 1}, "c": [1]}, bypass)

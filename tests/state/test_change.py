import copy
import dataclasses
import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import attrs
import msgspec
import numpy
import pandas
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestate_nb.codec import dumps
from livestate_nb.errors import EncodeError
from livestate_nb.state.change import Change
from livestate_nb.state.draft import finish, open_draft, plain
from livestate_nb.state.encoder import DocumentEncoder, encode, register
from tests.state.judge import applied, is_same
from tests.state.trees import Hand, programs, states


class Client:
    """Hold what a client holds: the first document, and whatever its patches made of it."""

    def __init__(self, state: Any) -> None:
        self.encoder = DocumentEncoder()
        self.state = plain(state)
        self.document = encode(self.state)

    def commit(self, state: Any, touched: Any = None) -> list[dict[str, Any]]:
        change = Change(self.state, state, touched=touched, encoder=self.encoder)
        self.document = applied(self.document, change.operations)
        assert is_same(self.document, encode(state))
        assert is_same(change.new_document, encode(state))
        assert is_same(change.old_document, encode(self.state))
        self.state = state
        return change.operations

    def handle(self, handler: Any) -> list[dict[str, Any]]:
        draft = open_draft(self.state)
        result = handler(draft)
        finished = finish(draft, result if isinstance(result, dict) else draft)
        return self.commit(finished.state, finished.touched)


@dataclass(frozen=True)
class Row:
    id: int
    name: str


@dataclass(frozen=True)
class Table:
    title: str
    rows: tuple[Row, ...]


@dataclass
class Loose:
    title: str
    rows: list[Any]


class Model(pydantic.BaseModel):
    title: str
    rows: list[dict[str, int]]


class Settled(pydantic.BaseModel, frozen=True):
    rows: list[Any]


@dataclass(frozen=True)
class Holder:
    rows: Any


@attrs.frozen
class AttrsHolder:
    rows: Any


class StructHolder(msgspec.Struct, frozen=True):
    rows: Any


class Taught:
    def __init__(self, rows: Any) -> None:
        self.rows = rows


register(Taught, only=["rows"])

HOLDERS = (Loose, Taught, Holder, AttrsHolder, StructHolder, Settled)


def table(count: int) -> Table:
    return Table("t", tuple(Row(i, f"row {i}") for i in range(count)))


def test_a_tree_keeps_its_python_values_while_the_patch_is_json():
    client = Client({"when": datetime.date(2026, 1, 31), "price": Decimal("1.50"), "n": 1})
    operations = client.handle(
        lambda draft: draft.update(when=draft["when"].replace(day=1), price=draft["price"] * 2)
    )
    assert client.state["price"] == Decimal("3.00")
    assert client.document == {"when": "2026-01-01", "price": "3.00", "n": 1}
    assert dumps(operations)


def test_values_that_encode_alike_make_no_operation():
    client = Client({"when": datetime.date(2026, 1, 31), "tags": {1, 2}, "pair": (1, 2), "a": [1]})
    assert client.handle(lambda draft: {**draft, "when": "2026-01-31", "tags": [1, 2]}) == []
    assert client.handle(lambda draft: draft.update(pair=[1, 2], a=(1,))) == []


def test_values_that_pack_alike_but_have_other_forms_are_told_apart():
    @dataclass(frozen=True)
    class Celsius:
        degrees: int

    class Fahrenheit(Celsius):
        pass

    register(Fahrenheit)(lambda value: f"{value.degrees} °F")
    client = Client({"rows": [Celsius(n) for n in range(9)], "inner": [{"t": Celsius(1)}] * 9})
    operations = client.handle(
        lambda draft: draft.update(
            rows=[Fahrenheit(n) for n in range(9)], inner=[{"t": Fahrenheit(1)} for _ in range(9)]
        )
    )
    assert {operation["op"] for operation in operations} == {"replace"}
    assert {operation["path"]: operation["value"] for operation in operations} == {
        **{f"/rows/{n}": f"{n} °F" for n in range(9)},
        **{f"/inner/{n}/t": "1 °F" for n in range(9)},
    }

    def handler(draft: Any) -> None:
        draft["rows"][:] = [*(Celsius(n) for n in range(9)), Celsius(10)]
        draft["inner"][:] = [*({"t": Celsius(1)} for _ in range(9)), {}]

    found = {operation["path"]: operation["value"] for operation in client.handle(handler)}
    assert found == {
        **{f"/rows/{n}": {"degrees": n} for n in range(9)},
        **{f"/inner/{n}/t": {"degrees": 1} for n in range(9)},
        "/rows/9": {"degrees": 10},
        "/inner/9": {},
    }


def test_a_value_that_is_changed_in_place_is_sent():
    client = Client({"person": Loose("a", [1]), "tags": {"a"}, "n": 1})
    assert client.handle(lambda draft: draft["tags"].add("b")) == [
        {"op": "add", "path": "/tags/1", "value": "b"}
    ]
    assert client.handle(lambda draft: draft["person"].rows.append(2)) == [
        {"op": "add", "path": "/person/rows/1", "value": 2}
    ]
    assert client.handle(lambda draft: bool(draft["person"])) == []


def test_a_frame_in_a_tree_gets_a_small_patch():
    frame = pandas.DataFrame({"city": [f"c{i}" for i in range(50)], "n": range(50)})
    client = Client({"frame": frame, "array": numpy.zeros(3)})

    def handler(draft: Any) -> None:
        draft["frame"] = draft["frame"].assign(n=lambda f: f["n"].where(f["city"] != "c7", 99))
        draft["array"] = draft["array"] + [0, 1, 0]

    assert client.handle(handler) == [
        {"op": "replace", "path": "/frame/7/n", "value": 99},
        {"op": "replace", "path": "/array/1", "value": 1.0},
    ]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 2**64, "\ud800", object(), 1j, {1: 2}])
@pytest.mark.parametrize("other", [None, datetime.date.max])
def test_what_has_no_json_form_is_refused_with_its_path_wherever_it_is_put(bad, other):
    base = {"rows": [{"n": 1, "deep": [1]}, {"n": 2}], "a": other}
    puts = {
        "/a": lambda draft: draft.update(a=bad),
        "/new": lambda draft: draft.update(new=bad),
        "/rows/0/n": lambda draft: draft["rows"][0].update(n=bad),
        "/rows/0/deep/1": lambda draft: draft["rows"][0]["deep"].append(bad),
        "/rows/2/n": lambda draft: draft["rows"].append({"n": bad}),
        "/rows/1": lambda draft: draft["rows"].insert(1, bad),
        "/rows/0": lambda draft: draft["rows"].insert(0, bad),
    }
    for path, put in puts.items():
        draft = open_draft(base)
        put(draft)
        finished = finish(draft)
        change = Change(base, finished.state, touched=finished.touched, encoder=DocumentEncoder())
        for _ in range(2):
            with pytest.raises(EncodeError) as caught:
                change.operations  # noqa: B018  # the property does the work
            assert caught.value.path == path
        with pytest.raises(EncodeError) as caught:
            change.new_document  # noqa: B018
        assert caught.value.path == path


def test_nan_is_refused_in_every_turn_and_never_sent_as_null():
    client = Client({"n": 1.0})
    for _ in range(3):
        with pytest.raises(EncodeError, match="JSON has no nan"):
            client.handle(lambda draft: draft.update(n=float("nan")))
    assert client.state == {"n": 1.0}
    assert client.handle(lambda draft: draft.update(n=2.0)) == [
        {"op": "replace", "path": "/n", "value": 2.0}
    ]


def test_operations_are_made_once():
    change = Change({"n": 1}, {"n": 2}, encoder=DocumentEncoder())
    assert change.operations is change.operations
    assert change.old_document == {"n": 1}
    assert change.new_document == {"n": 2}


def test_operations_do_not_change_when_the_next_turn_goes_on_with_their_values():
    client = Client({"rows": []})
    mine = {"tags": ["a"]}
    draft = open_draft(client.state)
    draft["rows"].append(mine)
    finished = finish(draft)
    change = Change(client.state, finished.state, touched=finished.touched, encoder=client.encoder)
    sent = dumps(change.operations)
    mine["tags"].append("b")
    draft = open_draft(finished.state)
    draft["rows"][0]["tags"].append("c")
    finish(draft)
    assert dumps(change.operations) == sent


def test_a_tree_that_is_json_is_its_own_document():
    state = {"rows": [{"n": 1}]}
    draft = open_draft(state)
    draft["rows"].append({"n": 2})
    finished = finish(draft)
    change = Change(state, finished.state, touched=finished.touched, encoder=DocumentEncoder())
    assert change.old_document is state
    assert change.new_document is finished.state


def test_a_frozen_dataclass_costs_what_changed():
    client = Client(table(100))
    rows = client.state.rows
    client.commit(replace(client.state, rows=(*rows[:50], Row(50, "new"), *rows[51:])))
    encoded = []

    class Watched(DocumentEncoder):
        __slots__ = ()

        def _encode_form(self, form: Any) -> Any:
            encoded.append(form)
            return super()._encode_form(form)

    client.encoder = Watched()
    client.commit(client.state)
    assert len(encoded) == 102
    encoded.clear()
    rows = client.state.rows
    operations = client.commit(replace(client.state, rows=(Row(-1, "first"), *rows)))
    assert operations == [{"op": "add", "path": "/rows/0", "value": {"id": -1, "name": "first"}}]
    assert len(encoded) == 3  # the table, its tuple of rows and the new row


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (Loose("a", [1, 2, 3, 4, 5, 6]), Loose("b", [1, 2, 3, 4, 5, 6]), "/title"),
        (Model(title="a", rows=[{"n": 1}] * 9), Model(title="b", rows=[{"n": 1}] * 9), "/title"),
        (table(9), replace(table(9), title="b"), "/title"),
    ],
)
def test_states_of_other_types_are_compared_as_documents(old, new, path):
    (operation,) = Client(old).commit(new)
    assert (operation["op"], operation["path"]) == ("replace", path)


def test_a_state_may_become_another_type():
    client = Client({"title": "t", "rows": [{"id": 0, "name": "row 0"}]})
    assert client.commit(table(1)) == []
    assert client.commit(Model(title="t", rows=[{"id": 0}])) == [
        {"op": "remove", "path": "/rows/0/name"}
    ]
    assert client.commit({"title": "t"}) == [{"op": "remove", "path": "/rows"}]
    assert client.commit([1]) == [{"op": "replace", "path": "", "value": [1]}]


def test_a_copied_state_that_was_changed_in_place_is_seen():
    client = Client(Loose("a", [{"n": 1}]))
    working = copy.deepcopy(client.state)
    working.rows[0]["n"] = 2
    assert client.commit(working) == [{"op": "replace", "path": "/rows/0/n", "value": 2}]
    working = copy.deepcopy(client.state)
    working.rows.append(5)
    assert client.commit(working) == [{"op": "add", "path": "/rows/1", "value": 5}]


def test_a_list_inside_a_frozen_dataclass_that_was_changed_in_place_is_seen():
    rows: list[Any] = [Row(1, "a")]
    state = Table("t", rows)  # type: ignore[arg-type]
    client = Client(state)
    rows.append(Row(2, "b"))
    client.encoder.encode(client.state)
    assert client.encoder.encode(dataclasses.replace(state))["rows"] == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": "b"},
    ]


def test_the_key_that_the_channel_names_is_used():
    old = [{"slug": str(i), "note": "x" * 40} for i in range(9)]
    change = Change(old, [old[-1], *old[:-1]], key="slug", encoder=DocumentEncoder())
    assert change.operations == [{"op": "move", "from": "/8", "path": "/0"}]


def test_a_session_goes_on_with_the_form_that_a_class_had():
    @dataclass
    class Money:
        cents: int

    client = Client({"price": Money(250), "note": "x" * 90})
    client.handle(lambda draft: draft["price"].__setattr__("cents", 300))
    register(Money)(lambda money: f"{money.cents / 100:.2f}")
    assert encode(Money(250)) == "2.50"
    change = Change(client.state, {**client.state, "price": Money(400)}, encoder=client.encoder)
    assert change.operations == [{"op": "replace", "path": "/price/cents", "value": 400}]


def test_a_class_that_had_no_form_gets_the_one_that_is_registered():
    class Sensor:
        pass

    client = Client({"n": 1})
    with pytest.raises(EncodeError, match="register the class"):
        client.handle(lambda draft: draft.update(n=Sensor()))
    register(Sensor)(lambda _: [1, Sensor])
    with pytest.raises(EncodeError):
        client.handle(lambda draft: draft.update(n=Sensor()))
    register(Sensor)(lambda _: "off")
    assert client.handle(lambda draft: draft.update(n=Sensor())) == [
        {"op": "replace", "path": "/n", "value": "off"}
    ]


def test_ignored_keys_are_neither_compared_nor_sent():
    encoder = DocumentEncoder()
    change = Change(
        {"__meta__": 1, "a": 1, "note": "x" * 50},
        {"__meta__": 2, "a": {"__meta__": 3, "n": 1}, "note": "x" * 50},
        encoder=encoder,
    )
    assert change.operations == [{"op": "replace", "path": "/a", "value": {"n": 1}}]
    assert change.new_document == {"a": {"n": 1}, "note": "x" * 50}


@given(states, st.lists(programs, max_size=10))
def test_a_client_that_holds_only_patches_keeps_up(base, turns):
    client = Client(base)
    for turn, program in enumerate(turns):
        draft = open_draft(client.state)
        hand = Hand(draft)
        for seed in program:
            hand.change(seed)
        finished = finish(draft, {**draft} if turn % 3 == 2 else draft)
        client.commit(finished.state, finished.touched)


RICH = [
    None, 1, "a", 1.5, (1, [2]), datetime.date(2026, 1, 31), Decimal("1.5"), {1, 2}, {"b"},
    Loose("a", [1]), Row(1, "a"), numpy.float64(1.5), numpy.arange(2), b"ab", "2026-01-31",
    {"id": 1, "name": "a"}, [1, 2], [0, 1], bytearray(b"ab"), Taught([1]), Holder([1]),
    Holder((1, [2])), Holder(Holder([{"n": 1}])), AttrsHolder([1]), StructHolder([1]),
    Settled(rows=[1]), Settled(rows=[{"n": [1]}]), (Holder([1]), Taught([2])),
]  # fmt: skip
rich = st.recursive(
    st.sampled_from(RICH).map(copy.deepcopy),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    ),
    max_leaves=12,
)
rich_states = st.dictionaries(st.sampled_from("abc"), rich, max_size=3)


@given(rich_states, rich_states, st.data())
def test_a_client_keeps_up_with_trees_that_hold_other_values(first, second, data):
    client = Client(first)
    client.handle(lambda draft: {**copy.deepcopy(first)})
    client.handle(lambda draft: {**draft, **second})

    def handler(draft: Any) -> None:
        for key in data.draw(st.lists(st.sampled_from("abc"), max_size=3)):
            part = draft.setdefault(key, [])
            if isinstance(part, list):
                part.insert(data.draw(st.integers(0, 3)), data.draw(rich))
            elif isinstance(part, dict):
                part[data.draw(st.sampled_from("abc"))] = data.draw(rich)
            elif isinstance(part, set):
                part.clear()
            elif isinstance(part, HOLDERS) and isinstance(part.rows, list):
                # pydantic dumps its models itself: they hold what it knows
                inner = states if isinstance(part, Settled) else rich
                part.rows.append(data.draw(inner))
            else:
                draft[key] = data.draw(rich)
            held.append(draft[key])

    held: list[Any] = []
    for _ in range(2):
        base, before = client.state, dumps(encode(client.state))
        client.handle(handler)
        after = dumps(encode(client.state))
        for part in held:
            if type(part) is set:
                part.add("later")
            elif type(part) in HOLDERS and type(part.rows) is list:
                part.rows.append("later")
        assert dumps(encode(base)) == before
        assert dumps(encode(client.state)) == after

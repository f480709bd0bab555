import copy
import dataclasses
import datetime
import decimal
import enum
import gc
import pathlib
import subprocess
import sys
import uuid
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import attrs
import msgspec
import numpy
import pandas
import polars
import pydantic
import pytest
from hypothesis import given

from livestate_nb.codec import dumps, loads
from livestate_nb.errors import DraftError, EncodeError
from livestate_nb.state.draft import finish, open_draft
from livestate_nb.state.encoder import DocumentEncoder, encode
from tests.state.judge import is_same
from tests.state.trees import states


@dataclass
class Loose:
    name: str
    parts: list[Any] = dataclasses.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Frozen:
    name: str
    parts: tuple[Any, ...] = ()


@attrs.define
class Defined:
    name: str
    _hidden: int = 1


@attrs.frozen
class FrozenAttrs:
    parts: tuple[int, ...]


class Struct(msgspec.Struct, rename="camel", tag=True):
    first_name: str
    age: int | msgspec.UnsetType = msgspec.UNSET


class Tagless(msgspec.Struct, frozen=True):
    parts: tuple[int, ...]


class Kinded(msgspec.Struct, tag_field="kind", tag="k"):
    n: int


class Color(enum.Enum):
    RED = "red"
    PAIR = (1, 2)


class Level(enum.IntEnum):
    LOW = 1


class Name(enum.StrEnum):
    ANN = "ann"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Model(pydantic.BaseModel):
    name: str
    when: datetime.datetime
    inner: "Model | None" = None
    secret: str = pydantic.Field(default="s", exclude=True)

    @pydantic.computed_field
    @property
    def length(self) -> int:
        return len(self.name)


class Point(NamedTuple):
    x: int
    y: int


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "not this"


UTC = datetime.UTC
PARIS = ZoneInfo("Europe/Paris")

FORMS = [
    (None, None),
    (True, True),
    (0, 0),
    (-0.0, -0.0),
    (1e300, 1e300),
    (2**53 + 1, 2**53 + 1),
    (2**64 - 1, 2**64 - 1),
    (-(2**63), -(2**63)),
    ("\U0001f600é", "\U0001f600é"),
    ((1, (2, [3])), [1, [2, [3]]]),
    (Point(1, 2), [1, 2]),
    ({3, 1, 2}, [1, 2, 3]),
    (frozenset("ba"), ["a", "b"]),
    ({1, "a", None}, ['a', 1, None]),
    ({2.5, 1}, [1, 2.5]),
    ({frozenset({2, 1}), frozenset({3})}, [[1, 2], [3]]),
    ({datetime.date(2026, 2, 1), datetime.date(2026, 1, 31)}, ["2026-01-31", "2026-02-01"]),
    (set(), []),
    (OrderedDict(a=1), {"a": 1}),
    (Counter("aab"), {"a": 2, "b": 1}),
    ({Name.ANN: 1, Text("t"): 2}, {"ann": 1, "t": 2}),
    (Text("text"), "text"),
    (Color.RED, "red"),
    (Color.PAIR, [1, 2]),
    (Level.LOW, 1),
    (Name.ANN, "ann"),
    (Rights.READ | Rights.WRITE, 3),
    (datetime.datetime(2026, 1, 31, 12, 30), "2026-01-31T12:30:00"),
    (datetime.datetime(2026, 1, 31, 12, 30, 0, 5, UTC), "2026-01-31T12:30:00.000005Z"),
    (datetime.datetime(2026, 1, 31, 12, 30, tzinfo=PARIS), "2026-01-31T12:30:00+01:00"),
    (datetime.date(2026, 1, 31), "2026-01-31"),
    (datetime.time(12, 30, 1), "12:30:01"),
    (datetime.time(12, 30, tzinfo=UTC), "12:30:00Z"),
    (datetime.timedelta(0), "PT0S"),
    (datetime.timedelta(days=1), "P1D"),
    (datetime.timedelta(days=1, hours=1, microseconds=500_000), "P1DT3600.5S"),
    (datetime.timedelta(seconds=-1.5), "-PT1.5S"),
    (datetime.timedelta(microseconds=1), "PT0.000001S"),
    (decimal.Decimal("1.10"), "1.10"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (pathlib.PurePosixPath("/a/b"), "/a/b"),
    (b"\xff\x00", "/wA="),
    (bytearray(b"a"), "YQ=="),
    (memoryview(b"a"), "YQ=="),
    (Loose("a", [Frozen("b", (1,))]), {"name": "a", "parts": [{"name": "b", "parts": [1]}]}),
    (Defined("a"), {"name": "a", "_hidden": 1}),
    (Struct("ann"), {"type": "Struct", "firstName": "ann"}),
    (Struct("ann", 5), {"type": "Struct", "firstName": "ann", "age": 5}),
    (Kinded(1), {"kind": "k", "n": 1}),
    (Tagless((1,)), {"parts": [1]}),
    (
        Model(name="a", when="2026-01-31T00:00:00Z", inner=Model(name="bc", when=0)),
        {
            "name": "a", "when": "2026-01-31T00:00:00Z", "length": 1,
            "inner": {"name": "bc", "when": "1970-01-01T00:00:00Z", "length": 2, "inner": None},
        },
    ),
    (numpy.float64(1.5), 1.5),
    (numpy.float32(0.5), 0.5),
    (numpy.longdouble(0.5), 0.5),
    (numpy.int8(5), 5),
    (numpy.uint64(2**64 - 1), 2**64 - 1),
    (numpy.bool_(True), True),
    (numpy.str_("a"), "a"),
    (numpy.datetime64("2026-01-31T12:00"), "2026-01-31T12:00:00"),
    (numpy.timedelta64(90, "s"), "PT90S"),
    (numpy.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    (numpy.array(5), 5),
    (numpy.array([]), []),
    (numpy.array([1, "a", None, {2}], dtype=object), [1, "a", None, [2]]),
    (numpy.array(["2026-01-31"], dtype="M8[ns]"), ["2026-01-31T00:00:00"]),
    (
        pandas.DataFrame(
            {
                "n": [1, 2], 7: [1.5, None], "s": ["a", None],
                "t": [pandas.Timestamp("2026-01-31", tz="UTC"), pandas.NaT],
            },
            index=["x", "y"],
        ),
        [
            {"n": 1, "7": 1.5, "s": "a", "t": "2026-01-31T00:00:00Z"},
            {"n": 2, "7": None, "s": None, "t": None},
        ],
    ),
    (pandas.DataFrame(), []),
    (pandas.Series([1, None], dtype="Int64"), [1, None]),
    (pandas.Series(["a", "b"], dtype="category"), ["a", "b"]),
    (pandas.Series([True, False]), [True, False]),
    (pandas.Timestamp("2026-01-31 12:00"), "2026-01-31T12:00:00"),
    (pandas.Timedelta("1 day"), "P1D"),
    (
        polars.DataFrame({"n": [1, None], "d": [datetime.date(2026, 1, 31)] * 2}),
        [{"n": 1, "d": "2026-01-31"}, {"n": None, "d": "2026-01-31"}],
    ),
    (polars.Series([[1], []]), [[1], []]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "form"), FORMS)
def test_every_type_has_its_form(value, form):
    for wrapped, expected in ((value, form), ({"a": [value]}, {"a": [form]}), ((value,), [form])):
        document = encode(wrapped)
        assert is_same(document, expected)
        assert loads(dumps(document)) == expected


@given(states)
def test_a_tree_that_is_json_already_is_returned_as_it_is(state):
    assert encode(state) is state


def test_the_parts_of_a_tree_that_are_json_already_are_kept():
    state = {"a": {"n": [1]}, "b": {1}, "c": [{"n": 1}, datetime.date.max, {"m": 2}], "d": {"k": 1}}
    kept = copy.deepcopy(state)
    document = encode(state)
    assert document["a"] is state["a"]
    assert document["c"][0] is state["c"][0]
    assert document["c"][2] is state["c"][2]
    assert document["d"] is state["d"]
    assert list(document) == list(state)
    assert state == kept


class Opaque:
    pass


REFUSED = [
    (float("nan"), "JSON has no nan"),
    (float("inf"), "JSON has no inf"),
    (-float("inf"), "JSON has no -inf"),
    (2**64, "beyond 64 bits"),
    (-(2**63) - 1, "beyond 64 bits"),
    ("a\ud800", "lone surrogate"),
    (Opaque(), "Opaque .* is of no type that the encoder knows"),
    (Opaque, "is of no type that the encoder knows"),
    (lambda: 1, "function"),
    (1j, "complex"),
    (iter([1]), "iterator"),
    (decimal.Decimal, "is of no type"),
    (pandas.NaT, "JSON has no NaT"),
    (pandas.NA, "NAType"),
    (numpy.float64("nan"), "JSON has no nan"),
    (numpy.complex64(1j), "JSON has no complex numbers"),
    (numpy.datetime64("NaT"), "JSON has no NaT"),
    (polars.LazyFrame({"a": [1]}), "LazyFrame"),
    (
        pandas.DataFrame([[1, 2]], columns=["a", "a"]),
        "two columns of the frame have one name: a, a",
    ),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_what_has_no_json_form_is_refused_with_its_path(value, reason):
    for wrapped, path in (
        (value, ""),
        ({"a": [1, {"~/": value}]}, "/a/1/~0~1"),
        ((0, Loose("a", [value])), "/1/parts/0"),
        ({"f": Frozen("a", (1, value))}, "/f/parts/1"),
        ({"tags": {"x": [None] * 3 + [value]}}, "/tags/x/3"),
    ):
        with pytest.raises(EncodeError, match=reason) as caught:
            encode(wrapped)
        assert caught.value.path == path
        assert caught.value.value is value or isinstance(value, numpy.float64)
        assert repr(path) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": numpy.array([1.0, float("nan")])}, "/a/1"),
        ({"a": numpy.array([[1.0], [float("inf")]])}, "/a/1/0"),
        ({"a": pandas.DataFrame({"n": [1.0, float("inf")]})}, "/a/1/n"),
        ({"a": polars.DataFrame({"n": [1.0, float("nan")]})}, "/a/1/n"),
        ({"a": numpy.array(["2026", "NaT"], dtype="M8[s]")}, "/a"),
        ({"a": {1.0, float("nan")}}, "/a"),
        ({"a": {frozenset({1j})}}, "/a"),
        (Struct("a\ud800"), "/firstName"),
        (FrozenAttrs((1, 2**70)), "/parts/1"),
    ],
)
def test_what_is_inside_arrays_frames_and_sets_is_refused_with_its_path(value, path):
    with pytest.raises(EncodeError) as caught:
        encode(value)
    assert caught.value.path == path


@pytest.mark.parametrize("key", [1, None, True, 1.5, (1,), b"a", Level.LOW, datetime.date.max])
def test_a_key_that_is_no_text_is_refused_with_the_path_to_its_object(key):
    for wrapped in ({"a": [{"b": 1, key: 2}]}, {"a": (Loose("x", {key: 1}),)}):
        with pytest.raises(EncodeError, match="keys of an object must be str") as caught:
            encode(wrapped)
        assert caught.value.path.startswith("/a/0")
        assert caught.value.value is key


@pytest.mark.parametrize(
    ("key", "reason"), [("__proto__", "prototype"), ("\ud800", "lone surrogate")]
)
def test_a_key_that_harms_clients_is_refused(key, reason):
    with pytest.raises(EncodeError, match=reason) as caught:
        encode({"a": {key: 1}})
    assert caught.value.path == "/a"


def test_constructor_and_prototype_are_names_as_any_other():
    state = {"constructor": {"prototype": 1}}
    assert encode(state) is state


def test_a_value_that_contains_itself_or_goes_too_deep_is_refused():
    knot: list[Any] = []
    knot.append(knot)
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    for value in (knot, deep, Loose("a", knot)):
        with pytest.raises(EncodeError, match="nested too deeply, or contains itself"):
            encode(value)


def test_nesting_of_300_works():
    deep: Any = datetime.date(2026, 1, 31)
    for _ in range(150):
        deep = {"a": [deep]}
    assert dumps(encode(deep)).count(b"2026-01-31") == 1


def test_a_pydantic_model_that_cannot_be_dumped_is_refused():
    class Odd(pydantic.BaseModel, arbitrary_types_allowed=True):
        thing: Opaque

    with pytest.raises(EncodeError, match="pydantic cannot dump the model"):
        encode({"a": Odd(thing=Opaque())})


def test_a_draft_is_encoded_as_what_it_is_now():
    draft = open_draft({"rows": [{"n": 1}]})
    draft["rows"].append({"when": datetime.date(2026, 1, 31)})
    document = encode({"seen": draft["rows"]})
    assert is_same(document, {"seen": [{"n": 1}, {"when": "2026-01-31"}]})
    rows = draft["rows"]
    finish(draft)
    with pytest.raises(DraftError):
        encode({"seen": rows})


# what is not sent


def test_ignored_keys_and_fields_are_never_sent():
    @dataclass
    class Record:
        n: int
        __meta__: str = "m"

    assert encode({"__meta__": 1, "a": Record(1), "b": [{"c": 1, "__meta__": object()}]}) == {
        "a": {"n": 1},
        "b": [{"c": 1}],
    }
    encoder = DocumentEncoder(ignored={"n", "é"})
    assert encoder.encode({"__meta__": 1, "a": Record(1), "é": 2, "m": 1}) == {
        "__meta__": 1, "a": {"__meta__": "m"}, "m": 1,
    }  # fmt: skip


# what is remembered


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (Frozen("a", (Frozen("b", (1, 2)),)), lambda document: document["parts"][0]),
        (FrozenAttrs((1, 2)), lambda document: document["parts"]),
        (Tagless((1, 2)), lambda document: document["parts"]),
        ((Frozen("a"), datetime.date.max), lambda document: document[0]),
        (Frozen("a", (frozenset({1}), Color.PAIR, None)), lambda document: document["parts"]),
        ((numpy.arange(3), 1), lambda document: document[0]),
        ((pandas.DataFrame({"a": [1]}), 1), lambda document: document[0]),
        ((polars.Series([1]), 1), lambda document: document[0]),
    ],
)
def test_parts_that_cannot_change_are_encoded_once(whole, part):
    encoder = DocumentEncoder()
    document = encoder.encode({"a": whole, "b": [1]})["a"]
    assert encoder.encode([whole])[0] is document
    inner = whole.parts if hasattr(whole, "parts") else whole
    assert part(encoder.encode({"other": (whole, inner)})["other"][0]) is part(document)


@pytest.mark.parametrize(
    "make",
    [
        lambda inner: Frozen("a", (inner,)),
        lambda inner: (1, (inner,)),
        lambda inner: Tagless((inner,)),
        lambda inner: FrozenAttrs((inner,)),
        lambda inner: Frozen("a", (Loose("b", inner),)),
    ],
)
def test_what_can_change_inside_what_cannot_is_seen(make):
    inner = [1]
    whole = make(inner)
    encoder = DocumentEncoder()
    before = dumps(encoder.encode({"a": whole}))
    inner.append(2)
    assert dumps(encoder.encode({"a": whole})) != before


def test_what_can_change_is_encoded_anew():
    encoder = DocumentEncoder()
    loose, tags, record = Loose("a"), {1}, Defined("a")
    state = {"a": loose, "b": tags, "c": (record,), "d": Struct("x")}
    encoder.encode(state)
    loose.name, record.name, state["d"].first_name = "b", "b", "y"
    tags.add(2)
    assert encoder.encode(state) == {
        "a": {"name": "b", "parts": []}, "b": [1, 2], "c": [{"name": "b", "_hidden": 1}],
        "d": {"type": "Struct", "firstName": "y"},
    }  # fmt: skip


def test_a_pydantic_model_is_dumped_anew_even_if_it_is_frozen():
    answers = iter("abc")

    class Settled(pydantic.BaseModel, frozen=True):
        n: int

        @pydantic.computed_field
        @property
        def now(self) -> str:
            return next(answers)

    state = (Settled(n=1),)
    encoder = DocumentEncoder()
    assert encoder.encode(state) == [{"n": 1, "now": "a"}]
    assert encoder.encode(state) == [{"n": 1, "now": "b"}]


def test_an_object_at_the_address_of_a_forgotten_one_is_not_mistaken_for_it():
    encoder = DocumentEncoder()
    for n in range(2000):
        assert encoder.encode(Frozen("a", (n,))) == {"name": "a", "parts": [n]}
        assert encoder.encode((n, n)) == [n, n]


def test_what_the_last_states_do_not_hold_is_forgotten():
    encoder = DocumentEncoder()
    rows = tuple(Frozen(f"row {i}", (i,)) for i in range(150))
    for n in range(2000):
        changed = (*rows[: n % 100], Frozen("new"), *rows[n % 100 + 1 :])
        state = Frozen(f"state {n}", (*changed, rows[0]))
        document = encoder.encode(state)
    gc.collect()
    things = gc.get_objects()
    assert sum(isinstance(thing, Frozen) for thing in things) < 400
    assert sum(type(thing) is list and len(thing) == 151 for thing in things) < 20
    again = encoder.encode(dataclasses.replace(state, name="again"))
    assert again["parts"] is document["parts"]


def test_an_encoder_says_whether_what_it_encoded_last_can_change():
    encoder = DocumentEncoder()
    for value, is_constant in (
        (Frozen("a", (1, (2, datetime.date.max))), True),
        (Frozen("a", ([],)), False),
        (Loose("a"), False),
        ({}, False),
        (1, True),
        (Frozen("a", (numpy.arange(3),)), True),
    ):
        for _ in range(2):
            encoder.encode(value)
            assert encoder.was_constant is is_constant


def test_a_refusal_leaves_the_encoder_as_it_was():
    encoder = DocumentEncoder()
    good, bad = Frozen("a", (1,)), Frozen("b", (1, object()))
    document = encoder.encode([good])
    with pytest.raises(EncodeError):
        encoder.encode((good, bad))
    assert encoder.encode([good])[0] is document[0]


def test_the_document_of_the_last_committed_state_is_not_made_twice():
    encoder = DocumentEncoder()
    state = Loose("a", [1])
    document = encoder.encode_state(state)
    assert encoder.encode_state(state) is document
    assert encoder.encode_state(Loose("a", [1])) is not document
    assert encoder.encode_state(state) is not document


def test_no_library_is_imported_that_the_user_did_not():
    code = (
        "import sys, livestate_nb.state.encoder as e, livestate_nb.state.change\n"
        "e.encode({'a': (1, e.DocumentEncoder, )[:1], 'b': {1}})\n"
        "print({'pydantic', 'attrs', 'attr', 'numpy', 'pandas', 'polars'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"

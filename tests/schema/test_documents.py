"""What the encoder sends of a type is what the type's schema says."""

import datetime as dt
import decimal
import enum
import pathlib
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    LiteralString,
    NamedTuple,
    NewType,
    NotRequired,
    TypedDict,
)

import attrs
import jsonschema
import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pydantic
import pytest
from typing_extensions import TypeAliasType

from livestate_nb.errors import DeclarationError
from livestate_nb.schema.definitions import Definitions
from livestate_nb.schema.documents import DocumentSchemas
from livestate_nb.schema.typescript import typescript_of
from livestate_nb.state.encoder import IGNORED_KEYS, encode, register

T = typing.TypeVar("T")
UserId = NewType("UserId", int)


class Color(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Todo:
    """A thing to do."""

    title: str
    is_done: bool = False
    parts: "list[Todo]" = field(default_factory=list)
    serial: int = field(init=False, default=0)


@dataclass
class Note:
    text: str


@dataclass
class Page(Generic[T]):
    rows: list[T]
    next: "Page[T] | None" = None


@dataclass
class Todos(Page[Todo]):
    total: int = 0


@dataclass
class Box(Generic[T]):
    value: T


class Entry(TypedDict):
    title: str
    due: NotRequired[dt.date]


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Struct(msgspec.Struct, rename="camel", tag=True):
    first_name: str
    last_name: str | msgspec.UnsetType = msgspec.UNSET
    age: int = 0


class Row(msgspec.Struct, array_like=True, omit_defaults=True):
    a: int
    b: int = 2


@attrs.define
class Attrs:
    x: int
    y: list[int] = attrs.field(factory=list)


class Model(pydantic.BaseModel):
    name: str = pydantic.Field(default="x", alias="theName")
    due: dt.datetime | None = None
    children: list["Model"] = []

    @pydantic.computed_field
    def loud(self) -> str:
        return self.name.upper()


class Sent(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(serialize_by_alias=True)
    id: int = pydantic.Field(serialization_alias="ID")
    secret: str = pydantic.Field(default="", exclude=True)


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class Cart:
    total: int

    def __init__(self) -> None:
        self.total = 3

    @property
    def label(self) -> str:
        return f"{self.total} things"


@dataclass
class Account:
    name: str
    password: str
    balance: Money


@pytest.fixture(autouse=True, scope="module")
def _taught() -> Iterator[None]:
    @register(Money)
    def form_of_money(money: Money) -> str:
        return f"{money.cents / 100:.2f}"

    register(Cart, only=("total", "label"))
    register(Account, exclude={"password"})
    return


def schema_of(kind: Any, ignored: frozenset[str] = IGNORED_KEYS) -> dict[str, Any]:
    definitions = Definitions()
    root = DocumentSchemas(definitions, ignored).of(kind)
    return {"$comment": "", "$ref": "#/$defs/Root", "$defs": definitions.resolve({"Root": root})}


def declared(kind: Any, ignored: frozenset[str] = IGNORED_KEYS) -> str:
    """The TypeScript of a type, without the comment on top."""
    return typescript_of(schema_of(kind, ignored)).partition("\n\n")[2]


def validate(value: Any, kind: Any) -> None:
    jsonschema.Draft202012Validator(schema_of(kind)).validate(encode(value))


NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
SAMPLES: list[tuple[Any, str, Any, Any]] = [
    # type, its TypeScript, a value, another type's value
    (None, "null", None, 1),
    (bool, "boolean", True, "true"),
    (int, "number", 2**60, 1.5),
    (float, "number", 1.5, "1.5"),
    (str, "string", "a", 1),
    (LiteralString, "string", "a", 1),
    (UserId, "number", UserId(1), "1"),
    (int | str | None, "number | string | null", "a", 1.5),
    (Literal["a", 1] | None, '"a" | 1 | null', 1, "b"),
    (Literal[Color.RED], '"red"', Color.RED, Color.ONE),
    (list[int], "number[]", [1], ["1"]),
    (Sequence[int | None], "(number | null)[]", (1, None), ["1"]),
    (set[str], "string[]", {"b", "a"}, {1}),
    (frozenset[int], "number[]", frozenset({1}), 1),
    (tuple[int, ...], "number[]", (1, 2), ("a",)),
    (tuple[int, str], "[number, string]", (1, "a"), (1, "a", 2)),
    (tuple[()], "[]", (), (1,)),
    (list, "unknown[]", [1, "a"], 1),
    (dict[str, int], "Record<string, number>", {"a": 1}, {"a": "1"}),
    (Mapping[str, list[int]], "Record<string, number[]>", {"a": [1]}, {"a": 1}),
    (dict[Literal["a", "b"], int], 'Partial<Record<"a" | "b", number>>', {"a": 1}, {"c": 1}),
    (dict, "Record<string, unknown>", {"a": [1]}, [1]),
    (dt.datetime, "string", NOW, 1),
    (dt.date, "string", NOW.date(), 1),
    (dt.time, "string", NOW.time(), 1),
    (dt.timedelta, "string", dt.timedelta(1, 2), 1),
    (decimal.Decimal, "string", decimal.Decimal("1.50"), 1.5),
    (uuid.UUID, "string", uuid.UUID(int=1), 1),
    (pathlib.Path, "string", pathlib.Path("a/b"), 1),
    (pathlib.Path | str, "string", pathlib.Path("a/b"), 1),
    (bytes, "string", b"bytes", 1),
    (memoryview, "string", memoryview(b"bytes"), 1),
    (np.float64, "number", np.float64(1.5), "a"),
    (np.int8, "number", np.int8(1), 1.5),
    (np.bool, "boolean", np.bool(True), 1),
    (npt.NDArray[np.float64], "unknown[]", np.zeros((2, 2)), 1),
    (pd.DataFrame, "Record<string, unknown>[]", pd.DataFrame({"a": [1]}), [1]),
    (pd.Series, "unknown[]", pd.Series([1]), 1),
    (pl.DataFrame, "Record<string, unknown>[]", pl.DataFrame({"a": [1]}), [1]),
    (Money, "string", Money(150), 1.5),
    (list[Money | None], "(string | null)[]", [Money(1), None], [1]),
    (Right, "number", Right.READ | Right.WRITE, "READ"),
    (Annotated[int, msgspec.Meta(ge=1)], "number", 1, 0),
    (Annotated[list[str], msgspec.Meta(min_length=1)], "string[]", ["a"], []),
    (Annotated[int | None, msgspec.Meta(description="n")], "number | null", None, "a"),
    (Annotated[int | None, msgspec.Meta(ge=1)], "number | null", 0, "a"),
    (Annotated[Any, "a note"], "unknown", 1, None),
    (Any, "unknown", [1], None),
    (object, "unknown", [1], None),
]

NAMED: list[tuple[Any, str, list[Any]]] = [
    (Color, 'type Color = "red" | 1;', list(Color)),
    (Level, "type Level = 1;", [Level.LOW]),
    (
        Todo,
        "interface Todo { title: string; is_done: boolean; parts: Todo[]; serial: number; }",
        [Todo("a"), Todo("a", True, [Todo("b")])],
    ),
    (
        Page[Note],
        "interface PageNote { rows: Note[]; next: PageNote | null; }",
        [Page([Note("a")], Page([]))],
    ),
    (Todos, "interface Todos { rows: Todo[]; next: PageTodo | null; total: number; }", [Todos([])]),
    (Box[int], "interface BoxInt { value: number; }", [Box(1)]),
    (Box, "interface Box { value: unknown; }", [Box("a")]),
    (
        Entry,
        "interface Entry { title: string; /** @format date */ due?: string; }",
        [{"title": "a"}, {"title": "a", "due": NOW.date()}],
    ),
    (Point, "type Point = [number, number];", [Point(1, 2), Point(1)]),
    (
        Struct,
        'interface Struct { type: "Struct"; firstName: string; lastName?: string; age: number; }',
        [Struct("a"), Struct("a", "b")],
    ),
    (Row, "interface Row { a: number; b: number; }", [Row(1), Row(1, 3)]),
    (Attrs, "interface Attrs { x: number; y: number[]; }", [Attrs(1), Attrs(1, [2])]),
    (
        Model,
        "interface Model { name: string; due: string | null; children: Model[]; loud: string; }",
        [Model(), Model(theName="a", due=NOW, children=[Model()])],
    ),
    (Sent, "interface Sent { ID: number; }", [Sent(id=1)]),
    (Cart, "interface Cart { total: number; label: string; }", [Cart()]),
    (Account, "interface Account { name: string; balance: string; }", [Account("a", "", Money(1))]),
]


@pytest.mark.parametrize(
    ("kind", "told", "value", "other"),
    SAMPLES,
    ids=[f"{number}: {told}" for number, (_, told, _, _) in enumerate(SAMPLES)],
)
def test_what_is_sent_fits_its_type(kind: Any, told: str, value: Any, other: Any) -> None:
    assert declared(kind).splitlines()[-1] == f"export type Root = {told};"
    validate(value, kind)
    if told != "unknown":
        with pytest.raises(jsonschema.ValidationError):
            validate(other, kind)


@pytest.mark.parametrize(("kind", "told", "values"), NAMED, ids=lambda one: str(one)[:20])
def test_classes_keep_their_names_and_say_what_is_sent_of_them(
    kind: Any, told: str, values: list[Any]
) -> None:
    assert f"export {told}" in " ".join(declared(kind).split())
    for value in values:
        validate(value, kind)
        validate([value, {}], list[kind | dict[str, str]])
    with pytest.raises(jsonschema.ValidationError):
        validate("neither", kind)


def test_aliases_keep_their_names() -> None:
    names = TypeAliasType("Names", list[str])
    pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))
    assert "Root = Names;\n\nexport type Names = string[];" in declared(names)
    assert "Root = PairInt;\n\nexport type PairInt = [number, number];" in declared(pair[int])


def test_descriptions_become_comments() -> None:
    class Described(TypedDict):
        by_msgspec: Annotated[int, msgspec.Meta(description="How many.")]
        by_pydantic: Annotated[Note, pydantic.Field(description="What is noted.")]

    assert "  /** How many. */\n  by_msgspec: number;" in declared(Described)
    assert "  /** What is noted. */\n  by_pydantic: Note;" in declared(Described)


def test_attributes_of_a_taught_class_are_known_by_its_annotations() -> None:
    class Base:
        kind: ClassVar[str] = "taught"
        size: Final[int] = 3
        name: str

        def __init__(self) -> None:
            self.name, self.secret = "a", "b"

        @property
        def loud(self):  # type: ignore[no-untyped-def]  # not annotated
            return self.name.upper()

    class Heir(Base): ...

    register(Base, exclude={"secret"})
    assert "Base { size: number; name: string; }" in " ".join(declared(Base).split())
    register(Heir, only=("loud", "size"))
    assert "Heir { loud: unknown; size: number; }" in " ".join(declared(Heir).split())


def test_classes_may_be_alternatives() -> None:
    kind = list[Todo | Note | Entry | None]
    assert "export type Root = (Todo | Note | Entry | null)[];" in declared(kind)
    validate([Todo("a"), Note("b"), {"title": "c"}, None], kind)


def test_ignored_fields_are_not_in_the_types() -> None:
    class Inner(pydantic.BaseModel):
        password: str
        inner: "Inner | None" = None

    class Outer(pydantic.BaseModel):
        inner: Inner

    @dataclass
    class State:
        password: str
        outer: Outer
        todo: Todo

    text = declared(State, frozenset({"password", "is_done"}))
    assert "password" not in text
    assert "is_done" not in text
    assert "outer: Outer;" in text


def test_an_excluded_field_of_a_model_is_not_in_its_type() -> None:
    class Person(pydantic.BaseModel):
        name: str
        password: str
        boss: "Person | None" = None  # whom pydantic dumps, whole

    register(Person, exclude={"password"})
    person = Person(name="a", password="b")
    assert "export interface Person {\n  name: string;\n  boss:" in declared(Person)
    validate(Person(name="a", password="b", boss=person), Person)
    assert "password" not in encode(person)


def test_what_nobody_declared_is_unknown_and_says_so() -> None:
    class Plain: ...

    @register(Plain)
    def form_of_plain(plain):  # type: ignore[no-untyped-def]  # not annotated
        return 1

    class Holder(TypedDict):
        plain: Plain
        call: Callable[[], int]

    for name in ("Plain", "Callable"):
        assert f"  /** {name}: nothing says what is sent of it. */" in declared(Holder)


def test_what_an_annotation_names_must_be_there() -> None:
    @dataclass
    class Broken:
        gone: "Gone"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(DeclarationError, match=r"Broken: cannot resolve its annotations .*Gone"):
        schema_of(Broken)

"""What a handler's payload may be, by the schema, is what its reader accepts."""

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import attrs
import jsonschema
import msgspec
import pydantic
import pydantic.dataclasses
import pytest

from livestate_nb.errors import InvalidPayload
from livestate_nb.payload import reader_of
from livestate_nb.schema.definitions import Definitions
from livestate_nb.schema.payloads import payload_schema
from livestate_nb.schema.typescript import typescript_of


class Color(enum.Enum):
    RED = "red"


@dataclass
class Data:
    title: str
    tags: list[str] = field(default_factory=list)
    child: "Data | None" = None


class Struct(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    first_name: str
    age: Annotated[int, msgspec.Meta(ge=0)] = 0


class Typed(TypedDict):
    title: str
    due: NotRequired[dt.date]


@attrs.define
class Attrs:
    title: str


class Model(pydantic.BaseModel):
    title: str = pydantic.Field(alias="theTitle")
    children: list["Model"] = []


class Strict(pydantic.BaseModel, extra="forbid"):
    n: int = pydantic.Field(ge=1)


@pydantic.dataclasses.dataclass
class Checked:
    """What pydantic reads."""

    title: str = pydantic.Field(alias="theTitle", max_length=3)
    model: Model | None = None
    inner: "Checked | None" = None
    mark: int = field(default=0, init=False)


@pydantic.dataclasses.dataclass
class Leaf:
    n: int = 0


@dataclass
class Around:
    leaf: Leaf


@dataclass
class Holder:
    model: Strict | None
    color: Color = Color.RED


CASES: list[tuple[Any, str, list[Any], list[Any]]] = [
    # annotation, its TypeScript, payloads that it takes, payloads that it refuses
    (
        Data,
        "interface Data { title: string; tags?: string[]; child?: Data | null; }",
        [{"title": "a"}, {"title": "a", "tags": ["b"], "child": {"title": "c"}, "more": 1}],
        [{}, {"title": 1}, {"title": "a", "child": {}}],
    ),
    (
        Struct,
        "interface Struct { firstName: string; age?: number; }",
        [{"firstName": "a"}],
        [{"first_name": "a"}, {"firstName": "a", "age": -1}, {"firstName": "a", "b": 1}],
    ),
    (
        Typed,
        "interface Typed { /** @format date */ due?: string; title: string; }",
        [{"title": "a"}, {"title": "a", "due": "2024-05-06"}],
        [{"due": "2024-05-06"}],
    ),
    (Attrs, "interface Attrs { title: string; }", [{"title": "a"}], [{}, []]),
    (
        Model,
        "interface Model { theTitle: string; children?: Model[]; }",
        [{"theTitle": "a", "children": [{"theTitle": "b"}]}],
        [{"title": "a"}],
    ),
    (Strict, "interface Strict { n: number; }", [{"n": 1}], [{"n": 0}, {"n": 1, "m": 1}]),
    (
        Checked,
        "interface Checked { theTitle: string; model?: Model | null; inner?: Checked | null; }",
        [{"theTitle": "a"}, {"theTitle": "a", "model": {"theTitle": "b"}, "more": 1}],
        [{"title": "a"}, {"theTitle": "long"}, {"theTitle": "a", "model": {"title": "b"}}],
    ),
    (Leaf, "interface Leaf { n?: number; }", [{}, {"n": 1}], [{"n": "x"}, []]),
    (Around, "interface Around { leaf: Leaf; }", [{"leaf": {}}], [{}, {"leaf": {"n": "x"}}]),
    (list[Leaf | None], "type Root = (Leaf | null)[];", [[], [{"n": 1}, None]], [{}, [{"n": "x"}]]),
    (
        Holder,
        "interface Holder { model: Strict | null; color?: Color; }",
        [{"model": None}, {"model": {"n": 1}, "color": "red"}],
        [{"model": {"n": 0}}, {"model": None, "color": "blue"}],
    ),
    (Data | None, "type Root = Data | null;", [None, {"title": "a"}], [1]),
    (list[Data], "type Root = Data[];", [[], [{"title": "a"}]], [{}]),
    (Literal["up", "down"], 'type Root = "down" | "up";', ["up"], ["left", None]),
    (dict[str, int], "type Root = Record<string, number>;", [{}, {"a": 1}], [{"a": "1"}, []]),
    (int, "type Root = number;", [1], ["1", 1.5]),
]


def schema_of(kind: Any) -> dict[str, Any]:
    definitions = Definitions()
    root = payload_schema(kind, definitions)
    return {"$comment": "", "$ref": "#/$defs/Root", "$defs": definitions.resolve({"Root": root})}


@pytest.mark.parametrize(("kind", "told", "taken", "refused"), CASES, ids=lambda one: str(one)[:20])
def test_the_schema_and_the_reader_say_the_same(
    kind: Any, told: str, taken: list[Any], refused: list[Any]
) -> None:
    def handler(self: Any, payload: Any, state: Any) -> None: ...

    handler.__annotations__["payload"] = kind
    read = reader_of(handler, 1, object)
    assert read is not None
    schema = schema_of(kind)
    assert f"export {told}" in " ".join(typescript_of(schema).split())
    judge = jsonschema.Draft202012Validator(schema)
    for payload in taken:
        read(payload)
        judge.validate(payload)
    for payload in refused:
        with pytest.raises(InvalidPayload):
            read(payload)
        with pytest.raises(jsonschema.ValidationError):
            judge.validate(payload)


def test_bytes_travel_as_they_are() -> None:
    text = typescript_of(schema_of(bytes))
    assert "export type Root = ArrayBuffer | ArrayBufferView | string;" in text

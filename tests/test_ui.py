"""Stock elements as they are named in Python: their layout, their module, and what is refused."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from livestate_nb import Channel, ui
from livestate_nb.errors import DeclarationError


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass
class Place:
    city: str = ""
    street: str | None = None


@dataclass
class Todo:
    title: Annotated[str, msgspec.Meta(description="What to do", min_length=1, title="Thing")]
    hours: int
    part: float = 0.5
    is_urgent: bool = False
    priority: Literal["low", "normal", "high"] = "normal"
    size: Size | None = None
    due: date | None = None
    at: datetime | None = None
    alarm: time | None = None
    tags: list[str] = field(default_factory=list)
    place: Place = field(default_factory=Place)
    counts: dict[str, int] = field(default_factory=dict)
    either: int | str = 1
    price: Decimal = Decimal(0)


def fields(schema: Any) -> dict[str, dict[str, Any]]:
    made = ui.form(schema, on="add").layout()["fields"]
    return {one["name"]: {key: one[key] for key in one if key != "name"} for one in made}


# layouts


def test_a_layout_is_json_that_names_parts_and_events() -> None:
    layout = ui.column(
        ui.text("user.name", on="rename", payload={"id": 3}),
        ui.row(ui.progress("done", "total"), ui.log("lines", rows=3)),
        label="Work",
    )
    assert layout.layout() == {
        "kind": "column",
        "label": "Work",
        "children": [
            {"kind": "text", "path": ["user", "name"], "on": "rename", "payload": {"id": 3}},
            {
                "kind": "row",
                "children": [
                    {"kind": "progress", "path": ["done"], "total": ["total"]},
                    {"kind": "log", "path": ["lines"], "rows": 3},
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("rows.0.title", ["rows", "0", "title"]),
        (("rows", 0, "a.b", ""), ["rows", "0", "a.b", ""]),
        ("", []),
        ((), []),
    ],
)
def test_a_path_is_keys(path: ui.Path, keys: list[str]) -> None:
    assert ui.json(path).layout()["path"] == keys


def test_each_control_says_what_it_needs() -> None:
    assert ui.number("n", on="set", min=0, max=1.5, step=0.5, label="N").layout() == {
        "kind": "number",
        "path": ["n"],
        "on": "set",
        "label": "N",
        "min": 0,
        "max": 1.5,
        "step": 0.5,
    }
    mixed = ui.select("c", ["red", 1, None, ["a", 2]], on="set").layout()
    assert mixed["options"] == ["red", 1, None, ["a", 2]]
    assert mixed["labels"] == ["red", "1", "null", '["a",2]']
    named = ui.select("c", {"Red": "r", "2": 1, "1": 2}, on="set").layout()
    assert named["options"] == ["r", 1, 2]
    assert named["labels"] == ["Red", "2", "1"]  # in their order, which an object would lose
    assert "labels" not in ui.select("c", ("a", "b"), on="set").layout()
    assert ui.select("c", "all.colours", on="set").layout()["optionsPath"] == ["all", "colours"]
    assert ui.slider("v", on="set", max=11).layout() == {
        "kind": "slider",
        "path": ["v"],
        "on": "set",
        "min": 0,
        "max": 11,
        "step": 1,
    }
    assert ui.button("Go", on="go", payload={"value": 1}).layout() == {
        "kind": "button",
        "label": "Go",
        "on": "go",
        "payload": {"value": 1},
    }
    assert ui.checkbox("b", on="set").layout() == {"kind": "checkbox", "path": ["b"], "on": "set"}
    assert ui.markdown("notes").layout() == {"kind": "markdown", "path": ["notes"]}
    remote = ui.markdown("notes", remote_media=True)
    assert remote.layout()["remoteMedia"] is True
    assert repr(remote) == "ui.markdown('notes', remote_media=True)"
    assert ui.progress("part").layout() == {"kind": "progress", "path": ["part"], "total": 1}


def test_tables_and_charts_name_keys() -> None:
    table = ui.table("rows", columns=("a", "b"), key="a", on_edit="set", payload={"n": 1}, rows=20)
    assert table.layout() == {
        "kind": "table",
        "path": ["rows"],
        "columns": ["a", "b"],
        "key": "a",
        "onEdit": "set",
        "rows": 20,
        "payload": {"n": 1},
    }
    assert ui.table("rows", columns={"Of A": "a"}).layout()["columns"] == [["Of A", "a"]]
    assert ui.table("rows", on_select="s").layout() == {
        "kind": "table",
        "path": ["rows"],
        "onSelect": "s",
    }
    assert ui.line("p", x="t", y="loss").layout() == {
        "kind": "line",
        "path": ["p"],
        "x": "t",
        "y": ["loss"],
    }
    scatter = ui.scatter("p", x="a b", y=(name for name in ("c", "d")), label="S")
    assert scatter.layout()["y"] == ["c", "d"]
    assert repr(scatter) == "ui.scatter('p', x='a b', y=['c', 'd'], label='S')"


def test_a_payload_is_copied() -> None:
    payload = {"ids": [1]}
    button = ui.button("Go", on="go", payload=payload)
    payload["ids"].append(2)
    assert button.layout()["payload"] == {"ids": [1]}


def test_a_module_holds_its_layout_and_no_way_out_of_it() -> None:
    module = ui.text("</script>\u2028", label="ü").module()
    assert module.startswith('import { layout } from "livestate-nb/ui";\nexport default layout({')
    assert "<" not in module
    assert "\u2028" not in module
    plan = module.partition("layout({")[2].removesuffix(");\n")
    assert json.loads("{" + plan)["path"] == ["</script>\u2028"]


def test_elements_are_shown_as_they_are_written_and_equal_if_they_show_the_same() -> None:
    layout = ui.row(
        ui.number("n"), ui.form(Todo, on="add"), ui.progress("done", ("a.b",), label="X"), label="L"
    )
    text = (
        "ui.row(ui.number('n'), ui.form(Todo, on='add'), "
        "ui.progress('done', ('a.b',), label='X'), label='L')"
    )
    assert repr(layout) == text
    assert ui.text("a.b") == ui.text(("a", "b"))
    assert ui.text("a") != ui.number("a")
    with pytest.raises(AttributeError):
        layout.kind = "column"  # type: ignore[misc]


def test_ui_is_loaded_when_it_is_used() -> None:
    code = (
        "import livestate_nb, sys; assert 'livestate_nb.ui.form' not in sys.modules; "
        "livestate_nb.ui.row; from livestate_nb import ui"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# refused arguments


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ui.text(3), "ui.text: path: expected the part of the state to show"),
        (lambda: ui.text(["a"]), r"as 'rows', 'user.name', 'rows.0' or \('rows', 0\), got \['a'\]"),
        (lambda: ui.text(("a", True)), r"got \('a', True\)"),
        (lambda: ui.number("n", on=3), "ui.number: on: expected the name of the event"),
        (lambda: ui.number("n", on="set", min="0"), "ui.number: min: expected a number, got '0'"),
        (lambda: ui.slider("n", on="set", step=True), "ui.slider: step: expected a number"),
        (lambda: ui.text("n", on="set", label=3), "ui.text: label: expected a text, got 3"),
        (lambda: ui.text("n", on="set", rows="3"), "ui.text: rows: expected a number of lines"),
        (lambda: ui.text("n", on="set", payload=[1]), r"payload: expected a dict, such as"),
        (lambda: ui.button("Go", on="go", payload={"a": object()}), "expected what JSON has"),
        (lambda: ui.select("c", 3, on="set"), "ui.select: options: expected a list of values"),
        (lambda: ui.select("c", [object()], on="set"), "ui.select: options: expected what JSON"),
        (lambda: ui.progress("n", None), "ui.progress: total: expected a number, got None"),
        (lambda: ui.markdown("a", remote_media="no"), "remote_media: expected a bool, got 'no'"),
        (lambda: ui.row("title"), r"expected elements, such as ui.text\('title'\), got 'title'"),
        (lambda: ui.column(ui.row(ui.json()), [ui.json()]), "as number 2"),
        (lambda: ui.form(dict, on="add"), "ui.form: schema: expected a dataclass"),
        (lambda: ui.form(int, on="add"), "got <class 'int'>"),
        (lambda: ui.form("Todo", on="add"), "got 'Todo'"),
        (lambda: ui.form(object, on="add"), "got <class 'object'>"),
        (lambda: ui.table("r", columns="ab"), "ui.table: columns: expected a list of keys"),
        (lambda: ui.table("r", columns=["a", 1]), r"got \['a', 1\]"),
        (lambda: ui.table("r", on_select=True), "ui.table: on_select: expected the name"),
        (lambda: ui.line("p", x=0, y="a"), "ui.line: x: expected a text, got 0"),
        (lambda: ui.scatter("p", x="t", y=None), "ui.scatter: y: expected a list of keys"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused_where_it_stands(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ui.text("a..b"), "ui.text: path: expected keys with single dots between them"),
        (lambda: ui.text(("rows", -1)), "expected indices from 0"),
        (lambda: ui.text("a", on=""), "expected the name of the event to dispatch, got ''"),
        (lambda: ui.text("a", rows=3), "ui.text: expected on=, the event to dispatch, with rows"),
        (lambda: ui.text("a", on="set", rows=0), "expected at least 1 line"),
        (lambda: ui.number("a", min=1, payload={}), "with min, payload"),
        (lambda: ui.number("a", on="set", min=3, max=1), "expected min < max, got min=3 and max=1"),
        (lambda: ui.number("a", on="set", step=0), "expected a step greater than 0"),
        (lambda: ui.slider("a", on="set", max=float("inf")), "expected a finite number"),
        (lambda: ui.text("a", on="set", payload={"value": 1}), "adds 'value' itself"),
        (lambda: ui.button(" ", on="go"), "ui.button: label: expected a text"),
        (lambda: ui.select("c", [], on="set"), "expected at least one option"),
        (lambda: ui.select("c", {"a": 1, "b": 1}, on="set"), "expected each value once"),
        (lambda: ui.progress("n", 0), "expected more than 0"),
        (lambda: ui.table("r", columns=[]), "ui.table: columns: expected at least one key"),
        (lambda: ui.table("r", columns={"A": "a", "B": "a"}), "expected each key once"),
        (lambda: ui.table("r", payload={"n": 1}), "expected on_select= or on_edit= with it"),
        (lambda: ui.line("p", x="t", y=["a", "a"]), "ui.line: y: expected each key once"),
        (ui.row, "ui.row: expected at least one element"),
        (lambda: ui.form(Todo, on="add", payload={"hours": 1}), "Todo has hours itself"),
    ],
)
def test_what_can_not_be_is_refused_where_it_stands(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# forms


def test_a_form_has_a_control_for_each_field_of_a_dataclass() -> None:
    assert fields(Todo) == {
        "title": {
            "label": "Thing",
            "control": "text",
            "required": True,
            "hint": "What to do",
            "minLength": 1,
        },
        "hours": {"label": "Hours", "control": "number", "required": True, "step": 1},
        "part": {"label": "Part", "control": "number", "default": 0.5},
        "is_urgent": {"label": "Is urgent", "control": "checkbox", "default": False},
        "priority": {
            "label": "Priority",
            "control": "select",
            "default": "normal",
            "options": [["low", "low"], ["normal", "normal"], ["high", "high"]],
        },
        "size": {
            "label": "Size",
            "control": "select",
            "nullable": True,
            "options": [["s", "s"], ["l", "l"]],
        },
        "due": {"label": "Due", "control": "date", "nullable": True},
        "at": {"label": "At", "control": "datetime", "nullable": True},
        "alarm": {"label": "Alarm", "control": "time", "nullable": True},
        "tags": {"label": "Tags", "control": "lines"},
        "place": {
            "label": "Place",
            "control": "group",
            "fields": [
                {"name": "city", "label": "City", "default": "", "control": "text"},
                {"name": "street", "label": "Street", "nullable": True, "control": "text"},
            ],
        },
        "counts": {"label": "Counts", "control": "json"},
        "either": {"label": "Either", "control": "json", "default": 1},
        "price": {"label": "Price", "control": "text", "default": "0"},
    }


class Model(pydantic.BaseModel):
    title: str = pydantic.Field(min_length=2, max_length=9, description="What")
    size: Size = Size.LARGE
    place: Place | None = None
    kind: Literal["a"] = "a"
    hours: int = pydantic.Field(alias="h", gt=2, le=9)


class Typed(TypedDict):
    title: str
    hours: NotRequired[float]
    again: Literal[2, 1]


class Struct(msgspec.Struct, rename="camel"):
    first_name: str
    limit: Annotated[int, msgspec.Meta(ge=1, lt=5)] = 1


@attrs.define
class Attrs:
    title: str
    done: bool = False


@dataclass
class Node:
    value: int
    children: "list[Node]"
    parent: "Node | None" = None


def test_a_form_is_made_of_a_pydantic_model() -> None:
    made = fields(Model)
    assert made["title"] == {
        "label": "Title",
        "control": "text",
        "required": True,
        "hint": "What",
        "minLength": 2,
        "maxLength": 9,
    }
    assert made["size"]["options"] == [["s", "s"], ["l", "l"]]
    assert made["size"]["default"] == "l"
    assert made["place"]["control"] == "group"
    assert made["place"]["optional"] is True
    assert made["kind"] == {"label": "Kind", "control": "constant", "default": "a"}
    assert made["h"] == {
        "label": "H",
        "control": "number",
        "required": True,
        "step": 1,
        "min": 3,
        "max": 9,
    }


def test_a_form_is_made_of_typed_dicts_structs_and_attrs_classes() -> None:
    assert fields(Typed) == {
        "title": {"label": "Title", "control": "text", "required": True},
        "hours": {"label": "Hours", "control": "number"},
        "again": {
            "label": "Again",
            "control": "select",
            "required": True,
            "options": [["2", 2], ["1", 1]],
        },
    }
    assert [*fields(Typed)] == ["title", "hours", "again"]
    made = fields(Struct)
    assert [*made] == ["firstName", "limit"]
    assert made["limit"] == {
        "label": "Limit",
        "control": "number",
        "default": 1,
        "step": 1,
        "min": 1,
        "max": 4,
    }
    assert fields(Attrs)["done"] == {"label": "Done", "control": "checkbox", "default": False}


@dataclass
class Visit:
    place: Place | None
    city: Place = field(default_factory=Place)
    stay: Place = field(default_factory=lambda: Place("Arles"))
    guide: Attrs = field(default_factory=lambda: Attrs("none"))
    sure: bool | None = None
    tags: list[str] | None = None


class Entry(TypedDict):
    place: NotRequired[Place]
    sure: NotRequired[bool]
    kind: NotRequired[Literal["a"]]


def test_what_can_be_left_out_or_null_is_told_from_what_is_empty() -> None:
    made = fields(Visit)
    optional = {name: one.get("optional", False) for name, one in made.items()}
    # The others are the same when they are empty.
    assert [name for name, is_optional in optional.items() if is_optional] == ["place", "guide"]
    assert made["place"]["required"] is made["place"]["nullable"] is True
    yes_or_no = {"control": "select", "options": [["yes", True], ["no", False]]}
    assert made["sure"] == {"label": "Sure", "nullable": True, **yes_or_no}
    assert made["tags"] == {"label": "Tags", "nullable": True, "control": "lines"}
    entry = fields(Entry)
    assert entry["place"]["optional"] is True
    assert entry["sure"] == {"label": "Sure", **yes_or_no}
    assert entry["kind"]["options"] == [["a", "a"]]  # which can be chosen, or not


class Circle(msgspec.Struct, tag="circle", frozen=True):
    radius: float
    at: datetime | None = None


class Square(msgspec.Struct, tag="square", frozen=True):
    side: float = 1


class Drawing(msgspec.Struct):
    shape: Circle | Square
    under: Circle | Square | None = None
    over: Circle | Square = Circle(2.5)
    place: Circle = Circle(4)


class Cat(pydantic.BaseModel):
    kind: Literal["cat", "kitten"] = "cat"
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]


class Seal(pydantic.BaseModel):
    kind: Literal["seal"]


class Fish(pydantic.BaseModel):
    kind: Literal["fish"]


OnLand = Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]
InSea = Annotated[Seal | Fish, pydantic.Field(discriminator="kind")]


class Keeper(pydantic.BaseModel):
    animal: Annotated[OnLand | InSea, pydantic.Field(discriminator="kind")]


class Owner(pydantic.BaseModel):
    pet: Annotated[Cat | Dog, pydantic.Field(discriminator="kind")] | None = None
    other: Cat | Dog | None = None


@pydantic.dataclasses.dataclass
class Slot:
    begins: datetime
    at: time


class Diary(pydantic.BaseModel):
    slot: Slot


def test_times_of_pydantic_s_dataclasses_need_no_zone() -> None:
    (within,) = fields(Diary).values()
    for found in (fields(Slot), {one["name"]: one for one in within["fields"]}):
        assert (found["begins"]["control"], found["at"]["control"]) == ("datetime", "time")
        assert "zoned" not in found["begins"]


def test_a_union_that_a_tag_tells_apart_is_a_choice_of_classes() -> None:
    made = fields(Drawing)
    kind = {"name": "type", "label": "Type", "required": True, "control": "constant"}
    radius = {"name": "radius", "label": "Radius", "required": True, "control": "number"}
    at = {"name": "at", "label": "At", "nullable": True, "control": "datetime"}
    side = {"name": "side", "label": "Side", "control": "number", "default": 1}
    square = ["square", [{**kind, "default": "square"}, side]]
    circle = ["circle", [{**kind, "default": "circle"}, radius, at]]
    assert made["shape"] == {
        "label": "Shape",
        "required": True,
        "control": "variants",
        "variants": [circle, square],
    }
    assert made["under"]["nullable"] is True
    begun = ["circle", [{**kind, "default": "circle"}, {**radius, "default": 2.5}, at]]
    assert made["over"]["variants"] == [begun, square]
    assert made["over"]["chosen"] == 0
    assert made["place"]["fields"] == [
        {**kind, "default": "circle"},
        {**radius, "default": 4.0},
        at,
    ]
    animals = fields(Keeper)["animal"]["variants"]  # of a union of unions
    assert [label for label, _ in animals] == ["cat or kitten", "dog", "seal", "fish"]
    owner = fields(Owner)
    assert [label for label, _ in owner["pet"]["variants"]] == ["cat or kitten", "dog"]
    assert owner["other"]["control"] == "json"
    with pytest.raises(TypeError, match="make a class with a field of that type"):
        ui.form(Circle | Square, on="add")  # type: ignore[arg-type]  # what a newcomer may write


class Meeting(msgspec.Struct, rename="camel"):
    begins_at: Annotated[datetime, msgspec.Meta(tz=True)]
    ends_at: datetime
    alarm: Annotated[time, msgspec.Meta(tz=True)]
    entered: datetime = datetime(2026, 5, 1, 10, 30, 0, 123456)
    known: datetime = datetime(2026, 5, 1, tzinfo=UTC)
    pause: timedelta = timedelta(minutes=5)


class Flight(pydantic.BaseModel):
    leaves: pydantic.AwareDatetime
    lands: datetime
    there: pydantic.NaiveDatetime | None = pydantic.Field(None, title="Local time")


def test_times_name_their_zone_where_the_class_wants_it() -> None:
    made = fields(Meeting)
    assert made["beginsAt"] == {
        "label": "BeginsAt",
        "required": True,
        "control": "datetime",
        "zoned": True,
    }
    assert made["endsAt"] == {"label": "EndsAt", "required": True, "control": "datetime"}
    assert made["alarm"]["control"] == "text"
    assert made["alarm"]["hint"] == "Such as 10:30:00+02:00"
    assert made["entered"]["default"] == "2026-05-01T10:30:00.123456"
    assert "zoned" not in made["entered"]
    assert made["known"]["zoned"] is True
    assert made["pause"]["hint"] == "Such as PT1H30M"
    flight = fields(Flight)
    assert [one.get("zoned", False) for one in flight.values()] == [True, False, False]
    assert {one["control"] for one in flight.values()} == {"datetime"}
    assert flight["there"]["label"] == "Local time"


def test_a_class_that_holds_itself_ends_in_json() -> None:
    made = fields(Node)
    assert made["children"]["control"] == "json"
    depth = 0
    while made["parent"]["control"] == "group":
        made = {one["name"]: one for one in made["parent"]["fields"]}
        depth += 1
    assert made["parent"]["control"] == "json"
    assert depth < 10


@dataclass
class Parcel:
    code: Annotated[str, msgspec.Meta(pattern="^a|b")]
    pieces: Annotated[int, msgspec.Meta(ge=1, multiple_of=5)] = 5
    weight: Annotated[float, msgspec.Meta(ge=0.25, multiple_of=0.1)] = 0.3


def test_bounds_allow_in_html_what_they_allow_in_a_schema() -> None:
    made = fields(Parcel)
    # HTML matches all of a text, and counts the steps from the least value.
    assert made["code"]["pattern"] == ".*(?:^a|b).*"
    assert (made["pieces"]["min"], made["pieces"]["step"]) == (5, 5)
    assert (made["weight"]["min"], made["weight"]["step"]) == (0.3, 0.1)


# show


class Plain(Channel, topic="plain"):
    pass


def test_show_takes_a_layout_or_an_element_of_ones_own() -> None:
    with pytest.raises(TypeError, match="expected a layout of stock elements second"):
        Plain.show("plain", "todo-list")  # type: ignore[arg-type]  # what a newcomer may write
    with pytest.raises(DeclarationError, match="a layout, or element and esm"):
        Plain.show("plain", ui.text("a"), element="todo-list", esm="export default 1")

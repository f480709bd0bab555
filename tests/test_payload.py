"""Annotated payloads: what each kind of class makes of JSON, and what the errors say."""

import datetime
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Any, Generic, Literal, NotRequired, TypedDict, TypeVar

import attrs
import msgspec
import numpy as np
import pydantic
import pytest

from livestate_nb import Channel, on
from livestate_nb.errors import DeclarationError, InvalidPayload
from livestate_nb.payload import reader_of

T = TypeVar("T")


@dataclass
class Data:
    title: str
    tags: list[str] = field(default_factory=list)


class Struct(msgspec.Struct):
    title: str
    tags: list[str] = []


class Tree(msgspec.Struct):
    child: "Tree | None" = None


class Typed(TypedDict):
    title: str
    tags: NotRequired[list[str]]


@attrs.define
class Attrs:
    title: str
    tags: list[str] = attrs.field(factory=list)


class Model(pydantic.BaseModel):
    title: str
    tags: list[str] = []


@pydantic.dataclasses.dataclass
class Checked:
    title: str = pydantic.Field(max_length=3)
    tags: list[str] = pydantic.Field(default_factory=list)
    is_admin: bool = pydantic.Field(init=False, default=False)

    @pydantic.field_validator("title")
    @classmethod
    def has_no_digit(cls, title: str) -> str:
        if title.isdigit():
            raise ValueError("a title is no number")
        return title


@dataclass
class Below(Checked):
    n: int = 0


class Strict(pydantic.BaseModel, strict=True, extra="forbid"):
    when: datetime.date
    n: int = 0


def read(annotation: Any, payload: Any) -> Any:
    def handler(self: Any, payload: Any, state: Any) -> None: ...

    handler.__annotations__["payload"] = annotation
    reader = reader_of(handler, 1, object)
    return payload if reader is None else reader(payload)


def refusal(annotation: Any, payload: Any) -> tuple[str, str]:
    with pytest.raises(InvalidPayload) as caught:
        read(annotation, payload)
    return str(caught.value), caught.value.path


KINDS = [Data, Struct, Attrs, Model, Checked]


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_becomes_what_the_annotation_names(kind: Any) -> None:
    assert read(kind, {"title": "a", "tags": ["b"]}) == kind(title="a", tags=["b"])
    assert read(kind, {"title": "a", "unknown": 1}) == kind(title="a")


def test_a_typed_dict_stays_a_dict() -> None:
    assert read(Typed, {"title": "a", "unknown": 1}) == {"title": "a"}


@pytest.mark.parametrize("kind", [*KINDS, Typed])
@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"title": 1}, "/title"),
        ({"title": "a", "tags": ["b", 2]}, "/tags/1"),
        ({"title": "a", "tags": {}}, "/tags"),
        ([], ""),
        ("title", ""),
        (None, ""),
    ],
)
def test_a_wrong_payload_says_where(kind: Any, payload: Any, path: str) -> None:
    message, told = refusal(kind, payload)
    assert told == path
    assert path in message


class Number(pydantic.BaseModel):
    n: int


class Inner(TypedDict):
    e: int


Odd = TypedDict(
    "Odd",
    {"a.b": int, "x[0]": int, "c/d": int, "a": dict[str, int], "d": Inner, "d.e": int},
    total=False,
)


@pytest.mark.parametrize(
    ("kind", "payload", "path"),
    [
        (Odd, {"a.b": "q"}, "/a.b"),
        (Odd, {"x[0]": "q"}, "/x[0]"),
        (Odd, {"c/d": "q"}, "/c~1d"),
        (Odd, {"a": {"b": "q"}}, "/a/b"),
        (dict[str, list[int]], {"k": [1, "q"]}, "/k/1"),
        (dict[str, Number], {"k": {"n": "q"}}, "/k/n"),
    ],
)
def test_a_place_is_told_whatever_its_names_are(kind: Any, payload: Any, path: str) -> None:
    assert refusal(kind, payload)[1] == path


@pytest.mark.parametrize(
    ("kind", "payload", "path"),
    [
        (dict[str, int], {"k": 1, "l": "q"}, ""),
        (dict[str, Number], {"k": {"n": 1}, "l": {"n": "q"}}, ""),
        (list[dict[str, int]], [{}, {"k": 1, "l": "q"}], "/1"),
        (Odd, {"a": {"b": "q", "c": 1}}, "/a"),
        (Odd, {"d": {"e": 1}, "d.e": "q"}, ""),
    ],
)
def test_a_place_is_told_only_as_far_as_it_is_certain(kind: Any, payload: Any, path: str) -> None:
    assert refusal(kind, payload)[1] == path


def test_what_is_missing_is_named() -> None:
    assert refusal(Data, {}) == ("Object missing required field `title`", "")
    assert refusal(Model, {}) == ("Field required at '/title'", "/title")


def test_a_model_reads_as_json_does() -> None:
    assert read(Strict, {"when": "2026-11-24"}) == Strict(when=datetime.date(2026, 11, 24))
    assert refusal(Strict, {"when": "2026-11-24", "n": "1"})[1] == "/n"
    assert refusal(Strict, {"when": "2026-11-24", "m": 1})[1] == "/m"


def test_models_may_be_parts_of_others() -> None:
    assert read(list[Model] | None, [{"title": "a"}]) == [Model(title="a")]
    assert refusal(list[Model], [{"title": "a"}, {"title": "a", "tags": [1]}])[1] == "/1/tags/0"


def test_dataclasses_of_pydantic_are_checked_by_pydantic_wherever_they_stand() -> None:
    assert "at most 3" in refusal(Checked, {"title": "long"})[0]
    assert "no number" in refusal(Checked, {"title": "12"})[0]
    assert refusal(Below, {"title": "12", "n": 1})[1] == "/title"
    assert refusal(list[Checked], [{"title": "a"}, {"title": "12"}])[1] == "/1/title"
    assert refusal(dict[str, Checked] | None, {"k": {"title": "12"}})[1] == "/k/title"
    assert read(Checked | None, None) is None
    assert "deep" in refusal(dict[str, Checked], _deep())[0]


@dataclass
class Account:
    name: str
    is_admin: bool = field(init=False, default=False)


@attrs.define
class AttrsAccount:
    name: str
    is_admin: bool = attrs.field(init=False, default=False)


@dataclass
class Around:
    next: "Around | None"
    accounts: list[Account]


@dataclass
class Box(Generic[T]):
    item: T
    is_open: bool = field(init=False, default=False)


@dataclass
class Pair(Generic[T]):
    left: T
    right: T


def test_no_client_sets_a_field_that_init_does_not_take() -> None:
    for annotation in (Account, AttrsAccount, dict[str, Account | None], Around):
        with pytest.raises(DeclarationError, match=r"got \w*Account with is_admin \(init=False\)"):
            read(annotation, {"name": "ann", "is_admin": True})
    with pytest.raises(DeclarationError, match="Box with is_open"):
        read(Box[int], {"item": 1})
    assert read(Pair[int], {"left": 1, "right": 2}) == Pair(1, 2)
    assert read(Checked, {"title": "a", "is_admin": True}).is_admin is False


def test_types_of_json_are_checked_too() -> None:
    assert read(list[int], [1, 2]) == [1, 2]
    assert read(Literal["up", "down"], "up") == "up"
    assert read(float, 1) == 1.0
    assert refusal(Literal["up", "down"], "left")[1] == ""
    assert refusal(Annotated[int, msgspec.Meta(ge=1)], 0) == ("Expected `int` >= 1", "")
    assert refusal(int, "1")[0] == "Expected `int`, got `str`"
    assert refusal(dict[str, dict[str, int]], {"a": {"b": "c"}})[1] == "/a/b"
    assert read(bytes, b"\x00") == b"\x00"


def test_what_the_class_itself_refuses_is_told() -> None:
    @dataclass
    class Even:
        n: int

        def __post_init__(self) -> None:
            if self.n % 2:
                raise ValueError("n must be even")

    assert read(Even, {"n": 2}) == Even(2)
    assert refusal(list[Even], [{"n": 1}]) == ("n must be even at '/0'", "/0")


def test_a_payload_that_is_nested_too_deeply_is_refused() -> None:
    assert "deep" in refusal(Tree, _deep())[0]


def _deep() -> Any:
    payload: Any = {}
    for _ in range(100_000):
        payload = {"child": payload}
    return payload


@pytest.mark.parametrize("annotation", [Any, dict, object])
@pytest.mark.parametrize("payload", [{"a": 1}, [1], None, 1.5])
def test_an_annotation_that_asks_for_nothing_checks_nothing(annotation: Any, payload: Any) -> None:
    assert read(annotation, payload) is payload


def test_an_annotation_may_be_a_text() -> None:
    assert read("Data", {"title": "a"}) == Data("a")
    assert read("list['Data']", [{"title": "a"}]) == [Data("a")]


def test_a_class_inside_the_channel_may_be_named_in_a_text() -> None:
    class Todos(Channel, topic="todos"):
        class NewTodo(msgspec.Struct):
            title: str

        @on("add")
        def add(self, payload: "NewTodo", state: Any) -> None: ...

    class More(Todos, topic="more"):
        pass

    assert Todos._readers["add"]({"title": "a"}) == Todos.NewTodo("a")
    assert More._readers["add"]({"title": "a"}) == Todos.NewTodo("a")


def test_a_text_that_names_nothing_cannot_be_declared() -> None:
    with pytest.raises(DeclarationError, match=r"cannot resolve the annotation 'Nothing'.*top"):

        class Todos(Channel, topic="todos"):
            @on("add")
            def add(self, payload: "Nothing", state: Any) -> None:  # type: ignore[name-defined]  # noqa: F821 - the test's point
                ...


@dataclass
class Scaled:
    n: int
    scale: InitVar[int] = 1


class Mixed(msgspec.Struct):
    checked: Checked


@pytest.mark.parametrize(
    "annotation", [np.ndarray, Channel, set[int] | list[int], 7, Scaled, Mixed]
)
def test_what_no_json_can_become_cannot_be_declared(annotation: Any) -> None:
    with pytest.raises(DeclarationError, match="handler"):
        read(annotation, {})


def test_a_part_that_no_json_can_become_is_the_authors_fault() -> None:
    @dataclass
    class Odd:
        array: np.ndarray[Any, Any]

    with pytest.raises(DeclarationError):
        read(Odd, {"array": [1]})

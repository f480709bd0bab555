"""Typed channels, of every kind that types can come from."""

import datetime as dt
import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pydantic

from livestate_nb import Channel, MessageBuilder, Reply, on


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Todo:
    """A thing to do; with */ in its docstring.

    And with a second part.
    """

    title: Annotated[str, msgspec.Meta(description="What is to be done.", min_length=1)]
    due: dt.date | None = None
    color: Color = Color.RED
    parts: list["Todo"] = field(default_factory=list)


class User(pydantic.BaseModel):
    name: str = pydantic.Field(description="How to call them.")
    password: str = ""
    friends: list["User"] = []


State = TypedDict(
    "State",
    {
        "items": list[Todo],
        "users": dict[str, User],
        "not-an-identifier": int,
        'with "quotes"': NotRequired[tuple[int, str | None]],
        "phase": Literal[
            "preparing the first part", "waiting for the second part", "tidying up after the third"
        ],
        "anything": Any,
    },
)


class Added(TypedDict):
    count: int
    by: User


class Board(
    Channel,
    topic="board:*",
    presence=True,
    message_builder=MessageBuilder(ignored=("password",)),
    replies={"added": Added, "file": bytes},
):
    async def init(self, params: dict[str, Any]) -> State:
        return {
            "items": [Todo("first", parts=[Todo("part", dt.date(2024, 5, 6))])],
            "users": {"ann": User(name="ann", password="secret", friends=[User(name="bob")])},
            "not-an-identifier": 1,
            "phase": "preparing the first part",
            "anything": None,
        }

    @on("add_todo")
    @on("add-again")
    def add(self, payload: Todo, state: State) -> Reply:
        state["items"].append(payload)
        return Reply(None)

    @on("invite")
    async def invite(self, payload: User, state: State) -> AsyncIterator[None]:
        state["users"][payload.name] = payload
        yield

    @on("paint")
    def paint(self, payload: Color | None, state: dict[str, Any]) -> None: ...

    @on("upload")
    def upload(self, payload: bytes, state): ...  # type: ignore[no-untyped-def]  # half typed

    @on("clear")
    def clear(self, payload, state): ...  # type: ignore[no-untyped-def]  # not typed


class Untyped(Channel, topic="untyped:*"):
    def init(self, params):  # type: ignore[no-untyped-def]  # not typed
        return {}


class Models:
    """Holds another Todo."""

    @dataclass
    class Todo:
        number: int


class Other(Channel, topic="other:*"):
    def init(self, params: Any) -> Models.Todo:
        return Models.Todo(1)

    @on("add_todo")
    def add(self, payload: Todo, state: Models.Todo) -> None: ...

    def handle_event(self, event: str, payload: Added, state: Any) -> None: ...

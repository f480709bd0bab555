"""Where the types of a channel come from, and what is said where nothing says them."""

import re
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import jsonschema
import numpy as np
import pytest

from livestate_nb import Channel, Reply, on
from livestate_nb.channel import contract_by_class
from livestate_nb.errors import DeclarationError
from livestate_nb.schema import schema_of
from livestate_nb.testing import Rig
from tests.schema.channels import Board


@dataclass
class Count:
    count: int


class Name(TypedDict):
    name: str


def declared(channel: type[Channel], name: str) -> str:
    """The declaration of a type, in one line."""
    [part] = re.findall(rf" ({name} .*?)(?:\n\n|\Z)", channel.typescript(), re.DOTALL)
    return " ".join(part.split())


def test_what_clients_get_fits_the_schema(livestate: Rig) -> None:
    livestate.declare(Board)
    board = livestate.join("board:1")
    board.send_event("add_todo", {"title": "second"})
    board.assert_state_patch(version=1)
    document = Board.schema()
    jsonschema.Draft202012Validator.check_schema(document)
    judge = jsonschema.Draft202012Validator({**document, "$ref": "#/$defs/BoardState"})
    judge.validate(board.state)
    with pytest.raises(jsonschema.ValidationError):
        judge.validate({**board.state, "items": [{"title": "a"}]})


def test_the_state_is_what_init_returns_or_handlers_get() -> None:
    class Init(Channel):
        async def init(self, params: Any) -> Count:
            return Count(0)

        @on("inc")
        def inc(self, payload: Any, state: dict[str, Any]) -> None: ...

    class Handler(Channel):
        def init(self, params: Any) -> Any: ...

        @on("inc")
        def inc(self, payload: Any, state: "Count") -> None: ...

    class Fallback(Channel):
        def handle_event(self, event: str, payload: Any, state: Count) -> None: ...

    class Message(Channel):
        def handle_message(self, message: Any, state: Count) -> None: ...

    class Gone(Channel):
        def left(self, state: Count) -> None: ...

    class Ended(Channel):
        def ended(self, state: Count) -> None: ...

    class Weak(Channel):
        def init(self, params: Any) -> dict[str, Any]:
            return {}

    for channel in (Init, Handler, Fallback, Message, Gone, Ended):
        name = f"{channel.__name__}State"
        assert declared(channel, name) == f"{name} = Count;"
    assert declared(Weak, "WeakState") == "WeakState = Record<string, unknown>;"


def test_two_types_of_state_are_refused() -> None:
    class Torn(Channel):
        def init(self, params: Any) -> Count:
            return Count(0)

        @on("inc")
        def inc(self, payload: Any, state: Name) -> None: ...

    with pytest.raises(DeclarationError, match=r"Torn: .*Count.* in init and .*Name.* in inc"):
        Torn.typescript()


def test_what_names_nothing_is_told() -> None:
    class Lost(Channel):
        def init(self, params: Any) -> "Gone": ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(DeclarationError, match=r"Lost\.init: cannot resolve .*'Gone' of what it"):
        Lost.schema()


def test_a_fallback_takes_all_other_events() -> None:
    class Rest(Channel):
        @on("inc")
        def inc(self, payload: Count, state: Any) -> None: ...

        def handle_event(self, event: str, payload: Name, state: Any) -> None: ...

    class Nothing(Channel): ...

    class Some(Channel):
        @on("inc")
        def inc(self, payload: Any, state: Any) -> None: ...

    assert "{ inc: Count; [key: string]: Name | Count; }" in declared(Rest, "RestEvents")
    assert "[key: string]: unknown; }" in declared(Nothing, "NothingEvents")
    assert "[key: string]" not in declared(Some, "SomeEvents")
    assert "/** Not annotated: anything. */ inc: unknown;" in declared(Some, "SomeEvents")


def test_null_is_no_payload_of_clients_in_javascript() -> None:
    class Nullable(Channel, topic="nullable:*"):
        @on("choice")
        def choice(self, payload: Literal["a"] | None, state: Any) -> None: ...

        @on("inner")
        def inner(self, payload: Name | None, state: Any) -> None: ...

        @on("none")
        def none(self, payload: None, state: Any) -> None: ...

        @on("some")
        def some(self, payload: list[int | None] | str | None, state: Any) -> None: ...

    told = declared(Nullable, "NullableEvents")
    assert 'choice: "a"; inner: Name; ' in told
    assert "they send {} in its place. */ none: never; some: (number | null)[] | string; }" in told


def test_replies_are_those_of_the_class_and_of_its_bases() -> None:
    class Base(Channel, replies={"counted": Count, "named": Count}):
        @on("inc")
        def inc(self, payload: Any, state: Any) -> Reply:
            return Reply(state)

    class Heir(Base, replies={"named": Name, "sound": np.ndarray}): ...

    class Same(Base): ...

    class Silent(Channel, replies={}): ...

    class Open(Channel): ...

    told = "{ counted: Count; named: Name; /** Bytes. */ sound: ArrayBuffer; }"
    assert told in declared(Heir, "HeirReplies")
    assert "{ counted: Count; named: Count; }" in declared(Same, "SameReplies")
    assert declared(Silent, "SilentReplies") == "SilentReplies {}"
    assert "[key: string]: unknown; }" in declared(Open, "OpenReplies")
    assert "Open has no replies= in its class statement." in Open.typescript()


@pytest.mark.parametrize(
    ("replies", "complaint"),
    [
        (["added"], r"expected replies as types by events, \{\"added\": Added\}, got \['added'\]"),
        ({"error": Count}, "'error' is a name that clients use themselves"),
        ({"added": "Count"}, "expected a type as what 'added' carries, got the text 'Count'"),
    ],
)
def test_replies_that_cannot_be_are_refused(replies: Any, complaint: str) -> None:
    with pytest.raises(DeclarationError, match=f"Bad: .*{complaint}"):
        type("Bad", (Channel,), {}, replies=replies)


def test_a_class_that_is_called_as_the_state_is_the_state() -> None:
    class NamesState(TypedDict):
        names: list[Name]

    class Names(Channel):
        def init(self, params: Any) -> NamesState:
            return {"names": []}

    assert declared(Names, "NamesState") == "NamesState { names: Name[]; }"


def test_two_channels_of_one_name_are_refused() -> None:
    contract = contract_by_class(Board)
    with pytest.raises(DeclarationError, match="got two that are called Board"):
        schema_of([contract, contract])

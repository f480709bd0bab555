"""Payloads: what a handler's annotation asks of the data that clients send.

It reads the annotation once, and checks and converts by it. It must not know channels, and
imports no library that the user did not.
"""

import dataclasses
import re
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import takewhile
from typing import Any, Final, TypeAlias

import msgspec

from livestate_nb.codec import Json, dumps
from livestate_nb.errors import DeclarationError, InvalidPayload
from livestate_nb.hints import parameter_hint, where_of
from livestate_nb.state.fields import is_named
from livestate_nb.state.pointer import pointer

__all__ = ["Reader", "adapter_of", "reader_of"]

Reader: TypeAlias = Callable[[Json], Any]
"""Return what a payload becomes, or raise `InvalidPayload`."""

_UNCHECKED: Final = (Any, object, dict)
_MODELS: Final = frozenset({("pydantic", "BaseModel")})
_VALIDATOR: Final = "__pydantic_validator__"
"""What a dataclass of pydantic has: msgspec would read it as any other, without asking that."""

_MODEL_ERRORS: Final = frozenset({("pydantic_core", "ValidationError")})
_PLACE: Final = re.compile(r"(?P<text>.*) - at (?:`key` in )?`\$(?P<place>.*)`", re.DOTALL)
_DEEP: Final = "it is nested too deeply"
_INDEX: Final = re.compile(r"\[(\d+)\]")
_SOME: Final = "[...]"
"""What msgspec says where it does not tell which member of an object it was."""


def reader_of(method: Callable[..., Any], position: int, owner: type) -> Reader | None:
    """Return what reads the payloads of a method; None if it takes them as they come.

    Dataclasses, TypedDicts, msgspec structs, attrs classes and all that msgspec can convert are
    read by msgspec, strictly; pydantic's models by pydantic, as JSON, and so is all of an
    annotation with a dataclass of pydantic in it. ``dict``, ``Any`` and no annotation ask for
    nothing.

    Args:
        method: the function as it stands in its class.
        position: which of its parameters is the payload, from 0; ``self`` counts.
        owner: the class that it stands in.

    Raises:
        DeclarationError: the annotation names something unknown, what no JSON can become, or a
            class with fields that its ``__init__`` does not take: clients could set them.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class NewTodo:
        ...     title: str
        >>> class Todos:
        ...     def add(self, payload: NewTodo, state): ...
        >>> read = reader_of(Todos.add, 1, Todos)
        >>> read({"title": "Hello"})
        NewTodo(title='Hello')
        >>> read({"title": 1})
        Traceback (most recent call last):
        livestate_nb.errors.InvalidPayload: Expected `str`, got `int` at '/title'
    """
    where = where_of(method, owner)
    kind = parameter_hint(method, position, owner)
    if kind in _UNCHECKED:
        return None
    try:
        form = msgspec.inspect.type_info(kind)
        classes = list(_classes_in(form, set()))
        if (adapter := _adapter(kind, classes)) is not None:
            return partial(_read_by, adapter)
        msgspec.json.Decoder(kind)
    except Exception as error:
        raise DeclarationError(
            f"{where}: no payload can become {kind!r} ({error}): annotate it with a dataclass, a "
            "TypedDict, a msgspec, attrs or pydantic class, or not at all"
        ) from error
    for cls in classes:
        if foreign := _not_in_init(cls):
            raise DeclarationError(
                f"{where}: expected a payload whose fields are all for clients to set, got "
                f"{cls.__name__} with {', '.join(foreign)} (init=False): make that a property, or "
                "leave it to a class of its own"
            )
    if isinstance(form, msgspec.inspect.CustomType) and not is_named(form.cls, _MODELS):
        raise DeclarationError(
            f"{where}: expected a payload of a dataclass, a TypedDict, a msgspec, attrs or "
            f"pydantic class, or of JSON's own types, got {kind!r}"
        )
    return partial(_read, kind, where)


def adapter_of(kind: Any) -> Any | None:
    """Return the TypeAdapter of pydantic that reads an annotation; None where msgspec does.

    Args:
        kind: what a payload is annotated with; `reader_of` has accepted it.
    """
    return _adapter(kind, _classes_in(msgspec.inspect.type_info(kind), set()))


def _adapter(kind: Any, classes: Iterable[type]) -> Any | None:
    """Return what reads an annotation with a dataclass of pydantic among the classes in it."""
    if not any(hasattr(cls, _VALIDATOR) for cls in classes):
        return None
    return sys.modules["pydantic"].TypeAdapter(kind)


def _classes_in(form: object, seen: set[int]) -> Iterator[type]:
    """Yield the dataclasses and attrs classes in what msgspec says of an annotation."""
    if isinstance(form, tuple):
        for part in form:
            yield from _classes_in(part, seen)
    elif isinstance(form, msgspec.inspect.Type | msgspec.inspect.Field) and id(form) not in seen:
        seen.add(id(form))  # a class may have itself in it
        if isinstance(form, msgspec.inspect.DataclassType):
            yield typing.get_origin(form.cls) or form.cls
        for name in form.__struct_fields__:
            yield from _classes_in(getattr(form, name), seen)


def _not_in_init(cls: Any) -> list[str]:
    """Return the fields that the ``__init__`` of a dataclass or attrs class does not take."""
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else cls.__attrs_attrs__
    return [field.name for field in fields if not field.init]


def _read(kind: Any, where: str, payload: Json) -> Any:
    try:
        return msgspec.convert(payload, kind, dec_hook=partial(_read_other, where))
    except msgspec.ValidationError as error:
        text, keys, is_exact = _located(str(error), payload)
        if is_named(type(error.__cause__), _MODEL_ERRORS):
            text, inner = _first(error.__cause__)
            keys += inner if is_exact else []
    except RecursionError as error:
        raise InvalidPayload(_DEEP, "") from error
    raise InvalidPayload(text, pointer(keys))


def _read_by(adapter: Any, payload: Json) -> Any:
    """Read what has a dataclass of pydantic in it, by a TypeAdapter."""
    try:
        return adapter.validate_json(dumps(payload))
    except RecursionError as error:
        raise InvalidPayload(_DEEP, "") from error
    except ValueError as error:
        if not is_named(type(error), _MODEL_ERRORS):
            raise
        text, keys = _first(error)
    raise InvalidPayload(text, pointer(keys))


def _read_other(where: str, kind: Any, value: Json) -> Any:
    """Read what msgspec leaves to others: a model of pydantic."""
    if isinstance(kind, type) and is_named(kind, _MODELS):
        return kind.model_validate_json(dumps(value))  # type: ignore[attr-defined]  # a model's
    raise DeclarationError(f"{where}: no payload can become {kind!r}")


def _located(message: str, payload: Json) -> tuple[str, list[str | int], bool]:
    """Read an error of msgspec.

    Returns:
        what it says without the place, the keys that lead there as far as they are certain, and
        whether they lead all the way.
    """
    found = _PLACE.fullmatch(message)
    if found is None:
        return message, [], True
    ways = list(_ways(payload, found["place"]))
    keys = [steps[0] for steps in takewhile(_are_equal, zip(*ways, strict=False))]
    return found["text"], keys, len(ways) == 1


def _ways(value: Json, place: str) -> Iterator[list[str | int]]:
    """Yield all keys that a place may stand for: names in it may have dots, and be left out."""
    steps: list[tuple[str | int, str]] = []
    if not place:
        yield []
    elif place.startswith(_SOME) and isinstance(value, dict | list):
        every = value if isinstance(value, dict) else range(len(value))
        steps = [(key, place.removeprefix(_SOME)) for key in every]
    elif isinstance(value, dict):
        steps = [(key, place[1 + len(key) :]) for key in value if place.startswith(f".{key}")]
    elif isinstance(value, list) and (index := _INDEX.match(place)):
        steps = [(int(index[1]), place[index.end() :])]
    for step, rest in steps:
        if not rest or rest[0] in ".[":
            for more in _ways(value[step], rest):
                yield [step, *more]


def _are_equal(steps: tuple[str | int, ...]) -> bool:
    return len(set(steps)) == 1


def _first(error: Any) -> tuple[str, list[str | int]]:
    """Return what a pydantic error says first, and where."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return first["msg"], list(first["loc"])

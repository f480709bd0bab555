"""Documents: the JSON Schema of what the encoder makes of a Python type.

It follows the rules of livestate_nb.state.encoder, which is their source. It must not know
channels.
"""

import collections.abc
import datetime
import decimal
import enum
import inspect
import pathlib
import types
import typing
import uuid
from collections.abc import Callable, Collection
from typing import Any, Final, Literal, TypeVar

import msgspec

from livestate_nb.schema.definitions import Definitions, Schema
from livestate_nb.schema.members import (
    Member,
    hints_of,
    is_tuple,
    members_of,
    options_of,
    with_arguments,
)
from livestate_nb.schema.models import is_model, model_schema
from livestate_nb.state.encoder import encode
from livestate_nb.state.fields import name_among
from livestate_nb.state.forms import Lesson, lesson_of

_LISTS: Final = (list, tuple, set, frozenset)
_ABSTRACT_LISTS: Final = (
    collections.abc.Iterable,
    collections.abc.Collection,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Set,
    collections.abc.MutableSet,
)
_ABSTRACT_DICTS: Final = (collections.abc.Mapping, collections.abc.MutableMapping)
_WRAPPERS: Final = (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired)

_PLAIN: Final[dict[type, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    types.NoneType: {"type": "null"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    bytearray: {"type": "string", "contentEncoding": "base64"},
    memoryview: {"type": "string", "contentEncoding": "base64"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.time: {"type": "string", "format": "time"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.timedelta: {"type": "string", "format": "duration"},
    decimal.Decimal: {"type": "string", "format": "decimal"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    pathlib.PurePath: {"type": "string"},
    dict: {"type": "object"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    set: {"type": "array"},
    frozenset: {"type": "array"},
}
"""What values of the standard library's types become, those of subclasses too."""

_ROWS: Final[Schema] = {"type": "array", "items": {"type": "object"}}
_LIBRARIES: Final[dict[tuple[str, str], Schema]] = {
    ("numpy", "bool"): {"type": "boolean"},
    ("numpy", "integer"): {"type": "integer"},
    ("numpy", "floating"): {"type": "number"},
    ("numpy", "str_"): {"type": "string"},
    ("numpy", "datetime64"): {"type": "string", "format": "date-time"},
    ("numpy", "timedelta64"): {"type": "string", "format": "duration"},
    ("numpy", "ndarray"): {"type": "array"},
    ("pandas", "DataFrame"): _ROWS,
    ("pandas", "Series"): {"type": "array"},
    ("polars", "DataFrame"): _ROWS,
    ("polars", "Series"): {"type": "array"},
}


class DocumentSchemas:
    """Say what the encoder makes of values of Python types.

    Args:
        definitions: takes in the named types.
        ignored: names of fields and keys that are not sent, at any depth.

    Example:
        >>> definitions = Definitions()
        >>> schemas = DocumentSchemas(definitions, {"__meta__"})
        >>> schemas.of(dict[str, set[int] | None])["additionalProperties"]
        {'anyOf': [{'type': 'array', 'items': {'type': 'integer'}}, {'type': 'null'}]}
    """

    def __init__(self, definitions: Definitions, ignored: Collection[str]) -> None:
        self._definitions = definitions
        self._ignored = ignored
        self._known: dict[Any, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """Return the schema of the documents of a type; an empty one where nothing is known.

        Args:
            kind: an annotation: a class, a generic one with its arguments, a union, a literal.

        Raises:
            DeclarationError: an annotation in a class names something unknown.
        """
        if kind is Any or kind is object or isinstance(kind, TypeVar | str):
            return {}
        if kind is None:
            return {"type": "null"}
        if kind is typing.LiteralString:
            return {"type": "string"}
        options = options_of(kind)
        if options is not None:
            return self._union(options)
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            return self._annotated(kind)
        if origin in _WRAPPERS:
            return self.of(typing.get_args(kind)[0])
        if origin is Literal:
            return {"enum": [encode(value) for value in typing.get_args(kind)]}
        if hasattr(kind, "__supertype__"):  # a NewType
            return self.of(kind.__supertype__)
        alias: Any = origin or kind
        if hasattr(alias, "__value__") and hasattr(alias, "__type_params__"):  # has a name
            arguments = dict(zip(alias.__type_params__, typing.get_args(kind), strict=False))
            value = with_arguments(alias.__value__, arguments)
            return self._named(kind, _name(kind), lambda: self.of(value))
        return self._class(kind, origin or kind)

    def _union(self, options: list[Any]) -> Schema:
        schemas = [self.of(one) for one in options if one is not msgspec.UnsetType]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _annotated(self, kind: Any) -> Schema:
        inner, *extras = typing.get_args(kind)
        schema = dict(self.of(inner))
        for extra in extras:
            if isinstance(extra, msgspec.Meta):
                schema |= _said(inner, extra)
            elif isinstance(description := getattr(extra, "description", None), str):
                schema["description"] = description  # as pydantic.Field has it
        return schema

    def _class(self, kind: Any, cls: Any) -> Schema:
        if not isinstance(cls, type):
            return _unknown(str(cls))
        lesson = lesson_of(cls)
        if lesson is not None:
            return self._taught(kind, cls, lesson)
        if issubclass(cls, enum.Enum):
            return self._enum(cls)
        if is_model(cls):
            return self._model(kind)
        members = members_of(kind)
        if members is not None:
            make = self._tuple if is_tuple(kind) else self._object
            return self._named(kind, _name(kind), lambda: make(kind, members))
        arguments = typing.get_args(kind)
        if issubclass(cls, _LISTS) or cls in _ABSTRACT_LISTS:
            return self._list(kind, cls, arguments)
        if issubclass(cls, dict) or cls in _ABSTRACT_DICTS:
            return self._dict(arguments)
        for base in cls.__mro__:
            if base in _PLAIN:
                return dict(_PLAIN[base])
        name = name_among(cls, _LIBRARIES)
        return _unknown(cls.__name__) if name is None else dict(_LIBRARIES[name])

    def _taught(self, kind: Any, cls: Any, lesson: Lesson) -> Schema:
        """Return the schema of the form that was registered for a class."""
        if lesson.function is not None:
            told = _returned(lesson.function)
            return _unknown(cls.__name__) if told is None else self.of(told)
        if lesson.only is None and is_model(cls):
            return self._model(kind, lesson.excluded)
        return self._named(kind, _name(kind), lambda: self._object(kind, _wanted(kind, lesson)))

    def _model(self, kind: Any, excluded: Collection[str] = ()) -> Schema:
        if kind not in self._known:
            self._known[kind] = model_schema(
                kind,
                self._definitions,
                is_payload=False,
                excluded=excluded,
                ignored=self._ignored,
            )
        return dict(self._known[kind])

    def _named(self, kind: Any, name: str, make: Callable[[], Schema]) -> Schema:
        """Return a reference to a type, which may refer to itself."""
        if kind not in self._known:
            self._known[kind] = self._definitions.enter(name)
            self._definitions.fill(self._known[kind], make())
        return dict(self._known[kind])

    def _enum(self, cls: type[enum.Enum]) -> Schema:
        if issubclass(cls, enum.Flag):
            return {"type": "integer"}
        values = [encode(member.value) for member in cls]
        schema = {**_titled(cls), "enum": values}
        return self._named(cls, cls.__name__, lambda: schema)

    def _object(self, kind: Any, members: list[Member]) -> Schema:
        cls = typing.get_origin(kind) or kind
        properties: dict[str, Schema] = {}
        config = cls.__struct_config__ if issubclass(cls, msgspec.Struct) else None
        if config is not None and config.tag is not None:
            properties[config.tag_field or "type"] = {"enum": [config.tag]}
        required = list(properties)
        for member in members:
            if member.name in self._ignored:
                continue
            properties[member.name] = self.of(member.kind)
            if member.is_required:
                required.append(member.name)
        return {
            **_titled(kind),
            "type": "object",
            "properties": properties,
            "required": required,
        }

    def _tuple(self, kind: Any, members: list[Member]) -> Schema:
        return {**_titled(kind), **_closed([self.of(member.kind) for member in members])}

    def _list(self, kind: Any, cls: type, arguments: tuple[Any, ...]) -> Schema:
        if kind is cls:
            return {"type": "array"}
        if issubclass(cls, tuple) and arguments[-1:] != (Ellipsis,):
            return _closed([self.of(one) for one in arguments])
        items = self.of(arguments[0]) if arguments else {}
        return {"type": "array", "items": items} if items else {"type": "array"}

    def _dict(self, arguments: tuple[Any, ...]) -> Schema:
        schema: Schema = {"type": "object"}
        if len(arguments) != 2:
            return schema
        if values := self.of(arguments[1]):
            schema["additionalProperties"] = values
        if typing.get_origin(arguments[0]) is Literal:
            schema["propertyNames"] = self.of(arguments[0])
        return schema


def _wanted(kind: Any, lesson: Lesson) -> list[Member]:
    """Return the attributes that are sent of a class by the names that were registered."""
    cls = typing.get_origin(kind) or kind
    declared = members_of(kind)
    hints = {one.attribute: one.kind for one in declared or ()} or hints_of(kind)
    if lesson.only is not None:
        return [Member(name, name, _attribute(cls, name, hints)) for name in lesson.only]
    if declared is None:
        declared = [Member(name, name, hint) for name, hint in hints.items()]
    return [
        one
        for one in declared
        if not one.attribute.startswith("_") and one.attribute not in lesson.excluded
    ]


def _attribute(cls: type, name: str, hints: dict[str, Any]) -> Any:
    """Return the type of an attribute, which may be a property."""
    getter = getattr(getattr(cls, name, None), "fget", None)
    if name in hints or getter is None:
        return hints.get(name, Any)
    told = _returned(getter)
    return Any if told is None else told


def _returned(function: Callable[..., Any]) -> Any:
    """Return what a function says that it returns, as an annotation; None if it does not say."""
    try:
        told = typing.get_type_hints(function, include_extras=True).get("return")
    except Exception:  # noqa: BLE001 - a name that only a type checker knows says nothing
        return None
    return told


def _said(inner: Any, meta: msgspec.Meta) -> Schema:
    """Return what msgspec makes of the constraints and descriptions of an annotation."""
    base = typing.get_origin(inner) or inner
    is_plain = base in _PLAIN
    try:
        said: Schema = msgspec.json.schema(typing.Annotated[base if is_plain else Any, meta])
    except TypeError:  # of a union or a class it takes no constraints
        return {}
    return {key: one for key, one in said.items() if key not in ("type", "items")}


def _titled(kind: Any) -> Schema:
    """Return the name and the docstring of a class, unless that is one that Python wrote."""
    cls = typing.get_origin(kind) or kind
    text = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    schema: Schema = {"title": _name(kind)}
    if text and not text.startswith(f"{cls.__name__}("):
        schema["description"] = text
    return schema


def _name(kind: Any) -> str:
    """Return what a class is called, as msgspec calls it."""
    arguments = [getattr(one, "__name__", str(one)) for one in typing.get_args(kind)]
    name: str = (typing.get_origin(kind) or kind).__name__
    return f"{name}[{', '.join(arguments)}]" if arguments else name


def _closed(items: list[Schema]) -> Schema:
    size = len(items)
    return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}


def _unknown(name: str) -> Schema:
    return {"description": f"{name}: nothing says what is sent of it."}

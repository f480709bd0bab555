"""Fields: what of an object is state, and whether it can change.

It knows dataclasses, attrs classes, msgspec structs and pydantic models by their marks, and
imports none of these libraries but msgspec. It must not know JSON.
"""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Collection
from typing import Any

import msgspec

from livestate_nb.state.pointer import Refusal

_IMMUTABLE = (
    str, int, float, bytes, tuple, frozenset, enum.Enum, datetime.date, datetime.time,
    datetime.timedelta, decimal.Decimal, uuid.UUID, pathlib.PurePath,
)  # fmt: skip
_EDITABLE = (set, bytearray)
_PYDANTIC = frozenset({("pydantic", "BaseModel")})
_ARRAYS = frozenset(
    {("numpy", "ndarray"), ("numpy", "generic")}
    | {(library, name) for library in ("pandas", "polars") for name in ("DataFrame", "Series")}
)


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass, struct or attrs class; None for anything else.

    A struct's fields have the names, and the tag, that msgspec encodes.

    Example:
        >>> @dataclasses.dataclass
        ... class Point:
        ...     x: int
        ...     y: int
        >>> fields_of(Point(1, 2))
        {'x': 1, 'y': 2}
    """
    cls = type(value)
    if dataclasses.is_dataclass(cls):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(cls)}
    if issubclass(cls, msgspec.Struct):
        return _struct_fields(value)
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is not None:
        return {attribute.name: getattr(value, attribute.name) for attribute in attributes}
    return None


def public_attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object whose names do not begin with an underscore.

    Raises:
        Refusal: the object keeps its attributes elsewhere than in a ``__dict__``.
    """
    try:
        attributes = vars(value)
    except TypeError as error:
        name = type(value).__qualname__
        raise Refusal(
            f"{name} has no __dict__ to exclude attributes from. Name those to send, with only=",
            value,
        ) from error
    return {name: item for name, item in attributes.items() if not name.startswith("_")}


def is_frozen(value: object) -> bool:
    """Say whether an object surely cannot change, whatever its parts may do.

    Example:
        >>> is_frozen((1, [])), is_frozen({1})
        (True, False)
    """
    cls = type(value)
    return issubclass(cls, _IMMUTABLE) or _is_declared_frozen(cls) is True


def is_array(value: object) -> bool:
    """Say whether an object is an array or a frame: in a state they are replaced, never mutated."""
    return is_named(type(value), _ARRAYS)


def is_editable(value: object) -> bool:
    """Say whether an object is made to be changed in place: a set, a dataclass not frozen.

    Example:
        >>> is_editable({1}), is_editable(1), is_editable(object())
        (True, False, False)
    """
    cls = type(value)
    if issubclass(cls, _EDITABLE) or _is_declared_frozen(cls) is False:
        return True
    return is_named(cls, _PYDANTIC) and not getattr(cls, "model_config", {}).get("frozen")


def is_named(cls: type, names: Collection[tuple[str, str]]) -> bool:
    """Say whether a class or one of its bases has one of some names."""
    return name_among(cls, names) is not None


def name_among(cls: type, names: Collection[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the first (package, name) of a class and its bases that is among some names."""
    for candidate in cls.__mro__:
        name = candidate.__module__.partition(".")[0], candidate.__name__
        if name in names:
            return name
    return None


def _struct_fields(value: msgspec.Struct) -> dict[str, Any]:
    config = value.__struct_config__
    fields: dict[str, Any] = {}
    if config.tag is not None:
        fields[config.tag_field or "type"] = config.tag
    for name, attribute in zip(
        value.__struct_encode_fields__, value.__struct_fields__, strict=True
    ):
        item = getattr(value, attribute)
        if item is not msgspec.UNSET:
            fields[name] = item
    return fields


def _is_declared_frozen(cls: type[Any]) -> bool | None:
    """Return whether a class that declares its fields is frozen, None for other classes."""
    if dataclasses.is_dataclass(cls):
        return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # not in typeshed
    if issubclass(cls, msgspec.Struct):
        return bool(cls.__struct_config__.frozen)
    if hasattr(cls, "__attrs_attrs__"):
        return cls.__setattr__.__name__ == "_frozen_setattrs"
    return None

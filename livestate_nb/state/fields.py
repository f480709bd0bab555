"""Fields: what of an object is state, and whether it can ever change.

Knows dataclasses, attrs classes, msgspec structs and pydantic models by their marks, without
importing a library. It must not know JSON.
"""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Collection, Iterable
from typing import Any

import msgspec


class Fields(list[tuple[str, Any]]):
    """Hold the names and values of an object's fields, in order."""

    __slots__ = ()


def fields_of(value: Any, only: Iterable[str] | None = None) -> Fields | None:
    """Return the fields of an object, None if it declares none.

    Args:
        value: any object.
        only: names to take, whether they are declared or not.

    Example:
        >>> @dataclasses.dataclass
        ... class Point:
        ...     x: int
        ...     y: int
        >>> fields_of(Point(1, 2))
        [('x', 1), ('y', 2)]
    """
    if only is not None:
        return Fields((name, getattr(value, name)) for name in only)
    cls = type(value)
    if dataclasses.is_dataclass(cls):
        return Fields((field.name, getattr(value, field.name)) for field in dataclasses.fields(cls))
    if issubclass(cls, msgspec.Struct):
        names = zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True)
        found = ((name, getattr(value, attribute)) for name, attribute in names)
        fields = Fields((name, item) for name, item in found if item is not msgspec.UNSET)
        config = cls.__struct_config__
        if config.tag is not None:
            fields.insert(0, (config.tag_field or "type", config.tag))
        return fields
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is not None:
        return Fields((attribute.name, getattr(value, attribute.name)) for attribute in attributes)
    return None


_IMMUTABLE = (
    str, int, float, bytes, tuple, frozenset, type(None), enum.Enum, datetime.date, datetime.time,
    datetime.timedelta, decimal.Decimal, uuid.UUID, pathlib.PurePath,
)  # fmt: skip
_REPLACED_NEVER_MUTATED = frozenset({"numpy", "pandas", "polars"})


def is_frozen(value: object) -> bool:
    """Say whether an object itself surely cannot change, whatever its parts may do.

    Arrays and frames of numpy, pandas and polars count as frozen: in a state they are replaced,
    never mutated.

    Example:
        >>> is_frozen((1, [])), is_frozen({1})
        (True, False)
    """
    cls = type(value)
    if issubclass(cls, _IMMUTABLE):
        return True
    frozen = _declared_frozen(cls)
    return library_of(cls) in _REPLACED_NEVER_MUTATED if frozen is None else frozen


def is_editable(value: object) -> bool:
    """Say whether a handler may change an object in place: a set, a dataclass that is not frozen.

    Example:
        >>> is_editable({1}), is_editable(1), is_editable(object())
        (True, False, False)
    """
    cls = type(value)
    return issubclass(cls, set | bytearray) or _declared_frozen(cls) is False


def _declared_frozen(cls: type) -> bool | None:
    """Return whether a class with declared fields is frozen, None for any other class."""
    if dataclasses.is_dataclass(cls):
        return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # not in typeshed
    if issubclass(cls, msgspec.Struct):
        return bool(cls.__struct_config__.frozen)
    if hasattr(cls, "__attrs_attrs__"):
        return "frozen" in cls.__setattr__.__name__
    if named_class(cls, {("pydantic", "BaseModel")}):
        return bool(cls.model_config.get("frozen"))  # type: ignore[attr-defined]  # a pydantic model
    return None


def library_of(cls: type) -> str:
    """Return the name of the package that a class comes from."""
    return cls.__module__.partition(".")[0]


def named_class(cls: type, names: Collection[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the first (package, class name) among a class and its bases that is in `names`."""
    for candidate in cls.__mro__:
        name = library_of(candidate), candidate.__name__
        if name in names:
            return name
    return None

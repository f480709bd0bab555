"""Constancy: what of a value can change, and copies of what can.

It must not know drafts, trees or JSON.
"""

import copy
import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from typing import Any

import msgspec

from livestate_nb.errors import DraftError
from livestate_nb.state.fields import declared_names, is_named
from livestate_nb.state.node import ATOMS

_LEAVES = (
    str, int, float, bytes, enum.Enum, datetime.date, datetime.time, datetime.timedelta,
    decimal.Decimal, uuid.UUID, pathlib.PurePath,
)  # fmt: skip
_COLLECTIONS = (tuple, frozenset)
_IMMUTABLE = (*_LEAVES, *_COLLECTIONS)
_ARRAYS = frozenset(
    {("numpy", "ndarray"), ("numpy", "generic")}
    | {(library, name) for library in ("pandas", "polars") for name in ("DataFrame", "Series")}
)


def is_constant(value: object) -> bool:
    """Say whether a value surely cannot change, nor any part of it.

    Arrays and frames count as constant: in a state they are replaced, never mutated. A pydantic
    model does not, even a frozen one.

    Example:
        >>> is_constant((1, "a")), is_constant((1, [])), is_constant({1}), is_constant(object())
        (True, False, False, False)
    """
    cls = type(value)
    if cls in ATOMS:
        return True
    if isinstance(value, _COLLECTIONS):
        return all(map(is_constant, value))
    if _is_declared_frozen(cls):
        names = declared_names(cls) or ()
        return all(is_constant(getattr(value, name, None)) for name in names)
    if isinstance(value, memoryview):
        return type(value.obj) is bytes
    return issubclass(cls, _LEAVES) or is_array(value)


def is_frozen(value: object) -> bool:
    """Say whether an object surely cannot change, whatever its parts may do.

    Example:
        >>> is_frozen((1, [])), is_frozen({1})
        (True, False)
    """
    cls = type(value)
    return issubclass(cls, _IMMUTABLE) or _is_declared_frozen(cls)


def is_array(value: object) -> bool:
    """Say whether an object is an array or a frame: in a state they are replaced, never mutated."""
    return is_named(type(value), _ARRAYS)


def copied(value: Any) -> Any:
    """Return a copy of a value that can change; it and the value have no such part in common.

    Raises:
        DraftError: the value cannot be copied, or holds a draft of an earlier turn.
    """
    if isinstance(value, memoryview):
        return memoryview(value.tobytes())
    try:
        return copy.deepcopy(value)
    except (TypeError, copy.Error) as error:
        raise DraftError(
            f"A {type(value).__qualname__} does not allow to be copied ({error}). What is in a "
            "state, a message or an event's detail must: put what it is made of there, or keep it "
            "on self"
        ) from error


def _is_declared_frozen(cls: type[Any]) -> bool:
    """Say whether a class declares its fields, and that they do not change."""
    if dataclasses.is_dataclass(cls):
        return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # not in typeshed
    if issubclass(cls, msgspec.Struct):
        return bool(cls.__struct_config__.frozen)
    return hasattr(cls, "__attrs_attrs__") and cls.__setattr__.__name__ == "_frozen_setattrs"

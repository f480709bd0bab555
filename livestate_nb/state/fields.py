"""Fields: what of an object is state, and the names that it goes under.

It knows dataclasses, attrs classes, msgspec structs and pydantic models by their marks, and
imports none of these libraries but msgspec. It must not know JSON.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from livestate_nb.state.pointer import Refusal


def declared_names(cls: type) -> Mapping[str, str] | None:
    """Return the fields that a dataclass, struct or attrs class declares; None for other classes.

    Returns:
        the names that fields are sent under, by their attributes' names.

    Example:
        >>> class Point(msgspec.Struct, rename="upper"):
        ...     x: int
        >>> declared_names(Point)
        {'x': 'X'}
    """
    if dataclasses.is_dataclass(cls):
        return {field.name: field.name for field in dataclasses.fields(cls)}
    if issubclass(cls, msgspec.Struct):
        return dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
    attributes = getattr(cls, "__attrs_attrs__", None)
    if attributes is None:
        return None
    return {attribute.name: attribute.name for attribute in attributes}


def fields_of(value: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of an object under the names that they are sent under.

    A struct's tag is among them, as msgspec encodes it; what is `msgspec.UNSET` is not.

    Args:
        value: the object.
        names: the fields' names, from `declared_names` of its class.

    Raises:
        Refusal: a field was never set.
    """
    fields: dict[str, Any] = {}
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        if config.tag is not None:
            fields[config.tag_field or "type"] = config.tag
    for attribute, name in names.items():
        item = read(value, attribute)
        if item is not msgspec.UNSET:
            fields[name] = item
    return fields


def public_fields_of(value: Any, unwanted: Collection[str]) -> dict[str, Any]:
    """Return what an object holds under names that do not begin with an underscore.

    Args:
        value: an object that declares its fields, or has attributes.
        unwanted: names of attributes to leave out.

    Raises:
        Refusal: the object keeps its attributes elsewhere than in a ``__dict__``; a field was
            never set.
    """
    declared = declared_names(type(value))
    names = {name: name for name in _attributes(value)} if declared is None else declared
    wanted = {
        attribute: name
        for attribute, name in names.items()
        if not attribute.startswith("_") and attribute not in unwanted
    }
    return fields_of(value, wanted)


def read(value: Any, name: str) -> Any:
    """Return an attribute of an object.

    Raises:
        Refusal: reading it fails: a field was never set, a property raises.
    """
    try:
        return getattr(value, name)
    except Exception as error:  # a property may raise whatever it likes
        refusal = Refusal(
            f"{name} of {type(value).__qualname__} cannot be read "
            f"({type(error).__name__}: {error})",
            value,
        )
        refusal.keys.append(name)
        raise refusal from error


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


def _attributes(value: Any) -> dict[str, Any]:
    try:
        attributes: dict[str, Any] = vars(value)
    except TypeError as error:
        name = type(value).__qualname__
        raise Refusal(
            f"{name} has no __dict__ to exclude attributes from. Name those to send, with only=",
            value,
        ) from error
    return attributes

"""Members: the fields that a class declares, with their types.

It reads dataclasses, attrs classes, msgspec structs, TypedDicts and named tuples, generic ones
included. It must not know JSON Schema.
"""

import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NotRequired, Required, TypeVar

import msgspec

from livestate_nb.errors import DeclarationError
from livestate_nb.state.fields import declared_names


@dataclass(frozen=True, slots=True)
class Member:
    """Hold a field of a class.

    Args:
        attribute: its name in Python.
        name: the name that it is sent under.
        kind: its type.
        is_required: whether it is always there.
    """

    attribute: str
    name: str
    kind: Any
    is_required: bool = True


def members_of(kind: Any) -> list[Member] | None:
    """Return the fields that a class declares; None for what is no such class.

    Args:
        kind: a class, or a generic one with its arguments.

    Raises:
        DeclarationError: an annotation in it names something unknown.

    Example:
        >>> class Point(typing.NamedTuple):
        ...     x: int
        >>> members_of(Point)
        [Member(attribute='x', name='x', kind=<class 'int'>, is_required=True)]
    """
    cls = typing.get_origin(kind) or kind
    if typing.is_typeddict(cls):
        return [_entry(cls, name, hint) for name, hint in hints_of(kind).items()]
    names = declared_names(cls)
    if names is None and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        names = {name: name for name in cls._fields}
    if names is None:
        return None
    hints = hints_of(kind)
    return [
        Member(attribute, name, *_set(hints.get(attribute, Any)))
        for attribute, name in names.items()
    ]


def is_tuple(kind: Any) -> bool:
    """Say whether a class is a named tuple."""
    cls = typing.get_origin(kind) or kind
    return isinstance(cls, type) and issubclass(cls, tuple)


def hints_of(kind: Any) -> dict[str, Any]:
    """Return what a class annotates its attributes with, in their order.

    Args:
        kind: a class, or a generic one with its arguments.

    Raises:
        DeclarationError: an annotation in it names something unknown.
    """
    cls = typing.get_origin(kind) or kind
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except Exception as error:
        raise DeclarationError(
            f"{cls.__qualname__}: cannot resolve its annotations ({error}): a class that is named "
            "in quotes, or under from __future__ import annotations, must stand at the top of the "
            "module or cell"
        ) from error
    arguments = dict(_arguments(kind, {}))
    owners = {
        name: base for base in reversed(cls.__mro__) for name in inspect.get_annotations(base)
    }
    return {
        name: with_arguments(hint, arguments.get(owners.get(name, cls), {}))
        for name, hint in hints.items()
        if typing.get_origin(hint) is not typing.ClassVar and hint is not typing.ClassVar
    }


def with_arguments(kind: Any, arguments: dict[Any, Any]) -> Any:
    """Return a type with its variables replaced; what is not known becomes Any."""
    if isinstance(kind, TypeVar):
        return arguments.get(kind, Any)
    variables = getattr(kind, "__parameters__", ())
    if isinstance(kind, type) or not variables:
        return kind
    return kind[tuple(arguments.get(one, Any) for one in variables)]


def options_of(kind: Any) -> list[Any] | None:
    """Return what a union is one of; None for what is no union."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return list(typing.get_args(kind))
    return None


def _entry(cls: Any, name: str, hint: Any) -> Member:
    """Return a member of a TypedDict."""
    is_required = name in cls.__required_keys__
    while typing.get_origin(hint) in (NotRequired, Required):
        is_required = typing.get_origin(hint) is Required
        [hint] = typing.get_args(hint)
    return Member(name, name, hint, is_required)


def _set(hint: Any) -> tuple[Any, bool]:
    """Return the type of a field when it is set, and whether it always is."""
    options = options_of(hint)
    if options is None or msgspec.UnsetType not in options:
        return hint, True
    kept = tuple(one for one in options if one is not msgspec.UnsetType)
    return typing.Union[kept], False  # noqa: UP007 - made of what is found


def _arguments(kind: Any, outer: dict[Any, Any]) -> Iterator[tuple[type, dict[Any, Any]]]:
    """Yield what the variables of a generic class and of its bases stand for."""
    cls = typing.get_origin(kind) or kind
    variables = getattr(cls, "__parameters__", ())
    given = (with_arguments(one, outer) for one in typing.get_args(kind))
    own = dict(zip(variables, given, strict=False))
    yield cls, own
    for base in getattr(cls, "__orig_bases__", ()):
        if isinstance(typing.get_origin(base), type) and base is not kind:
            yield from _arguments(base, own)

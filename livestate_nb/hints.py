"""Hints: what the methods of a channel are annotated with, resolved.

It must not know what annotations mean.
"""

import inspect
import typing
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from livestate_nb.errors import DeclarationError


def parameter_hint(method: Callable[..., Any], position: int, owner: type) -> Any:
    """Return what a parameter of a method is annotated with; Any if it is not, or is none.

    Args:
        method: the function as it stands in its class.
        position: which of its parameters, from 0; ``self`` counts.
        owner: the class that it stands in.

    Raises:
        DeclarationError: the annotation names something unknown.

    Example:
        >>> class Todos:
        ...     def add(self, payload: "dict[str, int]", state): ...
        >>> parameter_hint(Todos.add, 1, Todos), parameter_hint(Todos.add, 2, Todos)
        (dict[str, int], typing.Any)
    """
    parameters = list(inspect.signature(method).parameters.values())
    if position >= len(parameters):
        return Any
    parameter = parameters[position]
    if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
        return Any
    return _resolved(parameter.annotation, parameter.name, method, owner)


def return_hint(method: Callable[..., Any], owner: type) -> Any:
    """Return what a method says that it returns; Any if it does not say.

    Args:
        method: the function as it stands in its class.
        owner: the class that it stands in.

    Raises:
        DeclarationError: the annotation names something unknown.
    """
    annotation = inspect.signature(method).return_annotation
    return _resolved(annotation, "what it returns", method, owner)


def where_of(method: Callable[..., Any], owner: type) -> str:
    """Return how a method is called in errors."""
    return f"{owner.__name__}.{method.__name__}"


def _resolved(annotation: Any, what: str, method: Callable[..., Any], owner: type) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    names = getattr(inspect.unwrap(method), "__globals__", {})
    nested = {
        name: value
        for base in reversed(owner.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, type)
    }
    asked = SimpleNamespace(__annotations__={"it": annotation})
    try:
        hints = typing.get_type_hints(asked, names, nested, include_extras=True)
    except Exception as error:
        raise DeclarationError(
            f"{where_of(method, owner)}: cannot resolve the annotation {annotation!r} of "
            f"{what} ({error}): a class that is named in quotes, or under from "
            "__future__ import annotations, must stand at the top of the module or cell"
        ) from error
    return hints["it"]

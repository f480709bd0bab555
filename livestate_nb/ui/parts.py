"""Parts: what a part of a JSON Schema says about the control that shows it.

It resolves references, nulls and bounds, and reads from a class what its schema does not tell. It
must not know controls.
"""

import datetime
import enum
import re
import typing
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from types import UnionType
from typing import Any, Final

from livestate_nb.codec import Json
from livestate_nb.state.fields import declared_names

_BOUNDS: Final = {
    "minimum": "min",
    "maximum": "max",
    "multipleOf": "step",
    "minLength": "minLength",
    "maxLength": "maxLength",
    "pattern": "pattern",
}
_TIMES: Final = {
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
}
_FORMATS: Final = {"date": "date", "date-time": "datetime", "time": "time"}
_AWARE: Final = ("pydantic.types", "AwareDatetime")
_ZONE: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


def one_of(part: dict[str, Json], definitions: dict[str, Json]) -> tuple[dict[str, Json], bool]:
    """Return the one thing that a part can be besides null, and whether it can be null.

    Of several things it is their union where a tag tells them apart; else all of them: none has a
    control.
    """
    whole = resolved(part, definitions)
    choices = whole.get("anyOf") or whole.get("oneOf")
    if choices is None:
        return whole, whole.get("type") == "null"
    others = [one for one in choices if one.get("type") != "null"]
    found: dict[str, Json] = {}
    if len(others) == 1:
        found = resolved(others[0], definitions)
    elif "discriminator" in whole:
        found = whole
    return found, len(others) < len(choices)


def tagged_in(part: dict[str, Json], definitions: dict[str, Json]) -> list[dict[str, Json]]:
    """Return the schemas of the classes in a union that a tag tells apart; none of another part."""
    if "propertyName" not in part.get("discriminator", {}):
        return []
    return [resolved(one, definitions) for one in part.get("anyOf") or part["oneOf"]]


def resolved(part: dict[str, Json], definitions: dict[str, Json]) -> dict[str, Json]:
    """Return a part of a schema without its reference."""
    if "allOf" in part and len(part["allOf"]) == 1:
        part = {**part["allOf"][0], **part}
    while "$ref" in part:
        rest = {key: value for key, value in part.items() if key != "$ref"}
        part = {**definitions.get(part["$ref"].rpartition("/")[2], {}), **rest}
    return part


def values_of(part: dict[str, Json], hint: Any = None) -> list[Json] | None:
    """Return the values that a part is one of, in the order of its class; None for any value."""
    values: list[Json] | None = [part["const"]] if "const" in part else part.get("enum")
    return values if values is None else _ordered(values, hint)


def time_of(
    part: dict[str, Json], hint: Any, default: Json, *, is_pydantic: bool
) -> tuple[str, bool]:
    """Return which kind of time a text is, ``"text"`` for none, and whether it names its zone.

    Args:
        part: its schema.
        hint: its annotation.
        default: what it is if it is left out.
        is_pydantic: whether pydantic has made the schema, which gives every time a format. msgspec
            does that where a zone is asked for.
    """
    has_format = part.get("format") in _FORMATS
    kind = _TIMES.get(hint) or _FORMATS.get(part.get("format", ""), "text")
    if kind not in ("datetime", "time"):
        return kind, False
    is_asked = (getattr(hint, "__module__", ""), getattr(hint, "__name__", "")) == _AWARE
    is_given = isinstance(default, str) and _ZONE.search(default) is not None
    return kind, is_asked or is_given or (has_format and not is_pydantic)


def bounds_of(part: dict[str, Json], *, is_integer: bool = False) -> dict[str, Json]:
    """Return the bounds of a number or text, as HTML has them."""
    found = {ours: part[theirs] for theirs, ours in _BOUNDS.items() if theirs in part}
    if is_integer:
        found.setdefault("step", 1)
        if "exclusiveMinimum" in part:
            found["min"] = part["exclusiveMinimum"] + 1
        if "exclusiveMaximum" in part:
            found["max"] = part["exclusiveMaximum"] - 1
    if "min" in found and "step" in found:
        found["min"] = _multiple(found["min"], found["step"])
    if "pattern" in found:  # JSON Schema searches, HTML matches all of the text
        found["pattern"] = f".*(?:{found['pattern']}).*"
    return found


def hints_of(kind: Any) -> dict[str, Any]:
    """Return the annotations of a class by the names that its fields are sent under.

    A schema keeps no order and few times.
    """
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # noqa: BLE001 - whatever stands in annotations
        return {}
    names = _names(kind)
    return {names.get(name, name): hint for name, hint in hints.items()}


def plain(hint: Any) -> Any:
    """Return an annotation without None."""
    options = classes_in(hint)
    return options[0] if len(options) == 1 else hint


def classes_in(hint: Any) -> list[Any]:
    """Return what an annotation can be one of, besides None."""
    if typing.get_origin(hint) not in (typing.Union, UnionType):
        return [hint]
    return [one for one in typing.get_args(hint) if one is not type(None)]


def _names(kind: Any) -> Mapping[str, str]:
    if not isinstance(kind, type):
        return {}
    fields = getattr(kind, "model_fields", {})
    aliases = {name: getattr(field, "alias", None) or name for name, field in fields.items()}
    return aliases or declared_names(kind) or {}


def _multiple(least: float, step: float) -> float:
    """Return the least multiple of a step that is not below a number: HTML counts from there."""
    exact = Decimal(str(step))
    steps = (Decimal(str(least)) / exact).to_integral_value(ROUND_CEILING)
    return type(step)(steps * exact)


def _ordered(values: list[Json], hint: Any) -> list[Json]:
    """Return values in the order in which the class has them."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        wanted = [member.value for member in hint]
    else:
        wanted = list(typing.get_args(hint))
    is_same = sorted(map(repr, wanted)) == sorted(map(repr, values))
    return wanted if is_same else values

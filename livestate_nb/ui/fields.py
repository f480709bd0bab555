"""The fields of a form: what of a JSON Schema becomes which control.

It reads the schema of a class once, and knows no controls but by name. What js/src/ui/form-field.ts
calls a FormField is made here.
"""

import datetime
import enum
import typing
from decimal import ROUND_CEILING, Decimal
from types import UnionType
from typing import Any, Final

from livestate_nb.codec import Json, dumps
from livestate_nb.schema.definitions import Definitions
from livestate_nb.schema.payloads import payload_schema

_ROOT: Final = "Form"
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
_DEEP: Final = 4
"""Groups in groups; what is deeper is typed as JSON, as classes that hold themselves must be."""


def fields_of(what: str, kind: Any) -> list[dict[str, Json]]:
    """Return the fields of a class, in its order.

    Args:
        what: names the argument.
        kind: a dataclass, a TypedDict, or a class of msgspec, attrs or pydantic.

    Raises:
        TypeError: it is no such class.

    Example:
        >>> class Todo(typing.TypedDict):
        ...     title: str
        ...     size: typing.Literal["small", "large"]
        >>> for field in fields_of("ui.form: schema", Todo):
        ...     print(field)
        {'name': 'title', 'label': 'Title', 'required': True, 'control': 'text'}
        {'name': 'size', 'label': 'Size', 'required': True, 'control': 'select', 'options': [['small', 'small'], ['large', 'large']]}
    """  # noqa: E501 - a doctest's output
    try:
        definitions = Definitions()
        named = definitions.resolve({_ROOT: payload_schema(kind, definitions)})
    except Exception as error:  # msgspec and pydantic raise what they like
        raise _refusal(what, kind) from error
    root = _resolve(named[_ROOT], named)
    if "properties" not in root:
        raise _refusal(what, kind)
    return _fields(root, kind, named, 0)


def _refusal(what: str, kind: object) -> TypeError:
    return TypeError(
        f"{what}: expected a dataclass, a TypedDict, or a class of msgspec, attrs or pydantic, of "
        f"fields that JSON has, got {kind!r}"
    )


def _fields(
    schema: dict[str, Json], kind: Any, definitions: dict[str, Json], depth: int
) -> list[dict[str, Json]]:
    hints = _hints(kind)
    needed = schema.get("required", [])
    properties = schema["properties"]
    # msgspec sorts the fields of a TypedDict
    names = [*hints] if hints.keys() == properties.keys() else [*properties]
    return [
        _field(name, properties[name], name in needed, hints.get(name), definitions, depth)
        for name in names
    ]


def _field(
    name: str,
    part: dict[str, Json],
    is_required: bool,
    hint: Any,
    definitions: dict[str, Json],
    depth: int,
) -> dict[str, Json]:
    """Return the field that a part of a schema becomes."""
    merged, is_nullable = _one(part, definitions)
    title = merged.get("title") if "$ref" not in part and "anyOf" not in part else None
    words = name.replace("_", " ").strip()
    field = {"name": name, "label": title or words[:1].upper() + words[1:]}
    if is_required:
        field["required"] = True
    if is_nullable:
        field["nullable"] = True
    if part.get("description"):
        field["hint"] = part["description"]
    if "default" in part and part["default"] is not None:
        field["default"] = part["default"]
    return field | _control(merged, _plain(hint), definitions, depth)


def _control(
    part: dict[str, Json], hint: Any, definitions: dict[str, Json], depth: int
) -> dict[str, Json]:
    """Return which control shows a part of a schema, and what it needs to know."""
    kind = part.get("type")
    values = [part["const"]] if "const" in part else part.get("enum")
    if values is not None:
        return {"control": "select", "options": [[_text(v), v] for v in _ordered(values, hint)]}
    if kind == "boolean":
        return {"control": "checkbox"}
    if kind in ("integer", "number"):
        return {"control": "number", **_bounds(part, kind == "integer")}
    if kind == "string":
        time = _TIMES.get(hint) or _FORMATS.get(part.get("format", ""), "text")
        return {"control": time, **(_bounds(part, False) if time == "text" else {})}
    items = _resolve(part.get("items") or {}, definitions) if kind == "array" else {}
    if items.get("type") == "string" and "enum" not in items and "prefixItems" not in part:
        return {"control": "lines"}
    if part.get("properties") and depth < _DEEP:
        return {"control": "group", "fields": _fields(part, hint, definitions, depth + 1)}
    return {"control": "json"}


def _bounds(part: dict[str, Json], is_integer: bool) -> dict[str, Json]:
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


def _multiple(least: float, step: float) -> float:
    """Return the least multiple of a step that is not below a number: HTML counts from there."""
    exact = Decimal(str(step))
    steps = (Decimal(str(least)) / exact).to_integral_value(ROUND_CEILING)
    return type(step)(steps * exact)


def _one(part: dict[str, Json], definitions: dict[str, Json]) -> tuple[dict[str, Json], bool]:
    """Return the one thing that a part can be besides null, and whether it can be null.

    Of several things it is all of them: none has a control.
    """
    resolved = _resolve(part, definitions)
    choices = resolved.get("anyOf") or resolved.get("oneOf")
    if choices is None:
        return resolved, resolved.get("type") == "null"
    others = [one for one in choices if one.get("type") != "null"]
    found = _resolve(others[0], definitions) if len(others) == 1 else {}
    return found, len(others) < len(choices)


def _resolve(part: dict[str, Json], definitions: dict[str, Json]) -> dict[str, Json]:
    """Return a part of a schema without its reference."""
    if "allOf" in part and len(part["allOf"]) == 1:
        part = {**part["allOf"][0], **part}
    while "$ref" in part:
        rest = {key: value for key, value in part.items() if key != "$ref"}
        part = {**definitions.get(part["$ref"].rpartition("/")[2], {}), **rest}
    return part


def _hints(kind: Any) -> dict[str, Any]:
    """Return the annotations of a class: a schema keeps no order and few times."""
    try:
        return typing.get_type_hints(kind)
    except Exception:  # noqa: BLE001 - whatever stands in annotations
        return {}


def _plain(hint: Any) -> Any:
    """Return an annotation without None."""
    if typing.get_origin(hint) in (typing.Union, UnionType):
        others = [one for one in typing.get_args(hint) if one is not type(None)]
        return others[0] if len(others) == 1 else None
    return hint


def _ordered(values: list[Json], hint: Any) -> list[Json]:
    """Return values in the order in which the class has them."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        wanted = [member.value for member in hint]
    else:
        wanted = list(typing.get_args(hint))
    is_same = sorted(map(repr, wanted)) == sorted(map(repr, values))
    return wanted if is_same else values


def _text(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value).decode()

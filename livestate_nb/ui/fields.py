"""The fields of a form: what of a JSON Schema becomes which control.

It reads the schema of a class once, and knows no controls but by name. What js/src/ui/form-field.ts
calls a FormField is made here.
"""

import typing
from dataclasses import dataclass, replace
from typing import Any, Final

from livestate_nb.codec import Json, dumps
from livestate_nb.payload import adapter_of
from livestate_nb.schema.definitions import Definitions
from livestate_nb.schema.models import is_model
from livestate_nb.schema.payloads import payload_schema
from livestate_nb.ui.parts import (
    bounds_of,
    classes_in,
    hints_of,
    one_of,
    plain,
    resolved,
    tagged_in,
    time_of,
    values_of,
)

_ROOT: Final = "Form"
_DEEP: Final = 4
"""Groups in groups; what is deeper is typed as JSON, as classes that hold themselves must be."""

_ZONED_TIME: Final = r"\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"
_EXAMPLES: Final = {"time": "Such as 10:30:00+02:00", "duration": "Such as PT1H30M"}
"""What is said of texts that have a form, by the format of their schema."""


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
    root = resolved(named[_ROOT], named)
    if "properties" not in root:
        raise _refusal(what, kind)
    is_pydantic = is_model(kind) or adapter_of(kind) is not None
    return _Class(kind, root, named, is_pydantic=is_pydantic).fields()


def _refusal(what: str, kind: object) -> TypeError:
    hint = ""
    if len(classes_in(kind)) > 1:
        hint = ": make a class with a field of that type, which gets a control that chooses one"
    return TypeError(
        f"{what}: expected a dataclass, a TypedDict, or a class of msgspec, attrs or pydantic, of "
        f"fields that JSON has, got {kind!r}{hint}"
    )


@dataclass(frozen=True, slots=True)
class _Class:
    """Read a class whose fields are shown.

    Args:
        kind: the class, or its annotation; None if only its schema is known.
        schema: its schema, without a reference.
        definitions: what schemas refer to.
        depth: how many groups it stands in.
        start: what its fields begin with, instead of their own defaults.
        is_pydantic: whether pydantic has made the schema, and not msgspec.
    """

    kind: Any
    schema: dict[str, Json]
    definitions: dict[str, Json]
    depth: int = 0
    start: Json = None
    is_pydantic: bool = False

    def fields(self) -> list[dict[str, Json]]:
        hints = hints_of(self.kind)
        needed = self.schema.get("required", [])
        properties = self.schema["properties"]
        # msgspec sorts the fields of a TypedDict
        names = [*hints] if hints.keys() == properties.keys() else [*properties]
        return [
            self._field(name, properties[name], hints.get(name), is_required=name in needed)
            for name in names
        ]

    def _field(
        self, name: str, part: dict[str, Json], hint: Any, *, is_required: bool
    ) -> dict[str, Json]:
        """Return the field that a part of the schema becomes."""
        found, is_nullable = one_of(part, self.definitions)
        title = part.get("title") if "$ref" not in part else None
        words = name.replace("_", " ").strip()
        field = {"name": name, "label": title or words[:1].upper() + words[1:]}
        if is_required:
            field["required"] = True
        if is_nullable:
            field["nullable"] = True
        default = (self.start or {}).get(name, part.get("default"))
        if default is not None:
            field["default"] = default
        control = self._control(found, plain(hint), default)
        said = part.get("description")
        if control["control"] == "text":
            said = said or _EXAMPLES.get(found.get("format", ""))
        if said:
            field["hint"] = said
        is_open = is_nullable or (not is_required and default is None)
        if control["control"] == "group":
            return field | self._group(control, field)
        if control["control"] == "checkbox" and is_open:  # a checkbox is never empty
            control = {"control": "select", "options": [["yes", True], ["no", False]]}
        elif len(control.get("options", [])) == 1 and not is_open:
            [[_, value]] = control["options"]
            control = {"control": "constant", "default": value}
        return field | control

    def _control(self, part: dict[str, Json], hint: Any, default: Json) -> dict[str, Json]:
        """Return which control shows a part of the schema, and what it needs to know."""
        kind = part.get("type")
        values = values_of(part, hint)
        if values is not None:
            return {"control": "select", "options": [[_text(one), one] for one in values]}
        if kind == "boolean":
            return {"control": "checkbox"}
        if kind in ("integer", "number"):
            return {"control": "number", **bounds_of(part, is_integer=kind == "integer")}
        if kind == "string":
            return self._text_control(part, hint, default)
        items = resolved(part.get("items") or {}, self.definitions) if kind == "array" else {}
        if items.get("type") == "string" and "enum" not in items and "prefixItems" not in part:
            return {"control": "lines"}
        if self.depth < _DEEP:
            if part.get("properties"):
                return {"control": "group", "fields": self._within(part, hint, default).fields()}
            if tagged := tagged_in(part, self.definitions):
                return self._variants(tagged, part["discriminator"]["propertyName"], hint, default)
        return {"control": "json"}

    def _text_control(self, part: dict[str, Json], hint: Any, default: Json) -> dict[str, Json]:
        time, is_zoned = time_of(part, hint, default, is_pydantic=self.is_pydantic)
        if time == "time" and is_zoned:  # no control has that
            return {"control": "text", "pattern": _ZONED_TIME}
        if time != "text":
            return {"control": time, "zoned": True} if is_zoned else {"control": time}
        return {"control": "text", **bounds_of(part)}

    def _group(self, control: dict[str, Json], field: dict[str, Json]) -> dict[str, Json]:
        """Return a group, which can be left out where that is not the same as an empty one."""
        is_needed = any(one.get("required") for one in control["fields"])
        is_left = not field.get("required") and "default" not in field
        if field.get("nullable") or (is_left and (is_needed or typing.is_typeddict(self.kind))):
            return {**control, "optional": True}
        return control

    def _variants(
        self, tagged: list[dict[str, Json]], tag: str, hint: Any, default: Json
    ) -> dict[str, Json]:
        """Return a choice between the classes of a union, each with its fields."""
        classes = {getattr(one, "__name__", None): one for one in classes_in(hint)}
        variants: list[Json] = []
        chosen: dict[str, Json] = {}
        for index, schema in enumerate(tagged):
            tags = values_of(resolved(schema["properties"][tag], self.definitions)) or []
            start = default if default is not None and default.get(tag) in tags else None
            if start is not None:
                chosen = {"chosen": index}
            within = self._within(schema, classes.get(schema.get("title")), start)
            variants.append([" or ".join(map(_text, tags)), within.fields()])
        return {"control": "variants", "variants": variants, **chosen}

    def _within(self, schema: dict[str, Json], kind: Any, start: Json) -> "_Class":
        is_pydantic = self.is_pydantic or any(map(is_model, classes_in(kind)))
        return replace(
            self,
            kind=kind,
            schema=schema,
            depth=self.depth + 1,
            start=start,
            is_pydantic=is_pydantic,
        )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value).decode()

"""Models: the JSON Schema of pydantic's models and dataclasses, as pydantic says it.

It imports nothing of pydantic that the user's model has not imported. It must not know channels.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Any, Final

from livestate_nb.schema.definitions import Definitions, Schema
from livestate_nb.state.fields import is_named

_MODELS: Final = frozenset({("pydantic", "BaseModel")})
_MODE: Final = "serialization"
_INPUT: Final = "validation"


def is_model(cls: Any) -> bool:
    """Say whether something is a class of pydantic's models."""
    return isinstance(cls, type) and is_named(cls, _MODELS)


def model_schema(
    cls: Any,
    definitions: Definitions,
    *,
    is_payload: bool,
    excluded: Collection[str] = (),
    ignored: Collection[str] = (),
) -> Schema:
    """Return the schema of a model: a reference to its definition.

    Args:
        cls: the model's class.
        definitions: takes in the model and those that it holds.
        is_payload: whether clients send it, or it is sent to them: each field then, defaults too.
        excluded: names of fields of this model that are not sent.
        ignored: names of fields that are not sent, of those that it holds as well.
    """
    schema: Schema = cls.model_json_schema(
        by_alias=is_payload or cls.model_config.get("serialize_by_alias", False),
        mode=_INPUT if is_payload else _MODE,
        schema_generator=_generator(),
    )
    named: dict[str, Schema] = schema.pop("$defs", {})
    if "$ref" in schema and excluded:  # it holds itself, whole
        schema = named[schema["$ref"].rpartition("/")[2]]
    schema = _without(schema, excluded)
    if ignored:
        schema = _without(schema, ignored)
        named = {name: _without(one, ignored) for name, one in named.items()}
    return _adopted(schema, named, definitions, is_payload=is_payload)


def adapter_schema(adapter: Any, definitions: Definitions) -> Schema:
    """Return the schema of the payloads that a TypeAdapter of pydantic reads.

    Args:
        adapter: from `livestate_nb.payload.adapter_of`.
        definitions: takes in the named types in it.
    """
    schema: Schema = adapter.json_schema(mode=_INPUT, schema_generator=_generator())
    named: dict[str, Schema] = schema.pop("$defs", {})
    return _adopted(schema, named, definitions, is_payload=True)


def _adopted(
    schema: Schema, named: dict[str, Schema], definitions: Definitions, *, is_payload: bool
) -> Schema:
    """Return what pydantic says, a class as a reference to its definition."""
    if "properties" not in schema or "title" not in schema:
        return definitions.adopt(schema, named, is_payload=is_payload)
    reference = definitions.enter(schema["title"], is_payload=is_payload)
    definitions.fill(reference, definitions.adopt(schema, named, is_payload=is_payload))
    return reference


def _without(schema: Schema, names: Collection[str]) -> Schema:
    """Return the schema of an object that lacks some fields."""
    kept = dict(schema)
    if "properties" in kept:
        kept["properties"] = {
            name: one for name, one in kept["properties"].items() if name not in names
        }
    if "required" in kept:
        kept["required"] = [name for name in kept["required"] if name not in names]
    return kept


def _generator() -> Any:
    """Return pydantic's generator, but for fields with defaults, and those that nobody may set."""
    module: Any = import_module("pydantic.json_schema")

    class Generator(module.GenerateJsonSchema):  # type: ignore[misc]  # pydantic is the user's
        def field_is_required(self, field: Any, total: bool) -> bool:
            if self.mode == _MODE and field["type"] != "typed-dict-field":
                return not field.get("serialization_exclude_if")
            required: bool = super().field_is_required(field, total)
            return required

        def field_is_present(self, field: Any) -> bool:
            if self.mode == _INPUT and field.get("init") is False:
                return False  # what a dataclass does not take, pydantic passes over
            present: bool = super().field_is_present(field)
            return present

    return Generator

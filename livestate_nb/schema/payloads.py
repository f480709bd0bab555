"""Payloads: the JSON Schema of what clients may send, by a handler's annotation.

Payloads are read by msgspec or pydantic, and models in them by pydantic; so both say what they
read. It must not know channels.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from livestate_nb.payload import adapter_of
from livestate_nb.schema.definitions import Definitions, Schema
from livestate_nb.schema.models import adapter_schema, is_model, model_schema

BYTES: Final = (bytes, bytearray, memoryview)
"""What travels in binary frames where it is a whole payload or detail."""

_BINARY: Final[Schema] = {
    "description": "Bytes, or their base64 text.",
    "tsType": "ArrayBuffer | ArrayBufferView | string",
}


def payload_schema(kind: Any, definitions: Definitions) -> Schema:
    """Return the schema of the payloads that a handler takes.

    Args:
        kind: what its payload is annotated with; `livestate_nb.payload` has accepted it.
        definitions: takes in the named types in it.
    """
    if kind in BYTES:
        return dict(_BINARY)
    if (adapter := adapter_of(kind)) is not None:
        return adapter_schema(adapter, definitions)
    hook: Callable[[Any], Schema] = partial(_other, definitions)
    [schema], named = msgspec.json.schema_components([kind], schema_hook=hook)
    return definitions.adopt(schema, named, is_payload=True)


def _other(definitions: Definitions, cls: Any) -> Schema:
    """Return the schema of what msgspec leaves to others: a model of pydantic."""
    if not is_model(cls):
        return {}
    return model_schema(cls, definitions, is_payload=True)

"""The contract of a channel: the types of its state, its events and its replies.

It reads the annotations of a channel's class. It must not know how types are written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from livestate_nb.codec import Json
from livestate_nb.declaration import FALLBACK, Options, has_fallback
from livestate_nb.errors import DeclarationError
from livestate_nb.hints import parameter_hint, return_hint
from livestate_nb.protocol.message import PRESENCE_DIFF, PRESENCE_STATE
from livestate_nb.schema.definitions import Definitions, Schema
from livestate_nb.schema.documents import DocumentSchemas
from livestate_nb.schema.payloads import BYTES, payload_schema
from livestate_nb.state.encoder import IGNORED_KEYS
from livestate_nb.state.fields import is_named

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SAYS_NOTHING: Final = (Any, object, None, type(None), dict, dict[str, Any], dict[str, object])
_ARRAYS: Final = frozenset({("numpy", "ndarray"), ("array", "array")})
_NEVER_SENT: Final = "Null, which clients in JavaScript cannot send: they send {} in its place."
_METAS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"metas": {"type": "array", "items": {"type": "object"}}},
        "required": ["metas"],
    },
}


@dataclass(frozen=True, slots=True)
class Contract:
    """Hold what a channel and its clients send each other, as annotations.

    Args:
        name: what the channel is called.
        source: its module and name, as they are imported.
        state: the type of its state; Any where nothing says it.
        events: the types of the payloads, by event.
        fallback: the type of the payloads of all other events; None where there are none.
        replies: the types of the details, by event; None where nothing says them.
        ignored: names of what is not sent of a state.
        has_presence: whether the members are told who is present.
    """

    name: str
    source: str
    state: Any
    events: dict[str, Any]
    fallback: Any
    replies: dict[str, Any] | None
    ignored: frozenset[str]
    has_presence: bool


def contract_of(cls: type, handlers: dict[str, str], options: Options) -> Contract:
    """Return what the annotations of a channel say.

    Args:
        cls: the channel's class.
        handlers: its methods that handle events, by event.
        options: what its class statement says.

    Raises:
        DeclarationError: an annotation names something unknown, or two say different states.
    """
    fallback: Any = None
    if has_fallback(cls):
        fallback = parameter_hint(getattr(cls, FALLBACK), 2, cls)
    elif not handlers:  # the runtime takes any event then
        fallback = Any
    return Contract(
        cls.__name__,
        f"{cls.__module__}:{cls.__qualname__}",
        _state_of(cls, handlers),
        {event: parameter_hint(getattr(cls, name), 1, cls) for event, name in handlers.items()},
        fallback,
        None if options.replies is None else dict(options.replies),
        options.message_builder.ignored,
        options.presence,
    )


def schema_of(contracts: list[Contract]) -> dict[str, Json]:
    """Return the types of some channels as one JSON Schema document (draft 2020-12).

    Args:
        contracts: of channels of different names.

    Returns:
        a document whose ``$defs`` are the types: ``TodosState``, ``TodosEvents`` and
        ``TodosReplies`` for a channel Todos, then those that they refer to.

    Raises:
        DeclarationError: two channels have one name, or an annotation names something unknown.
    """
    definitions = Definitions()
    roots: dict[str, Schema] = {}
    for contract in contracts:
        name = contract.name
        if f"{name}State" in roots:
            raise DeclarationError(
                f"expected channels of different names, got two that are called {name}: write "
                "their types separately"
            )
        roots[f"{name}State"] = _state(contract, definitions)
        replies = _replies(contract, definitions)
        roots[f"{name}Events"] = _events(contract, definitions)
        roots[f"{name}Replies"] = replies
    return {
        "$schema": _DIALECT,
        "$comment": f"Types of {', '.join(one.source for one in contracts)}, by livestate_nb.",
        "$defs": definitions.resolve(roots),
    }


def _state_of(cls: Any, handlers: dict[str, str]) -> Any:
    """Return what `init` says that it returns, or what the handlers say that they get."""
    init: Callable[..., Any] = cls.init
    said = {"init": return_hint(init, cls)}
    places = dict.fromkeys(("joined", "handle_message", *handlers.values()), 2)
    places |= dict.fromkeys(("left", "ended"), 1)
    if has_fallback(cls):
        places[FALLBACK] = 3
    said |= {name: parameter_hint(getattr(cls, name), place, cls) for name, place in places.items()}
    kinds = {name: kind for name, kind in said.items() if kind not in _SAYS_NOTHING}
    if not kinds:
        return next((kind for kind in said.values() if kind in _SAYS_NOTHING[4:]), Any)
    (first, kind), *others = kinds.items()
    for name, other in others:
        if other != kind:
            raise DeclarationError(
                f"{cls.__name__}: expected one type of state, got {kind!r} in {first} and "
                f"{other!r} in {name}: annotate them alike"
            )
    return kind


def _state(contract: Contract, definitions: Definitions) -> Schema:
    if contract.state in (Any, object):
        return {"description": f"Nothing says it: annotate what {contract.name}.init returns."}
    return DocumentSchemas(definitions, contract.ignored).of(contract.state)


def _events(contract: Contract, definitions: Definitions) -> Schema:
    payloads = {
        event: _payload(kind, definitions) for event, kind in sorted(contract.events.items())
    }
    rest: Schema | bool = False
    if contract.fallback is not None:
        rest = _payload(contract.fallback, definitions)
    return _map(f"The events that {contract.name} handles, with their payloads.", payloads, rest)


def _payload(kind: Any, definitions: Definitions) -> Schema:
    if kind in (Any, object):
        return {"description": "Not annotated: anything."}
    return _without_null(payload_schema(kind, definitions))


def _without_null(schema: Schema) -> Schema:
    """Return the schema of whole payloads but for null, in whose place JavaScript sends ``{}``."""
    if schema.get("type") == "null" or schema.get("enum") == [None]:
        return {**schema, "description": _NEVER_SENT, "tsType": "never"}
    if "enum" in schema:
        return {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    kept = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if not kept:
        return schema
    others = {key: one for key, one in schema.items() if key != "anyOf"}
    return {**kept[0], **others} if len(kept) == 1 else {**others, "anyOf": kept}


def _replies(contract: Contract, definitions: Definitions) -> Schema:
    schemas = DocumentSchemas(definitions, IGNORED_KEYS)
    details: dict[str, Schema] = {
        event: _detail(kind, schemas) for event, kind in sorted((contract.replies or {}).items())
    }
    if contract.has_presence:
        ends = {"joins": _METAS, "leaves": _METAS}
        details[PRESENCE_STATE] = _METAS
        details[PRESENCE_DIFF] = {"type": "object", "properties": ends, "required": list(ends)}
    text = f"The events that {contract.name} sends, with their details."
    if contract.replies is None:
        text += f"\nNothing says them: {contract.name} has no replies= in its class statement."
    return _map(text, details, {} if contract.replies is None else False)


def _detail(kind: Any, schemas: DocumentSchemas) -> Schema:
    if kind in BYTES or (isinstance(kind, type) and is_named(kind, _ARRAYS)):
        return {"description": "Bytes.", "tsType": "ArrayBuffer"}
    return schemas.of(kind)


def _map(description: str, properties: dict[str, Schema], rest: Schema | bool) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": rest,
    }

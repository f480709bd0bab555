"""TypeScript: declarations of the types of a JSON Schema document.

It knows JSON Schema as msgspec, pydantic and this package write it, and ``tsType``, TypeScript that
stands in a schema. It must not know Python's types.
"""

import inspect
import json
import re
import textwrap
from typing import Any, Final

from livestate_nb.schema.definitions import REF, Schema

_WIDTH: Final = 100
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_PRIMITIVES: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}
_UNKNOWN: Final = "unknown"


def typescript_of(document: Schema) -> str:
    """Return a module of TypeScript that declares the types of a document.

    Args:
        document: from `livestate_nb.schema.contract.schema_of`.

    Example:
        >>> print(typescript_of({"$comment": "Types.", "$defs": {"Kind": {"enum": ["a", "b"]}}}))
        // Types. Do not edit.
        <BLANKLINE>
        export type Kind = "a" | "b";
        <BLANKLINE>
    """
    parts = [textwrap.fill(f"{document['$comment']} Do not edit.", _WIDTH - 3)]
    parts[0] = textwrap.indent(parts[0], "// ")
    parts += [_declaration(name, schema) for name, schema in document["$defs"].items()]
    return "\n\n".join(parts) + "\n"


def _declaration(name: str, schema: Schema) -> str:
    doc = _comment(schema, "")
    if _is_interface(schema):
        return f"{doc}export interface {name} {_members(schema, '')}"
    head = f"export type {name} ="
    return f"{doc}{head}{_after(schema, '', len(head))};"


def _is_interface(schema: Schema) -> bool:
    return "properties" in schema and not any(
        key in schema for key in ("tsType", REF, "anyOf", "oneOf", "allOf", "enum", "const")
    )


def _members(schema: Schema, indent: str) -> str:
    """Return the body of an interface, over several lines."""
    inner = indent + "  "
    required = schema.get("required", ())
    lines = []
    for name, one in schema["properties"].items():
        head = f"{_key(name)}{'' if name in required else '?'}:"
        told = _after(one, inner, len(inner) + len(head))
        lines.append(f"{_comment(one, inner, has_format=True)}{inner}{head}{told};")
    rest = _rest(schema)
    if rest is not None:
        head = "[key: string]:"
        doc = "" if isinstance(schema["additionalProperties"], bool) else _comment(rest, inner)
        told = _after(rest, inner, len(inner) + len(head))
        lines.append(f"{doc}{inner}{head}{told};")
    return "\n".join(["{", *lines, f"{indent}}}"]) if lines else "{}"


def _rest(schema: Schema) -> Schema | None:
    """Return what other fields hold; TypeScript wants the named ones to fit it."""
    rest = schema.get("additionalProperties", False)
    if rest is False:
        return None
    if rest is True or _type(rest) == _UNKNOWN:
        return rest if isinstance(rest, dict) else {}
    others = list(schema["properties"].values())
    if set(schema["properties"]) - set(schema.get("required", ())):
        others.append({"tsType": "undefined"})
    return {"anyOf": [rest, *others]} if others else rest


def _after(schema: Schema, indent: str, column: int) -> str:
    """Return a type as it stands behind what fills a line up to a column."""
    flat = _type(schema)
    if column + 1 + len(flat) + 1 <= _WIDTH:
        return f" {flat}"
    inner = indent + "  "
    options = _options(schema)
    if len(options) > 1:
        return "".join(f"\n{inner}| {option}" for option in options)
    return f" {_members(schema, indent)}" if _is_interface(schema) else f"\n{inner}{flat}"


def _type(schema: Schema | bool) -> str:
    """Return a type in one line."""
    if isinstance(schema, bool):
        return _UNKNOWN if schema else "never"
    options = _options(schema)
    return _UNKNOWN if _UNKNOWN in options else " | ".join(options)


def _options(schema: Schema) -> list[str]:
    """Return the types that a type is one of."""
    if "tsType" in schema:
        found = [schema["tsType"]]
    elif REF in schema:
        found = [schema[REF].rpartition("/")[2]]
    elif "enum" in schema:
        found = [_literal(value) for value in schema["enum"]]
    elif "const" in schema:
        found = [_literal(schema["const"])]
    elif "anyOf" in schema or "oneOf" in schema:
        found = [
            option
            for one in schema["anyOf" if "anyOf" in schema else "oneOf"]
            for option in (_options(one) if isinstance(one, dict) else [_type(one)])
        ]
    elif "allOf" in schema:
        found = [" & ".join(_grouped(one) for one in schema["allOf"])]
    else:
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        found = [_kind(kind, schema) for kind in kinds] or [_UNKNOWN]
    return list(dict.fromkeys(found))


def _kind(kind: str, schema: Schema) -> str:
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    return _PRIMITIVES[kind]


def _array(schema: Schema) -> str:
    items = schema.get("items", True)
    if "prefixItems" not in schema:
        return f"{_grouped(items)}[]"
    least = schema.get("minItems", 0)
    told = [
        _type(one) if place < least else f"{_grouped(one)}?"
        for place, one in enumerate(schema["prefixItems"])
    ]
    if items is not False and schema.get("maxItems", len(told) + 1) > len(told):
        told.append(f"...{_grouped(items)}[]")
    return f"[{', '.join(told)}]"


def _object(schema: Schema) -> str:
    if not schema.get("properties"):
        rest = schema.get("additionalProperties", True)
        if rest is False:
            return "Record<string, never>"
        if "propertyNames" in schema and "enum" in schema["propertyNames"]:
            return f"Partial<Record<{_type(schema['propertyNames'])}, {_type(rest)}>>"
        return f"Record<string, {_type(rest)}>"
    required = schema.get("required", ())
    told = [
        f"{_key(name)}{'' if name in required else '?'}: {_type(one)}"
        for name, one in schema["properties"].items()
    ]
    rest = _rest(schema)
    if rest is not None:
        told.append(f"[key: string]: {_type(rest)}")
    return f"{{ {'; '.join(told)} }}"


def _grouped(schema: Schema | bool) -> str:
    """Return a type in brackets where an operator follows that binds more tightly than its own."""
    told = _type(schema)
    is_one = isinstance(schema, bool) or (len(_options(schema)) == 1 and "allOf" not in schema)
    return told if told == _UNKNOWN or (is_one and " | " not in _bare(schema)) else f"({told})"


def _bare(schema: Schema | bool) -> str:
    """Return the TypeScript that stands in a schema, which may be a union."""
    return "" if isinstance(schema, bool) else str(schema.get("tsType", ""))


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else _literal(name)


def _literal(value: Any) -> str:
    """Return a value as JavaScript writes it, a text in the quotes that it holds fewer of."""
    text = json.dumps(value, ensure_ascii=False)
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if not isinstance(value, str) or value.count('"') <= value.count("'"):
        return text
    inner = text[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _comment(schema: Schema, indent: str, *, has_format: bool = False) -> str:
    """Return a JSDoc comment of what a schema says for people; nothing if it says nothing."""
    text = inspect.cleandoc(str(schema.get("description", ""))).replace("*/", "*\\/")
    lines = [line.rstrip() for line in text.splitlines()]
    if has_format and "format" in schema:
        lines.append(f"@format {schema['format']}")
    room = _WIDTH - len(indent) - 3
    lines = [part for line in lines for part in textwrap.wrap(line, room) or [""]]
    if not lines:
        return ""
    if len(lines) == 1 and len(lines[0]) + len(indent) + 7 <= _WIDTH:
        return f"{indent}/** {lines[0]} */\n"
    body = "\n".join(f"{indent} * {line}".rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"

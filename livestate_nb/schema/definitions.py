"""Definitions: the named types of a document of types, each under a name of its own.

Types of one name that say the same are one. It must not know where they come from.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema (draft 2020-12)."""

REF: Final = "$ref"
_PLACE: Final = "#/$defs/"
_RESERVED: Final = frozenset({"ArrayBuffer", "ArrayBufferView", "Partial", "Record"})
"""Types of TypeScript's own that are written; the words that no type may be begin in lower case."""


@dataclass(slots=True)
class _Definition:
    """Hold a named type.

    Args:
        name: what it is called, before clashes are settled.
        is_payload: whether clients send it.
        schema: what it is.
    """

    name: str
    is_payload: bool
    schema: Schema


class Definitions:
    """Collect the named types that schemas refer to.

    Example:
        >>> definitions = Definitions()
        >>> state, payload = definitions.enter("Todo"), definitions.enter("Todo", is_payload=True)
        >>> definitions.fill(state, {"type": "object"})
        >>> definitions.fill(payload, {"type": "string"})
        >>> list(definitions.resolve({"TodosState": {"type": "array", "items": state}}))
        ['TodosState', 'Todo', 'TodoInput']
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Definition] = {}

    def enter(self, name: str, *, is_payload: bool = False) -> Schema:
        """Return a schema that refers to a new type, which `fill` says what it is.

        Args:
            name: what it is to be called, if nothing else is.
            is_payload: whether clients send it.
        """
        key = f"#{len(self._entries)}"
        self._entries[key] = _Definition(identifier(name), is_payload, {})
        return {REF: key}

    def fill(self, reference: Schema, schema: Schema) -> None:
        """Say what an entered type is.

        Args:
            reference: what `enter` returned.
            schema: may refer to any type that was entered.
        """
        self._entries[reference[REF]].schema = schema

    def adopt(self, schema: Schema, named: dict[str, Schema], *, is_payload: bool) -> Schema:
        """Take over the types that a library made, and return the schema that refers to them.

        Args:
            schema: refers to them by ``#/$defs/name``.
            named: the types by their names.
            is_payload: whether clients send them.
        """
        references = {
            name: self.enter(one.get("title", name), is_payload=is_payload)
            for name, one in named.items()
        }
        keys = {f"{_PLACE}{name}": one[REF] for name, one in references.items()}
        for name, one in named.items():
            self.fill(references[name], _renamed(one, keys.get))
        adopted: Schema = _renamed(schema, keys.get)
        return adopted

    def resolve(self, roots: dict[str, Schema]) -> dict[str, Schema]:
        """Return all types by their final names, the roots first.

        Args:
            roots: schemas that have their names for certain.
        """
        twins = self._twins()
        names: dict[str, str] = {}
        taken = set(roots) | _RESERVED
        for name, root in roots.items():
            key = twins.get(root.get(REF, ""))
            if key is not None and self._entries[key].name == name:
                names[key] = name  # the author has called it so
        for key in dict.fromkeys(twins.values()):
            if key not in names:
                names[key] = _free(self._entries[key], taken)
                taken.add(names[key])
        places = {key: f"{_PLACE}{names[twin]}" for key, twin in twins.items()}
        resolved = {name: _renamed(root, places.get) for name, root in roots.items()}
        for key, name in names.items():
            resolved[name] = _renamed(self._entries[key].schema, places.get)
        return resolved

    def _twins(self) -> dict[str, str]:
        """Return for each type the first one of its name that says the same."""
        twins = {key: entry.name for key, entry in self._entries.items()}
        while True:  # those of one name are taken for one until they differ
            count = len(set(twins.values()))
            firsts: dict[tuple[str, str], str] = {}
            twins = {
                key: firsts.setdefault((entry.name, _form(entry.schema, twins.get)), key)
                for key, entry in self._entries.items()
            }
            if len(firsts) == count:
                return twins


def identifier(name: str) -> str:
    """Return what a type is called in TypeScript.

    Example:
        >>> identifier("Page[int]"), identifier("todo"), identifier("2D")
        ('PageInt', 'Todo', 'T2D')
    """
    joined = "".join(word[0].upper() + word[1:] for word in re.split(r"\W+", name) if word)
    return joined if joined.isidentifier() else f"T{joined}"


def _free(entry: _Definition, taken: Collection[str]) -> str:
    candidates = [entry.name, f"{entry.name}Input"] if entry.is_payload else [entry.name]
    number = 2
    while candidates[0] in taken:
        candidates = [*candidates[1:], f"{entry.name}{number}"]
        number += 1
    return candidates[0]


def _form(schema: Schema, rename: Callable[[str], str | None]) -> str:
    """Return a text that schemas have in common when they say the same."""
    return json.dumps(_bare(_renamed(schema, rename)), sort_keys=True, default=repr)


def _bare(value: Any) -> Any:
    """Return a schema without words for people, and in one order where order says nothing."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    bare = {key: _bare(item) for key, item in value.items()}
    for key in ("description", "title"):
        if isinstance(bare.get(key), str):
            del bare[key]
    for key in ("enum", "required"):
        if isinstance(bare.get(key), list):
            bare[key] = sorted(bare[key], key=repr)
    return bare


def _renamed(value: Any, rename: Callable[[str], str | None]) -> Any:
    """Return a schema with other references."""
    if isinstance(value, list):
        return [_renamed(item, rename) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: _renamed(item, rename) for key, item in value.items()}
    if isinstance(reference := renamed.get(REF), str):
        renamed[REF] = rename(reference) or reference
    return renamed

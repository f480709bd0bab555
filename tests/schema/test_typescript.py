"""What a JSON Schema document becomes in TypeScript."""

from pathlib import Path
from typing import Any

import pytest

from livestate_nb.schema import typescript_of
from livestate_nb_server.command import main
from tests.schema.typescript import compiled, unformatted

EXPECTED = Path(__file__).with_name("channels.ts")
CHANNELS = [f"tests.schema.channels:{name}" for name in ("Board", "Untyped", "Other")]
OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def declared(schema: dict[str, Any]) -> str:
    text = typescript_of({"$comment": "", "$defs": {"It": schema}})
    return text.partition("\n\n")[2].removesuffix("\n")


def test_channels_have_these_types() -> None:
    """After a change that is meant, run the command without --check, and read the diff."""
    assert main(["types", *CHANNELS, "--output", str(EXPECTED), "--check"]) == 0


def test_what_is_written_compiles_and_is_well_formatted(tmp_path: Path) -> None:
    assert unformatted(EXPECTED.read_text(), tmp_path) == ""
    assert compiled(tmp_path) == ""


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({}, "unknown"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"const": 'a "word"'}, "'a \"word\"'"),
        ({"const": 'it\'s "\\"'}, "'it\\'s \"\\\\\"'"),
        ({"enum": ["a", 1, True, None]}, '"a" | 1 | true | null'),
        ({"const": "line\u2028"}, '"line\\u2028"'),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "number"),
        ({"anyOf": [{"type": "integer"}, {}]}, "unknown"),
        ({"oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, "A | B"),
        ({"allOf": [{"$ref": "#/$defs/A"}, {"type": ["string", "null"]}]}, "A & (string | null)"),
        ({"type": "array", "items": {"anyOf": [{"const": 1}, {"const": 2}]}}, "(1 | 2)[]"),
        ({"type": "array", "items": {"tsType": "A | B"}}, "(A | B)[]"),
        ({"type": "array", "items": False}, "never[]"),
        (
            {"type": "array", "prefixItems": [{"const": 1}, {"enum": [2, 3]}], "minItems": 1},
            "[1, (2 | 3)?, ...unknown[]]",
        ),
        (
            {"type": "array", "prefixItems": [{"const": 1}], "minItems": 1, "maxItems": 1},
            "[1]",
        ),
        ({"type": "object", "additionalProperties": False}, "Record<string, never>"),
        ({"type": "array", "items": OBJECT}, "{ a: number }[]"),
        (
            {"type": "array", "items": {**OBJECT, "additionalProperties": True}},
            "{ a: number; [key: string]: unknown }[]",
        ),
        (
            {
                "type": "array",
                "items": {**OBJECT, "required": [], "additionalProperties": {"const": 1}},
            },
            "{ a?: number; [key: string]: 1 | number | undefined }[]",
        ),
    ],
    ids=str,
)
def test_a_schema_becomes_a_type(schema: dict[str, Any], told: str) -> None:
    assert declared(schema) == f"export type It = {told};"


def test_long_comments_are_folded() -> None:
    text = declared({"description": "word " * 40 + "\n\nMore: */", "const": 1})
    assert text.startswith("/**\n * word word")
    assert text.endswith(" *\n * More: *\\/\n */\nexport type It = 1;")
    assert max(map(len, text.splitlines())) <= 100


def test_an_object_without_fields_is_an_empty_interface() -> None:
    assert declared({"type": "object", "properties": {}}) == "export interface It {}"

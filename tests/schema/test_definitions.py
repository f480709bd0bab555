"""Names of types: what says the same is one, what does not has a name of its own."""

from livestate_nb.schema.definitions import Definitions, Schema, identifier


def tree(definitions: Definitions, name: str, leaf: str, *, is_payload: bool = False) -> Schema:
    """A type that holds itself, beside values of a primitive type."""
    reference = definitions.enter(name, is_payload=is_payload)
    parts = [{"type": "array", "items": reference}, {"type": leaf}]
    definitions.fill(reference, {"title": name, "anyOf": parts})
    return reference


def test_types_that_hold_themselves_and_say_the_same_are_one() -> None:
    definitions = Definitions()
    first = tree(definitions, "Tree", "string")
    second = tree(definitions, "Tree", "string", is_payload=True)
    resolved = definitions.resolve({"State": first, "Events": second})
    assert list(resolved) == ["State", "Events", "Tree"]
    assert resolved["State"] == resolved["Events"] == {"$ref": "#/$defs/Tree"}
    assert resolved["Tree"]["anyOf"][0]["items"] == {"$ref": "#/$defs/Tree"}


def test_types_that_differ_only_in_what_they_hold_differ() -> None:
    definitions = Definitions()
    holders = []
    for leaf in ("string", "integer"):
        inner = tree(definitions, "Tree", leaf)
        holders.append(definitions.enter("Holder"))
        definitions.fill(holders[-1], {"type": "array", "items": inner})
    resolved = definitions.resolve(dict(zip("AB", holders, strict=True)))
    assert list(resolved) == ["A", "B", "Tree", "Holder", "Tree2", "Holder2"]
    assert resolved["Holder2"] == {"type": "array", "items": {"$ref": "#/$defs/Tree2"}}
    assert resolved["B"] == {"$ref": "#/$defs/Holder2"}


def test_words_for_people_and_the_order_of_alternatives_make_no_difference() -> None:
    definitions = Definitions()
    for schema in (
        {"enum": ["a", "b"], "description": "First."},
        {"enum": ["b", "a"], "title": "Kind"},
    ):
        definitions.fill(definitions.enter("Kind"), schema)
    assert definitions.resolve({}) == {"Kind": {"enum": ["a", "b"], "description": "First."}}


def test_a_field_may_be_called_as_a_word_of_json_schema() -> None:
    definitions = Definitions()
    for name in ("title", "description"):
        properties = {"$ref": {"type": "string"}, name: {"type": "string"}}
        definitions.fill(definitions.enter("It"), {"properties": properties})
    assert list(definitions.resolve({})) == ["It", "It2"]


def test_no_type_takes_a_name_that_is_in_use() -> None:
    definitions = Definitions()
    for name, is_payload in [("Record", False), ("State", False), ("A", False), ("A", True)]:
        reference = definitions.enter(name, is_payload=is_payload)
        definitions.fill(reference, {"const": [name, is_payload]})
    definitions.fill(definitions.enter("AInput"), {})
    resolved = definitions.resolve({"State": {"type": "object"}})
    assert list(resolved) == ["State", "Record2", "State2", "A", "AInput", "AInput2"]


def test_names_are_identifiers() -> None:
    assert identifier("dict[str, list[int]]") == "DictStrListInt"
    assert identifier("my_app.models.Todo") == "My_appModelsTodo"
    assert identifier("class") == "Class"

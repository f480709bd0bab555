"""The form: fields that are made of a schema. Its class in JavaScript is in js/src/ui/form.ts."""

from livestate_nb.codec import Json
from livestate_nb.ui.arguments import event_of, optional, payload_of, text_of
from livestate_nb.ui.element import Element, element
from livestate_nb.ui.fields import fields_of


def form(
    schema: type,
    *,
    on: str,
    label: str | None = None,
    submit: str | None = None,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show a form with a control for each field of a class.

    It dispatches an object with the fields, converted as the class says; what its handler needs is
    the same class as the annotation of its payload. Once the event was handled, the form is reset.

    Args:
        schema: a dataclass, a TypedDict, or a class of msgspec, attrs or pydantic. Texts, numbers,
            bools, dates and times, enums and Literals, lists of texts, classes of all that and
            unions of classes with a tag get controls of their kind; anything else is typed as JSON.
        on: the event that it dispatches.
        label: its heading.
        submit: what its button says, "Send" by default.
        payload: fields of the payload besides those of the class.

    Raises:
        TypeError: the schema is no such class, or an argument of another type.
        ValueError: an argument is empty, or the payload has a field of the class.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class NewTodo:
        ...     title: str
        ...     is_urgent: bool = False
        >>> form(NewTodo, on="add_todo", submit="Add")
        ui.form(NewTodo, on='add_todo', submit='Add')
    """
    fields = fields_of("ui.form: schema", schema)
    more = optional(payload_of, "ui.form: payload", payload)
    twice = [field["name"] for field in fields if more and field["name"] in more]
    if twice:
        raise ValueError(
            f"ui.form: payload: {schema.__name__} has {', '.join(twice)} itself, got {payload!r}"
        )
    properties = {
        "fields": fields,
        "on": event_of("ui.form: on", on),
        "label": optional(text_of, "ui.form: label", label),
        "submit": optional(text_of, "ui.form: submit", submit),
        "payload": more,
    }
    return element("form", properties, schema, on=on, label=label, submit=submit, payload=payload)

"""Controls: the stock elements that dispatch events.

Their class in JavaScript is in js/src/ui/field.ts and choice.ts.
"""

from collections.abc import Iterable
from typing import Any

from livestate_nb.codec import Json
from livestate_nb.ui.arguments import (
    Path,
    event_of,
    keys_of,
    lines_of,
    number_of,
    optional,
    options_of,
    payload_of,
    range_of,
    text_of,
)
from livestate_nb.ui.element import Element, element


def text(
    path: Path,
    *,
    on: str | None = None,
    label: str | None = None,
    rows: int | None = None,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show a text; with ``on`` it can be edited.

    It dispatches ``{"value": str}`` when Enter is pressed or the field is left.

    Args:
        path: which part of the state it shows.
        on: the event that it dispatches.
        label: its label; one made of the path by default, where it can be edited.
        rows: lines of the field; more than 1 let Enter begin a new one (Ctrl+Enter sends). By
            default as many as the text has.
        payload: fields of the payload besides ``value``.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be, or needs ``on``.

    Example:
        >>> text("user.name", on="rename", payload={"id": 3})
        ui.text('user.name', on='rename', payload={'id': 3})
    """
    _only_with_on("ui.text", on, rows=rows, payload=payload)
    properties = _common("ui.text", path, on, label, payload)
    properties["rows"] = optional(lines_of, "ui.text: rows", rows)
    return element("text", properties, path, on=on, label=label, rows=rows, payload=payload)


def number(
    path: Path,
    *,
    on: str | None = None,
    label: str | None = None,
    min: float | None = None,  # noqa: A002 - as in HTML
    max: float | None = None,  # noqa: A002
    step: float | None = None,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show a number; with ``on`` it can be edited.

    It dispatches ``{"value": int | float}`` when Enter is pressed or the field is left: a whole
    number arrives as int, ``None`` if the field is empty.

    Args:
        path: which part of the state it shows.
        on: the event that it dispatches.
        label: its label; one made of the path by default, where it can be edited.
        min: the least that can be entered.
        max: the most that can be entered.
        step: what it must be a multiple of, counted from ``min``; any number by default.
        payload: fields of the payload besides ``value``.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be, or needs ``on``.

    Example:
        >>> number("count", on="set_count", min=0, step=1)
        ui.number('count', on='set_count', min=0, step=1)
    """
    _only_with_on("ui.number", on, min=min, max=max, step=step, payload=payload)
    properties = _common("ui.number", path, on, label, payload)
    least, most, stride = range_of("ui.number", min, max, step)
    properties |= {"min": least, "max": most, "step": stride}
    return element(
        "number",
        properties,
        path,
        on=on,
        label=label,
        min=min,
        max=max,
        step=step,
        payload=payload,
    )


def checkbox(
    path: Path, *, on: str, label: str | None = None, payload: dict[str, Json] | None = None
) -> Element:
    """Show whether something is so, and let it be changed.

    It dispatches ``{"value": bool}``.

    Args:
        path: which part of the state it shows.
        on: the event that it dispatches.
        label: its label; one made of the path by default.
        payload: fields of the payload besides ``value``.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> checkbox("is_done", on="set_done", label="Done")
        ui.checkbox('is_done', on='set_done', label='Done')
    """
    properties = _common("ui.checkbox", path, event_of("ui.checkbox: on", on), label, payload)
    return element("checkbox", properties, path, on=on, label=label, payload=payload)


def select(
    path: Path,
    options: Iterable[Json] | dict[str, Json] | str,
    *,
    on: str,
    label: str | None = None,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show which of several values is chosen, and let it be changed.

    It dispatches ``{"value": the chosen value}``, of the type that it has in ``options``.

    Args:
        path: which part of the state it shows.
        options: a list of values, a dict of labels and values, or the path (with dots) of such a
            list or dict in the state. A list in a list is a value, and no label with one.
        on: the event that it dispatches.
        label: its label; one made of the path by default.
        payload: fields of the payload besides ``value``.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> select("size", {"small": 1, "large": 3}, on="resize")
        ui.select('size', {'small': 1, 'large': 3}, on='resize')
    """
    properties = _common("ui.select", path, event_of("ui.select: on", on), label, payload)
    if isinstance(options, str):
        properties["optionsPath"] = keys_of("ui.select: options", options)
    else:
        values, labels = options_of("ui.select: options", options)
        properties["options"] = values
        properties["labels"] = None if labels == values else labels
    return element("select", properties, path, options, on=on, label=label, payload=payload)


def slider(
    path: Path,
    *,
    on: str,
    label: str | None = None,
    min: float = 0,  # noqa: A002 - as in HTML
    max: float = 100,  # noqa: A002
    step: float = 1,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show a number in a range, and let it be changed.

    It dispatches ``{"value": int | float}`` while it is dragged: at most one event in 50 ms and
    none before the last was answered; what comes meanwhile is left out, but for the last value.

    Args:
        path: which part of the state it shows.
        on: the event that it dispatches.
        label: its label; one made of the path by default.
        min: the least value.
        max: the greatest value.
        step: what it is a multiple of, counted from ``min``.
        payload: fields of the payload besides ``value``.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> slider("volume", on="set_volume", max=11)
        ui.slider('volume', on='set_volume', min=0, max=11, step=1)
    """
    properties = _common("ui.slider", path, event_of("ui.slider: on", on), label, payload)
    for name, value in {"min": min, "max": max, "step": step}.items():
        properties[name] = number_of(f"ui.slider: {name}", value)
    range_of("ui.slider", min, max, step)
    return element(
        "slider",
        properties,
        path,
        on=on,
        label=label,
        min=min,
        max=max,
        step=step,
        payload=payload,
    )


def button(label: str, *, on: str, payload: dict[str, Json] | None = None) -> Element:
    """Show a button.

    It dispatches ``payload``, ``{}`` by default.

    Args:
        label: what it says.
        on: the event that it dispatches.
        payload: the payload.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument is empty.

    Example:
        >>> button("Remove", on="remove", payload={"id": 3})
        ui.button('Remove', on='remove', payload={'id': 3})
    """
    properties = {
        "label": text_of("ui.button: label", label),
        "on": event_of("ui.button: on", on),
        "payload": None if payload is None else payload_of("ui.button: payload", payload, None),
    }
    return element("button", properties, label, on=on, payload=payload)


def _common(
    what: str, path: Path, on: str | None, label: str | None, payload: dict[str, Json] | None
) -> dict[str, Any]:
    """Return the properties that all controls have."""
    return {
        "path": keys_of(f"{what}: path", path),
        "on": optional(event_of, f"{what}: on", on),
        "label": optional(text_of, f"{what}: label", label),
        "payload": optional(payload_of, f"{what}: payload", payload),
    }


def _only_with_on(what: str, on: str | None, **others: Any) -> None:
    """Refuse what means nothing where nothing is dispatched."""
    given = [name for name, value in others.items() if value is not None]
    if on is None and given:
        raise ValueError(f"{what}: expected on=, the event to dispatch, with {', '.join(given)}")

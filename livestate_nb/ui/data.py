"""Data: the stock elements for many rows and points.

Their classes in JavaScript are in js/src/ui/table.ts and chart.ts.
"""

from collections.abc import Iterable

from livestate_nb.codec import Json
from livestate_nb.ui.arguments import (
    Path,
    event_of,
    keys_of,
    lines_of,
    names_of,
    optional,
    payload_of,
    text_of,
)
from livestate_nb.ui.element import Element, element


def table(
    path: Path,
    *,
    columns: Iterable[str] | dict[str, str] | None = None,
    key: str | None = None,
    on_select: str | None = None,
    on_edit: str | None = None,
    label: str | None = None,
    rows: int | None = None,
    payload: dict[str, Json] | None = None,
) -> Element:
    """Show a list of dicts as rows, in an order that can be chosen.

    Args:
        path: which part of the state it shows.
        columns: the keys to show, or a dict of labels and keys; all that the first 200 rows have
            by default.
        key: the column whose values tell the rows apart, ``"id"`` by default; where a row has no
            such value its place in the list is taken.
        on_select: the event that selecting a row dispatches: ``{"value": its key}``.
        on_edit: the event that editing a cell dispatches: ``{"key": the row's, "column": str,
            "value": the new one}``. Texts, numbers and bools can be edited, but not the key.
        label: its label, which nothing shows by default.
        rows: rows that are visible at once; 10 by default.
        payload: fields of the payloads besides these.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> table("rows", columns=["title", "price"], on_select="choose")
        ui.table('rows', columns=['title', 'price'], on_select='choose')
    """
    what = "ui.table"
    if payload is not None and on_select is None and on_edit is None:
        raise ValueError(f"{what}: payload: expected on_select= or on_edit= with it")
    named: Json = None
    if isinstance(columns, dict):
        labels = [text_of(f"{what}: columns: label", one) for one in columns]
        keys = names_of(f"{what}: columns", list(columns.values()))
        named = [list(pair) for pair in zip(labels, keys, strict=True)]
    elif columns is not None:
        named = columns = names_of(f"{what}: columns", columns)
    properties = {
        "path": keys_of(f"{what}: path", path),
        "columns": named,
        "key": optional(text_of, f"{what}: key", key),
        "onSelect": optional(event_of, f"{what}: on_select", on_select),
        "onEdit": optional(event_of, f"{what}: on_edit", on_edit),
        "label": optional(text_of, f"{what}: label", label),
        "rows": optional(lines_of, f"{what}: rows", rows),
        "payload": optional(payload_of, f"{what}: payload", payload),
    }
    return element(
        "table",
        properties,
        path,
        columns=columns,
        key=key,
        on_select=on_select,
        on_edit=on_edit,
        label=label,
        rows=rows,
        payload=payload,
    )


def line(path: Path, *, x: str, y: str | Iterable[str], label: str | None = None) -> Element:
    """Show one or more series as lines, from left to right.

    Args:
        path: which part of the state it shows: a list of dicts, or a dict of lists.
        x: the key of the x of each point: numbers, or dates and times.
        y: the key of the numbers that it shows, or one key for each series. None is a gap.
        label: its label, which nothing shows by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> line("points", x="epoch", y=["loss", "accuracy"])
        ui.line('points', x='epoch', y=['loss', 'accuracy'])
    """
    return _chart("line", path, x, y, label)


def scatter(path: Path, *, x: str, y: str | Iterable[str], label: str | None = None) -> Element:
    """Show one or more series as dots.

    Args:
        path: which part of the state it shows: a list of dicts, or a dict of lists.
        x: the key of the x of each point: numbers, or dates and times.
        y: the key of the numbers that it shows, or one key for each series.
        label: its label, which nothing shows by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> scatter("points", x="height", y="weight", label="Children")
        ui.scatter('points', x='height', y='weight', label='Children')
    """
    return _chart("scatter", path, x, y, label)


def _chart(kind: str, path: Path, x: str, y: str | Iterable[str], label: str | None) -> Element:
    what = f"ui.{kind}"
    names = names_of(f"{what}: y", [y] if isinstance(y, str) else y)
    properties: dict[str, Json] = {
        "path": keys_of(f"{what}: path", path),
        "x": text_of(f"{what}: x", x),
        "y": names,
        "label": optional(text_of, f"{what}: label", label),
    }
    return element(kind, properties, path, x=x, y=y if isinstance(y, str) else names, label=label)

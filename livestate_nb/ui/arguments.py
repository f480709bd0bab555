"""What the functions of stock elements accept, checked where they are called.

Each check returns what is sent to the page, or raises a TypeError or ValueError that names the
function and the argument. It must not know single elements.
"""

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from livestate_nb.codec import Json, dumps, loads
from livestate_nb.errors import EncodeError
from livestate_nb.state.encoder import encode

Path: TypeAlias = str | tuple[str | int, ...]
"""Which part of a state: ``"rows"``, ``"user.name"``, ``"rows.0.title"``, ``""`` for all of it; a
tuple of keys, ``("user", "e.mail")``, where one of them has a dot or is empty."""


def keys_of(what: str, path: Path) -> list[str]:
    """Return the keys of a path.

    Args:
        what: names the argument, as in ``"ui.text: path"``.
        path: what was given for it.

    Raises:
        TypeError: it is neither text nor a tuple of texts and indices.
        ValueError: one of its keys is empty, or an index negative.

    Example:
        >>> keys_of("ui.text: path", "rows.0.title")
        ['rows', '0', 'title']
        >>> keys_of("ui.text: path", ("user", "e.mail"))
        ['user', 'e.mail']
    """
    if isinstance(path, str):
        keys = path.split(".") if path else []
        if "" in keys:
            raise ValueError(
                f"{what}: expected keys with single dots between them, such as 'user.name' (or a "
                f"tuple of keys, where a key is empty or has a dot), got {path!r}"
            )
        return keys
    if not isinstance(path, tuple) or not all(_is_key(key) for key in path):
        raise TypeError(
            f"{what}: expected the part of the state to show, as 'rows', 'user.name', 'rows.0' or "
            f"('rows', 0), got {path!r}"
        )
    if any(isinstance(key, int) and key < 0 for key in path):
        raise ValueError(f"{what}: expected indices from 0, got {path!r}")
    return [str(key) for key in path]


def _is_key(key: object) -> bool:
    return isinstance(key, str | int) and not isinstance(key, bool)


def event_of(what: str, on: object) -> str:
    """Return the name of an event.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty.
    """
    if not isinstance(on, str):
        raise TypeError(
            f"{what}: expected the name of the event to dispatch, such as 'rename', got {on!r}"
        )
    if not on:
        raise ValueError(f"{what}: expected the name of the event to dispatch, got ''")
    return on


def text_of(what: str, text: object) -> str:
    """Return a text that is shown.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty.
    """
    if not isinstance(text, str):
        raise TypeError(f"{what}: expected a text, got {text!r}")
    if not text.strip():
        raise ValueError(f"{what}: expected a text, got {text!r}")
    return text


def number_of(what: str, number: object) -> float:
    """Return a number, int or float.

    Raises:
        TypeError: it is none.
        ValueError: it is infinite or NaN.
    """
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise TypeError(f"{what}: expected a number, got {number!r}")
    if not math.isfinite(number):
        raise ValueError(f"{what}: expected a finite number, got {number!r}")
    return number


def lines_of(what: str, rows: object) -> int:
    """Return a number of lines.

    Raises:
        TypeError: it is no int.
        ValueError: it is less than 1.
    """
    if not isinstance(rows, int) or isinstance(rows, bool):
        raise TypeError(f"{what}: expected a number of lines, got {rows!r}")
    if rows < 1:
        raise ValueError(f"{what}: expected at least 1 line, got {rows!r}")
    return rows


def names_of(what: str, names: object) -> list[str]:
    """Return the keys of columns.

    Raises:
        TypeError: they are no iterable of texts.
        ValueError: there are none, or one comes twice.
    """
    found: list[Any] = [None]
    if isinstance(names, Iterable) and not isinstance(names, str):
        found = list(names)
    if not all(isinstance(name, str) for name in found):
        raise TypeError(
            f"{what}: expected a list of keys, such as ['title', 'price'], got {names!r}"
        )
    if not found:
        raise ValueError(f"{what}: expected at least one key, got {names!r}")
    if len(set(found)) < len(found):
        raise ValueError(f"{what}: expected each key once, got {names!r}")
    return found


def range_of(
    what: str, low: object, high: object, step: object
) -> tuple[float | None, float | None, float | None]:
    """Return the bounds of a number and its step, each None if it is not given.

    Raises:
        TypeError: one of them is no number.
        ValueError: the bounds are not in order, or the step is not greater than 0.
    """
    least = None if low is None else number_of(f"{what}: min", low)
    most = None if high is None else number_of(f"{what}: max", high)
    stride = None if step is None else number_of(f"{what}: step", step)
    if least is not None and most is not None and least >= most:
        raise ValueError(f"{what}: expected min < max, got min={low!r} and max={high!r}")
    if stride is not None and stride <= 0:
        raise ValueError(f"{what}: expected a step greater than 0, got {step!r}")
    return least, most, stride


def payload_of(what: str, payload: object, own: str | None = "value") -> dict[str, Json]:
    """Return the fields that a payload has besides the element's own.

    Args:
        what: names the argument.
        payload: what was given for it.
        own: the field that the element adds; None for none.

    Raises:
        TypeError: it is no dict, or not JSON.
        ValueError: it has the element's own field.
    """
    if not isinstance(payload, dict):
        raise TypeError(f"{what}: expected a dict, such as {{'id': 3}}, got {payload!r}")
    if own is not None and own in payload:
        raise ValueError(f"{what}: the element adds {own!r} itself, got {payload!r}")
    copied: dict[str, Json] = json_of(what, payload)
    return copied


def json_of(what: str, value: object) -> Json:
    """Return a copy of a value as JSON has it, encoded as a state would be.

    Raises:
        TypeError: it has no JSON form.
    """
    try:
        return loads(dumps(encode(value)))
    except EncodeError as error:
        raise TypeError(f"{what}: expected what JSON has, got {value!r} ({error})") from error


def optional(check: Any, what: str, value: Any) -> Any:
    """Return what a check returns for a value; None for None, which stands for the default."""
    return None if value is None else check(what, value)


def options_of(what: str, options: Any) -> tuple[list[Json], list[str]]:
    """Return the values of a select's options, and their labels.

    Args:
        what: names the argument.
        options: a list of values, which are their own labels, or a dict of labels and values. A
            list in a list is a value as any other.

    Raises:
        TypeError: they are something else.
        ValueError: there are none, or two have one value.
    """
    if isinstance(options, dict):
        labels = [text_of(f"{what}: label", label) for label in options]
        values = [json_of(what, value) for value in options.values()]
    elif isinstance(options, Iterable) and not isinstance(options, str | bytes):
        values = json_of(what, list(options))
        labels = [value if isinstance(value, str) else dumps(value).decode() for value in values]
    else:
        raise TypeError(
            f"{what}: expected a list of values, a dict of labels and values, or the path of one "
            f"in the state, got {options!r}"
        )
    if not values:
        raise ValueError(f"{what}: expected at least one option, got {options!r}")
    if len({dumps(value) for value in values}) < len(values):
        raise ValueError(f"{what}: expected each value once, got {options!r}")
    return values, labels

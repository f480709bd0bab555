"""Libraries: values of pydantic, numpy, pandas and polars as plain ones, importing none of them.

A class is known by its name, which costs nothing where the library is not in use. It must not
know JSON beyond what these values become.
"""

import datetime
from collections.abc import Callable, Collection, Iterator
from typing import Any

from livestate_nb.state.fields import is_named, name_among
from livestate_nb.state.pointer import Refusal


def library_form(value: Any) -> object:
    """Return a library's value as plain Python values, any other value as it is.

    Raises:
        Refusal: a model that pydantic cannot dump, complex numbers, times that Python has not,
            two columns of one name.
    """
    name = name_among(type(value), _FORMS)
    return value if name is None else _FORMS[name](value)


def is_model(value: object) -> bool:
    """Say whether a value is a pydantic model."""
    return is_named(type(value), _MODELS)


def model_form(value: Any, unwanted: Collection[str] = ()) -> object:
    """Return what pydantic dumps of a model, but for the fields of some names.

    Raises:
        Refusal: pydantic cannot dump the model.
    """
    try:
        return value.model_dump(mode="json", exclude=set(unwanted))
    except ValueError as error:  # as PydanticSerializationError is one
        raise Refusal(f"pydantic cannot dump the model: {error}", value) from error


def _array(value: Any) -> object:
    """Return a numpy array or scalar as numbers, in nested lists; times become datetimes."""
    kind = value.dtype.kind
    if kind == "c":
        raise Refusal("JSON has no complex numbers", value)
    if kind in "mM":
        value = _times(value)
    elif kind == "V" and any(part in "mM" for part in _kinds(value.dtype)):
        raise Refusal("times in a structured array get no form. Put a frame in its place", value)
    elif kind == "f":
        value = value.astype(float)  # longer floats have no Python form
    return value.tolist()


def _times(value: Any) -> Any:
    """Return datetimes and timedeltas in microseconds, as Python's are.

    Raises:
        Refusal: NaT, what is out of Python's range, and what has no length (a month).
    """
    kind = value.dtype.kind
    unit = value.dtype.str.partition("[")[2].rstrip("]").lstrip("0123456789")
    if (value != value).any():
        raise Refusal("JSON has no NaT. Put None in its place, in an array of objects", value)
    if not unit or (kind == "m" and unit in ("Y", "M")):
        raise Refusal(f"a timedelta64 of the unit {unit or 'generic'!r} has no length", value)
    times = value.astype(f"{kind}8[us]")
    ticks = times.astype("i8")
    is_exact = unit in _FINE or (times.astype(value.dtype) == value).all()
    if not is_exact or (kind == "M" and ((ticks < _FIRST) | (ticks > _LAST)).any()):
        raise Refusal(
            f"{value.dtype} holds a time out of range: datetimes go from year 1 to 9999, "
            "timedeltas to 106 million days",
            value,
        )
    return times


def _kinds(dtype: Any) -> Iterator[str]:
    """Yield the kinds of a numpy type's fields, at any depth."""
    if dtype.names is None:
        yield dtype.kind
    else:
        for name in dtype.names:
            yield from _kinds(dtype[name].base)


def _column(column: Any) -> list[Any]:
    """Return a pandas column's values, None where one is missing."""
    values: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    return values


def _pandas_frame(frame: Any) -> list[dict[str, Any]]:
    names = [str(label) for label in frame.columns]
    if len(set(names)) < len(names):
        raise Refusal(f"two columns of the frame have one name: {', '.join(names)}", frame)
    columns = [_column(frame.iloc[:, index]) for index in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


_MODELS = frozenset({("pydantic", "BaseModel")})

_FINE = frozenset({"ns", "ps", "fs", "as"})
"""numpy's units of time finer than Python's, which fit into it wherever they reach."""

_EPOCH, _TICK = datetime.datetime(1970, 1, 1), datetime.timedelta(microseconds=1)
_FIRST, _LAST = (datetime.datetime.min - _EPOCH) // _TICK, (datetime.datetime.max - _EPOCH) // _TICK

_FORMS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("pydantic", "BaseModel"): model_form,
    ("numpy", "ndarray"): _array,
    ("numpy", "generic"): _array,
    ("pandas", "DataFrame"): _pandas_frame,
    ("pandas", "Series"): _column,
    ("polars", "DataFrame"): lambda frame: frame.to_dicts(),
    ("polars", "Series"): lambda series: series.to_list(),
}

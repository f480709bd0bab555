"""Libraries: values of pydantic, numpy, pandas and polars as plain ones, importing none of them.

A class is known by its name, which costs nothing where the library is not in use. It must not
know JSON beyond what these values become.
"""

from collections.abc import Callable
from typing import Any

from livestate_nb.state.fields import name_among
from livestate_nb.state.pointer import Refusal


def library_form(value: Any) -> object:
    """Return a library's value as plain Python values, any other value as it is.

    Raises:
        Refusal: a model that pydantic cannot dump, complex numbers, two columns of one name.
    """
    name = name_among(type(value), _FORMS)
    return value if name is None else _FORMS[name](value)


def _model(value: Any) -> object:
    try:
        return value.model_dump(mode="json")
    except ValueError as error:  # as PydanticSerializationError is one
        raise Refusal(f"pydantic cannot dump the model: {error}", value) from error


def _array(value: Any) -> object:
    """Return a numpy array or scalar as numbers, in nested lists; times become datetimes."""
    kind = value.dtype.kind
    if kind == "c":
        raise Refusal("JSON has no complex numbers", value)
    if kind in "mM":
        if (value != value).any():
            raise Refusal("JSON has no NaT. Put None in its place, in an array of objects", value)
        value = value.astype(f"{kind}8[us]")
    elif kind == "f":
        value = value.astype(float)  # longer floats have no Python form
    return value.tolist()


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


_FORMS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("pydantic", "BaseModel"): _model,
    ("numpy", "ndarray"): _array,
    ("numpy", "generic"): _array,
    ("pandas", "DataFrame"): _pandas_frame,
    ("pandas", "Series"): _column,
    ("polars", "DataFrame"): lambda frame: frame.to_dicts(),
    ("polars", "Series"): lambda series: series.to_list(),
}

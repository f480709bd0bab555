"""Libraries: values of pydantic, numpy, pandas and polars as plain ones, importing none of them.

A library's class is known by its name, which costs nothing where the library is not in use.
It must not know JSON beyond what these values become.
"""

from collections.abc import Callable
from typing import Any

from livestate_nb.state.fields import fields_of, named_class
from livestate_nb.state.pointer import Refusal


def library_value(value: Any) -> object:
    """Return an object's fields, or a library's value as plain Python values; any other as it is.

    Raises:
        Refusal: a pydantic model that cannot be dumped, complex numbers, two columns of one
            name, a lazy frame.
    """
    name = named_class(type(value), _CONVERSIONS)
    if name is not None:
        return _CONVERSIONS[name](value)
    fields = fields_of(value)
    return value if fields is None else fields


def _model(value: Any) -> object:
    try:
        return value.model_dump(mode="json")
    except ValueError as error:  # PydanticSerializationError is one
        raise Refusal(f"pydantic cannot dump the model: {error}", value) from error


def _array(value: Any) -> object:
    """Return a numpy array or scalar as numbers in nested lists; times become datetimes."""
    if value.dtype.kind in "mM":
        value = value.astype(value.dtype.kind + "8[us]")
    elif value.dtype.kind == "c":
        raise Refusal("JSON has no complex numbers", value)
    return value.tolist()


def _column(column: Any) -> list[Any]:
    """Return a pandas column's values, None where one is missing."""
    plain: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    return plain


def _pandas_frame(frame: Any) -> list[dict[str, Any]]:
    names = [str(label) for label in frame.columns]
    if len(set(names)) < len(names):
        raise Refusal(f"two columns of the frame have one name: {names}", frame)
    columns = [_column(frame.iloc[:, index]) for index in range(len(names))]
    if not columns:
        return [{} for _ in range(len(frame))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


_CONVERSIONS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("pydantic", "BaseModel"): _model,
    ("numpy", "ndarray"): _array,
    ("numpy", "generic"): _array,
    ("pandas", "DataFrame"): _pandas_frame,
    ("pandas", "Series"): _column,
    ("pandas", "Index"): lambda index: _column(index.to_series()),
    ("polars", "DataFrame"): lambda frame: frame.to_dicts(),
    ("polars", "Series"): lambda series: series.to_list(),
}

"""The JSON codec: one place that knows msgspec.

It reads JSON and nothing else. It writes what the encoder has checked: NaN, by itself, it would
write as null. It must not know messages or states.
"""

from typing import Any, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list of Json, or dict from str to Json."""

Raw = msgspec.Raw
"""JSON text that is already encoded (UTF-8 bytes): `dumps` puts it in as it stands."""

dumps = msgspec.json.Encoder().encode
"""Return the UTF-8 JSON text of a document (trees of JSON values and `Raw` only)."""

_CONTAINERS = (dict, list)
_decode = msgspec.json.Decoder().decode
_split = msgspec.json.Decoder(list[Raw]).decode


class TooDeep(ValueError):
    """Say that a JSON text has too many arrays and objects in one another to be read."""


def loads(text: str | bytes) -> Json:
    """Return the value of a JSON text.

    Args:
        text: JSON, as str or UTF-8 bytes. Integers are exact at any size.

    Raises:
        ValueError: it is not JSON as RFC 8259 says (NaN, a lone surrogate and a number beyond
            a double included).
        TooDeep: it is nested so deeply that nobody can read it, some 1,000 times.
    """
    try:
        return _decode(text)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise TooDeep("JSON is nested too deeply") from error


def is_deeper(value: Json, most: int) -> bool:
    """Return whether more than so many arrays and objects are in one another.

    Example:
        >>> is_deeper([{"a": []}], 3), is_deeper([{"a": []}], 2)
        (False, True)
    """
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(most):
        if not level:
            break
        level = [
            item
            for one in level
            for item in (one.values() if type(one) is dict else one)
            if type(item) in _CONTAINERS
        ]
    return bool(level)


def read(text: str | bytes, kind: type[T]) -> T:
    """Return what a JSON text holds as a value of a type, such as a dataclass.

    Args:
        text: JSON, as str or UTF-8 bytes.
        kind: the type; of an object's members those that it does not name are ignored.

    Raises:
        ValueError: it is not JSON, or not of that type; the message says where.

    Example:
        >>> read('{"a": 1}', dict[str, int])
        {'a': 1}
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error


def split(text: str | bytes) -> list[Raw]:
    """Return the members of a JSON array, each as the text that it has there.

    Args:
        text: JSON, as str or UTF-8 bytes.

    Raises:
        ValueError: it is not a JSON array.
        TooDeep: it is nested so deeply that nobody can read it.

    Example:
        >>> [bytes(member) for member in split('["1", {"a": 1}]')]
        [b'"1"', b'{"a": 1}']
    """
    try:
        return _split(text)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise TooDeep("JSON is nested too deeply") from error

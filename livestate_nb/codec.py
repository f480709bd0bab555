"""The JSON codec: one place that knows msgspec.

It reads JSON and nothing else. It writes what the encoder has checked: NaN, by itself, it would
write as null. It must not know messages or states.
"""

from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list of Json, or dict from str to Json."""

Raw = msgspec.Raw
"""JSON text that is already encoded (UTF-8 bytes): `dumps` puts it in as it stands."""

dumps = msgspec.json.Encoder().encode
"""Return the UTF-8 JSON text of a document (trees of JSON values and `Raw` only)."""

_decode = msgspec.json.Decoder().decode
_split = msgspec.json.Decoder(list[Raw]).decode


def loads(text: str | bytes) -> Json:
    """Return the value of a JSON text.

    Args:
        text: JSON, as str or UTF-8 bytes. Integers are exact at any size.

    Raises:
        ValueError: it is not JSON as RFC 8259 says (NaN, a lone surrogate and a number beyond
            a double included), or is nested too deeply.
    """
    try:
        return _decode(text)
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

    Example:
        >>> [bytes(member) for member in split('["1", {"a": 1}]')]
        [b'"1"', b'{"a": 1}']
    """
    try:
        return _split(text)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error

"""Strict JSON equality: what a patch must tell apart, and nothing else.

True is not 1, and 1 is not 1.0 (JavaScript cannot tell these apart, Python's JSON can), nor is
0.0 -0.0. The order of keys does not count: JavaScript puts digit-like ones first anyway. It
must not know operations.
"""

from collections.abc import Sequence
from math import copysign
from operator import indexOf, is_
from typing import Any

import msgspec

_MISSING = object()
_CHUNK = 256

_pack = msgspec.msgpack.Encoder().encode


def same(left: Any, right: Any) -> bool:
    """Say whether two values are the same JSON; objects of other types only if identical.

    Example:
        >>> same([1, {"a": None}], (1, {"a": None})), same(1, True), same(0.0, -0.0)
        (True, False, False)
    """
    if left is right:
        return True
    kind, other = type(left), type(right)
    if kind is str or kind is int:
        return kind is other and bool(left == right)
    if kind is float:
        return other is float and left == right and copysign(1.0, left) == copysign(1.0, right)
    if kind is dict:
        if other is not dict or len(left) != len(right):
            return False
        for key, value in left.items():  # noqa: SIM110  # a generator doubles the recursion
            if not same(value, right.get(key, _MISSING)):
                return False
        return True
    if kind is list or kind is tuple:
        return (
            (other is list or other is tuple)
            and len(left) == len(right)
            and all(map(same, left, right))
        )
    return False


def packed(document: Any) -> bytes | None:
    """Return bytes that only the same JSON document gives, None where there are none.

    msgpack keeps True, 1 and 1.0 apart, and runs in C. It is no proof for values that are no
    JSON documents: a date packs like its text, a dataclass like the dict of its fields.
    """
    try:
        return _pack(document)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def common_prefix(left: Sequence[Any], right: Sequence[Any], *, is_json: bool) -> int:
    """Return how many items two sequences have in common at the start.

    Args:
        left: a sequence.
        right: another one.
        is_json: both are parts of JSON documents, so that chunks can be compared as bytes.

    Example:
        >>> common_prefix([1, 2, 3], [1, 2, 4, 5], is_json=True)
        2
    """
    limit = min(len(left), len(right))
    index = 0
    while index < limit:
        try:
            index += indexOf(map(is_, left[index:limit], right[index:limit]), False)
        except ValueError:
            return limit
        stop = min(index + _CHUNK, limit)
        if is_json and _are_packed_alike(left[index:stop], right[index:stop]):
            index = stop
            continue
        while index < stop:
            if not same(left[index], right[index]):
                return index
            index += 1
    return index


def _are_packed_alike(left: Sequence[Any], right: Sequence[Any]) -> bool:
    text = packed(left)
    return text is not None and text == packed(right)

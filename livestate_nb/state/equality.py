"""Strict JSON equality: what a patch must tell apart, and nothing else.

True is not 1, and 1 is not 1.0 (JavaScript cannot tell them apart, Python's JSON can), nor is
0.0 -0.0. The order of keys does not count. It must not know operations.
"""

from collections.abc import Sequence
from math import copysign
from operator import indexOf, is_
from typing import Any

import msgspec

_MISSING = object()
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
    if kind is dict:
        return (
            other is dict
            and len(left) == len(right)
            and all(same(value, right.get(key, _MISSING)) for key, value in left.items())
        )
    if kind is list or kind is tuple:
        return (
            (other is list or other is tuple)
            and len(left) == len(right)
            and all(map(same, left, right))
        )
    if kind is float:
        return other is float and left == right and copysign(1.0, left) == copysign(1.0, right)
    return kind is other and (kind is str or kind is int) and bool(left == right)


def packed(value: Any) -> bytes | None:
    """Return bytes that are equal for two JSON documents only if these are the same.

    None for what is no JSON document, so far as it is noticed.
    """
    try:
        return _pack(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def common_prefix(left: Sequence[Any], right: Sequence[Any], limit: int) -> int:
    """Return how many items two sequences have in common at the start, up to a limit."""
    index = 0
    while index < limit:
        try:
            index += indexOf(map(is_, left[index:limit], right[index:limit]), False)
        except ValueError:
            return limit
        while index < limit and left[index] is not right[index]:
            if not same(left[index], right[index]):
                return index
            index += 1
    return index

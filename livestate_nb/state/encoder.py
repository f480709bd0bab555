"""The encoder: Python values to JSON documents, reusing what is JSON already or was encoded before.

It must not know drafts, patches or messages; which type becomes what, forms.py knows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any

from livestate_nb.codec import Json, dumps
from livestate_nb.state.forms import Constancy, Unordered, form_of, maker_of, register
from livestate_nb.state.pointer import FORBIDDEN_KEY, Refusal, checked_key, too_deep

__all__ = ["IGNORED_KEYS", "DocumentEncoder", "encode", "register"]

IGNORED_KEYS = frozenset({"__meta__"})
"""Names of fields and keys that are not sent, as by default in LiveState.MessageBuilder."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""The integers that the JSON codec writes."""

_SURE = frozenset({bool, type(None)})
"""Types of the values that are JSON whatever they hold."""

_CONTAINERS = frozenset({dict, list})
_NUMBERS = frozenset({int, float})

_SPARE = 256
"""How many values are remembered beyond twice those of a state's own parts."""


def encode(value: object) -> Json:
    """Return the JSON document of a value; the very same object where it is JSON already.

    - None, bool, str, int and float stay as they are. Refused are NaN, the infinities, lone
      surrogates and integers beyond 64 bits; beyond 2**53 they are sent exactly, but a browser
      rounds them.
    - dict and list, and their subclasses, become objects and arrays. Keys must be str.
    - tuple and named tuple become arrays, set and frozenset sorted ones.
    - An enum's member becomes its value; datetime, date and time ISO 8601 text (``Z`` for UTC),
      timedelta an ISO 8601 duration (``P1DT2S``); Decimal, UUID and Path their text; bytes,
      bytearray and memoryview base64 text.
    - Dataclasses, attrs classes and msgspec structs become objects of their fields, pydantic
      models what ``model_dump(mode="json")`` says.
    - numpy scalars and arrays become numbers and nested arrays; pandas and polars frames arrays
      of records (without the index), series arrays. What pandas takes for missing becomes null
      there; NaN is refused everywhere else.
    - `register` teaches more types, and other forms for these.

    Raises:
        EncodeError: something in the value has no JSON form; carries the path to it.

    Example:
        >>> encode((1, {"b", "a"}, b"bytes"))
        [1, ['a', 'b'], 'Ynl0ZXM=']
        >>> encode({"rows": [1.5, float("nan")]})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        livestate_nb.errors.EncodeError: The state has no JSON form at '/rows/1': JSON has no nan...
    """
    return DocumentEncoder().encode(value)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Remember the document of a value that cannot change, and its parts that cannot either."""

    value: object
    document: Json
    parts: "list[_Part]"


class DocumentEncoder:
    """Encode the states of one session, one after the other, at the cost of what changed.

    The documents of parts that cannot change (frozen dataclasses, attrs classes and structs,
    tuples, all of them through and through; and arrays and frames, which are replaced and never
    mutated) are remembered with the parts themselves, by identity. Pydantic models are dumped
    anew each time, frozen or not: a computed field may look around. What the last value
    does not hold any more is forgotten once it outweighs what it holds.

    Args:
        ignored: names of fields and keys that are not sent, at any depth.

    Example:
        >>> from dataclasses import dataclass, replace
        >>> @dataclass(frozen=True)
        ... class Shop:
        ...     name: str
        ...     opens: tuple[int, ...]
        >>> encoder = DocumentEncoder()
        >>> shop = Shop("Bakery", (6, 14))
        >>> before, after = encoder.encode(shop), encoder.encode(replace(shop, name="Baker"))
        >>> after
        {'name': 'Baker', 'opens': [6, 14]}
        >>> after["opens"] is before["opens"]
        True
    """

    __slots__ = (
        "_is_mutable", "_last", "_limit", "_makers", "_parts", "_remembered", "_unusual",
        "_weight", "ignored",
    )  # fmt: skip

    def __init__(self, ignored: Collection[str] = IGNORED_KEYS) -> None:
        self.ignored = frozenset(ignored)
        self._unusual = self.ignored | {FORBIDDEN_KEY}
        self._makers: dict[type, Callable[[Any], object]] = {}  # as they were when first used
        self._remembered: dict[int, _Part] = {}
        self._weight = 0  # how many values the remembered documents hold
        self._limit = _SPARE
        self._parts: list[_Part] = []  # those of the value that is being encoded
        self._is_mutable = False  # something in that value can change
        self._last: tuple[object, Json] | None = None  # a committed state and its document

    def encode(self, value: object, path: str = "") -> Json:
        """Return the JSON document of a value, as `livestate_nb.state.encoder.encode` does.

        Args:
            value: the value.
            path: RFC 6901 pointer to it, for errors.

        Raises:
            EncodeError: something in the value has no JSON form; carries the path to it.
        """
        self._parts = []
        self._is_mutable = False
        try:
            document = self._encode(value)
        except Refusal as refusal:
            raise refusal.error(path) from refusal.__cause__
        except RecursionError as error:
            raise too_deep(value, path) from error
        if self._weight > self._limit:
            self._forget()
        return document

    @property
    def was_constant(self) -> bool:
        """Whether nothing in the value that was encoded last can change."""
        return not self._is_mutable

    def encode_state(self, state: object) -> Json:
        """Return the document of a committed state, at no cost if it was the last one.

        Args:
            state: the state; nobody may mutate it any more.

        Raises:
            EncodeError: something in the state has no JSON form; carries the path to it.
        """
        if self._last is None or self._last[0] is not state:
            self._last = state, self.encode(state)
        return self._last[1]

    def _encode(self, value: Any) -> Json:
        kind = type(value)
        if kind is str:
            return value if value.isascii() else _sound(value)
        if kind is int:
            if _SMALLEST <= value <= _LARGEST:
                return value
            raise Refusal(f"the integer {value} is beyond 64 bits. Send it as text", value)
        if kind is bool or value is None:
            return value
        if kind is dict:
            self._is_mutable = True
            return self._encode_dict(value)
        if kind is list:
            self._is_mutable = True
            return self._encode_list(value)
        if kind is float:
            if isfinite(value):
                return value
            raise Refusal(f"JSON has no {value}. Put None in its place", value)
        return self._encode_object(value)

    def _encode_dict(self, value: dict[Any, Any]) -> Json:
        encoded: dict[str, Json] | None = None  # made when something has to change
        encode, unusual = self._encode, self._unusual
        for position, (key, item) in enumerate(value.items()):
            name = key
            if type(key) is not str or not key.isascii() or key in unusual:
                name = checked_key(key)
                if name in self.ignored:
                    if encoded is None:
                        encoded = dict(islice(value.items(), position))
                    continue
            kind = type(item)
            if (
                kind in _SURE
                or (kind is str and item.isascii())
                or (kind is int and _SMALLEST <= item <= _LARGEST)
            ):
                document = item  # without a call, because most of a state is this
            else:
                try:
                    document = encode(item)
                except Refusal as refusal:
                    refusal.keys.append(name)
                    raise
            if encoded is not None:
                encoded[name] = document
            elif document is not item or name is not key:
                encoded = dict(islice(value.items(), position))
                encoded[name] = document
        return value if encoded is None else encoded

    def _encode_list(self, value: list[Any]) -> Json:
        encoded: list[Json] | None = None  # made when something has to change
        encode = self._encode
        for index, item in enumerate(value):
            try:
                document = encode(item)
            except Refusal as refusal:
                refusal.keys.append(index)
                raise
            if encoded is not None:
                encoded.append(document)
            elif document is not item:
                encoded = value[:index]
                encoded.append(document)
        return value if encoded is None else encoded

    def _encode_object(self, value: Any) -> Json:
        part = self._remembered.get(id(value))
        if part is not None:
            self._parts.append(part)
            return part.document
        cls = type(value)
        make = self._makers.get(cls)
        if make is None:
            make = maker_of(cls)
        form, constancy = form_of(value, make)
        outer, self._parts = self._parts, []
        was_mutable, self._is_mutable = self._is_mutable, constancy is Constancy.ANYTHING
        document = self._encode_form(form)
        self._makers[cls] = make
        parts, self._parts = self._parts, outer
        if self._is_mutable and constancy is not Constancy.NOTHING:
            outer.extend(parts)
            return document
        self._is_mutable = was_mutable
        if type(document) in _CONTAINERS:
            part = self._remembered[id(value)] = _Part(value, document, parts)
            self._weight += 1 + len(document)
            outer.append(part)
        return document

    def _encode_form(self, form: Any) -> Json:
        """Encode what an object became; a dict or list of it is its own, and new."""
        kind = type(form)
        if kind is dict:
            return self._encode_dict(form)
        if kind is list:
            return self._encode_list(form)
        if kind is Unordered:
            items = [self._encode(item) for item in form]
            kinds = set(map(type, items))
            return (
                sorted(items) if kinds == {str} or kinds <= _NUMBERS else sorted(items, key=dumps)
            )
        return self._encode(form)

    def _forget(self) -> None:
        """Forget the parts that the value encoded last does not hold."""
        held: dict[int, _Part] = {}
        waiting = self._parts
        while waiting:
            part = waiting.pop()
            if id(part.value) not in held:
                held[id(part.value)] = part
                waiting.extend(part.parts)
        self._remembered = held
        self._weight = sum(1 + len(part.document) for part in held.values())
        self._limit = 2 * self._weight + _SPARE


def _sound(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refusal(
            f"the text {text!r} has a lone surrogate, which UTF-8 cannot carry", text
        ) from error
    return text

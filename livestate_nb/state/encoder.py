"""The encoder: Python values to JSON documents, reusing what is JSON already or was encoded before.

`register` teaches it more types. It must not know drafts, patches or messages.
"""

import base64
import dataclasses
import datetime
import decimal
import enum
import functools
import math
import pathlib
import uuid
from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Any, TypeVar

from livestate_nb.codec import Json, dumps
from livestate_nb.state.fields import Fields, fields_of, is_frozen
from livestate_nb.state.libraries import library_value
from livestate_nb.state.pointer import Refusal, checked_key

_Encode = Callable[[Any], object]
_Function = TypeVar("_Function", bound=_Encode)

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
"""The integers that the JSON codec writes. Browsers round those beyond 2**53 to the next double."""

IGNORED_KEYS = frozenset({"__meta__"})
"""Names of fields and keys that are never sent, as by default in the original's MessageBuilder."""


class DocumentEncoder:
    """Encode the states of one session, one after the other, at the cost of what changed.

    Deeply immutable parts (frozen dataclasses, attrs classes, structs and models, tuples, and
    arrays and frames, which are replaced and never mutated) are remembered by identity, with
    strong references, for as long as the latest states hold them: at most twice as many, and
    some hundreds more, as the state holds.

    Args:
        ignored: names of fields and keys that are never sent, at any depth.

    Example:
        >>> encoder = DocumentEncoder()
        >>> encoder.encode({"when": datetime.date(2026, 1, 31), "tags": {"b", "a"}})
        {'when': '2026-01-31', 'tags': ['a', 'b']}
        >>> state = {"rows": [{"id": 1}]}
        >>> encoder.encode(state) is state
        True
    """

    __slots__ = ("_is_mutable", "_limit", "_memory", "_parts", "ignored")

    def __init__(self, ignored: Collection[str] = IGNORED_KEYS) -> None:
        self.ignored = frozenset(ignored)
        self._memory: dict[int, _Encoded] = {}
        self._limit = _SPARE
        self._is_mutable = False
        self._parts: list[_Encoded] = []

    def encode(self, value: object, path: str = "") -> Json:
        """Return the JSON document of a value; the very same object where it is JSON already.

        Args:
            value: anything of the types that `livestate_nb.state.encoder.encode` names, or of a
                registered one.
            path: RFC 6901 pointer to the value, for errors.

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
            reason = "it contains itself, or is nested too deeply. A state must be a tree"
            raise Refusal(reason, value).error(path) from error
        if len(self._memory) > self._limit:
            self._forget()
        return document

    def _encode(self, value: Any) -> Json:
        kind = type(value)
        if kind is str:
            return value if value.isascii() else _checked_text(value)
        if kind is bool or value is None:
            return value
        if kind is int:
            return value if _SMALLEST <= value <= _LARGEST else _checked_int(value)
        if kind is float:
            return value if math.isfinite(value) else _checked_float(value)
        if kind is dict:
            self._is_mutable = True
            return self._encode_dict(value)
        if kind is list:
            self._is_mutable = True
            return self._encode_list(value)
        return self._encode_object(value)

    def _encode_dict(self, value: dict[Any, Any]) -> Json:
        changed: dict[str, Json] | None = None
        ignored, encode, key = self.ignored, self._encode, None
        try:
            for position, (key, item) in enumerate(value.items()):
                text = checked_key(key)
                if text in ignored:
                    if changed is None:
                        changed = dict(islice(value.items(), position))
                    continue
                encoded = encode(item)
                if changed is None:
                    if encoded is item and text is key:
                        continue
                    changed = dict(islice(value.items(), position))
                if text in changed:
                    raise Refusal(f"two keys of the object are {text!r} in JSON", key)
                changed[text] = encoded
        except Refusal as refusal:
            if refusal.value is not key:
                refusal.keys.append(key)
            raise
        return value if changed is None else changed

    def _encode_list(self, value: list[Any]) -> Json:
        changed: list[Json] | None = None
        encode, index = self._encode, 0
        try:
            for index, item in enumerate(value):
                encoded = encode(item)
                if changed is not None:
                    changed.append(encoded)
                elif encoded is not item:
                    changed = value[:index]
                    changed.append(encoded)
        except Refusal as refusal:
            refusal.keys.append(index)
            raise
        return value if changed is None else changed

    def _encode_object(self, value: Any) -> Json:
        known = self._memory.get(id(value))
        if known is None:
            outer, self._parts = self._parts, []
            was_mutable, self._is_mutable = self._is_mutable, not is_frozen(value)
            document = self._encode_new(value)
            parts, self._parts = self._parts, outer
            if self._is_mutable:
                outer.extend(parts)
                return document
            self._is_mutable = was_mutable
            known = self._memory[id(value)] = _Encoded(value, document, parts)
        self._parts.append(known)
        return known.document

    def _encode_new(self, value: Any) -> Json:
        encode = _registry.dispatch(type(value))
        plain = library_value(value) if encode is _unregistered else encode(value)
        if isinstance(plain, Fields):
            plain = {name: item for name, item in plain if name not in self.ignored}
        kind = type(plain)
        if kind is dict:
            return self._encode_dict(plain)
        if kind is list:
            return self._encode_list(plain)
        if isinstance(plain, frozenset):
            return self._encode_set(plain)
        if plain is value:
            raise Refusal(_no_form(value), value)
        return self._encode(plain)

    def _encode_set(self, value: frozenset[Any]) -> Json:
        try:
            items = sorted(value)
        except TypeError:
            return sorted(self._encode_list(list(value)), key=dumps)
        return self._encode_list(items)

    def _forget(self) -> None:
        """Drop what the value encoded last does not hold."""
        held: dict[int, _Encoded] = {}
        waiting = self._parts
        while waiting:
            known = waiting.pop()
            if id(known.value) not in held:
                held[id(known.value)] = known
                waiting.extend(known.parts)
        self._memory = held
        self._limit = 2 * len(held) + _SPARE


_SPARE = 256
"""How many parts beyond twice the state's own are remembered before the rest is forgotten."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Encoded:
    """A value with its document, and the same of its parts."""

    value: object
    document: Json
    parts: "list[_Encoded]"


def encode(value: object) -> Json:
    """Return the JSON document of a value; the very same object where it is JSON already.

    - None, bool, str, int and finite float stay as they are. An int beyond 64 bits is refused;
      one beyond 2**53 is sent exactly, and a browser rounds it. NaN and infinities are refused.
    - dict and list, with their subclasses, become objects and arrays; keys must be str.
    - tuple and named tuple become arrays; set and frozenset arrays in sorted order.
    - An enum's member becomes its value; datetime, date and time ISO 8601 text (``Z`` for UTC),
      timedelta an ISO 8601 duration (``P1DT2S``); Decimal, UUID and Path their text; bytes,
      bytearray and memoryview base64 text.
    - Dataclasses, attrs classes and msgspec structs become objects of their fields, pydantic
      models what ``model_dump(mode="json")`` says.
    - numpy scalars and arrays become numbers and nested arrays; pandas and polars frames arrays
      of records (the index is left out), series arrays. What pandas takes for missing becomes
      null there; NaN is refused everywhere else.
    - `register` teaches more types, and other forms for these.

    Raises:
        EncodeError: something in the value has no JSON form; carries the path to it.

    Example:
        >>> encode((1, decimal.Decimal("0.10"), datetime.timedelta(days=1)))
        [1, '0.10', 'P1D']
    """
    return DocumentEncoder().encode(value)


def _unregistered(value: object) -> object:
    """Stand in the registry for the types that have no function of their own."""
    return value


_registry = functools.singledispatch(_unregistered)


def register(
    cls: type,
    *,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
) -> Callable[[_Function], _Function]:
    """Say how values of a class and its subclasses are encoded, in all sessions from now on.

    With a function, as a decorator: it takes the value and returns another one, which is encoded
    in its place. With `only` or `exclude` (``only`` and ``except`` of LiveState.Encoder): the
    class becomes an object of the named attributes, or of all its public ones but some.

    Args:
        cls: the class.
        only: names of the attributes to send, and no others.
        exclude: names of the attributes not to send.

    Example:
        >>> class Money:
        ...     def __init__(self, cents): self.cents = cents
        >>> @register(Money)
        ... def encode_money(money):
        ...     return f"{money.cents / 100:.2f}"
        >>> encode({"price": Money(250)})
        {'price': '2.50'}
        >>> class User:
        ...     def __init__(self): self.name, self.password = "ann", "secret"
        >>> _ = register(User, exclude={"password"})
        >>> encode(User())
        {'name': 'ann'}
    """
    if only is not None or exclude:
        names = None if only is None else tuple(only)
        unwanted = frozenset(exclude)

        def fields(value: Any) -> Fields:
            found = fields_of(value, names)
            return Fields(
                (name, item) for name, item in found or vars_of(value) if name not in unwanted
            )

        _registry.register(cls, fields)
    return functools.partial(_register_function, cls)


def vars_of(value: Any) -> Fields:
    """Return the public attributes of a value that keeps them in its ``__dict__``."""
    return Fields((name, item) for name, item in vars(value).items() if name[:1] != "_")


def _register_function(cls: type, function: _Function) -> _Function:
    _registry.register(cls, function)
    return function


def _no_form(value: object) -> str:
    name = type(value).__qualname__
    return (
        f"{name} {_short(value)}. Put a JSON value, a dataclass or another type that the encoder "
        f"knows in its place, or teach it this one: livestate_nb.register({name})"
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _checked_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Refusal(
            f"the text {value!r} has a lone surrogate, which UTF-8 cannot carry", value
        ) from error
    return value


def _checked_int(value: int) -> int:
    raise Refusal(f"the integer {value} is beyond 64 bits. Send it as text", value)


def _checked_float(value: float) -> float:
    raise Refusal(f"JSON has no {value}. Put None in its place", value)


def _base64(value: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(value).decode()


def _moment(value: datetime.datetime | datetime.time) -> str:
    text = value.isoformat()
    if text == "NaT":  # pandas makes it a datetime
        raise Refusal("JSON has no NaT. Put None in its place", value)
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _duration(value: datetime.timedelta) -> str:
    """Return an ISO 8601 duration of days and seconds."""
    sign = "-" if value < datetime.timedelta(0) else ""
    value = abs(value)
    seconds = f"{value.seconds}"
    if value.microseconds:
        seconds += f".{value.microseconds:06}".rstrip("0")
    days = f"{value.days}D" if value.days else ""
    time = f"T{seconds}S" if seconds != "0" or not days else ""
    return f"{sign}P{days}{time}"


def _list_of(value: Iterable[Any]) -> list[Any]:
    return list(value)


for _cls, _function in (
    (str, str.__str__),
    (int, int),
    (float, float),
    (dict, dict),
    (list, _list_of),
    (tuple, _list_of),
    (set, frozenset),
    (frozenset, lambda value: value),
    (bytes, _base64),
    (bytearray, _base64),
    (memoryview, _base64),
    (datetime.datetime, _moment),
    (datetime.time, _moment),
    (datetime.date, datetime.date.isoformat),
    (datetime.timedelta, _duration),
    (decimal.Decimal, str),
    (uuid.UUID, str),
    (pathlib.PurePath, str),
    (enum.Enum, lambda member_: member_.value),
):
    _registry.register(_cls, _function)

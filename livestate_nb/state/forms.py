"""Forms: what a value that is no JSON becomes, one step at a time, and what users registered.

It must not know documents: what a form holds may need a form of its own.
"""

import base64
import datetime
import decimal
import enum
import functools
import pathlib
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from livestate_nb.state.constancy import is_array, is_frozen
from livestate_nb.state.fields import declared_names, fields_of, public_fields_of, read
from livestate_nb.state.libraries import is_model, library_form, model_form
from livestate_nb.state.pointer import Refusal

_Function = TypeVar("_Function", bound=Callable[[Any], object])


@overload
def register(cls: type) -> Callable[[_Function], _Function]: ...
@overload
def register(cls: type, *, only: Collection[str]) -> None: ...
@overload
def register(cls: type, *, exclude: Collection[str]) -> None: ...
def register(
    cls: type, *, only: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> Callable[[_Function], _Function] | None:
    """Say how values of a class, and of its subclasses, are encoded from now on.

    A session that has sent a value of a class goes on with the form that it had: what its clients
    hold must stay what the session takes it for.

    As a decorator of a function, which takes a value and returns another one, of any type that
    can be encoded, in its place. Or with the names of attributes, as LiveState.Encoder has them:
    values become objects of these only, or of all that are public but these.

    Args:
        cls: the class; no subclass of dict or list, as a state makes plain ones of these.
        only: names of attributes; properties are attributes too.
        exclude: names of attributes (``except`` in the original).

    Raises:
        TypeError: values of the class are never asked for a form, or both ``only`` and ``exclude``
            are given.

    Example:
        >>> from livestate_nb.state.encoder import encode
        >>> class Money:
        ...     def __init__(self, cents):
        ...         self.cents = cents
        >>> @register(Money)
        ... def form_of_money(money):
        ...     return f"{money.cents / 100:.2f}"
        >>> class User:
        ...     def __init__(self, name, password):
        ...         self.name, self.password = name, password
        >>> register(User, exclude={"password"})
        >>> encode([Money(250), User("ann", "secret")])
        ['2.50', {'name': 'ann'}]
    """
    if issubclass(cls, (dict, list)):
        kind = "dict" if issubclass(cls, dict) else "list"
        raise TypeError(
            f"A state makes a plain {kind} of a {cls.__qualname__}, so its form would never be "
            f"asked for. Register a class that is no {kind} but holds one"
        )
    if only is not None and exclude is not None:
        raise TypeError("Say what is sent with only= or with exclude=, not with both")
    if only is not None:
        form = functools.partial(_form_of_some, tuple(only))
        is_declared = set(only) <= set(declared_names(cls) or ())
        _forms.register(cls, form if is_declared else _Custom(form))  # a property may look around
        return None
    if exclude is not None:
        _forms.register(cls, functools.partial(_form_without, frozenset(exclude)))
        return None
    return functools.partial(_enter_custom, cls)


class Unordered(list[Any]):
    """Hold items whose order says nothing."""

    __slots__ = ()


class Constancy(enum.Enum):
    """Say what of an object can change."""

    ANYTHING = enum.auto()
    ONLY_PARTS = enum.auto()
    NOTHING = enum.auto()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Hold what was registered for a class: a function, or names; see `register`."""

    function: Callable[[Any], object] | None = None
    only: tuple[str, ...] | None = None
    excluded: frozenset[str] = frozenset()


def lesson_of(cls: type) -> Lesson | None:
    """Return what was registered for a class or the nearest of its bases; None if nothing was."""
    make = _forms.dispatch(cls)
    if make is library_form or make in _STANDARD.values():
        return None
    function = make.function if isinstance(make, _Custom) else make
    if not isinstance(function, functools.partial):
        return Lesson(function)
    if function.func is _form_of_some:
        return Lesson(only=function.args[0])
    return Lesson(excluded=function.args[0])


def maker_of(cls: type) -> Callable[[Any], object]:
    """Return the function that makes the form of a class's values, to be used by `form_of`."""
    make = _forms.dispatch(cls)
    names = declared_names(cls) if make is library_form else None
    return make if names is None else functools.partial(fields_of, names=names)


def form_of(value: Any, make: Callable[[Any], object]) -> tuple[object, Constancy]:
    """Return what an object becomes, and what of that can change.

    Args:
        value: anything but None, and exact bool, int, float, str, list and dict.
        make: from `maker_of`.

    Returns:
        The form is a new dict or list, or any other value, to be encoded in the object's place.

    Raises:
        Refusal: there is no form for it.
    """
    form = make(value)
    if form is value:
        raise Refusal(
            f"{type(value).__qualname__} {_short(value)} is of no type that the encoder knows. "
            "Put a dict or a dataclass in its place, or register the class: "
            "livestate_nb.state.register",
            value,
        )
    if isinstance(make, _Custom):
        return form, Constancy.ANYTHING
    if is_array(value):
        return form, Constancy.NOTHING
    return form, Constancy.ONLY_PARTS if is_frozen(value) else Constancy.ANYTHING


class _Custom:
    """Wrap a registered function, of which nobody knows what else it looks at."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any], object]) -> None:
        self.function = function

    def __call__(self, value: Any) -> object:
        return self.function(value)


def _enter_custom(cls: type, function: _Function) -> _Function:
    _forms.register(cls, _Custom(function))
    return function


def _form_of_some(names: tuple[str, ...], value: Any) -> dict[str, Any]:
    return {name: read(value, name) for name in names}


def _form_without(unwanted: frozenset[str], value: Any) -> object:
    return model_form(value, unwanted) if is_model(value) else public_fields_of(value, unwanted)


def _base64(value: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(value).decode()


def _moment(value: datetime.datetime | datetime.time) -> str:
    text = value.isoformat()
    if text == "NaT":  # which pandas makes a datetime
        raise Refusal("JSON has no NaT. Put None in its place", value)
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _duration(value: datetime.timedelta) -> str:
    """Return an ISO 8601 duration of days and seconds."""
    sign, value = ("-", -value) if value < datetime.timedelta(0) else ("", value)
    days = f"{value.days}D" if value.days else ""
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    time = f"T{value.seconds}{fraction}S" if value.seconds or fraction or not days else ""
    return f"{sign}P{days}{time}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


_STANDARD: dict[type, Callable[[Any], object]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    dict: dict,
    list: list,
    tuple: list,
    set: Unordered,
    frozenset: Unordered,
    bytes: _base64,
    bytearray: _base64,
    memoryview: _base64,
    enum.Enum: lambda value: value.value,
    datetime.datetime: _moment,
    datetime.time: _moment,
    datetime.date: datetime.date.isoformat,
    datetime.timedelta: _duration,
    decimal.Decimal: str,
    uuid.UUID: str,
    pathlib.PurePath: str,
}
_forms = functools.singledispatch(library_form)
for _cls, _make in _STANDARD.items():
    _forms.register(_cls, _make)

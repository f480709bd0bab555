import dataclasses
import datetime
import decimal
import enum
import pathlib
import threading
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

import attrs
import msgspec
import numpy
import pandas
import polars
import pydantic
import pytest

from livestate_nb.errors import DraftError
from livestate_nb.state.constancy import copied, is_constant, is_frozen
from livestate_nb.state.draft import finish, open_draft


@dataclass(frozen=True)
class Frozen:
    parts: Any
    unset: Any = dataclasses.field(init=False)


@attrs.frozen
class FrozenAttrs:
    parts: Any


class FrozenStruct(msgspec.Struct, frozen=True):
    parts: Any


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclass
class Loose:
    n: int = 1


@attrs.define
class LooseAttrs:
    n: int = 1


class LooseStruct(msgspec.Struct):
    n: int = 1


class Settled(pydantic.BaseModel, frozen=True):
    n: int = 1


class Plain:
    pass


class Color(enum.Enum):
    RED = "red"


CONSTANT = [
    None, True, 1, 1.5, "a", b"a", Color.RED, decimal.Decimal(1), uuid.UUID(int=1),
    pathlib.PurePath("/a"), datetime.datetime.max, datetime.date.max, datetime.time.max,
    datetime.timedelta.max, (), frozenset({1}), memoryview(b"a"), numpy.float64(1),
    numpy.arange(2), pandas.DataFrame(), pandas.Series([1]), pandas.Timestamp(0),
    polars.DataFrame(), polars.Series([1]),
]  # fmt: skip
CHANGEABLE = [
    [], {}, set(), bytearray(b"a"), memoryview(bytearray(b"a")), Plain(), Loose(), LooseAttrs(),
    LooseStruct(), Settled(), object(),
]  # fmt: skip
WRAPS = [
    lambda value: value,
    lambda value: (1, value),
    lambda value: Pair(value, 1),
    Frozen,
    FrozenAttrs,
    FrozenStruct,
    lambda value: Frozen((FrozenAttrs(FrozenStruct(value)),)),
]


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_value_is_constant_if_it_is_so_through_and_through(wrap):
    assert all(is_constant(wrap(value)) for value in CONSTANT)
    assert not any(is_constant(wrap(value)) for value in CHANGEABLE)


def test_what_a_frozenset_holds_counts():
    assert not is_constant(frozenset({Plain()}))


def test_what_is_frozen_may_hold_what_changes():
    assert is_frozen(Frozen([]))
    assert is_frozen(([],))
    assert not is_frozen(Loose())
    assert not is_frozen(Settled())


def test_a_copy_has_no_part_in_common_that_can_change():
    inner = [1]
    value = Frozen((inner, memoryview(bytearray(b"a"))))
    taken = copied(Frozen(inner))
    inner.append(2)
    assert taken.parts == [1]
    view = bytearray(b"ab")
    taken = copied(memoryview(view))
    view[0] = 0
    assert taken == b"ab"
    assert not is_constant(value)
    assert is_constant(taken)


def test_a_copy_of_a_draft_is_plain():
    draft = open_draft({"rows": [{"n": 1}]})
    draft["rows"][0]["n"] = 2
    taken = copied(Frozen(draft["rows"]))
    assert type(taken.parts) is list
    assert taken.parts == [{"n": 2}]
    rows = draft["rows"]
    finish(draft)
    with pytest.raises(DraftError, match="Read it again"):
        copied(Frozen(rows))


def test_what_cannot_be_copied_is_refused_with_what_to_do():
    with pytest.raises(DraftError, match=r"A lock does not allow .* put what it is made of"):
        copied(threading.Lock())

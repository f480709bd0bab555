import decimal
import enum
from dataclasses import dataclass
from typing import Any, NamedTuple

import attrs
import msgspec
import pydantic
import pytest

from livestate_nb.errors import EncodeError
from livestate_nb.state.draft import plain
from livestate_nb.state.encoder import DocumentEncoder, encode, register


class Slotted:
    __slots__ = ("n",)


# a function


def test_a_registered_function_says_what_a_class_becomes():
    class Money:
        def __init__(self, cents: int) -> None:
            self.cents = cents

    class Dollars(Money):
        pass

    @register(Money)
    def form_of_money(money: Money) -> Any:
        return {"amount": decimal.Decimal(money.cents) / 100, "kind": type(money).__name__}

    assert form_of_money(Money(5))["kind"] == "Money"
    assert encode([Money(250), Dollars(5)]) == [
        {"amount": "2.5", "kind": "Money"},
        {"amount": "0.05", "kind": "Dollars"},
    ]


def test_a_registered_function_goes_before_what_a_type_is():
    @dataclass
    class Temperature:
        degrees: float

    class Status(enum.StrEnum):
        ON = "on"

    register(Temperature)(lambda t: f"{t.degrees} °C")
    register(Status)(lambda status: status.name.lower() + "!")
    assert encode({"t": Temperature(20), "s": Status.ON}) == {"t": "20 °C", "s": "on!"}


def test_a_registered_function_may_refuse_or_give_what_has_no_form():
    class Bad:
        pass

    register(Bad)(lambda bad: [1, bad.missing])
    with pytest.raises(AttributeError):
        encode(Bad())
    register(Bad)(lambda _: {"a": [float("nan")]})
    with pytest.raises(EncodeError) as caught:
        encode([Bad()])
    assert caught.value.path == "/0/a/0"
    register(Bad)(lambda bad: bad)
    with pytest.raises(EncodeError, match="is of no type that the encoder knows"):
        encode([Bad()])


def test_a_registered_function_is_asked_every_time():
    answers = iter("ab")

    @dataclass(frozen=True)
    class Sensor:
        n: int

    register(Sensor)(lambda _: [next(answers)])
    encoder = DocumentEncoder()
    sensor = (Sensor(1),)
    assert [encoder.encode(sensor), encoder.encode(sensor)] == [[["a"]], [["b"]]]


# names of attributes


def test_only_some_fields_are_sent():
    @dataclass
    class User:
        name: str
        password: str

        @property
        def initial(self) -> str:
            return self.name[0]

    register(User, only=["name", "initial"])
    assert encode([User("ann", "secret")]) == [{"name": "ann", "initial": "a"}]


@pytest.mark.parametrize("declare", [dataclass, attrs.define, None])
def test_all_fields_but_some_are_sent(declare):
    if declare is None:

        class User:
            def __init__(self, name: str, password: str, tags: Any) -> None:
                self.name, self.password, self.tags = name, password, tags
                self._state = object()
    else:

        @declare
        class User:
            name: str
            password: str
            tags: Any

    register(User, exclude={"password"})
    assert encode(User("ann", "secret", {1})) == {"name": "ann", "tags": [1]}


def test_a_class_without_a_dict_needs_the_names_of_what_is_sent():
    register(Slotted, exclude={"m"})
    with pytest.raises(EncodeError, match="only="):
        encode(Slotted())
    thing = Slotted()
    thing.n = 5
    register(Slotted, only=["n"])
    assert encode(thing) == {"n": 5}


def test_a_struct_s_attributes_are_excluded_by_their_own_names():
    class Account(msgspec.Struct, rename="camel", tag=True):
        first_name: str
        pass_word: str
        _hidden: int = 1

    register(Account, exclude={"pass_word"})
    assert encode(Account("ann", "secret")) == {"type": "Account", "firstName": "ann"}


@pytest.mark.parametrize("declare", [dataclass, attrs.define])
def test_fields_that_are_not_public_are_left_out_beside_those_that_are_named(declare):
    @declare
    class Account:
        name: str
        password: str
        _token: str

    register(Account, exclude={"password"})
    assert encode(Account("ann", "secret", "token")) == {"name": "ann"}
    register(Account, exclude=())
    assert encode(Account("ann", "secret", "token")) == {"name": "ann", "password": "secret"}


def test_a_pydantic_model_still_leaves_out_what_it_excludes_itself():
    class Account(pydantic.BaseModel):
        name: str
        when: decimal.Decimal = decimal.Decimal("1.5")
        secret: str = pydantic.Field(default="secret", exclude=True)
        note: str = "n"

    register(Account, exclude={"note"})
    assert encode(Account(name="ann")) == {"name": "ann", "when": "1.5"}


def test_no_name_at_all_makes_an_empty_object():
    @dataclass
    class Silent:
        n: int

    register(Silent, only=[])
    assert encode(Silent(1)) == {}


def test_only_and_exclude_together_are_refused():
    with pytest.raises(TypeError, match="not with both"):
        register(Slotted, only=["n"], exclude=["m"])  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", [dict, list])
def test_a_class_that_a_state_makes_plain_is_refused(kind):
    class Money(kind):
        pass

    with pytest.raises(TypeError, match=f"makes a plain {kind.__name__} of a .*Money"):
        register(Money)
    with pytest.raises(TypeError, match="Register a class that is no"):
        register(Money, only=["cents"])


def test_a_subclass_of_tuple_keeps_its_form_inside_a_state():
    class Pair(NamedTuple):
        a: int
        b: Any

    assert encode(Pair(1, 2)) == [1, 2]
    register(Pair, only=["a", "b"])
    assert encode(Pair(1, 2)) == {"a": 1, "b": 2}
    assert encode(plain({"pair": Pair(1, [2])})) == {"pair": {"a": 1, "b": [2]}}


# what is remembered


def test_a_property_is_asked_every_time():
    answers = iter("ab")

    @dataclass(frozen=True)
    class Sensor:
        n: int

        @property
        def now(self) -> str:
            return next(answers)

    register(Sensor, only=["n", "now"])
    encoder = DocumentEncoder()
    sensors = (Sensor(1),)
    assert encoder.encode(sensors) == [{"n": 1, "now": "a"}]
    assert encoder.encode(sensors) == [{"n": 1, "now": "b"}]


def test_some_fields_of_a_frozen_object_are_remembered():
    @dataclass(frozen=True)
    class Row:
        n: int
        secret: str

    register(Row, only=["n"])
    encoder = DocumentEncoder()
    rows = (Row(1, "s"),)
    assert encoder.encode([rows])[0] is encoder.encode([rows])[0]


# what cannot be read


def test_a_property_that_raises_is_refused_with_its_path():
    class Sensor:
        @property
        def now(self) -> int:
            raise ValueError("no signal")

    register(Sensor, only=["now"])
    with pytest.raises(EncodeError, match=r"now of .*Sensor .*ValueError: no signal") as caught:
        encode({"all": [Sensor()]})
    assert caught.value.path == "/all/0/now"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_attribute_that_is_missing_is_refused_with_its_path():
    class Sensor:
        pass

    register(Sensor, only=["now"])
    with pytest.raises(EncodeError, match="AttributeError") as caught:
        encode([Sensor()])
    assert caught.value.path == "/0/now"

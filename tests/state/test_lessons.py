"""What was registered for a class can be asked for."""

import decimal

from livestate_nb.state.forms import Lesson, lesson_of, register


class Money:
    cents = 3


class User:
    name: str

    @property
    def label(self) -> str:
        return self.name


class Account:
    pass


class Heir(Account):
    pass


def test_what_was_registered_is_told() -> None:
    @register(Money)
    def form_of_money(money: Money) -> int:
        return money.cents

    register(User, only=("label",))
    register(Account, exclude={"password"})
    assert lesson_of(Money) == Lesson(form_of_money)
    assert lesson_of(User) == Lesson(only=("label",))
    assert lesson_of(Heir) == Lesson(excluded=frozenset({"password"}))


def test_of_other_classes_nothing_is_told() -> None:
    assert lesson_of(decimal.Decimal) is lesson_of(list) is lesson_of(object) is None

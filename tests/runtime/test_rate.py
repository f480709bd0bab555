"""How fast messages may come, by a clock that the test moves."""

from livestate_nb.limits import Limits
from livestate_nb.runtime.rate import Rate, Rates


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(rate: Rate, count: int) -> int:
    return [rate.take() for _ in range(count)].count(True)


def test_as_many_come_at_once_as_may_and_then_as_many_as_time_allows() -> None:
    clock = Clock()
    rate = Rate(8, 5, clock)
    assert taken(rate, 8) == 5
    clock.now += 0.3125
    assert taken(rate, 8) == 2
    clock.now += 0.0625  # half of one was left
    assert taken(rate, 8) == 1
    clock.now += 1000
    assert taken(rate, 8) == 5


def test_who_keeps_to_the_rate_is_never_refused() -> None:
    clock = Clock()
    rate = Rate(8, 5, clock)
    for _ in range(1000):
        clock.now += 0.1251
        assert rate.take()


def test_it_is_a_flood_when_more_were_refused_than_may_come_at_once() -> None:
    clock = Clock()
    rate = Rate(8, 5, clock)
    taken(rate, 10)
    assert not rate.is_flood
    rate.take()
    assert rate.is_flood


def test_refusals_are_forgotten_when_it_was_calm() -> None:
    clock = Clock()
    rate = Rate(8, 5, clock)
    for _ in range(10):
        taken(rate, 10)
        assert not rate.is_flood
        clock.now += 0.75


def test_refusals_add_up_for_who_is_always_a_little_too_fast() -> None:
    clock = Clock()
    rate = Rate(8, 5, clock)
    for _ in range(100):
        clock.now += 0.05
        rate.take()
    assert rate.is_flood


def test_what_is_spent_on_a_topic_stays_spent_until_time_gives_it_back() -> None:
    clock = Clock()
    rates = Rates(Limits(events_per_second=8, events_at_once=5, joins=2), clock)
    assert taken(rates.of("a", joined=()), 8) == 5
    for number in range(100):
        rates.of(str(number), joined=())
    assert taken(rates.of("a", joined=()), 8) == 0
    clock.now += 1000
    assert taken(rates.of("a", joined=()), 8) == 5


def test_a_rate_that_is_full_is_forgotten_unless_somebody_holds_it() -> None:
    clock = Clock()
    rates = Rates(Limits(events_per_second=8, events_at_once=5, joins=2), clock)
    held, free = rates.of("held", joined=()), rates.of("free", joined=())
    for topic in ("a", "b"):
        taken(rates.of(topic, joined=("held",)), 1)
    assert rates.of("held", joined=()) is held
    assert rates.of("free", joined=()) is not free

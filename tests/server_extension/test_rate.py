"""How often an address may do something."""

import pytest

from livestate_nb_server.rate import MAX_ADDRESSES, Pace, Rate
from tests.server_extension.test_tokens import Clock


def test_a_burst_is_let_through_and_then_one_at_a_time() -> None:
    clock = Clock()
    rate = Rate(3, 2.0, clock)
    assert [rate.take("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert not rate.may("192.0.2.1")
    assert rate.take("192.0.2.2")
    clock.now += 1.9
    assert not rate.take("192.0.2.1")
    clock.now += 0.2
    assert rate.may("192.0.2.1")
    assert [rate.take("192.0.2.1") for _ in range(2)] == [True, False]


def test_a_pause_gives_a_burst_back_and_no_more() -> None:
    clock = Clock()
    rate = Rate(2, 1.0, clock)
    assert rate.take("192.0.2.1")
    clock.now += 1_000
    assert [rate.take("192.0.2.1") for _ in range(3)] == [True, True, False]


def test_who_goes_on_asking_does_not_wait_longer() -> None:
    clock = Clock()
    rate = Rate(1, 1.0, clock)
    assert rate.take("192.0.2.1")
    for _ in range(9):
        clock.now += 0.1
        assert not rate.take("192.0.2.1")
    clock.now += 0.2
    assert rate.take("192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("no address", "no address", True),
    ],
)
def test_addresses_of_one_host_count_together(one: str, other: str, is_same: bool) -> None:
    rate = Rate(1, 1.0, Clock())
    assert rate.take(one)
    assert rate.take(other) is not is_same


def test_a_bounded_number_of_addresses_is_remembered() -> None:
    rate = Rate(1, 1.0, Clock())
    addresses = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(MAX_ADDRESSES + 1)]
    assert rate.take(addresses[0])
    for address in addresses[1:-1]:
        assert rate.take(address)
    assert not rate.take(addresses[0])  # it is known, and the last one that was heard of
    assert rate.take(addresses[-1])
    assert not rate.take(addresses[0])
    assert rate.take(addresses[1])


def test_who_is_too_fast_waits_for_exactly_as_long_as_that() -> None:
    clock = Clock()
    pace = Pace(3, 2.0, clock)
    assert [pace.spend(1) for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 2
    assert pace.spend(1) == 2
    assert pace.spend(10) == 22
    clock.now += 22
    assert pace.spend(1) == 2
    clock.now += 1_000
    assert [pace.spend(1) for _ in range(4)] == [0, 0, 0, 2]

"""How often an address may do something."""

import pytest

from livestate_nb_server.addresses import MAX_ADDRESSES, Addresses
from tests.server_extension.test_tokens import Clock


def test_a_burst_is_let_through_and_then_one_at_a_time() -> None:
    clock = Clock()
    addresses = Addresses(3, 2.0, clock)
    assert [addresses.take("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert not addresses.may("192.0.2.1")
    assert addresses.take("192.0.2.2")
    clock.now += 1.9
    assert not addresses.take("192.0.2.1")
    clock.now += 0.2
    assert addresses.may("192.0.2.1")
    assert [addresses.take("192.0.2.1") for _ in range(2)] == [True, False]


def test_a_pause_gives_a_burst_back_and_no_more() -> None:
    clock = Clock()
    addresses = Addresses(2, 1.0, clock)
    assert addresses.take("192.0.2.1")
    clock.now += 1_000
    assert [addresses.take("192.0.2.1") for _ in range(3)] == [True, True, False]


def test_who_goes_on_asking_does_not_wait_longer() -> None:
    clock = Clock()
    addresses = Addresses(1, 1.0, clock)
    assert addresses.take("192.0.2.1")
    for _ in range(9):
        clock.now += 0.1
        assert not addresses.take("192.0.2.1")
    clock.now += 0.2
    assert addresses.take("192.0.2.1")


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
    addresses = Addresses(1, 1.0, Clock())
    assert addresses.take(one)
    assert addresses.take(other) is not is_same


def test_a_bounded_number_of_addresses_is_remembered() -> None:
    addresses = Addresses(1, 1.0, Clock())
    many = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(MAX_ADDRESSES + 1)]
    assert addresses.take(many[0])
    for address in many[1:-1]:
        assert addresses.take(address)
    assert not addresses.take(many[0])  # it is known, and the last one that was heard of
    assert addresses.take(many[-1])
    assert not addresses.take(many[0])
    assert addresses.take(many[1])

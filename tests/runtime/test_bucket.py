"""How often something may be done, by a clock that the test moves."""

from livestate_nb.runtime.bucket import Bucket


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def taken(bucket: Bucket, count: int) -> int:
    return [bucket.take() for _ in range(count)].count(True)


def test_a_bucket_gives_what_it_holds_and_then_what_time_has_brought() -> None:
    clock = Clock()
    bucket = Bucket(8, 5, clock)
    assert taken(bucket, 8) == 5
    clock.now += 0.3125
    assert taken(bucket, 8) == 2
    clock.now += 0.0625  # half of one was left
    assert taken(bucket, 8) == 1
    clock.now += 1_000
    assert bucket.left == 5
    assert taken(bucket, 8) == 5


def test_a_bucket_is_full_when_nothing_was_done_for_long() -> None:
    clock = Clock()
    bucket = Bucket(0.5, 2, clock)
    assert bucket.is_full
    bucket.take()
    clock.now += 1.75
    assert not bucket.is_full
    clock.now += 0.25
    assert bucket.is_full


def test_who_is_too_fast_waits_for_exactly_as_long_as_that() -> None:
    clock = Clock()
    bucket = Bucket(0.5, 3, clock)
    assert [bucket.spend(1) for _ in range(4)] == [0, 0, 0, 2]
    clock.now += 2
    assert bucket.spend(1) == 2
    assert bucket.spend(10) == 22
    clock.now += 22
    assert bucket.spend(1) == 2
    clock.now += 1_000
    assert [bucket.spend(1) for _ in range(4)] == [0, 0, 0, 2]

"""What is kept for clients that may come back, and what of it is dropped."""

from livestate_nb.limits import Limits
from livestate_nb.runtime.history import WHOLE, History
from livestate_nb.runtime.ledger import Outgoing, outgoing

LIMITS = Limits()
MAX_KEPT, MAX_BYTES = LIMITS.resume_messages, LIMITS.resume_bytes


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def note(n: object) -> Outgoing:
    return outgoing("n", {"n": n})


def test_a_member_gets_what_is_for_all_and_what_is_for_itself() -> None:
    history = History(LIMITS, Clock())
    for receiver in (None, 1, 2, None):
        history.keep(receiver, note(receiver))
    assert history.last(3, receiver=1, since=0) == [note(None), note(1), note(None)]
    assert history.last(2, receiver=2, since=0) == [note(2), note(None)]
    assert history.last(0, receiver=1, since=0) == []


def test_what_is_not_kept_any_more_is_not_made_up() -> None:
    history = History(LIMITS, Clock())
    for n in range(MAX_KEPT + 10):
        history.keep(None, note(n))
    kept = history.last(MAX_KEPT, receiver=1, since=0)
    assert kept == [note(n) for n in range(10, MAX_KEPT + 10)]
    assert history.last(MAX_KEPT + 1, receiver=1, since=0) == kept
    assert history.last(-1, receiver=1, since=0) == []


def test_what_a_member_was_not_sent_is_passed_over_and_its_whole_states_are_told() -> None:
    history = History(LIMITS, Clock())
    for n in range(1, 4):
        history.keep(None, note(n))

    def last(count: int) -> list[Outgoing]:
        return history.last(count, receiver=1, since=0, skipped={2}, wholes=[1, 3, 3])

    assert [last(count) for count in range(1, 6)] == [
        [WHOLE],
        [WHOLE, WHOLE],
        [note(3), WHOLE, WHOLE],
        [WHOLE, note(3), WHOLE, WHOLE],
        [note(1), WHOLE, note(3), WHOLE, WHOLE],
    ]


def test_nothing_from_before_a_whole_state_is_counted() -> None:
    history = History(LIMITS, Clock())
    history.keep(None, note(1))
    since = history.position
    history.keep(None, note(2))
    assert history.last(1, receiver=1, since=since) == [note(2)]
    assert history.last(2, receiver=1, since=since) == [note(2)]


def test_bytes_are_bounded() -> None:
    history = History(LIMITS, Clock())
    half = note("x" * (MAX_BYTES // 2 - 20))
    for _ in range(3):
        history.keep(None, half)
    assert history.last(2, receiver=1, since=0) == [half, half]
    assert history.last(3, receiver=1, since=0) == [half, half]
    history.keep(None, note("x" * MAX_BYTES))
    assert history.last(1, receiver=1, since=0) == []


def test_what_is_old_is_forgotten() -> None:
    clock = Clock()
    history = History(LIMITS, clock)
    for clock.now in (1.0, 2.0, 3.0):
        history.keep(None, note(clock.now))
    history.forget(2.0)
    assert history.last(2, receiver=1, since=0) == [note(2.0), note(3.0)]
    assert history.last(3, receiver=1, since=0) == [note(2.0), note(3.0)]
    history.forget(9.0)
    assert history.last(1, receiver=1, since=0) == []
    history.keep(None, note(4))
    assert history.last(1, receiver=1, since=0) == [note(4)]

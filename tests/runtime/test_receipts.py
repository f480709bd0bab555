"""Which events of a client have come: what is said of those that are late, doubled or forgotten."""

from livestate_nb.codec import dumps
from livestate_nb.limits import Limits
from livestate_nb.runtime.receipts import FORGOTTEN, Receipts


def test_an_event_that_is_doubled_and_late_makes_no_gap() -> None:
    receipts = Receipts(Limits())
    for ref in ("7:0", "9:7"):
        assert receipts.is_next(ref)
        assert receipts.take(ref)
    assert receipts.is_next("7:0")
    assert not receipts.take("7:0")
    assert receipts.last == "9"
    assert receipts.is_next("10:9")
    assert not receipts.is_next("11:10")


def test_a_failure_that_is_forgotten_is_no_success() -> None:
    failure = {"message": "x" * 1000}
    limits = Limits(resume_bytes=3 * len(dumps(failure)))
    receipts = Receipts(limits)
    for ref in range(4):
        receipts.take(str(ref))
        receipts.settle(str(ref), "error", failure)
    assert receipts.answer("0") == ("error", FORGOTTEN)
    assert receipts.answer("1") == ("error", failure)
    receipts.take("4")
    receipts.settle("4", "ok", {})
    assert receipts.answer("4") == ("ok", {})


def test_as_many_failures_are_known_as_messages_of_a_client_may_wait() -> None:
    receipts = Receipts(Limits(waiting_per_client=3))
    for ref in range(4):
        receipts.take(str(ref))
        receipts.settle(str(ref), "error", {})
    assert receipts.answer("0") == ("error", FORGOTTEN)
    assert receipts.answer("1") == ("error", {})


def test_a_ref_that_is_no_number_of_our_client_is_always_new() -> None:
    receipts = Receipts(Limits())
    for ref in (None, 1, 1.5, "", "-1", "a", "1" * 17, [], {}):
        assert receipts.take(ref)
        assert receipts.take(ref)
        receipts.settle(ref, "error", {})

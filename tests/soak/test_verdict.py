"""What the soak's bounds catch: that each of them fails where it must."""

from dataclasses import replace
from typing import Any

import pytest

from bench.soak.crowd import Plan
from bench.soak.verdict import LONG, SHORT, Figures, Held, Memory

NOISE = [0.0, 0.7, -0.4, 0.3, -0.6]
THINGS = ("`GET /api/contents`", "a cell's execution")
CONTENTS, _ = THINGS


def memory(growth: float, least: float = 100) -> Memory:
    """Return 10 minutes of memory that grows at first, and by so much a minute all the time."""
    samples = [
        (float(second), least + min(second, 60) + growth * second / 60 + NOISE[second % 5])
        for second in range(600)
    ]
    return Memory(samples, warm_up=200)


def held(**after: int) -> Held:
    before = {"sessions": 1, "tasks": 10, "threads": 3, "objects": 230_000, "descriptors": 29}
    return Held(before, {**before, **after})


GOOD = Figures(
    plan=Plan("", "", 1000, 50, 0.25),
    seconds=600,
    bounds=LONG,
    counts={
        "events": 300_000,
        "frames": 900_000,
        "returns": 4_000,
        "cut": 100,
        "naps": 200,
        "documents": 6_000,
        "fault_count": 0,
        "faults": [],
    },
    most_sessions=5_022,
    memory={"server": memory(0)},
    held={"server": held()},
    idle={thing: [1.0, 2.0] for thing in THINGS},
    busy={thing: [2.0] * 100 for thing in THINGS},
    used=(0.3, 1.0),
    errors=[],
)


def test_a_run_that_keeps_to_all_bounds_has_no_failures() -> None:
    assert GOOD.failures == []


def test_the_line_leaves_the_warm_up_and_the_noise_out() -> None:
    assert memory(0).growth == pytest.approx(0, abs=0.05)
    assert memory(3).growth == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ({"memory": {"server": memory(1.5)}}, "the server grew by 1.50 MB a minute, of 1"),
        ({"memory": {"kernel": memory(0, 400)}}, "the kernel took 461 MB of 400"),
        ({"held": {"server": held(tasks=11)}}, "the server has 1 tasks more than before"),
        ({"held": {"server": held(sessions=3)}}, "the server has 2 sessions more than before"),
        (
            {"held": {"kernel": held(descriptors=30)}},
            "the kernel has 1 descriptors more than before",
        ),
        (
            {"held": {"kernel": held(objects=240_000)}},
            "the kernel has 10000 objects more than before",
        ),
        (
            {"busy": {**GOOD.busy, CONTENTS: [2.0] * 90 + [300.0] * 10}},
            f"{CONTENTS}: 95 % took up to 300 ms of 100",
        ),
        ({"counts": {**GOOD.counts, "fault_count": 1, "faults": ["it"]}}, "it"),
        ({"errors": ["the server logged: it"]}, "the server logged: it"),
        ({"most_sessions": 4_999}, "4,999 sessions, expected 5,000"),
        ({"counts": {**GOOD.counts, "events": 0}}, "0 events, expected 100,000"),
        (
            {"counts": {**GOOD.counts, "documents": 5_999}},
            "5,999 documents that equal the server's, expected 6,000",
        ),
        (
            {"counts": {**GOOD.counts, "naps": 49}},
            "49 times that one stopped reading, expected 50",
        ),
        ({"counts": {**GOOD.counts, "cut": 0}}, "0 times that one was cut off, expected 1"),
        (
            {"busy": {**GOOD.busy, CONTENTS: []}},
            f"0 times that {CONTENTS} was timed, expected 100",
        ),
    ],
)
def test_a_bound_that_is_not_kept_is_told(what: dict[str, Any], failure: str) -> None:
    assert replace(GOOD, **what).failures == [failure]


def test_nobody_need_be_cut_off_where_all_read_or_time_is_short() -> None:
    none = {**GOOD.counts, "cut": 0}
    readers = replace(GOOD.plan, slow=0)
    assert replace(GOOD, counts=none, plan=readers).failures == []
    assert replace(GOOD, counts=none, bounds=SHORT).failures == []


def test_a_run_in_which_nothing_happened_keeps_to_no_bounds() -> None:
    nothing = {**dict.fromkeys(GOOD.counts, 0), "faults": []}
    timed: dict[str, list[float]] = {thing: [] for thing in THINGS}
    run = replace(GOOD, counts=nothing, most_sessions=0, idle=timed, busy=timed)
    assert len(run.failures) == 7
    assert "| a cell's execution | nan ms |" in run.table


def test_worker_threads_may_stay() -> None:
    assert held(threads=43).left == []
    assert held(threads=44).left == ["41 threads"]


def test_the_table_has_all_figures() -> None:
    for text in ("5,022 sessions", "300,000 events", "| 160 MB | 161 MB |", CONTENTS):
        assert text in GOOD.table

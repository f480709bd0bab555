"""How long a patch takes, from the handler's change to its bytes, beside jsonpatch.

`make bench` runs it; the same rows are changed in the same way by both.
"""

import copy
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.channels import row
from livestate_nb.codec import dumps, loads
from livestate_nb.state.change import Change
from livestate_nb.state.draft import finish, open_draft
from livestate_nb.state.encoder import DocumentEncoder

Work = Callable[[Any], None]


def one_field(state: Any) -> None:
    found = state["rows"][len(state["rows"]) // 2]
    found["done"] = not found["done"]


def append(state: Any) -> None:
    state["rows"].append(row(len(state["rows"])))


def insert_at_head(state: Any) -> None:
    state["rows"].insert(0, row(len(state["rows"])))


def delete_in_the_middle(state: Any) -> None:
    del state["rows"][len(state["rows"]) // 2]


def move_one(state: Any) -> None:
    state["rows"].insert(10, state["rows"].pop(len(state["rows"]) // 2))


WORKS: list[Work] = [one_field, append, insert_at_head, delete_in_the_middle, move_one]


def through_draft(base: Any, work: Work, encoder: DocumentEncoder) -> bytes:
    """Return the bytes of the patch that a handler's change makes."""
    draft = open_draft(base)
    work(draft)
    finished = finish(draft)
    change = Change(base, finished.state, touched=finished.touched, encoder=encoder)
    return dumps(change.operations)


def named(work: Work) -> str:
    return work.__name__


@pytest.mark.parametrize("work", WORKS, ids=named)
@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_ours(benchmark: BenchmarkFixture, work: Work, rows: int) -> None:
    base = {"rows": [row(number) for number in range(rows)]}
    encoder = DocumentEncoder()
    patch = benchmark(through_draft, base, work, encoder)
    assert len(patch) < 150
    changed = copy.deepcopy(base)
    work(changed)
    assert jsonpatch.apply_patch(base, loads(patch)) == changed


@pytest.mark.parametrize(
    ("work", "rows"),
    [*((work, 1_000) for work in WORKS), (one_field, 100_000)],
    ids=lambda value: named(value) if callable(value) else str(value),
)
def test_jsonpatch(benchmark: BenchmarkFixture, work: Work, rows: int) -> None:
    base = {"rows": [row(number) for number in range(rows)]}
    changed = copy.deepcopy(base)
    work(changed)
    rounds = 5 if rows == 1_000 else 1
    patch = benchmark.pedantic(jsonpatch.make_patch, (base, changed), rounds=rounds)
    assert jsonpatch.apply_patch(base, patch) == changed

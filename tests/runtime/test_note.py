"""Lines of the log with facts: for people in the text, for programs as attributes."""

import logging
from typing import Any

import pytest

from livestate_nb.runtime.note import note


def noted(caplog: pytest.LogCaptureFixture, **facts: object) -> tuple[str, dict[str, Any]]:
    caplog.set_level(logging.DEBUG, "livestate_nb")
    note(logging.DEBUG, "happened", **facts)
    [record] = caplog.records
    return record.getMessage(), vars(record)


def test_facts_stand_in_the_text_and_are_attributes_of_the_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text, record = noted(caplog, topic="todo:all", connection="7", seconds=0.00213)
    assert text == "happened: topic=todo:all connection=7 seconds=0.002130"
    assert (record["topic"], record["connection"]) == ("todo:all", "7")
    assert record["seconds"] == 0.00213
    assert record["funcName"] == "noted"  # where it happened, not where it is logged


@pytest.mark.parametrize(
    ("topic", "shown"),
    [
        ("a b", "'a b'"),
        ("", "''"),
        ("a=1 user=root", "'a=1 user=root'"),
        ("a\nhappened: topic=b", r"'a\nhappened: topic=b'"),
        ("\x1b[31mred", r"'\x1b[31mred'"),
        ("ü" * 10_000, f"'{'ü' * 79}…"),
        ("x" * 10_000, f"'{'x' * 79}…"),
    ],
    ids=["a space", "empty", "more facts", "a line", "an escape", "long", "long and plain"],
)
def test_no_text_can_pass_for_other_facts_or_lines(
    caplog: pytest.LogCaptureFixture, topic: str, shown: str
) -> None:
    text, record = noted(caplog, topic=topic)
    assert text == f"happened: topic={shown}"
    assert record["topic"] == topic[:200]


def test_a_level_that_is_off_costs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise AssertionError("asked for its text")

    caplog.set_level(logging.INFO, "livestate_nb")
    note(logging.DEBUG, "happened", topic=Unspeakable())
    assert not caplog.records

"""Refs of pushes to our own client, and reasons of close frames."""

import pytest

from livestate_nb.protocol.message import MAX_REASON, closing, numbered


@pytest.mark.parametrize(
    ("number", "ref", "written"),
    [(0, None, "#0"), (12, None, "#12"), (3, "7", "#3 7"), (3, 0, "#3 0")],
)
def test_a_numbered_ref_has_its_number_first(number: int, ref: object, written: str) -> None:
    assert numbered(number, ref) == written


@pytest.mark.parametrize("reason", ["", "too slow", "x" * MAX_REASON])
def test_a_reason_that_fits_into_a_close_frame_is_told_whole(reason: str) -> None:
    assert closing(reason) == reason


def test_a_reason_is_cut_between_characters() -> None:
    assert closing("é" * MAX_REASON) == "é" * (MAX_REASON // 2)

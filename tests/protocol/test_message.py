"""Refs of pushes to our own client."""

import pytest

from livestate_nb.protocol.message import numbered


@pytest.mark.parametrize(
    ("number", "ref", "written"),
    [(0, None, "#0"), (12, None, "#12"), (3, "7", "#3 7"), (3, 0, "#3 0")],
)
def test_a_numbered_ref_has_its_number_first(number: int, ref: object, written: str) -> None:
    assert numbered(number, ref) == written

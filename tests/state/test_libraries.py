from typing import Any

import numpy
import pytest

from livestate_nb.errors import EncodeError
from livestate_nb.state.encoder import encode


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (numpy.datetime64("0001-01-01"), "0001-01-01T00:00:00"),
        (numpy.datetime64("9999-12-31T23:59:59.999999"), "9999-12-31T23:59:59.999999"),
        (numpy.datetime64("2026", "Y"), "2026-01-01T00:00:00"),
        (numpy.datetime64("2026-02", "M"), "2026-02-01T00:00:00"),
        (numpy.datetime64("2026-01-31T00:00:00.123456789"), "2026-01-31T00:00:00.123456"),
        (numpy.datetime64(1, "25s"), "1970-01-01T00:00:25"),
        (numpy.timedelta64(106_751_991, "D"), "P106751991D"),
        (numpy.timedelta64(-1, "ns"), "-PT0.000001S"),
        (numpy.timedelta64(2, "W"), "P14D"),
        (numpy.array([["2026-01-31"]], dtype="M8[D]"), [["2026-01-31T00:00:00"]]),
        (numpy.array([], dtype="M8[D]"), []),
        (numpy.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]), [[1, 2.5]]),
    ],
)
def test_times_and_records_of_numpy_have_their_forms(value, form):
    assert encode(value) == form


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (numpy.datetime64("10000-01-01"), "year 1 to 9999"),
        (numpy.datetime64("0000-12-31"), "year 1 to 9999"),
        (numpy.datetime64(2**62, "D"), "year 1 to 9999"),
        (numpy.datetime64(2**51, "D"), "year 1 to 9999"),
        (numpy.array(["2026-01-01", "10000-01-01"], dtype="M8[D]"), "year 1 to 9999"),
        (numpy.timedelta64(10**9 + 5, "D"), "106 million days"),
        (numpy.timedelta64(2**51, "D"), "106 million days"),
        (numpy.timedelta64(1, "Y"), "'Y' has no length"),
        (numpy.timedelta64(1, "M"), "'M' has no length"),
        (numpy.timedelta64(5), "'generic' has no length"),
        (numpy.array(["2026", "NaT"], dtype="M8[s]"), "JSON has no NaT"),
        (numpy.array([(1, "NaT")], dtype=[("a", "i4"), ("t", "M8[ns]")]), "structured array"),
        (numpy.array([(1, 5)], dtype=[("a", "i4"), ("t", "m8[s]", 2)]), "structured array"),
        (numpy.zeros(1, dtype=[("in", [("t", "M8[ns]")])]), "structured array"),
        (numpy.zeros(1, dtype=[("t", "M8[ns]")])[0], "structured array"),
    ],
)
def test_times_that_python_cannot_hold_are_refused_with_their_path(value: Any, reason: str):
    with pytest.raises(EncodeError, match=reason) as caught:
        encode({"rows": [value]})
    assert caught.value.path == "/rows/0"

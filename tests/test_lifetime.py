"""How long a share holds, as people write it."""

from datetime import timedelta
from typing import Any

import pytest

from livestate_nb.errors import ShareError
from livestate_nb.lifetime import LONGEST, seconds_of


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        ("45s", 45),
        ("30m", 1_800),
        ("12h", 43_200),
        (" 7 d ", 604_800),
        ("2w", 1_209_600),
        ("366d", LONGEST),
        (timedelta(minutes=1), 60),
        (90, 90),
        (0.5, 0.5),
    ],
)
def test_a_lifetime_is_read(lifetime: Any, seconds: float) -> None:
    assert seconds_of(lifetime) == seconds


@pytest.mark.parametrize(
    "lifetime",
    ["", "7", "d", "7 days", "-7d", "7D", "7d 12h", "\u0667d", "99999999999d", None, True, [7]],
)
def test_what_is_no_lifetime_is_refused_with_an_example(lifetime: Any) -> None:
    with pytest.raises(ShareError, match="expected a lifetime such as '7d'"):
        seconds_of(lifetime)


@pytest.mark.parametrize(
    "lifetime", ["0d", "367d", 0, -1, float("nan"), float("inf"), timedelta(days=-1), 10**400]
)
def test_a_lifetime_has_limits(lifetime: Any) -> None:
    with pytest.raises(ShareError, match="above 0 and of at most 366d"):
        seconds_of(lifetime)

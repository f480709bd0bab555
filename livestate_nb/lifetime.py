"""How long a share holds, as people write it: ``"7d"``, a timedelta, or seconds.

It must not know what a share is.
"""

import re
from datetime import timedelta
from typing import Final

from livestate_nb.errors import ShareError

LONGEST: Final = 366 * 86_400.0
"""Seconds that a share holds, at most."""

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_TEXT: Final = re.compile(r"([0-9]{1,9})\s*([smhdw])")


def seconds_of(lifetime: str | timedelta | float) -> float:
    """Return a lifetime in seconds.

    Args:
        lifetime: a number and a unit of s, m, h, d or w, such as ``"12h"``; or a timedelta, or
            seconds.

    Raises:
        ShareError: it is none of these, not above 0, or longer than `LONGEST`.

    Example:
        >>> seconds_of("7d"), seconds_of(timedelta(hours=12)), seconds_of(90)
        (604800.0, 43200.0, 90.0)
    """
    seconds = _read(lifetime)
    if not 0 < seconds <= LONGEST:  # nor is it NaN
        raise ShareError(f"expected a lifetime above 0 and of at most 366d, got {lifetime!r}")
    return float(seconds)


def _read(lifetime: object) -> float:
    if isinstance(lifetime, timedelta):
        return lifetime.total_seconds()
    if isinstance(lifetime, int | float) and not isinstance(lifetime, bool):
        return lifetime  # not as a float yet: an integer may be too large for one
    found = _TEXT.fullmatch(lifetime.strip()) if isinstance(lifetime, str) else None
    if found is None:
        raise ShareError(
            f"expected a lifetime such as '7d', '12h' or '30m', or seconds, got {lifetime!r}"
        )
    return int(found[1]) * _UNITS[found[2]]

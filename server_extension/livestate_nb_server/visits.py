"""How many connections each user has, so that nobody takes those of all others.

It must not know what a connection is.
"""

from collections import Counter
from typing import Final

from livestate_nb_server.admission import ANYBODY, BY_TOKEN

_COUNTLESS: Final = (BY_TOKEN, ANYBODY)
"""Principals of many, who cannot be told apart: they may run code here, or anybody may."""


class Visits:
    """Count what is open, by principal.

    Args:
        most: what one user who logged in may have open.

    Example:
        >>> visits = Visits(1)
        >>> visits.begin("user ann"), visits.begin("user ann"), visits.begin("user bob")
        (True, False, True)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def begin(self, principal: str) -> bool:
        """Count one more of a principal; return False where it has as many as it may have."""
        if self._open[principal] >= self._most and principal not in _COUNTLESS:
            return False
        self._open[principal] += 1
        return True

    def end(self, principal: str) -> None:
        """Note that one that was counted is over."""
        self._open[principal] -= 1
        if not self._open[principal]:
            del self._open[principal]

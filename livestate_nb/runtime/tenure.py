"""How long a session goes on when nobody is joined.

It must not know who joins, nor what ends with a session.
"""

from collections.abc import Callable

from livestate_nb.runtime.deadline import Deadline


class Tenure:
    """Count who needs a session beside its members, and end it some time after the last has gone.

    All of it belongs to the endpoint's loop.

    Args:
        clock: gives seconds.
        end: ends the session soon, unless it is needed again by then.
    """

    __slots__ = ("_clock", "_empty_since", "_end", "_holds", "_linger", "is_kept")

    def __init__(self, clock: Callable[[], float], end: Callable[[], None]) -> None:
        self.is_kept = False
        """Whether Python holds it: it stays open without members, until it is closed."""
        self._clock = clock
        self._end = end
        self._holds = 0
        self._empty_since: float | None = None
        self._linger: Deadline | None = None

    @property
    def is_held(self) -> bool:
        """Whether it stays open without members."""
        return self.is_kept or self._holds > 0

    @property
    def is_over(self) -> bool:
        """Whether its time has run out, and no other has begun since."""
        return self._linger is None

    def hold(self) -> None:
        """Keep it open, until `release`."""
        self._holds += 1

    def release(self) -> None:
        """Take back one `hold`."""
        self._holds -= 1

    def run_out(self, grace: float) -> None:
        """End it when nobody has been joined for so many seconds, whoever asked to join."""
        self._cancel()
        if self._empty_since is None:
            self._empty_since = self._clock()
        left = self._empty_since + grace - self._clock()
        if left > 0:
            self._linger = Deadline(self._clock, left, self._run_out)
        else:
            self._end()

    def stop(self) -> None:
        """Let it not end by itself any more: somebody has joined, or it has ended."""
        self._cancel()
        self._empty_since = None

    def _cancel(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None

    def _run_out(self) -> None:
        self._linger = None
        self._end()

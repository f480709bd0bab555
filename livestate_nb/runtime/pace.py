"""How often a session tells its members of updates that nobody waits for.

It must not know what an update is.
"""

import asyncio
import math
from collections.abc import Callable


class Pace:
    """Space updates out: at most so many a second (``fps=``), what comes faster is held back.

    All of it belongs to the endpoint's loop.

    Args:
        publish: sends what was held back.
    """

    __slots__ = ("_next", "_now", "_publish", "_timer")

    def __init__(self, publish: Callable[[], None]) -> None:
        self._publish = publish
        self._now = asyncio.get_running_loop().time
        self._next = -math.inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_too_soon(self) -> bool:
        """Whether an update now would come too soon after the last."""
        return self._now() < self._next

    def hold(self) -> None:
        """Let what is held back be sent when it is time."""
        if self._timer is None:
            delay = self._next - self._now()
            self._timer = asyncio.get_running_loop().call_later(delay, self._publish)

    def sent(self, fps: float | None) -> None:
        """Note that an update is sent: with it goes what was held back."""
        self.stop()
        if fps is not None:
            self._next = self._now() + 1 / fps

    def stop(self) -> None:
        """Let nothing be sent later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

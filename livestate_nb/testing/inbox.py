"""What has come to one client, and waiting for more.

It must not know topics, nor which way the frames came.
"""

import asyncio
from collections.abc import Callable


class Inbox:
    """Keep the frames that a client was sent; implements `livestate_nb.runtime.Transport`.

    Args:
        timeout: seconds that `until` waits.
    """

    is_congested = False

    def __init__(self, timeout: float) -> None:
        self.frames: list[str | bytes] = []
        self.closed: tuple[int, str] | None = None
        self.is_open = True
        self.timeout = timeout
        self._came = asyncio.Event()

    def send(self, frame: str | bytes) -> None:
        """Take a frame."""
        self.frames.append(frame)
        self._came.set()

    def close(self, code: int, reason: str) -> None:
        """Note that the other side has closed the connection."""
        self.closed = code, reason
        self.lose()

    def lose(self) -> None:
        """Note that there is no connection any more."""
        self.is_open = False
        self._came.set()

    def reopen(self) -> None:
        """Note that there is a new connection."""
        self.closed = None
        self.is_open = True

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what has come holds.

        Raises:
            TimeoutError: it does not within the time-out.
        """
        async with asyncio.timeout(self.timeout):
            while not condition():
                self._came.clear()
                await self._came.wait()

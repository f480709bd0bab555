"""Let Python wait for a session's next update.

It must not know what changed.
"""

import asyncio

from livestate_nb.errors import SessionClosed
from livestate_nb.runtime.mailbox import ENDED


class Watch:
    """Count a session's updates, and wake who waits for the next one.

    All but `count` belongs to the endpoint's loop.
    """

    def __init__(self) -> None:
        self.count = 0
        """How many there were; read by any thread."""
        self._waiting: set[asyncio.Future[None]] = set()
        self._is_over = False

    def tell(self) -> None:
        """Note that an update is out."""
        self.count += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def end(self) -> None:
        """Note that there will be no further one."""
        self._is_over = True
        self.tell()

    async def after(self, count: int) -> None:
        """Wait until there were more than so many updates.

        Raises:
            SessionClosed: the session has ended.
        """
        if self.count <= count and not self._is_over:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        if self._is_over:
            raise SessionClosed(ENDED)

"""Requests on an uplink and their answers: number those, and wait for these.

It must not know what is asked.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from livestate_nb.errors import HostError

_PATIENCE: Final = 5.0
"""Seconds that the server may take to answer."""


class Answers:
    """Hold the requests that the server has not answered yet."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: dict[int, asyncio.Future[Any]] = {}

    async def to(self, send: Callable[[int], None]) -> Any:
        """Send a request, which gets its number, and return what the server answers.

        Raises:
            HostError: it does not answer in time, or the way to it is lost.
        """
        number = next(self._numbers)
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            send(number)
            async with asyncio.timeout(_PATIENCE):
                return await answer
        except TimeoutError as error:
            raise HostError("the Jupyter server does not answer: try again") from error
        finally:
            del self._open[number]

    def came(self, number: int, answer: Any) -> None:
        """Take an answer; one that nobody waits for is dropped."""
        waiting = self._open.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def lost(self) -> None:
        """Note that the server will answer nothing that it was asked so far."""
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(HostError("the way to the Jupyter server was lost: try again"))

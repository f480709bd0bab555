"""Ask kernels over their uplinks, and wait for the answers.

It must not know what is asked.
"""

import asyncio
from itertools import count
from typing import Any, Final

from livestate_nb.codec import dumps
from livestate_nb_server.kernel import Kernel

PATIENCE: Final = 5.0
"""Seconds that a kernel may take to answer: it does while a cell runs."""


class Questions:
    """Hold the questions that kernels have not answered yet."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: dict[tuple[str, int], asyncio.Future[Any]] = {}

    async def ask(self, kernel: Kernel, kind: str, body: object) -> Any:
        """Return what a kernel answers.

        Args:
            kernel: one with an uplink.
            kind: of the message, `uplink_wire`'s letter; the answer is of the same.
            body: JSON.

        Raises:
            TimeoutError: it does not answer within `PATIENCE`, or its uplink is lost.
        """
        key = kernel.id, next(self._numbers)
        answer = self._open[key] = asyncio.get_running_loop().create_future()
        kernel.send(kind, key[1], dumps(body).decode())
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        finally:
            del self._open[key]

    def answered(self, kernel: Kernel, number: int, body: Any) -> None:
        """Take an answer; one that nobody waits for is dropped."""
        answer = self._open.get((kernel.id, number))
        if answer is not None and not answer.done():
            answer.set_result(body)

    def lost(self, kernel: Kernel) -> None:
        """Note that a kernel will answer nothing."""
        for (kernel_id, _), answer in self._open.items():
            if kernel_id == kernel.id and not answer.done():
                answer.set_exception(TimeoutError("the uplink of the kernel is lost"))

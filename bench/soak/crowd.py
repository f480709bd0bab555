"""The crowd of the soak, a process of its own: many clients, and what each of them counts.

It is told what to do by lines on stdin and answers by lines on stdout, JSON both. It
takes its share of the machine as any process (it is not nice'd), so that it keeps up.
"""

import asyncio
import json
import resource
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any, Final

from bench.soak.visitor import DESKS, Visitor

ROOMS: Final = 18
KERNEL_ROOMS: Final = 2
BOARD: Final = "board"
WATCHERS: Final = 10
"""Clients that look at the board and read."""

KERNEL_SHARE: Final = 10
"""Of so many clients one has its desks and its room in a kernel."""

OWN_SHARE: Final = 3
"""Of so many clients one is as our own client."""

AT_ONCE: Final = 40
HEARTBEAT: Final = 20.0
"""Seconds between two of one client."""

NAP: Final = 150.0
"""Seconds that a client does not read; the server closes it after some 90."""

MAX_FAULTS: Final = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What the crowd is.

    Args:
        url: of the WebSocket.
        token: Jupyter's.
        clients: how many.
        slow: how many of them stop reading.
        rate: how often each of the others does something, in a second; it does two things each
            time on average, and less where the machine has no time for that.
    """

    url: str
    token: str
    clients: int
    slow: int
    rate: float


class Crowd:
    """Let clients come, act, and be held against one another."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._said: Counter[str] = Counter()
        self._faults: list[str] = []
        self._fault_count = 0
        self._naps = 0
        self._chance = Random(plan.clients)
        self._slow = [self._visitor(number, is_slow=True) for number in range(plan.slow)]
        others = range(plan.slow, plan.clients)
        self._quick = [self._visitor(number, is_slow=False) for number in others]
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._living: asyncio.Task[None]

    async def come(self) -> None:
        """Let all connect and join."""
        self._living = asyncio.create_task(self._live())
        gate = asyncio.Semaphore(AT_ONCE)

        async def come(visitor: Visitor) -> None:
            async with gate:
                await visitor.come()

        await asyncio.gather(*(come(visitor) for visitor in self._all))

    def start(self) -> None:
        """Let all do what they do until `settle`."""
        runs = [self._act(visitor) for visitor in self._quick]
        runs += [self._nap(visitor) for visitor in self._slow]
        self._tasks = [asyncio.create_task(run) for run in runs]

    async def settle(self) -> dict[str, Any]:
        """Stop, wait until all is handled, hold all documents against the server's, and report."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        await asyncio.gather(*(visitor.settle() for visitor in self._all))
        hears = sum(count for room, count in self._said.items() if room.startswith("room:"))
        self._said[BOARD] = hears
        await asyncio.gather(*(self._agree(visitor) for visitor in self._all))
        return {
            "events": sum(visitor.events for visitor in self._all),
            "frames": sum(visitor.frames for visitor in self._all),
            "returns": sum(visitor.returns for visitor in self._quick),
            "cut": sum(visitor.returns for visitor in self._slow),
            "naps": self._naps,
            "documents": sum(len(visitor.seats) for visitor in self._all),
            "compared": sum(s.compared for v in self._all for s in v.seats.values()),
            "fault_count": self._fault_count,
            "faults": self._faults,
        }

    async def leave(self) -> None:
        """Let all leave."""
        self._living.cancel()
        await asyncio.gather(*(visitor.leave() for visitor in self._all))

    @property
    def _all(self) -> list[Visitor]:
        return [*self._slow, *self._quick]

    def _visitor(self, number: int, *, is_slow: bool) -> Visitor:
        in_kernel = number % KERNEL_SHARE == KERNEL_SHARE - 1
        where = "kernel-" if in_kernel else ""
        room = number % (KERNEL_ROOMS if in_kernel else ROOMS)
        topics = [f"{where}desk:{number}-{desk}" for desk in range(DESKS)]
        topics.append(f"{where}room:{room}")
        if is_slow or number - self._plan.slow < WATCHERS:
            topics.append(BOARD)
        return Visitor(
            f"{self._plan.url}?vsn=2.0.0",
            self._plan.token,
            number,
            topics,
            is_own=not is_slow and number % OWN_SHARE == 0,
            is_slow=is_slow,
            said=self._note_said,
            fault=self._note_fault,
        )

    def _note_said(self, room: str) -> None:
        self._said[room] += 1

    def _note_fault(self, fault: str) -> None:
        self._fault_count += 1
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(fault)

    async def _act(self, visitor: Visitor) -> None:
        while not await self._is_over(self._chance.expovariate(self._plan.rate)):
            await visitor.act()

    async def _nap(self, visitor: Visitor) -> None:
        while not self._stop.is_set():
            visitor.stop_reading()
            await self._is_over(NAP)
            await visitor.read_on()
            self._naps += 1

    async def _live(self) -> None:
        """Send heartbeats, one after another, until it is cancelled."""
        for visitor in cycle(self._all):
            await asyncio.sleep(HEARTBEAT / self._plan.clients)
            visitor.live()

    async def _is_over(self, seconds: float) -> bool:
        """Wait so long, or until it is over; return whether it is."""
        try:
            async with asyncio.timeout(seconds):
                return await self._stop.wait()
        except TimeoutError:
            return False

    async def _agree(self, visitor: Visitor) -> None:
        """Hold documents against the server's once more, and rooms against what was said."""
        await visitor.settle()
        for topic in visitor.seats.keys() & {*self._said}:
            handled = visitor.seats[topic].document["handled"]
            if handled != self._said[topic]:
                self._note_fault(f"{topic}: {self._said[topic]} were said, {handled} handled")


async def main(plan: Plan) -> None:
    """Do what stdin says, line by line."""
    crowd = Crowd(plan)
    steps = {"come": crowd.come, "settle": crowd.settle, "leave": crowd.leave}
    loop = asyncio.get_running_loop()
    while step := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        if step == "start":
            crowd.start()
            result = None
        else:
            result = await steps[step]()
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(Plan(**json.loads(sys.argv[1]))))

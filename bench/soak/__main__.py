"""The soak: `python -m bench.soak` runs a server under a crowd, and holds it to bounds.

It prints what docs/reliability.md has, and ends with 1 where a bound is not kept.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal
from typing import Any, Final

from bench.load import REPOSITORY, machine
from bench.soak.counts import Process
from bench.soak.crowd import Plan
from bench.soak.probes import Desk, Kernel, Probes, fetch
from bench.soak.verdict import LONG, SHORT, Bounds, Figures, Held, Memory
from tests.servers import TOKEN, Server, serve

CONFIG: Final = """
c.LiveStateApp.channels = {
    "desk:*": "bench.soak.channels:Desk",
    "room:*": "bench.soak.channels:Room",
    "board": "bench.soak.channels:Board",
}
c.ServerApp.jpserver_extensions = {"bench.soak.counts": True}
c.ServerApp.log_level = "ERROR"
import os, sys
sys.path.insert(0, %(repository)r)
os.environ["PYTHONPATH"] = %(repository)r
"""

RATE: Final = 0.25
"""How often each client does something, in a second."""

IDLE: Final = 8.0
"""Seconds for which single things are timed before there is a crowd."""

FEW: Final = 40
"""Clients of the rehearsal."""

REHEARSAL: Final = 3.0
SAMPLES: Final = 0.5
PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Form:
    """What a run is.

    Args:
        clients: how many come.
        seconds: of load.
        warm_up: how many of these seconds memory may grow in: what is kept for who comes back
            fills up, each session is used for the first time, memory falls to pieces.
        bounds: what must be kept to.
    """

    clients: int
    seconds: float
    warm_up: float
    bounds: Bounds


LONG_FORM: Final = Form(1_000, 900, 300, LONG)
SHORT_FORM: Final = Form(300, 95, 50, SHORT)


class Crowd:
    """The process with the clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, step: str) -> Any:
        """Let it do a step, and return its answer.

        Raises:
            RuntimeError: it has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        start = time.monotonic()
        self._process.stdin.write(f"{step}\n".encode())
        async with asyncio.timeout(5 * PATIENCE):
            answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the crowd has ended at {step!r}")
        print(f"== {step}: {time.monotonic() - start:.1f} s", file=sys.stderr)
        return json.loads(answer)


@asynccontextmanager
async def crowd(plan: Plan) -> AsyncIterator[Crowd]:
    """Run a crowd's process until the block ends."""
    command = [sys.executable, "-m", "bench.soak.crowd", json.dumps(asdict(plan))]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=REPOSITORY
    )
    try:
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Soak:
    """One run against one server.

    Args:
        server: the server.
        kernel: one of its kernels, which publishes the crowd's channels.
        processes: the server's and the kernel's.
        probes: time single things.
    """

    def __init__(
        self, server: Server, kernel: Kernel, processes: dict[str, Process], probes: Probes
    ) -> None:
        self._server = server
        self._kernel = kernel
        self._processes = processes
        self._probes = probes

    @classmethod
    async def prepare(cls, server: Server) -> "Soak":
        """Start a kernel, and join the desks that are timed."""
        kernel = await Kernel.start(server)
        here, there = [await Desk.join(server, f"{w}desk:probe") for w in ("", "kernel-")]
        processes = {"server": Process(server.process.pid), "kernel": await kernel.process()}
        return cls(server, kernel, processes, Probes(server, kernel, here, there))

    async def live(self) -> None:
        """Keep the desks' connections alive until it is cancelled."""
        await self._probes.live()

    async def close(self) -> None:
        """Hang up."""
        await self._probes.close()

    async def run(self, plan: Plan, form: Form) -> Figures:
        """Rehearse with a few, then let the crowd come, act, and leave."""
        await self._rehearse(plan)
        idle = await self._probes.run(IDLE)
        before = await self._settled({"server": {"sessions": 1}, "kernel": {"sessions": 1}})
        async with crowd(plan) as many:
            await many.tell("come")
            sessions = sum(one["sessions"] for one in (await self._counts()).values())
            busy_before, start = self._processes["server"].seconds, time.monotonic()
            await many.tell("start")
            sampling = asyncio.create_task(self._sample(form.seconds))
            busy = await self._probes.run(form.seconds)
            used = (self._processes["server"].seconds - busy_before) / (time.monotonic() - start)
            load = os.getloadavg()[0]
            samples = await sampling
            counts = await many.tell("settle")
            await many.tell("leave")
        after = await self._settled(before)
        errors = {
            "server": await fetch(self._server, "bench/errors"),
            "kernel": await self._kernel.errors(),
        }
        logged = [f"the {name} logged: {text}" for name, one in errors.items() for text in one]
        return Figures(
            plan=plan,
            seconds=form.seconds,
            bounds=form.bounds,
            counts=counts,
            most_sessions=sessions,
            memory={name: Memory(one, form.warm_up) for name, one in samples.items()},
            held={name: Held(before[name], after[name]) for name in before},
            idle=idle,
            busy=busy,
            used=(used, load),
            errors=[*self._probes.faults, *logged],
        )

    async def _rehearse(self, plan: Plan) -> None:
        """Let a few do all that there is to do, so that what is done once has been done."""
        async with crowd(Plan(plan.url, plan.token, FEW, 0, 10 * plan.rate)) as few:
            for step in ("come", "start"):
                await few.tell(step)
            await asyncio.sleep(REHEARSAL)
            for step in ("settle", "leave"):
                await few.tell(step)

    async def _settled(self, before: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """Return what is held as soon as it is no more than before, or after a time."""
        until = time.monotonic() + PATIENCE
        while True:
            now = await self._counts()
            held = [Held(before[name], now[name]) for name in before]
            if not any(one.left for one in held) or time.monotonic() > until:
                return now
            await asyncio.sleep(SAMPLES)

    async def _counts(self) -> dict[str, dict[str, int]]:
        counts = {
            "server": await fetch(self._server, "bench/counts"),
            "kernel": await self._kernel.counts(),
        }
        for name, process in self._processes.items():
            counts[name]["descriptors"] = process.descriptors
        return counts

    async def _sample(self, seconds: float) -> dict[str, list[tuple[float, float]]]:
        """Return each process's memory by time."""
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in self._processes}
        start = time.monotonic()
        while (now := time.monotonic() - start) < seconds:
            for name, process in self._processes.items():
                samples[name].append((now, process.resident))
            await asyncio.sleep(SAMPLES)
        return samples


async def soak(form: Form, slow: int) -> Figures:
    """Run a fresh server under a crowd."""
    config = CONFIG % {"repository": str(REPOSITORY)}
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory), config=config) as server,
    ):
        url = f"{server.ws_url}livestate/websocket"
        plan = Plan(url, TOKEN, form.clients, slow, RATE)
        prepared = await Soak.prepare(server)
        living = asyncio.create_task(prepared.live())
        try:
            return await prepared.run(plan, form)
        finally:
            living.cancel()
            await asyncio.wait([living])
            await prepared.close()


def main() -> None:
    """Run, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer clients, for 2 min")
    parser.add_argument("--slow", type=int, default=0, help="how many of them stop reading")
    asked = parser.parse_args()
    signal(SIGTERM, default_int_handler)  # so that what it started ends with it
    figures = asyncio.run(soak(SHORT_FORM if asked.short else LONG_FORM, asked.slow))
    print(f"{machine()}\n\n{figures.table}")
    if figures.failures:
        sys.exit("\n".join(["", "Not kept:", *figures.failures]))


if __name__ == "__main__":
    main()

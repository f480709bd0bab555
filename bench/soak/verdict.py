"""The figures of one run, what must be true of them, and how they are told.

It must not know how they were taken.
"""

import math
import statistics
from dataclasses import dataclass
from typing import Any, Final

from bench.soak.crowd import Plan
from bench.soak.visitor import DESKS

ANSWER: Final = 100.0
"""ms within which the rest of the server answers."""

THREADS: Final = 40
"""Worker threads that an endpoint may start, and keeps."""

OBJECTS: Final = 5_000
"""Objects by which a process that held 5,000 sessions may differ from before."""

SEATS: Final = DESKS + 1
"""Documents that each client has at least: its desks, and a room."""

REST: Final = ("`GET /api/contents`", "a cell's execution")
"""What must be answered in time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hold what must be kept to, beside that nothing is lost and nothing is left.

    Args:
        memory: MB of a process, at most.
        growth: MB a minute by which it may grow after the warm-up.
        percent: how many percent of the requests the rest of the server must answer in time.
        sessions: how many there must be under load: fewer show nothing.
        events: how many the crowd must send.
        timings: how often each single thing must be timed.
        cut: how often a client that stops reading must be cut off, where there are any.
    """

    memory: float
    growth: float
    percent: int
    sessions: int
    events: int
    timings: int
    cut: int


LONG: Final = Bounds(
    memory=400, growth=1, percent=95, sessions=5_000, events=100_000, timings=100, cut=1
)

SHORT: Final = Bounds(
    memory=250, growth=20, percent=50, sessions=1_500, events=1_000, timings=5, cut=0
)
"""For two minutes, on a machine that does much else: what is noise in one evens out in ten, and
what is kept for who comes back is kept for two. It is too short for anybody to be cut off."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Hold a process's memory by time.

    Args:
        samples: (s, MB), from the begin of the load on.
        warm_up: seconds in which it may grow.
    """

    samples: list[tuple[float, float]]
    warm_up: float

    @property
    def most(self) -> float:
        """The most that it was, in MB."""
        return max(size for _, size in self.samples)

    @property
    def warm(self) -> float:
        """What it was after the warm-up, in MB."""
        return next(size for time, size in self.samples if time >= self.warm_up)

    @property
    def growth(self) -> float:
        """MB a minute by which it grew after the warm-up, on the line through all samples."""
        times, sizes = zip(*(s for s in self.samples if s[0] >= self.warm_up), strict=True)
        return 60 * statistics.linear_regression(times, sizes).slope


@dataclass(frozen=True, slots=True)
class Held:
    """Hold what a process holds, before a crowd has come and after it has left.

    Args:
        before: sessions, tasks, threads, objects, and descriptors.
        after: the same.
    """

    before: dict[str, int]
    after: dict[str, int]

    @property
    def left(self) -> list[str]:
        """What is there that was not, in words."""
        allowed = {"threads": THREADS, "objects": OBJECTS}
        return [
            f"{self.after[name] - before} {name}"
            for name, before in self.before.items()
            if self.after[name] - before > allowed.get(name, 0)
        ]


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what one run showed.

    Args:
        plan: the crowd.
        seconds: of load.
        bounds: what must be kept to.
        counts: what the crowd counted.
        most_sessions: sessions in the server and in its kernel, under load.
        memory: by process.
        held: by process.
        idle: ms of single things before, by thing.
        busy: the same under load.
        used: processor time of the server a second, and the machine's load.
        errors: why things were not timed, and by process what it logged that it should not.
    """

    plan: Plan
    seconds: float
    bounds: Bounds
    counts: dict[str, Any]
    most_sessions: int
    memory: dict[str, Memory]
    held: dict[str, Held]
    idle: dict[str, list[float]]
    busy: dict[str, list[float]]
    used: tuple[float, float]
    errors: list[str]

    @property
    def failures(self) -> list[str]:
        """Which bounds were not kept, in words."""
        found = [*self.counts["faults"]]
        if self.counts["fault_count"] > len(found):
            found.append(f"{self.counts['fault_count']} faults in all")
        return [*found, *self.errors, *self._too_little, *self._too_much]

    @property
    def _too_little(self) -> list[str]:
        """What there was too little of to show anything, in words."""
        counts, bounds, plan = self.counts, self.bounds, self.plan
        least = {
            "sessions": (self.most_sessions, bounds.sessions),
            "events": (counts["events"], bounds.events),
            "documents that equal the server's": (counts["documents"], SEATS * plan.clients),
            "times that one stopped reading": (counts["naps"], plan.slow),
            "times that one was cut off": (counts["cut"], bounds.cut if plan.slow else 0),
        }
        for name, taken in self.busy.items():
            least[f"times that {name} was timed"] = len(taken), bounds.timings
        return [f"{n:,} {what}, expected {most:,}" for what, (n, most) in least.items() if n < most]

    @property
    def _too_much(self) -> list[str]:
        """Which bounds were gone beyond, in words."""
        found: list[str] = []
        bounds = self.bounds
        for name, memory in self.memory.items():
            if memory.most > bounds.memory:
                found.append(f"the {name} took {memory.most:.0f} MB of {bounds.memory:g}")
            if memory.growth > bounds.growth:
                grew = f"{memory.growth:.2f} MB a minute, of {bounds.growth:g}"
                found.append(f"the {name} grew by {grew}")
        for name, held in self.held.items():
            found += [f"the {name} has {one} more than before" for one in held.left]
        for name in REST:
            took = percentile(self.busy[name], bounds.percent)
            if took > ANSWER:
                found.append(f"{name}: {bounds.percent} % took up to {took:.0f} ms of {ANSWER:g}")
        return found

    @property
    def table(self) -> str:
        """Markdown of all."""
        counts, plan = self.counts, self.plan
        used, load = self.used
        rate = counts["events"] / self.seconds
        lines = [
            f"{plan.clients:,} clients, {plan.slow} of which stop reading,",
            f"{self.most_sessions:,} sessions, {self.seconds:.0f} s of load;",
            f"the server uses {100 * used:.0f} % of one core, the machine's load is {load:.1f}.",
            f"{counts['events']:,} events ({rate:.0f} a second), {counts['frames']:,} messages to",
            f"clients; {counts['returns']:,} times a client went and came back;",
            f"{counts['naps']} times one stopped reading, {counts['cut']} times it was cut off.",
            f"{counts['documents']:,} documents equal the server's at the end;",
            f"{counts['fault_count']} faults.",
            "",
            "| time for | idle: median | 95 % | 99 % | under load: median | 95 % | 99 % | ratio |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for name, idle in self.idle.items():
            both = [percentile(one, at) for one in (idle, self.busy[name]) for at in (50, 95, 99)]
            cells = " | ".join(f"{ms:.1f} ms" for ms in both)
            lines.append(f"| {name} | {cells} | {both[3] / both[0]:.1f} |")
        lines += [
            "",
            "| process | at the begin of the load | after the warm-up | most | growth since |",
            "|---|---|---|---|---|",
        ]
        for name, memory in self.memory.items():
            first = memory.samples[0][1]
            lines.append(
                f"| {name} | {first:.0f} MB | {memory.warm:.0f} MB | {memory.most:.0f} MB | "
                f"{memory.growth:+.2f} MB a minute |"
            )
        lines += ["", "| held | before | after all have left |", "|---|---|---|"]
        for name, held in self.held.items():
            for what, before in held.before.items():
                lines.append(f"| {name}: {what} | {before:,} | {held.after[what]:,} |")
        return "\n".join(lines)


def percentile(taken: list[float], percent: int) -> float:
    """Return the value that so many percent do not go above.

    Args:
        taken: the values; of none it is not a number.
        percent: 1 to 99.
    """
    if len(taken) < 2:
        return taken[0] if taken else math.nan
    return statistics.quantiles(taken, n=100, method="inclusive")[percent - 1]

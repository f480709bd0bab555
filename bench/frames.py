"""Frames in JupyterLab while 5,000 rows and 10,000 points change 60 times a second.

One browser and one run for all rows, the page at rest among them: what other work on the machine
costs is in that one too. Prints a markdown table.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from bench.load import machine
from tests.servers import serve
from tests.ui.lab import LAB, Tab, chromium, new_context, notebook

SETUP = """
%load_ext livestate_nb
import asyncio, json, random, time
from livestate_nb import Channel, on, ui

RATE = 60
chance = random.Random(1)

def walk():
    value = 0.0
    while True:
        value += chance.gauss(0, 1)
        yield value

class Busy(Channel, topic="busy"):
    def init(self, params):
        self.walk = walk()
        return {
            "count": 0,
            "rows": [
                {"id": n, "name": f"share {n}", "price": round(chance.uniform(1, 99), 2),
                 "volume": n * 7919 % 5000, "open": n % 3 == 0, "day": "2026-11-24T10:00:00"}
                for n in range(5000)
            ],
            "points": [{"t": n, "value": next(self.walk)} for n in range(10_000)],
        }

    @on("run")
    async def run(self, payload, state):
        start, used = time.monotonic(), time.process_time()
        late = 0
        for n in range(1, payload["seconds"] * RATE + 1):
            state["count"] = n
            if "rows" in payload["parts"]:
                row = state["rows"][chance.randrange(5000)]
                row["price"] = round(chance.uniform(1, 99), 2)
            if "points" in payload["parts"]:
                state["points"].append({"t": 10_000 + n, "value": next(self.walk)})
                del state["points"][0]
            yield
            rest = start + n / RATE - time.monotonic()
            late += rest < 0
            await asyncio.sleep(max(rest, 0))
        self.push("done", {
            "updates": n, "late": late, "seconds": time.monotonic() - start,
            "cpu": time.process_time() - used,
        })

TABLE = ui.table("rows", rows=15)
LINE = ui.line("points", x="t", y="value")
SCATTER = ui.scatter("points", x="t", y="value")
"""

SHOW = {
    "at rest": ("ui.column(TABLE, LINE)", []),
    "table, sorted": ("TABLE", ["rows"]),
    "line": ("LINE", ["points"]),
    "scatter": ("SCATTER", ["points"]),
    "table and line": ("ui.column(TABLE, LINE)", ["rows", "points"]),
}

RUN = """async ([seconds, parts]) => {
  const live = document.querySelector("livestate-view").liveState;
  const changes = [];
  const changed = () => changes.push(performance.now());
  const frames = [];
  let isOver = false;
  const frame = (now) => { frames.push(now); if (!isOver) requestAnimationFrame(frame); };
  live.addEventListener("livestate-change", changed);
  const done = new Promise((resolve) => {
    const stop = live.on("done", (told) => { stop(); resolve(told); });
  });
  requestAnimationFrame(frame);
  live.dispatch("run", { seconds, parts });
  const told = await done;
  isOver = true;
  live.removeEventListener("livestate-change", changed);
  const gaps = frames.slice(1).map((now, n) => now - frames[n]);
  return { ...told, changes: changes.length, gaps };
}"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed: times between frames, and what an update took, in milliseconds."""

    gaps: list[float]
    changes: int
    late: int
    kernel: float
    page: float

    @property
    def p99(self) -> float:
        """The 99th percentile of the times between frames."""
        return statistics.quantiles(self.gaps, n=100)[98]


def measure(tab: Tab, parts: list[str], seconds: int) -> Run:
    """Change what a tab shows, 60 times a second, and return what that did to its frames."""
    devtools = tab.page.context.new_cdp_session(tab.page)
    devtools.send("Performance.enable")

    def busy() -> float:
        found = devtools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    before = busy()
    told: dict[str, Any] = tab.page.evaluate(RUN, [seconds, parts])
    page = (busy() - before) / told["updates"]
    return Run(
        told["gaps"],
        told["changes"],
        told["late"],
        told["cpu"] / told["updates"] * 1000,
        page * 1000,
    )


def write(path: Path) -> None:
    """Write a notebook with a cell for each of the layouts."""
    cells = [
        (name.replace(" ", "-").replace(",", ""), f'busy = Busy.show("busy", {layout}, name="one")')
        for name, (layout, _) in SHOW.items()
    ]
    notebook(path, ("setup", SETUP), *cells)


def show(tab: Tab, name: str) -> None:
    """Show one of the layouts, alone, the table sorted by what changes."""
    tab.evaluate(
        "get_ipython().run_line_magic('livestate', 'off busy') if 'busy' in globals() else 0"
    )
    tab.command("notebook:clear-all-cell-outputs")
    tab.run("setup")
    tab.run(name.replace(" ", "-").replace(",", ""))
    layout, _ = SHOW[name]
    if "TABLE" in layout:
        header = tab.page.locator("livestate-table th", has_text="Price")
        header.locator("button").click()
        expect(header).to_have_attribute("aria-sort", "ascending")
    if "LINE" in layout or "SCATTER" in layout:
        tab.page.locator("livestate-view canvas").wait_for()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="length of each run")
    seconds = parser.parse_args().seconds
    print(
        f"{machine()}\n\n| shown | frames a second | median | 99 % | worst | updates seen |", end=""
    )
    print(" page, an update | kernel, an update |\n|---|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory), "jupyterlab", *LAB) as server,
        chromium() as browser,
    ):
        write(server.root / "frames.ipynb")
        tab = Tab(server, new_context(browser), "frames.ipynb")
        for name, (_, parts) in SHOW.items():
            show(tab, name)
            run = measure(tab, parts, seconds)
            print(
                f"| {name} | {len(run.gaps) / sum(run.gaps) * 1000:.0f} "
                f"| {statistics.median(run.gaps):.1f} ms | {run.p99:.1f} ms "
                f"| {max(run.gaps):.0f} ms | {run.changes} | {run.page:.1f} ms "
                f"| {run.kernel:.1f} ms |",
                flush=True,
            )


if __name__ == "__main__":
    main()

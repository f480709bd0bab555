"""Round trips in JupyterLab: from a click in a real Chromium to the handler and back into the page.

One browser and one run for all rows: over the kernel's WebSocket while the kernel is idle,
sleeps in a loop and computes in a loop; over the comm; and a plain anywidget beside them. Prints a
markdown table.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from bench.load import machine
from tests.servers import serve
from tests.ui.lab import LAB, Tab, chromium, new_context, notebook

NO_UPLINK = """
import os
os.environ.pop("LIVESTATE_NB_UPLINK_URL")
"""

COUNTER = """
%load_ext livestate_nb
from livestate_nb import Channel, on

class Counter(Channel, topic="counter:*"):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    async def inc(self, payload, state):
        state["n"] += 1

ESM = '''
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class RoundTrip extends LiveElement {
  render(state) {
    return html`<button @click=${() => this.live.dispatch("inc")}>inc</button><b>${state.n}</b>`;
  }
}
'''
counter = Counter.show("counter:a", element="round-trip", esm=ESM)
"""

ANYWIDGET = """
import anywidget, traitlets

class RoundTrip(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      el.innerHTML = "<round-trip><button>inc</button><b>0</b></round-trip>";
      el.querySelector("button").onclick = () => model.send("inc");
      model.on("change:n", () => { el.querySelector("b").textContent = model.get("n"); });
    } };
    '''
    n = traitlets.Int(0).tag(sync=True)

def inc(widget, content, buffers):
    widget.n += 1

widget = RoundTrip()
widget.on_msg(inc)
display(widget)
"""

SLEEPING = "import time\nwhile True: time.sleep(0.1)"
BUSY = "n = 0\nwhile True: n += 1"

MEASURE = """async (count) => {
  const view = document.querySelector("livestate-view")?.shadowRoot ?? document;
  const element = view.querySelector("round-trip");
  const root = element.shadowRoot ?? element;
  const [button, number] = [root.querySelector("button"), root.querySelector("b")];
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    await new Promise((resolve) => {
      const seen = () => { observer.disconnect(); resolve(); };
      const observer = new MutationObserver(seen);
      observer.observe(number, { childList: true, characterData: true, subtree: true });
      button.click();
    });
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5 + 10 * Math.random()));
  }
  return times;
}"""


def rounds(browser: Browser, name: str, source: str, loops: dict[str, str], count: int) -> None:
    """Measure in a Lab of its own, and print a row for each loop that the kernel runs."""
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory), "jupyterlab", *LAB) as server,
    ):
        cells = [("show", source), *((kind, loop) for kind, loop in loops.items() if loop)]
        notebook(server.root / "bench.ipynb", *cells)
        context = new_context(browser)
        tab = Tab(server, context, "bench.ipynb")
        tab.run("show")
        tab.element("round-trip").locator("button").wait_for()
        for kind, loop in loops.items():
            if loop:
                tab.start(kind)
            tab.page.evaluate(MEASURE, 10)
            times = tab.page.evaluate(MEASURE, count)
            if loop:
                tab.command("notebook:interrupt-kernel")
                tab.ready()
            median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
            print(f"| {name} | {kind} | {median:.1f} ms | {p99:.1f} ms |", flush=True)
        context.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="round trips of each row")
    count = parser.parse_args().count
    loops = {"idle": "", "sleeping in a loop": SLEEPING, "computing in a loop": BUSY}
    idle = {"idle": ""}
    print(f"{machine()}\n\n| click to page | the kernel is | median | 99 % |\n|---|---|---|---|")
    with chromium() as browser:
        rounds(browser, "WebSocket", COUNTER, loops, count)
        rounds(browser, "comm", NO_UPLINK + COUNTER, idle, count)
        rounds(browser, "plain anywidget", ANYWIDGET, idle, count)


if __name__ == "__main__":
    main()

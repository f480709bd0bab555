"""Round trips in JupyterLab: from a click in a real Chromium to the handler and back into the page.

One Lab, one browser, one run for all rows: over the kernel's WebSocket while the kernel is idle,
sleeps in a loop and computes in a loop; over the comm; and a plain anywidget beside them. Prints a
markdown table.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from bench.load import machine
from tests.servers import Server, serve
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

widget = RoundTrip()

@widget.on_msg
def inc(widget, content, buffers):
    widget.n += 1

widget
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


class Rounds:
    """The measurements in one Lab."""

    def __init__(self, server: Server, browser: Browser, count: int) -> None:
        self._server = server
        self._browser = browser
        self._count = count

    def rows(self) -> list[str]:
        """Measure all, and return the table's rows."""
        return [
            *self._notebook("websocket", COUNTER, {"idle": "", "sleeping": SLEEPING, "busy": BUSY}),
            *self._notebook("comm", NO_UPLINK + COUNTER, {"idle": ""}),
            *self._notebook("anywidget", ANYWIDGET, {"idle": ""}),
        ]

    def _notebook(self, name: str, source: str, loops: dict[str, str]) -> list[str]:
        cells = [("show", source), *((kind, loop) for kind, loop in loops.items() if loop)]
        notebook(self._server.root / f"{name}.ipynb", *cells)
        context = new_context(self._browser)
        tab = Tab(self._server, context, f"{name}.ipynb")
        tab.run("show")
        tab.element("round-trip").locator("button").wait_for()
        rows = []
        for kind, loop in loops.items():
            if loop:
                tab.start(kind)
            tab.page.evaluate(MEASURE, 10)
            times = tab.page.evaluate(MEASURE, self._count)
            if loop:
                tab.command("notebook:interrupt-kernel")
                tab.ready()
            median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
            rows.append(f"| {name} | {kind} | {median:.1f} ms | {p99:.1f} ms |")
        context.close()
        return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="round trips of each row")
    count = parser.parse_args().count
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory), "jupyterlab", *LAB) as server,
        chromium() as browser,
    ):
        rows = Rounds(server, browser, count).rows()
    print(machine())
    print()
    print("| click to page | the kernel | median | 99 % |")
    print("|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()

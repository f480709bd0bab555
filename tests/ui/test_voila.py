"""Visitors of Voila, in a server where the author has the same notebook open in JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocket, expect

from tests.servers import TOKEN, Server, serve
from tests.ui.hosts import CELLS, Probe, Way
from tests.ui.lab import LAB, PATIENCE_MS, Tab, new_context, notebook

CHANNELS = """
from livestate_nb import Channel, on

class Board(Channel, topic="board", shared=True):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    async def inc(self, payload, state):
        state["n"] += 1

class Draft(Channel, topic="draft:*"):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    async def inc(self, payload, state):
        state["n"] += 1
"""
ELEMENT = """
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class BoardView extends LiveElement {
  render({ n }) {
    return html`<output>${n}</output>
      <button @click=${() => this.live.dispatch("inc")}>inc</button>`;
  }
}
"""
HOSTED = """
from IPython.display import HTML
HTML('''<script type="module" src="/livestate/elements/board-view.js"></script>
<board-view class="shared" url="/livestate" topic="board"></board-view>
<board-view class="own" url="/livestate" topic="draft:a"></board-view>''')
"""
DIES = """
import os
from livestate_nb import ui
class Doomed(Channel, topic="doomed"):
    def init(self, params):
        return {"fate": "alive"}
    @on("die")
    def die(self, payload, state):
        os.kill(os.getpid(), 9)
Doomed.show("doomed", ui.column(ui.text("fate", on=None), ui.button("Die", on="die")))
"""
COUNTS = """
import time
while one.state["n"] < 3:
    time.sleep(0.05)
print("counted to three")
"""
CONFIG = """
c.LiveStateApp.channels = {"board": "board_channels:Board", "draft:*": "board_channels:Draft"}
c.LiveStateApp.elements = {"board-view": ROOT + "/board-view.js"}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory: Path = tmp_path_factory.mktemp("voila")
    root = directory / "root"
    root.mkdir()
    (root / "board_channels.py").write_text(CHANNELS)
    (root / "board-view.js").write_text(ELEMENT)
    notebook(root / "hosted.ipynb", ("hosted", HOSTED))
    notebook(root / "probe.ipynb", *CELLS)
    notebook(root / "doomed.ipynb", *CELLS[:1], ("dies", DIES))
    notebook(root / "busy.ipynb", *CELLS[:2], ("counts", COUNTS))
    config = f"ROOT = {str(root)!r}\n{CONFIG}"
    progressive = "--VoilaConfiguration.progressive_rendering=True"
    with serve(directory, "jupyterlab", *LAB, progressive, config=config) as server:
        yield server


@pytest.fixture
def way(server: Server) -> Iterator[Way]:
    way = Way()
    yield way
    way.close()


class Visitors:
    """Open notebooks in Voila, each time as another visitor."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.sent: list[str] = []
        """What the pages got over WebSockets."""

    def open(self, server: Server, name: str) -> Page:
        context = new_context(self._browser)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{server.url}api/status?token={TOKEN}")  # logs in
        page.on("websocket", self._note)
        page.goto(f"{server.url}voila/render/{name}")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _note(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.sent.append(str(frame)))


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Visitors]:
    visitors = Visitors(browser)
    yield visitors
    visitors.close()


def n(page: Page, kind: str) -> Locator:
    return page.locator(f"board-view.{kind} output")


def inc(page: Page, kind: str) -> None:
    page.locator(f"board-view.{kind}").get_by_role("button", name="inc").click()


def test_what_the_server_hosts_is_shared_by_visitors_and_author(
    server: Server, browser: Browser, visitors: Visitors, way: Way
) -> None:
    first, second = (visitors.open(one, "hosted.ipynb") for one in (way.to(server), server))
    context = new_context(browser)
    author = Tab(server, context, "hosted.ipynb")
    author.run_all()
    pages = (first, second, author.page)
    for count, page in enumerate(pages, 1):
        expect(n(page, "shared")).to_be_visible()
        inc(page, "shared")
        expect(n(page, "shared")).to_have_text(str(count))
    for page in pages:
        expect(n(page, "shared")).to_have_text("3")

    # what is not shared is each visitor's own, and is kept while one is away
    inc(first, "own")
    expect(n(first, "own")).to_have_text("1")
    way.cut()
    inc(first, "own")
    expect(n(first, "own")).to_have_text("2")
    for page in pages[1:]:
        expect(n(page, "own")).to_have_text("0")
    context.close()


def test_visitors_have_sessions_of_their_own_and_no_token(
    server: Server, visitors: Visitors
) -> None:
    pages = [visitors.open(server, "probe.ipynb") for _ in range(2)]
    for page in pages:
        expect(Probe(page).n).to_have_text("0")
    Probe(pages[0]).click("inc")
    expect(Probe(pages[0]).n).to_have_text("1")
    expect(Probe(pages[1]).n).to_have_text("0")
    Probe(pages[1]).click("ask")
    expect(Probe(pages[1]).answer).to_have_text("probe:a/b has 0")
    assert "probe:a/b" in "".join(visitors.sent)
    assert TOKEN not in "".join([*visitors.sent, *(page.content() for page in pages)])


def test_elements_are_live_while_a_long_cell_still_runs(server: Server, visitors: Visitors) -> None:
    page = visitors.open(server, "busy.ipynb")
    for count in range(1, 4):
        Probe(page).click("inc")
        expect(Probe(page).n).to_have_text(str(count))
    expect(page.get_by_text("counted to three")).to_be_visible()


def test_a_kernel_that_dies_says_so(server: Server, visitors: Visitors) -> None:
    page = visitors.open(server, "doomed.ipynb")
    page.get_by_role("button", name="Die").click()
    notice = page.locator("livestate-view .notice")
    expect(notice).to_have_text("The kernel has gone: load this page again.")

"""The hosts that show notebooks, and one notebook that is tried in each of them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page

from livestate_nb.runtime import Loop
from tests.outage.proxy import Proxy, proxy
from tests.servers import TOKEN, Server, serve, serve_alone
from tests.sites import site
from tests.ui.lab import LAB, PATIENCE_MS, Tab, notebook

CHANNEL = """
from livestate_nb import Channel, Event, Reply, on

class Probe(Channel, topic="probe:*"):
    def init(self, params):
        return {"n": 0, "rows": [{"title": f"row {n}"} for n in range(3)]}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += payload["by"]

    @on("ask")
    def ask(self, payload, state):
        return Reply(state, Event("answered", {"n": state["n"], "of": self.topic}))

    @on("turn")
    def turn(self, payload, state):
        state["rows"].reverse()
"""
ELEMENT = """
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class HostProbe extends LiveElement {
  static properties = { answer: { state: true } };

  constructor() {
    super();
    this.live.on("answered", ({ n, of }) => { this.answer = `${of} has ${n}`; });
  }

  render({ n, rows }) {
    return html`<output class="n">${n}</output> <output class="answer">${this.answer}</output>
      <ol>${rows.map(({ title }) => html`<li>${title}</li>`)}</ol>
      <button @click=${() => this.live.dispatch("inc", { by: 1 })}>inc</button>
      <button @click=${() => this.live.dispatch("ask")}>ask</button>
      <button @click=${() => this.live.dispatch("turn")}>turn</button>`;
  }
}
"""
SETUP = f"%load_ext livestate_nb{CHANNEL}\nESM = '''{ELEMENT}'''\n"
SHOW = 'one = Probe.show("probe:a/b", element="host-probe", esm=ESM)\none'
CELLS = (("setup", SETUP), ("one", SHOW), ("again", "one"))
NAME = "probe.ipynb"
MARIMO = "probe.py"
LOAD = "from livestate_nb.marimo import load\nload()"
WITH_LIVESTATE = "--Voila.identity_provider_class=livestate_nb_server.voila.WithLiveState"


class Way:
    """Carry connections to a server, and cut them: a network that fails for a moment."""

    def __init__(self) -> None:
        self._loop = Loop("livestate-way")
        self._stack = AsyncExitStack()
        self._proxy: Proxy | None = None

    def to(self, server: Server) -> Server:
        """Return the server as it is reached by this way."""
        target = urlsplit(server.url).port
        assert target is not None
        entering = self._stack.enter_async_context(proxy(target))
        self._proxy, port = self._loop.run(entering)
        return replace(server, url=server.url.replace(f":{target}/", f":{port}/"))

    def cut(self) -> None:
        """Kill all connections; new ones are carried."""
        assert self._proxy is not None
        self._loop.loop.call_soon_threadsafe(self._proxy.cut)

    def close(self) -> None:
        """Kill all connections for good."""
        self._loop.run(self._stack.aclose())
        self._loop.stop()


@dataclass(frozen=True)
class Host:
    """What shows the notebook.

    Args:
        server: as it is reached by `way`.
        way: the way to it.
        show: opens the notebook in a browser, all cells run; returns its page.
        is_private: whether each page has a kernel of its own.
        has_socket: whether elements can have a WebSocket.
    """

    server: Server
    way: Way
    show: Callable[[Server, BrowserContext], Page]
    is_private: bool
    has_socket: bool


class Probe:
    """One element of the notebook on a page."""

    def __init__(self, page: Page, index: int = 0) -> None:
        self._element = page.locator("host-probe").nth(index)

    @property
    def n(self) -> Locator:
        return self._element.locator(".n")

    @property
    def answer(self) -> Locator:
        return self._element.locator(".answer")

    @property
    def rows(self) -> Locator:
        return self._element.locator("li")

    def click(self, name: str) -> None:
        self._element.get_by_role("button", name=name).click()


@contextmanager
def host(name: str, directory: Path) -> Iterator[Host]:
    """Run a host of `HOSTS` until the block ends."""
    (directory / "root").mkdir()
    notebook(directory / "root" / NAME, *CELLS)
    with ExitStack() as stack:
        way = Way()
        stack.callback(way.close)
        yield stack.enter_context(HOSTS[name](directory, way))


@contextmanager
def _lab(directory: Path, way: Way) -> Iterator[Host]:
    with serve(directory, "jupyterlab", *LAB) as server:
        yield Host(way.to(server), way, _tab("lab/tree"), is_private=False, has_socket=True)


@contextmanager
def _notebook7(directory: Path, way: Way) -> Iterator[Host]:
    options = ("--JupyterNotebookApp.expose_app_in_browser=True", *LAB[1:])
    with serve(directory, "notebook", *options) as server:
        yield Host(way.to(server), way, _tab("notebooks"), is_private=False, has_socket=True)


@contextmanager
def _voila_in_server(directory: Path, way: Way) -> Iterator[Host]:
    with serve(directory) as server:
        path = f"voila/render/{NAME}?token={TOKEN}"
        yield Host(way.to(server), way, _page(path), is_private=True, has_socket=True)


@contextmanager
def _voila(directory: Path, way: Way, *options: str) -> Iterator[Host]:
    with voila(directory, *options) as server:
        yield Host(way.to(server), way, _page(""), is_private=True, has_socket=bool(options))


@contextmanager
def _voila_with_extension(directory: Path, way: Way) -> Iterator[Host]:
    with _voila(directory, way, WITH_LIVESTATE) as one:
        yield one


@contextmanager
def _marimo(directory: Path, way: Way) -> Iterator[Host]:
    with marimo(directory, *CELLS) as server:
        yield Host(way.to(server), way, marimo_page, is_private=False, has_socket=False)


@contextmanager
def marimo(directory: Path, *cells: tuple[str, str], mode: str = "edit") -> Iterator[Server]:
    """Run marimo on a notebook of these (name, source) cells below ``directory / "root"``."""
    parts = ["import marimo", "app = marimo.App()"]
    for _, source in cells:
        code = source.replace("%load_ext livestate_nb", LOAD)
        parts.append(f"@app.cell\ndef _():\n{indent(code, '    ')}\n    return")
    (directory / "root" / MARIMO).write_text("\n\n".join(parts))
    options = ["--skip-update-check"] if mode == "edit" else []
    command = ("marimo", mode, MARIMO, "--headless", "--no-token", *options)
    with serve_alone(directory, "health", *command) as server:
        yield server


@contextmanager
def _page_elsewhere(directory: Path, way: Way) -> Iterator[Host]:
    root = directory / "root"
    shared = CHANNEL.replace('topic="probe:*"', 'topic="probe:*", shared=True')
    (root / "probe_channels.py").write_text(shared)
    (root / "host-probe.js").write_text(ELEMENT)
    config = (
        'c.LiveStateApp.channels = {"probe:*": "probe_channels:Probe"}\n'
        f'c.LiveStateApp.elements = {{"host-probe": {str(root / "host-probe.js")!r}}}\n'
    )
    with serve(directory, config=config) as server, site() as pages:
        reached = way.to(server)
        share = _share(directory, pages.origin)
        element = (
            f'<host-probe url="{reached.ws_url}livestate/public" topic="probe:a/b" '
            f'share="{share.token}"></host-probe>'
        )
        script = f"{reached.url}livestate/public/{share.id}/host-probe.js"
        page = f'<script type="module" src="{script}"></script>{element * 2}'
        address = pages.write("probe.html", page)

        def show(_server: Server, context: BrowserContext) -> Page:
            return _page("")(replace(server, url=address), context)

        yield Host(reached, way, show, is_private=False, has_socket=True)


class Share(NamedTuple):
    """A share of the command line."""

    id: str
    token: str


def _share(directory: Path, origin: str) -> Share:
    asked = ["token", "probe:*", "--all-events", "--origin", origin, "--tag", "host-probe"]
    made = subprocess.run(
        [sys.executable, "-m", "livestate_nb_server", *asked],
        env={**os.environ, "JUPYTER_DATA_DIR": str(directory / "data")},
        check=True,
        capture_output=True,
        text=True,
    )
    return Share(made.stderr.split()[0], made.stdout.strip())


@contextmanager
def voila(directory: Path, *options: str, name: str = NAME) -> Iterator[Server]:
    """Run standalone Voila on a notebook below ``directory / "root"``."""
    command = ("voila", name, "--no-browser", *options)
    with serve_alone(directory, "voila/static/none", *command) as server:
        yield server


def _tab(view: str) -> Callable[[Server, BrowserContext], Page]:
    def show(server: Server, context: BrowserContext) -> Page:
        is_first = not context.pages
        tab = Tab(server, context, NAME, view)
        if is_first:
            tab.run_all()
            tab.save()
        return tab.page

    return show


def _page(path: str) -> Callable[[Server, BrowserContext], Page]:
    def show(server: Server, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{server.url}{path}")
        return page

    return show


def marimo_page(server: Server, context: BrowserContext) -> Page:
    """Open the notebook of `marimo`, all cells run."""
    if context.pages:  # marimo gives a notebook to one page; others look on
        return _page("?kiosk=true")(server, context)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    with page.expect_response("**/api/kernel/instantiate"):
        page.goto(server.url)
    page.get_by_test_id("run-button").last.click()  # all cells
    return page


HOSTS = {
    "JupyterLab": _lab,
    "Notebook 7": _notebook7,
    "Voila in Jupyter server": _voila_in_server,
    "Voila": _voila,
    "Voila with livestate": _voila_with_extension,
    "marimo": _marimo,
    "page of another origin": _page_elsewhere,
}

"""Pages that are loaded while a cell runs, in JupyterLab and Notebook 7: elements are live at once.

Both ask a kernel for its widgets when no cell runs; see js/src/lab/early.ts.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, WebSocket, expect

from tests import hub
from tests.servers import Server, serve
from tests.ui.lab import LAB, Tab, new_context, notebook, open_socket

SETUP = """
%load_ext livestate_nb
import time
from livestate_nb import Channel, on

class Training(Channel, topic="training:*"):
    def init(self, params):
        return {"epoch": 0, "is_stopped": False, "title": ""}

    @on("stop")
    def stop(self, payload, state):
        state["is_stopped"] = True

    @on("name")
    def name(self, payload, state):
        state["title"] = payload["title"]
        print("its name is", payload["title"])

ESM = '''
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class TrainingRun extends LiveElement {
  render({ epoch, is_stopped, title }) {
    return html`<output class="epoch">${epoch}</output> <output class="title">${title}</output>
      <button @click=${() => this.live.dispatch("stop")}>Stop</button>
      <form @submit=${this.live.submit("name")}><input name="title" aria-label="Title"></form>
      <b>${is_stopped ? "stopped" : "running"}</b>`;
  }
}
'''
"""
SHOW = 'run = Training.show("training:a", element="training-run", esm=ESM)'
TRAIN = """
while not run.state["is_stopped"]:
    with run.change() as state:
        state["epoch"] += 1
    time.sleep(0.1)
print("the cell has ended")
"""
NAME = "reload.ipynb"
CELLS = (("setup", SETUP), ("show", SHOW), ("train", TRAIN))
VIEWS = {
    "JupyterLab": ("jupyterlab", LAB, "lab/tree"),
    "Notebook 7": (
        "notebook",
        ("--JupyterNotebookApp.expose_app_in_browser=True", *LAB[1:]),
        "notebooks",
    ),
}
AS_HUB = (
    "jupyterlab",
    (
        *LAB,
        f"--ServerApp.base_url={hub.BASE_URL}",
        "--ServerApp.identity_provider_class=tests.hub.LikeJupyterHub",
    ),
    "lab/tree",
)
VIEW = """() => {
  const views = [];
  const look = (root) => {
    views.push(...root.querySelectorAll("livestate-view"));
    for (const one of root.querySelectorAll(".livestate-output")) look(one.shadowRoot);
  };
  look(document);
  return views.map((view) => view.getRootNode() === document ? "JupyterLab's" : "early");
}"""


@pytest.fixture(scope="module", params=VIEWS.values(), ids=list(VIEWS))
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    application, options, view = request.param
    with serve(tmp_path_factory.mktemp("host"), application, *options) as server:
        yield server, view


@pytest.fixture
def tab(host: tuple[Server, str], browser: Browser) -> Iterator[Tab]:
    """A tab with the notebook, whose last cell runs; it is loaded again by the tests."""
    server, view = host
    notebook(server.root / NAME, *CELLS)
    context = new_context(browser)
    tab = Tab(server, context, NAME, view)
    for cell in ("setup", "show"):
        tab.run(cell)
    expect(epoch(tab.page)).to_have_text("0")
    tab.save()
    tab.start("train")
    yield tab
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().catch(() => 0)"
    )
    context.close()


def epoch(page: Page) -> Locator:
    return page.locator("training-run .epoch")


def title(tab: Tab) -> Locator:
    return tab.page.locator("training-run").get_by_label("Title")


def reload(tab: Tab) -> None:
    """Load the page again, and wait until its element is live."""
    tab.page.reload()
    expect(tab.page.locator("training-run b")).to_have_text("running")
    seen = epoch(tab.page).text_content()
    assert seen is not None
    expect(epoch(tab.page)).not_to_have_text(seen)


def stop(tab: Tab) -> None:
    """Stop the cell by the element's button."""
    tab.page.get_by_role("button", name="Stop").click()
    expect(tab.page.locator("training-run b")).to_have_text("stopped")


def of(tab: Tab, whose: str) -> None:
    """Wait until the page has one view of the element, and it is JupyterLab's or an early one."""
    tab.page.wait_for_function(f"whose => String(({VIEW})()) === whose", arg=whose)


def leave(tab: Tab) -> None:
    """Point elsewhere, and take the focus away."""
    tab.page.mouse.move(0, 0)
    tab.page.evaluate(
        """() => {
          let active = document.activeElement;
          while (active.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
          active.blur();
        }"""
    )


def test_the_stop_button_of_a_page_that_was_loaded_again_stops_the_cell(tab: Tab) -> None:
    sockets: list[WebSocket] = []
    tab.page.on("websocket", lambda one: sockets.append(one) if "/livestate/" in one.url else None)
    reload(tab)
    of(tab, "early")
    expect(tab.page.get_by_text("Not live: state of").locator("visible=true")).to_have_count(0)
    expect(tab.page.locator("training-run")).to_have_css("color-scheme", "light")  # Jupyter's
    stop(tab)
    tab.ready()
    socket = open_socket(tab.page, sockets)
    opened = [*sockets]
    leave(tab)
    of(tab, "JupyterLab's")
    expect(tab.page.locator("training-run b")).to_have_text("stopped")
    title(tab).fill("a title")
    title(tab).press("Enter")
    expect(tab.page.locator("training-run .title")).to_have_text("a title")
    assert sockets == opened
    assert not socket.is_closed()


@pytest.mark.parametrize("host", [AS_HUB], indirect=True, ids=["JupyterLab of JupyterHub"])
def test_a_page_whose_cookie_is_not_enough_is_live_at_once(tab: Tab) -> None:
    reload(tab)
    of(tab, "early")
    stop(tab)


def test_what_is_being_typed_stays_when_jupyterlab_takes_over(tab: Tab) -> None:
    reload(tab)
    title(tab).press_sequentially("ddb")  # keys that delete a cell, and insert one
    tab.page.evaluate("() => { window.before = document.activeElement.shadowRoot.activeElement }")
    element = tab.page.locator("training-run").element_handle()
    assert element is not None
    tab.page.mouse.move(0, 0)
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    tab.ready()
    title(tab).press_sequentially("2")
    expect(title(tab)).to_have_value("ddb2")
    expect(title(tab)).to_be_focused()
    of(tab, "early")
    leave(tab)
    of(tab, "JupyterLab's")
    expect(title(tab)).to_have_value("ddb2")
    assert element.evaluate("element => element.isConnected")
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    assert tab.page.evaluate(cells) == len(CELLS)
    title(tab).press("Enter")
    expect(tab.page.locator("training-run .title")).to_have_text("ddb2")


def test_what_handlers_print_is_shown_while_the_cell_runs(tab: Tab) -> None:
    reload(tab)
    title(tab).fill("a title")
    title(tab).press("Enter")
    view = tab.page.locator("livestate-view")
    expect(view.get_by_text("its name is a title")).to_be_visible()
    of(tab, "early")


def test_a_kernel_that_is_restarted_says_so(tab: Tab) -> None:
    reload(tab)
    tab.page.evaluate(
        """() => {
          window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
        }"""
    )
    gone = tab.page.get_by_text("The kernel has gone: run the cell again.")
    expect(gone).to_be_visible()
    tab.ready()
    for cell in ("setup", "show"):
        tab.run(cell)
    of(tab, "JupyterLab's")
    expect(epoch(tab.page)).to_have_text("0")
    expect(gone).to_have_count(0)


def test_what_is_shown_early_is_saved(tab: Tab, host: tuple[Server, str]) -> None:
    server, _ = host
    reload(tab)
    title(tab).fill("typed in a page that was loaded again")
    tab.save()
    assert "typed in a page that was loaded again" in (server.root / NAME).read_text()
    of(tab, "early")
    expect(title(tab)).to_have_value("typed in a page that was loaded again")


def test_without_an_answer_of_the_server_what_was_saved_is_shown_until_the_cell_has_ended(
    tab: Tab,
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=404)

    tab.page.route("**/livestate/kernels/*/widgets*", refuse)
    tab.page.reload()
    saved = tab.page.get_by_text("Not live: state of").locator("visible=true")
    expect(saved).to_be_visible()
    kernel = tab.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
    )
    kernel.evaluate("kernel => kernel.interrupt()")
    tab.ready()
    of(tab, "JupyterLab's")
    expect(saved).to_have_count(0)
    stop(tab)

"""What marimo's editor does otherwise than Jupyter: its cells run again when others do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Server
from tests.ui.hosts import CELLS, Probe, marimo, marimo_page
from tests.ui.lab import new_context

MAIN = """
import threading
from livestate_nb import ui

class Desk(Channel, topic="desk"):
    def init(self, params):
        return {"thread": "none"}

    @on("look", run_on="main")
    def look(self, payload, state):
        state["thread"] = "main" if threading.get_ident() == MAIN_THREAD else "another"

MAIN_THREAD = threading.get_ident()
Desk.show("desk", ui.column(ui.text("thread", on=None), ui.button("Look", on="look")))
"""


LOADS = """
from livestate_nb import LiveStateError
from livestate_nb.marimo import load
try:
    load()
except LiveStateError as error:
    told = str(error)
told
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory: Path = tmp_path_factory.mktemp("marimo")
    (directory / "root").mkdir()
    with marimo(directory, *CELLS, ("main", MAIN)) as server:
        yield server


@pytest.fixture(scope="module")
def page(server: Server, browser: Browser) -> Iterator[Page]:
    context = new_context(browser)
    yield marimo_page(server, context)
    context.close()


def test_a_cell_that_runs_again_shows_the_same_session(page: Page) -> None:
    Probe(page).click("inc")
    expect(Probe(page).n).to_have_text("1")
    old = Probe(page).n.element_handle()
    # of the class, and so of what shows it; it is seen only where the mouse is
    page.get_by_test_id("run-button").first.dispatch_event("click")
    page.wait_for_function("old => !old.isConnected", arg=old)
    expect(Probe(page).n).to_have_text("1")
    Probe(page).click("inc")
    for index in range(2):
        expect(Probe(page, index).n).to_have_text("2")


def test_a_handler_may_run_on_the_thread_of_the_cells(page: Page) -> None:
    page.get_by_role("button", name="Look").click()
    expect(page.locator("livestate-view").get_by_text("main")).to_be_visible()


def test_apps_are_told_what_marimo_run_cannot_do(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "root").mkdir()
    with marimo(tmp_path, ("loads", LOADS), mode="run") as server:
        context = new_context(browser)
        page = context.new_page()
        page.goto(server.url)
        said = page.get_by_text("expected a notebook that is open in `marimo edit`, got one in")
        expect(said.first).to_be_visible()
        context.close()

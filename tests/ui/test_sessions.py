"""Sessions, errors and ends as a notebook's author meets them in JupyterLab."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook

SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel, on

class Counter(Channel, topic="counter:*"):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += 1

    @on("boom")
    def boom(self, payload, state):
        state["n"] = 1000
        raise ValueError("the fuse has blown")

ESM = '''
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class ClickCounter extends LiveElement {
  render(state) {
    return html`<output>${state.n}</output>
      <button @click=${() => this.live.dispatch("inc")}>inc</button>
      <button @click=${() => this.live.dispatch("boom")}>boom</button>`;
  }
}
'''
"""
SHOW = 'Counter.show("counter:a", element="click-counter", esm=ESM)'


@pytest.fixture(scope="module")
def tab(lab: Server, browser: Browser) -> Iterator[Tab]:
    cells = [("setup", SETUP), ("one", f"one = {SHOW}"), ("two", f"two = {SHOW}"), ("free", "")]
    notebook(lab.root / "sessions.ipynb", *cells)
    context = new_context(browser)
    tab = Tab(lab, context, "sessions.ipynb")
    tab.run_all()
    yield tab
    context.close()


def number(tab: Tab, index: int, value: int) -> None:
    expect(tab.element("click-counter", index).locator("output")).to_have_text(str(value))


def click(tab: Tab, index: int, name: str) -> None:
    tab.element("click-counter", index).get_by_role("button", name=name).click()


def test_two_cells_have_sessions_of_their_own(tab: Tab) -> None:
    click(tab, 0, "inc")
    number(tab, 0, 1)
    number(tab, 1, 0)
    click(tab, 1, "inc")
    click(tab, 1, "inc")
    number(tab, 1, 2)
    assert tab.evaluate("print(one.state, two.state)") == "{'n': 1} {'n': 2}"


def test_a_handler_that_raises_is_shown_in_the_element_and_the_next_event_works(tab: Tab) -> None:
    before = int(tab.element("click-counter", 0).locator("output").inner_text())
    click(tab, 0, "boom")
    alert = tab.page.get_by_role("alert").filter(has_text="the fuse has blown")
    expect(alert).to_be_visible()
    number(tab, 0, before)
    assert tab.evaluate("print(one.state['n'])") == str(before)
    click(tab, 0, "inc")
    number(tab, 0, before + 1)
    expect(alert).to_be_hidden()


def test_a_redefined_class_handles_the_next_event(tab: Tab) -> None:
    before = int(tab.element("click-counter", 1).locator("output").inner_text())
    tab.evaluate(
        "class Counter(Channel, topic='counter:*'):\n"
        "    @on('inc')\n"
        "    def inc(self, payload, state): state['n'] += 100"
    )
    click(tab, 1, "inc")
    number(tab, 1, before + 100)
    tab.run("setup")


@pytest.mark.parametrize(
    ("esm", "message"),
    [
        ("import { html } from 'lit'; export default class {", "line 1"),
        ("import x from 'left-pad'; export default class extends HTMLElement {}", "left-pad"),
        ("export const x = 1", "export default"),
        ("throw new Error('no luck today')", "no luck today"),
    ],
)
def test_a_module_that_cannot_be_shown_says_why_in_its_place(
    tab: Tab, esm: str, message: str
) -> None:
    tab.page.evaluate(
        """source => {
          const cells = window.jupyterapp.shell.currentWidget.content.widgets;
          cells.find((cell) => cell.model.id === "free").model.sharedModel.setSource(source);
        }""",
        f"Counter.show('counter:b', element='bad-element', esm={esm!r})",
    )
    tab.run("free")
    alert = tab.page.get_by_role("alert").filter(has_text=re.compile(message))
    expect(alert).to_be_visible()


def test_a_kernel_that_was_restarted_says_so_and_a_run_brings_it_back(tab: Tab) -> None:
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    gone = tab.page.get_by_text(re.compile("kernel has gone")).first
    expect(gone).to_be_visible()
    expect(tab.element("click-counter", 0).locator("output")).to_be_visible()
    tab.ready()
    tab.run("setup")
    tab.run("one")
    number(tab, 0, 0)
    click(tab, 0, "inc")
    number(tab, 0, 1)

"""What stands for elements where they are not live: in a saved notebook, and in its exports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.servers import TOKEN, Server
from tests.ui.lab import CONTRAST, Tab, export, new_context, notebook

HOSTILE = "</script></template></style><!-- <img src=x onerror='window.hurt = 1'> ]]> & \"quotes\""
SETUP = f"""
%load_ext livestate_nb
from livestate_nb import Channel, on, ui

class Notes(Channel, topic="notes:*"):
    def init(self, params):
        return {{"n": 0, "text": {HOSTILE!r}, "is_done": False, "size": "s"}}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += 1

    @on("grow")
    def grow(self, payload, state):
        state["text"] = "x" * 3_000_000
"""
ESM = """
import { css, html } from "lit";
import { LiveElement } from "livestate-nb";

class NoteMark extends HTMLElement {
  connectedCallback() { this.textContent = "*"; }
}
customElements.get("note-mark") || customElements.define("note-mark", NoteMark);

export default class NoteCard extends LiveElement {
  static styles = css`
    :host { padding: 4px }
    .n { color: rgb(200, 30, 40); font-weight: 700 }
    note-mark { letter-spacing: 7px }
    button:hover { outline: 9px solid }
    @media (min-width: 1px) { .n { text-decoration: underline } }
  `;
  updated() {
    const raw = this.renderRoot.querySelector(".raw");
    if (raw && !raw.firstChild) {
      // what elements may hold, and parsers would bring to life
      raw.append(document.createElement("xmp"));
      raw.firstChild.textContent = "</xmp><img src=x onerror='window.hurt = 4'>";
      raw.insertAdjacentHTML("beforeend", "<i @click='no'>in place</i>" +
        "<svg><a ONclick='window.hurt = 5' href='java\\tscript:window.hurt = 6'></a></svg>");
    }
    const context = this.renderRoot.querySelector("canvas")?.getContext("2d");
    if (!context) return;
    context.fillStyle = "rgb(0, 128, 0)";
    context.fillRect(0, 0, 40, 20);
  }
  render({ n, text }) {
    return html`<note-mark></note-mark><output class="n">${n}</output><p class="text">${text}</p>
      <button onclick="window.hurt = 2" @click=${() => this.live.dispatch("inc")}>inc</button>
      <button @click=${() => this.live.dispatch("grow")}>grow</button>
      <form @submit=${this.live.submit("inc")}>
        <input name="title" aria-label="Title"><input type="password" aria-label="Key">
        <select aria-label="Size">
          <option>small</option><option .selected=${n > 0}>large</option>
        </select>
        <input type="checkbox" aria-label="Done" .checked=${n > 0}>
        <textarea aria-label="More"></textarea>
      </form>
      <input aria-label="Gone" value="a secret that was erased">
      <link rel="stylesheet" href="https://fonts.example/all.css">
      <div class="raw"></div>
      <canvas width="40" height="20" aria-label="A green box"></canvas>
      <a href="javascript:window.hurt = 3">away</a>`;
  }
}
"""
SHOW = f"note = Notes.show('notes:a', element='note-card', esm={ESM!r})"
LAYOUT = (
    "box = Notes.show('notes:b', ui.column(ui.number('n', on='inc', label='Count'), ui.json()))"
)
STOCK = "tree = Notes.show('notes:c')"
CELLS = (("setup", SETUP), ("show", SHOW), ("layout", LAYOUT), ("stock", STOCK), ("free", ""))
REFUSED = """
from livestate_nb import Refuse

class Closed(Channel, topic="closed"):
    def authorize(self, params):
        raise Refuse("members only")

    def init(self, params):
        return {"n": 0}

closed = Closed.show("closed", ui.column(ui.number("n")))
"""
MARK = re.compile(r"Not live: state of \d{4}-\d\d-\d\d \d\d:\d\d")
NAME = "saved.ipynb"


def live(page: Page) -> Locator:
    return page.locator("note-card")


def saved(page: Page) -> Locator:
    """What was saved of the card."""
    return page.get_by_role("group", name="note-card of notes:a, not live")


def check(page: Page) -> None:
    """Check what was saved of the card: as it was shown last, and dead."""
    card = saved(page)
    expect(card.locator(".mark")).to_have_text(MARK)
    expect(card.locator(".n")).to_have_text("2")
    expect(card.locator(".n")).to_have_css("color", "rgb(200, 30, 40)")
    expect(card.locator(".n")).to_have_css("text-decoration-line", "underline")
    expect(card.locator(".text")).to_have_text(HOSTILE)
    mark = card.locator("note-mark-saved")
    expect(mark).to_have_text("*")
    expect(mark).to_have_css("letter-spacing", "7px")
    for control in card.locator("button, input, select, textarea").all():
        expect(control).to_be_disabled()
    expect(card.get_by_label("Title")).to_have_value("a title")
    expect(card.get_by_label("More")).to_have_value("more text")
    expect(card.get_by_label("Size")).to_have_value("large")
    expect(card.get_by_label("Done")).to_be_checked()
    expect(card.get_by_label("Key")).to_have_value("")
    expect(card.get_by_label("Gone")).to_have_value("")
    expect(card.get_by_text("in place")).to_be_visible()
    assert card.locator("xmp, [onclick], [ONclick], [href*=script]").count() == 0
    box = card.get_by_role("img", name="A green box").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (40, 20)
    card.get_by_role("button", name="inc").click(force=True)
    card.get_by_text("away").click()
    expect(card.locator(".n")).to_have_text("2")
    assert page.evaluate("window.hurt") is None
    layout = page.get_by_role("group", name="livestate-layout of notes:b, not live")
    expect(layout.get_by_label("Count")).to_have_value("1")
    expect(layout.get_by_label("Count")).to_be_disabled()
    assert card.locator(".mark").evaluate(CONTRAST) >= 4.5


@pytest.fixture(scope="module")
def tab(lab: Server, browser: Browser) -> Iterator[Tab]:
    """A tab with the notebook, which is saved, and live."""
    notebook(lab.root / NAME, *CELLS)
    context = new_context(browser)
    tab = Tab(lab, context, NAME)
    tab.run_all()
    tab.save()  # what was saved first is replaced
    for n in ("1", "2"):
        live(tab.page).get_by_role("button", name="inc").click()
        expect(live(tab.page).locator(".n")).to_have_text(n)
    tab.evaluate("box.dispatch('inc')")
    expect(tab.page.get_by_label("Count")).to_have_value("1")
    live(tab.page).get_by_label("Title").fill("a title")
    live(tab.page).get_by_label("More").fill("more text")
    live(tab.page).get_by_label("Key").fill("hunter2")
    live(tab.page).get_by_label("Gone").fill("")
    tab.page.evaluate("window.before = document.querySelector('note-card')")
    tab.save()
    yield tab
    context.close()


def test_saving_leaves_the_element_alone(tab: Tab) -> None:
    assert tab.page.evaluate("window.before === document.querySelector('note-card')")
    expect(live(tab.page).get_by_label("Title")).to_have_value("a title")
    expect(saved(tab.page)).to_be_hidden()


def test_the_notebook_holds_no_secret_and_no_bundle(tab: Tab, lab: Server) -> None:
    text = (lab.root / NAME).read_text()
    assert len(text) < 60_000
    sessions = json.loads(tab.evaluate(SESSIONS))
    for secret in (TOKEN, "hunter2", str(lab.url), *sessions):
        assert secret not in text
    assert "LiveStateWidget" not in text


SESSIONS = """
import ipywidgets, json
print(json.dumps([w.session for w in ipywidgets.Widget.widgets.values() if hasattr(w, "session")]
  + [w.endpoint for w in ipywidgets.Widget.widgets.values() if hasattr(w, "session")]))
"""


@pytest.fixture
def offline(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that reaches files only."""
    context = new_context(browser)
    context.route("http*://**", lambda route: route.abort())
    yield context
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_export_shows_what_was_shown_last(
    tab: Tab, lab: Server, offline: BrowserContext, theme: str
) -> None:
    page = offline.new_page()
    page.goto(export(lab.root / NAME, f"--HTMLExporter.theme={theme}").as_uri())
    check(page)
    stock = page.get_by_role("group", name="state of notes:c, not live")
    expect(stock).to_contain_text("is_done")
    expect(page.locator("body")).not_to_contain_text("shown by a kernel")


def refuse_kernels(route: Route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


@pytest.fixture
def kernelless(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that gets no kernels."""
    context = new_context(browser)
    context.route("**/api/sessions*", refuse_kernels)
    yield context
    context.close()


def open_copy(context: BrowserContext, lab: Server, path: str, text: str) -> Page:
    """Open a notebook with this text, which has no kernel, at a path of Lab or Notebook."""
    (lab.root / Path(path).name).write_text(text)
    page = context.new_page()
    page.goto(f"{lab.url}{path}?token={TOKEN}")
    expect(page.get_by_role("dialog")).to_contain_text("Error Starting Kernel")
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    return page


def test_jupyterlab_without_a_kernel_shows_what_was_shown_last(
    tab: Tab, lab: Server, kernelless: BrowserContext
) -> None:
    text = (lab.root / NAME).read_text()
    page = open_copy(kernelless, lab, "lab/workspaces/copy/tree/copy.ipynb", text)
    check(page)
    page.evaluate(
        """() => window.jupyterapp.commands.execute("apputils:change-theme",
             { theme: "JupyterLab Dark" })"""
    )
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    assert saved(page).locator(".mark").evaluate(CONTRAST) >= 4.5


def test_notebook_without_a_kernel_shows_what_was_shown_last(
    tab: Tab, lab: Server, kernelless: BrowserContext
) -> None:
    check(open_copy(kernelless, lab, "notebooks/other.ipynb", (lab.root / NAME).read_text()))


def test_a_notebook_that_is_not_trusted_shows_it_without_styles(
    tab: Tab, lab: Server, kernelless: BrowserContext
) -> None:
    content = json.loads((lab.root / NAME).read_text())
    content["metadata"]["authors"] = ["somebody else"]
    path = "lab/workspaces/foreign/tree/foreign.ipynb"
    page = open_copy(kernelless, lab, path, json.dumps(content))
    expect(page.get_by_text(MARK).first).to_be_visible()
    expect(page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    assert page.evaluate("window.hurt") is None


def test_cells_that_run_again_are_live(tab: Tab, lab: Server, browser: Browser) -> None:
    (lab.root / "again.ipynb").write_text((lab.root / NAME).read_text())
    context = new_context(browser)
    again = Tab(lab, context, "again.ipynb", "lab/workspaces/again/tree")
    expect(saved(again.page).locator(".n")).to_have_text("2")
    again.run_all()
    expect(live(again.page).locator(".n")).to_have_text("0")
    expect(saved(again.page)).to_be_hidden()
    context.close()


def test_a_refusal_is_shown_and_not_what_was_saved(tab: Tab) -> None:
    tab.edit("free", REFUSED)
    tab.run("free")
    problem = tab.page.get_by_role("paragraph").filter(has_text="Not connected: members only")
    expect(problem).to_be_visible()
    expect(tab.page.get_by_role("group", name="of closed, not live")).to_have_count(0)


def test_what_is_too_large_is_not_saved(tab: Tab, lab: Server, offline: BrowserContext) -> None:
    live(tab.page).get_by_role("button", name="grow").click()
    expect(live(tab.page).locator(".text")).to_contain_text("xxx")
    tab.save()
    assert len((lab.root / NAME).read_text()) < 60_000
    page = offline.new_page()
    page.goto(export(lab.root / NAME).as_uri())
    expect(saved(page)).to_contain_text("The element is not saved: what it shows has 3.0 MB.")


def test_a_run_without_a_browser_saves_the_state(tmp_path: Path, offline: BrowserContext) -> None:
    notebook(tmp_path / NAME, *CELLS)
    page = offline.new_page()
    page.goto(export(tmp_path / NAME, "--execute").as_uri())
    card = saved(page)
    expect(card.locator(".mark")).to_have_text(MARK)
    expect(card.locator("dd").nth(1)).to_have_text(HOSTILE)
    assert page.evaluate("window.hurt") is None
    assert page.locator("script[type='application/vnd.jupyter.widget-view+json']").count() == 0

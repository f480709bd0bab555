"""What the Jupyter server gives to pages: the widget's parts in JupyterLab, and elements."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.servers import Server, serve
from tests.ui.lab import LAB, Tab, new_context, notebook
from tests.ui.test_quickstart import NOTEBOOK, add_todo

BASE = "/user/ann%40x/"
ELEMENT = """
import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { LiveElement } from "livestate-nb";

export default class ClickCounter extends LiveElement {
  render(state) {
    return html`${repeat([state.n], (n) => html`<output>${n}</output>`)}
      <button @click=${() => this.live.dispatch("inc")}>inc</button>`;
  }
}
"""
SETUP = """
%load_ext livestate_nb
from pathlib import Path
from livestate_nb import Channel, on

class Counter(Channel, topic="counter:*", shared=True):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += 1

Counter.publish()
"""
SHOW = 'one = Counter.show("counter:a", element="click-counter", esm=Path("click-counter.js"))'
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A plain page</title>
<script type="module" src="../livestate/elements/{tag}.js"></script>
<h1>A plain page</h1>
<{tag} url="{base}livestate" topic="counter:a"></{tag}>
"""
WIDGETS = """
import ipywidgets, json
states = ipywidgets.Widget.get_manager_state()["state"].values()
print(json.dumps([len(s["state"]["_esm"]) for s in states if "_esm" in s["state"]]))
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(directory: Path) -> Iterator[Server]:
    pages, element = directory / "pages", directory / "x-hosted.js"
    pages.mkdir()
    for tag in ("click-counter", "x-hosted"):
        (pages / f"{tag}.html").write_text(PAGE.format(tag=tag, base=BASE))
    element.write_text(ELEMENT)
    config = f"""
c.ServerApp.extra_static_paths = [{str(pages)!r}]
c.LiveStateApp.elements = {{"x-hosted": {str(element)!r}}}
"""
    with serve(
        directory, "jupyterlab", *LAB, f"--ServerApp.base_url={BASE}", config=config
    ) as server:
        yield server


@pytest.fixture
def requests() -> list[str]:
    """The modules of the package that the pages of `context` asked the server for."""
    return []


@pytest.fixture
def context(browser: Browser, requests: list[str]) -> Iterator[BrowserContext]:
    context = new_context(browser)

    def note(url: str) -> None:
        _, static, name = url.partition(f"{BASE}livestate/static/")
        if static:
            requests.append(name)

    context.on("request", lambda request: note(request.url))
    yield context
    context.close()


def quickstart(lab: Server, context: BrowserContext) -> Tab:
    shutil.copy(NOTEBOOK, lab.root)
    tab = Tab(lab, context, "quickstart.ipynb")
    tab.run_all()
    add_todo(tab, "Buy milk")
    expect(tab.element("contact-form").get_by_label("Name")).to_be_visible()
    expect(tab.element("livestate-stock").get_by_text("version 0")).to_be_visible()
    return tab


def is_one_copy(page: Page, lab: Server, tag: str) -> bool:
    """Return whether an element stands on the library as a page imports it by itself."""
    result: bool = page.evaluate(
        """async ([url, tag]) => {
          const { LiveElement } = await import(url);
          return customElements.get(tag).prototype instanceof LiveElement;
        }""",
        [f"{lab.url}livestate/static/livestate.js", tag],
    )
    return result


def shut_down(tab: Tab) -> None:
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().catch(() => 0)"
    )


def test_widgets_carry_a_small_loader_and_the_page_loads_the_rest_once(
    lab: Server, context: BrowserContext, requests: list[str]
) -> None:
    tab = quickstart(lab, context)
    sizes = json.loads(tab.evaluate(WIDGETS))
    assert len(sizes) == 3
    assert max(sizes) < 4_000
    assert len([name for name in requests if name.startswith("hashed/widget-")]) == 1
    assert len(requests) == len(set(requests))
    assert is_one_copy(tab.page, lab, "todo-list")
    assert not any("loads from the kernel" in text for text in tab.console)
    tab.save()
    tab.reload()
    expect(tab.element("todo-list").locator("li", has_text="Buy milk")).to_be_visible()
    shut_down(tab)


def test_the_kernel_gives_what_the_server_does_not(
    lab: Server, context: BrowserContext, requests: list[str]
) -> None:
    context.route("**/livestate/static/**", lambda route: route.fulfill(status=404))
    tab = quickstart(lab, context)
    [name] = requests
    assert name.startswith("hashed/widget-")
    assert max(json.loads(tab.evaluate(WIDGETS))) < 4_000
    assert any("loads from the kernel" in text for text in tab.console)
    tab.save()
    tab.reload()
    expect(tab.element("todo-list").locator("li", has_text="Buy milk")).to_be_visible()
    shut_down(tab)


FACES = """
import { createElement as h } from "react";
import { reactElement } from "livestate-nb/react";

export default reactElement(({ state, live }) =>
  h("button", { onClick: () => live.dispatch("inc") }, `React ${state.n}`));
"""
TEMPLATE = """
import { templateElement } from "livestate-nb/template";
export default templateElement('<p>A template <output :text="n"></output></p>');
"""


@pytest.mark.parametrize("is_served", [True, False], ids=["from the server", "from the kernel"])
def test_react_and_templates_come_when_an_element_asks_for_them(
    lab: Server, context: BrowserContext, requests: list[str], is_served: bool
) -> None:
    if not is_served:
        context.route("**/livestate/static/**", lambda route: route.fulfill(status=404))
    show = 'Counter.show("counter:a", element="{}", esm={!r})'
    react, template = show.format("x-react", FACES), show.format("x-template", TEMPLATE)
    (lab.root / "click-counter.js").write_text(ELEMENT)
    cells = [("setup", SETUP), ("one", SHOW), ("react", react), ("template", template)]
    notebook(lab.root / "faces.ipynb", *cells)
    tab = Tab(lab, context, "faces.ipynb")
    tab.run("setup")
    tab.run("one")
    expect(tab.element("click-counter").locator("output")).to_have_text("0")
    assert not [name for name in requests if "react" in name or "template" in name]
    tab.run("react")
    button = tab.page.get_by_role("button", name="React 0")
    button.click()
    expect(tab.page.get_by_role("button", name="React 1")).to_be_visible()
    tab.run("template")
    expect(tab.element("x-template").locator("output")).to_have_text("1")
    expect(tab.element("click-counter").locator("output")).to_have_text("1")
    shut_down(tab)


# elements


@pytest.fixture
def tab(lab: Server, context: BrowserContext) -> Iterator[Tab]:
    (lab.root / "click-counter.js").write_text(ELEMENT)
    notebook(lab.root / "served.ipynb", ("setup", SETUP), ("one", SHOW), ("free", ""))
    tab = Tab(lab, context, "served.ipynb")
    tab.run("setup")
    tab.run("one")
    expect(tab.element("click-counter").locator("output")).to_have_text("0")
    yield tab
    shut_down(tab)


def visit(lab: Server, context: BrowserContext, tag: str) -> tuple[Page, Locator]:
    """Open the plain page of an element."""
    page = context.new_page()
    page.goto(f"{lab.url}static/{tag}.html")
    return page, page.locator(tag)


def test_a_cell_s_element_runs_unchanged_in_a_plain_page(
    tab: Tab, lab: Server, context: BrowserContext, requests: list[str]
) -> None:
    requests.clear()
    page, element = visit(lab, context, "click-counter")
    output, button = element.locator("output"), element.get_by_role("button", name="inc")
    expect(output).to_have_text("0")
    assert len(requests) == len(set(requests))
    assert not [name for name in requests if name.startswith("hashed/widget-")]
    assert is_one_copy(page, lab, "click-counter")
    button.click()
    expect(output).to_have_text("1")
    expect(tab.element("click-counter").locator("output")).to_have_text("1")
    tab.element("click-counter").get_by_role("button", name="inc").click()
    expect(output).to_have_text("2")

    # the file is edited
    (lab.root / "click-counter.js").write_text(ELEMENT.replace("inc<", "more<"))
    page.reload()
    expect(element.get_by_role("button", name="more")).to_be_visible()
    expect(output).to_have_text("2")

    # the cell is edited and run again
    source = ELEMENT.replace("inc<", "from the cell<")
    again = f'Counter.show("counter:a", element="click-counter", esm={source!r})'
    tab.evaluate(again)
    page.reload()
    element.get_by_role("button", name="from the cell").click()
    expect(output).to_have_text("3")


def test_a_file_of_the_config_is_an_element_and_shows_its_faults(
    tab: Tab, lab: Server, directory: Path, context: BrowserContext
) -> None:
    page, element = visit(lab, context, "x-hosted")
    element.get_by_role("button", name="inc").click()
    expect(element.locator("output")).to_have_text("1")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    (directory / "x-hosted.js").write_text(ELEMENT.replace('from "lit"', 'from "lit-html"'))
    page.reload()
    alert = element.get_by_role("alert")
    expect(alert).to_contain_text(
        'x-hosted.js, line 2, column 23: can\'t import "lit-html". An element can import from'
    )
    assert re.search("x-hosted.js, line 2, column 23", " ".join(errors))
    (directory / "x-hosted.js").write_text(ELEMENT)
    page.reload()
    expect(element.locator("output")).to_have_text("1")


def test_an_element_is_for_who_is_logged_in(lab: Server, browser: Browser) -> None:
    stranger = new_context(browser)
    page = stranger.new_page()
    with page.expect_response(re.compile("/livestate/elements/x-hosted.js$")) as refused:
        page.goto(f"{lab.url}static/x-hosted.html")
    assert refused.value.status == 403
    expect(page.locator("x-hosted")).to_be_empty()
    # what the package carries is for everybody
    exports = page.evaluate(
        f"() => import('{lab.url}livestate/static/livestate.js').then(Object.keys)"
    )
    assert "LiveElement" in exports
    stranger.close()

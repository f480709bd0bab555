"""Draw pictures of docs/images: ui-*.png, voila.png and exports.png from notebooks/stock.ipynb,
and react-*.png, page-*.png and share.png from a notebook of cells that are elements.

Run ``python -m tests.ui.pictures``; tests/ui/tutorials.py draws those of the tutorials.
"""

import base64
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.servers import serve
from tests.ui.hosts import WITH_LIVESTATE, voila
from tests.ui.lab import LAB, Tab, chromium, export, new_context, notebook
from tests.ui.test_cells import ELEMENT, SETUP

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
THEMES = ("JupyterLab Light", "JupyterLab Dark")
SCHEMES = ("light", "dark")
WIDTH = 880
WIDTHS = dict.fromkeys(("table", "line", "scatter"), 960) | {"form": 1160, "json": 1160}
"""Widths of the window in which all of an element fits, where that is not the usual one."""
SHARED = f"""{SETUP.replace('topic="todos:*"', 'topic="todos:*", shared=True')}
Todos.publish()
"""
REACT = """\
%%live_element todo-react --topic todos:me
import { createElement as h, useState } from "react";
import { reactElement } from "livestate-nb/react";

function Todos({ state, live }) {
  const [isShort, setShort] = useState(false);
  const shown = state.items.filter((item) => !(isShort && item.done));
  return h("section", null,
    h("h3", null, `${shown.length} of ${state.items.length} things`),
    h("ul", null, shown.map(({ title }) => h("li", { key: title }, title))),
    h("button", { onClick: () => setShort(!isShort) }, isShort ? "Show all" : "Hide what is done"));
}

export default reactElement(Todos);
"""
SHARE = """
Todos.share("todos:me", origins="https://example.org", element="todo-list",
            url="https://live.example.org")
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>A plain page</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5em 2em }</style>
<script type="module" src="../livestate/elements/todo-list.js"></script>
<h1>A plain page</h1>
<p>No notebook and no build: a script, and the tag that it defines.</p>
<todo-list url="/livestate" topic="todos:me"></todo-list>
"""


def shown(page: Page) -> dict[str, Locator]:
    """Return what is drawn, by the name of the picture."""
    kinds = ("text", "number", "select", "slider", "checkbox", "markdown", "button", "progress")
    found = {kind: page.locator(f"livestate-{kind}").first for kind in kinds}
    found |= {kind: page.locator(f"livestate-{kind}").first for kind in ("log", "form", "json")}
    found |= {
        kind: page.locator(f"livestate-{kind}").first for kind in ("table", "line", "scatter")
    }
    found["row"] = page.locator("livestate-row").first
    found["column"] = page.locator("livestate-view").first
    return found


def shot(page: Page, what: Locator) -> str:
    """Return the picture of an element, as base64."""
    what.scroll_into_view_if_needed()
    place = what.bounding_box()
    assert place is not None
    clip = FloatRect(
        x=place["x"] - 8,
        y=place["y"] - 6,
        width=place["width"] + 16,
        height=place["height"] + 12,
    )
    return base64.b64encode(page.screenshot(clip=clip)).decode()


def beside(page: Page, name: str, shots: list[str]) -> None:
    """Put pictures, as base64, side by side into a file of docs/images."""
    images = "".join(f'<img src="data:image/png;base64,{one}">' for one in shots)
    page.set_content(f"""<body style="margin: 0; background: #fff">
      <div id="all" style="display: inline-flex; gap: 1px">{images}</div>""")
    page.locator("#all").screenshot(path=IMAGES / f"{name}.png")


def main() -> None:
    """Draw all."""
    elements()
    dashboard()
    cells()
    exports()


def cells() -> None:
    """Draw cells that are elements: one of React, one on a plain page, and the share of one."""
    directory = Path(tempfile.mkdtemp())
    (directory / "page.html").write_text(PAGE)
    config = f"c.ServerApp.extra_static_paths = [{str(directory)!r}]"
    with serve(directory, "jupyterlab", *LAB, config=config) as server, chromium() as browser:
        names = zip("abcd", (SHARED, ELEMENT, REACT.rstrip(), SHARE.strip()), strict=True)
        notebook(server.root / "cells.ipynb", *names)
        context = new_context(browser)
        tab = Tab(server, context, "cells.ipynb")
        tab.run_all()
        own, react = (tab.page.locator("livestate-view").nth(index) for index in range(2))
        own.get_by_placeholder("What else?").fill("Put it on a page")
        own.get_by_role("button", name="Add").click()
        own.get_by_label("Write an element in a cell").check()
        expect(react.get_by_text("2 of 2 things")).to_be_visible()
        tab.command("notebook:toggle-all-cell-line-numbers")
        tab.page.set_viewport_size({"width": 1280, "height": 2000})
        tab.page.add_style_tag(content=".Toastify { display: none }")
        cell = tab.page.locator(".jp-CodeCell").nth(2)
        page = context.new_page()
        page.set_viewport_size({"width": 640, "height": 300})
        page.goto(f"{server.url}static/page.html")
        expect(page.get_by_text("To do: 1 of 2")).to_be_visible()
        card = tab.page.locator(".livestate-card")
        expect(card.get_by_role("button", name="Copy")).to_be_visible()
        shots = []
        for theme, scheme in zip(THEMES, SCHEMES, strict=True):
            tab.page.bring_to_front()
            tab.theme(theme)
            tab.page.mouse.move(0, 0)
            cell.screenshot(path=IMAGES / f"react-{scheme}.png")
            shots.append(shot(tab.page, card))
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two
            page.bring_to_front()
            page.screenshot(path=IMAGES / f"page-{scheme}.png")
        beside(page, "share", shots)
    shutil.rmtree(directory)


def exports() -> None:
    """Save the notebook in JupyterLab, and draw what nbconvert makes of it, in both themes."""
    directory = Path(tempfile.mkdtemp())
    both = []
    with serve(directory, "jupyterlab", *LAB) as server, chromium() as browser:
        path = shutil.copy(ROOT / "notebooks" / "stock.ipynb", server.root)
        context = new_context(browser)
        tab = Tab(server, context, "stock.ipynb")
        tab.run_all()
        form = tab.page.get_by_role("form", name="New todo")
        form.get_by_label("Title").fill("Buy canvas")
        form.get_by_role("button", name="Add").click()
        expect(tab.page.locator("livestate-json").first).to_contain_text("Buy canvas")
        tab.save()
        page = context.new_page()
        page.set_viewport_size({"width": 640, "height": 900})
        for theme in SCHEMES:
            page.goto(export(Path(path), f"--HTMLExporter.theme={theme}").as_uri())
            page.locator(".livestate-saved").first.scroll_into_view_if_needed()
            both.append(base64.b64encode(page.screenshot()).decode())
        page.set_viewport_size({"width": 1281, "height": 900})
        beside(page, "exports", both)
    shutil.rmtree(directory)


def dashboard() -> None:
    """Show the notebook in Voila, in both themes, and draw the pages."""
    both = []
    for theme in SCHEMES:
        directory = Path(tempfile.mkdtemp())
        (directory / "root").mkdir()
        shutil.copy(ROOT / "notebooks" / "stock.ipynb", directory / "root")
        options = ("--theme", theme, WITH_LIVESTATE)
        with voila(directory, *options, name="stock.ipynb") as server, chromium() as browser:
            page = browser.new_page(viewport={"width": 640, "height": 900})
            page.goto(server.url)
            form = page.get_by_role("form", name="New todo").first
            form.get_by_label("Title").fill("Buy canvas", timeout=60_000)
            form.get_by_role("button", name="Add").click()
            expect(page.locator("livestate-json").first).to_contain_text("Buy canvas")
            page.mouse.move(0, 0)
            both.append(base64.b64encode(page.screenshot()).decode())
            page.set_viewport_size({"width": 1281, "height": 900})
            beside(page, "voila", [both[0], both[-1]])
        shutil.rmtree(directory)


def elements() -> None:
    """Run the notebook in JupyterLab and draw each element."""
    directory = Path(tempfile.mkdtemp())
    with serve(directory, "jupyterlab", *LAB) as server, chromium() as browser:
        shutil.copy(ROOT / "notebooks" / "stock.ipynb", server.root)
        context = new_context(browser)
        tab = Tab(server, context, "stock.ipynb")
        tab.page.set_viewport_size({"width": WIDTH, "height": 5200})
        tab.run_all()
        form = tab.page.get_by_role("form", name="New todo")
        form.get_by_label("Title").fill("Buy canvas")
        form.get_by_role("button", name="Add").click()
        tab.page.get_by_role("button", name="Paint").click()
        log = tab.page.get_by_role("log", name="Log")
        expect(log).to_contain_text("layer 20 is dry")
        prices = tab.page.get_by_role("columnheader", name="Price")
        prices.click()
        tab.page.get_by_role("button", name="Trade").click()
        chart = tab.page.get_by_role("img", name="Course")
        expect(chart).to_have_accessible_name(re.compile("line chart of 240 points"))
        tab.page.mouse.move(0, 0)
        tab.page.add_style_tag(content=".Toastify { display: none }")  # Lab's questions
        shots: dict[str, list[str]] = {}
        for theme in THEMES:
            tab.theme(theme)
            for name, what in shown(tab.page).items():
                width = WIDTHS.get(name, WIDTH)
                tab.page.set_viewport_size({"width": width, "height": 5200})
                tab.page.wait_for_timeout(300)  # charts are drawn anew
                shots.setdefault(name, []).append(shot(tab.page, what))
        page = context.new_page()
        for name, both in shots.items():
            beside(page, f"ui-{name}", both)
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()

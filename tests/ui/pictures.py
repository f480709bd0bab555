"""Draw docs/images/ui-*.png, voila.png and exports.png from notebooks/stock.ipynb.

Run ``python -m tests.ui.pictures``.
"""

import base64
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.servers import serve
from tests.ui.hosts import WITH_LIVESTATE, voila
from tests.ui.lab import LAB, Tab, chromium, export, new_context

ROOT = Path(__file__).parents[2]
THEMES = ("JupyterLab Light", "JupyterLab Dark")
BESIDE = """<body style="margin: 0"><div id="both" style="display: inline-flex; gap: 1px">
<img src="data:image/png;base64,{}"><img src="data:image/png;base64,{}"></div>"""


def shown(page: Page) -> dict[str, Locator]:
    """Return what is drawn, by the name of the picture."""
    kinds = ("text", "number", "select", "slider", "checkbox", "markdown", "button", "progress")
    found = {kind: page.locator(f"livestate-{kind}").first for kind in kinds}
    found |= {kind: page.locator(f"livestate-{kind}").first for kind in ("log", "form", "json")}
    found |= {
        kind: page.locator(f"livestate-{kind}").first for kind in ("table", "line", "scatter")
    }
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


def main() -> None:
    """Draw all."""
    elements()
    dashboard()
    exports()


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
        for theme in ("light", "dark"):
            page.goto(export(Path(path), f"--HTMLExporter.theme={theme}").as_uri())
            page.locator(".livestate-saved").first.scroll_into_view_if_needed()
            both.append(base64.b64encode(page.screenshot()).decode())
        page.set_viewport_size({"width": 1281, "height": 900})
        page.set_content(BESIDE.format(*both))
        page.locator("#both").screenshot(path=ROOT / "docs" / "images" / "exports.png")
    shutil.rmtree(directory)


def dashboard() -> None:
    """Show the notebook in Voila, in both themes, and draw the pages."""
    both = []
    for theme in ("light", "dark"):
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
            page.set_content(BESIDE.format(both[0], both[-1]))
            page.locator("#both").screenshot(path=ROOT / "docs" / "images" / "voila.png")
        shutil.rmtree(directory)


def elements() -> None:
    """Run the notebook in JupyterLab and draw each element."""
    directory = Path(tempfile.mkdtemp())
    with serve(directory, "jupyterlab", *LAB) as server, chromium() as browser:
        shutil.copy(ROOT / "notebooks" / "stock.ipynb", server.root)
        context = new_context(browser)
        tab = Tab(server, context, "stock.ipynb")
        tab.page.set_viewport_size({"width": 896, "height": 4200})
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
                shots.setdefault(name, []).append(shot(tab.page, what))
        page = context.new_page()
        for name, both in shots.items():
            page.set_content(BESIDE.format(*both))
            page.locator("#both").screenshot(path=ROOT / "docs" / "images" / f"ui-{name}.png")
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()

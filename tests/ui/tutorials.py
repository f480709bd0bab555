"""Draw docs/images/tutorial-*.png: the notebooks of docs/tutorials.md as they are used.

Run ``python -m tests.ui.tutorials``.
"""

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.servers import serve
from tests.ui.lab import LAB, Tab, chromium
from tests.ui.pictures import IMAGES, SCHEMES, THEMES, beside, shot
from tests.ui.test_tutorials import People

LABEL = """
for bird in range(0, 300, 2):
    with labelling.change() as state:
        if state["birds"][bird]["kind"] is None:
            kind = penguins["species"][bird]
            mark(state["birds"][bird], kind, "Ann")
            keep(bird, kind, "Ann")
            state["done"] += 1
"""


def main() -> None:
    """Draw all."""
    expect.set_options(timeout=60_000)
    directory = Path(tempfile.mkdtemp())
    (directory / "pages").mkdir()
    with serve(directory, "jupyterlab", *LAB) as server, chromium() as browser:
        people = People(browser, server)
        contact(people)
        comments(people)
        chat(people)
        training(people)
        labels(people)
        people.close()
    shutil.rmtree(directory)


def draw(tab: Tab, name: str, *places: str, width: int = 900) -> None:
    """Draw the outputs of cells side by side, once for each theme."""
    tab.page.set_viewport_size({"width": width, "height": 5000})
    tab.page.add_style_tag(content=".Toastify, .jp-Collapser { display: none }")
    tab.page.mouse.move(0, 0)
    for theme, scheme in zip(THEMES, SCHEMES, strict=True):
        tab.theme(theme)
        tab.page.wait_for_timeout(500)  # charts are drawn anew
        shots = [shot(tab.page, tab.page.locator(place).first) for place in places]
        tutorial(tab.page.context, f"{name}-{scheme}", shots)


def tutorial(context: BrowserContext, name: str, shots: list[str]) -> None:
    """Put pictures of a tutorial side by side into its file."""
    page = context.new_page()
    page.set_viewport_size({"width": 2000, "height": 1200})
    beside(page, f"tutorial-{name}", shots)
    page.close()


def contact(people: People) -> None:
    """Draw a form with mistakes in it."""
    tab = people.author("contact.ipynb")
    form = tab.element("contact-form")
    form.get_by_label("Name").fill("Ann")
    form.get_by_label("Email").fill("ann at example.org")
    form.get_by_label("Phone number").fill("call me")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_count(2)
    draw(tab, "contact", "contact-form", width=600)


def comments(people: People) -> None:
    """Draw two visitors."""
    tab = people.author("comments.ipynb")
    ann, bob = (tab.element("page-comments", index) for index in range(2))
    for one, text in [(ann, "Well said."), (bob, "I doubt it.")]:
        one.get_by_label("Comment", exact=True).fill(text)
        one.get_by_role("button", name="Send").click()
        expect(ann.get_by_text(text)).to_be_visible()
    draw(tab, "comments", "page-comments >> nth=0", "page-comments >> nth=1", width=600)


def chat(people: People) -> None:
    """Draw a room in which somebody is typing."""
    one = people.author("chat.ipynb")
    other = people.colleague("chat.ipynb")
    for tab, name in [(one, "Ann"), (other, "Bob")]:
        tab.element("chat-room").get_by_label("Your name").fill(name)
        tab.page.keyboard.press("Enter")
        message = tab.element("chat-room").get_by_label("Message", exact=True)
        message.fill(f"Hello, this is {name}.")
        tab.page.keyboard.press("Enter")
        expect(message).to_have_value("")
    message.fill("Two lumps,")
    expect(one.page.get_by_text("Ann · Bob is typing…")).to_be_visible()
    draw(one, "chat", "chat-room", width=600)


def training(people: People) -> None:
    """Draw the charts when something has been learnt."""
    tab = people.author("training.ipynb", is_run=False)
    tab.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    chart = tab.page.get_by_role("img", name="Course")
    expect(chart).to_have_accessible_name(re.compile(r"line chart of \d{3,} points"))
    tab.page.get_by_role("button", name="Stop").click()
    tab.ready()
    draw(tab, "training", "livestate-view")


def labels(people: People) -> None:
    """Draw birds of which half are labelled, and the dashboard of them."""
    tab = people.author("labels.ipynb")
    viewer = people.viewer("dashboard.ipynb")
    tab.evaluate(LABEL)
    cell = tab.page.get_by_role("gridcell", name="39.5", exact=True)
    cell.click()
    done = tab.evaluate("print(labelling.state['done'])")
    expect(viewer.get_by_text(f"{done} of 342")).to_be_visible()
    draw(tab, "labels", "livestate-view", width=1100)
    for theme in SCHEMES:
        viewer.set_viewport_size({"width": 760, "height": 560})
        viewer.goto(re.sub(r"(\?.*)?$", f"?theme={theme}", viewer.url.split("?")[0]))
        expect(viewer.get_by_text(f"{done} of 342")).to_be_visible(timeout=30_000)
        viewer.wait_for_timeout(1_000)  # the chart is drawn
        viewer.screenshot(path=IMAGES / f"tutorial-dashboard-{theme}.png")


if __name__ == "__main__":
    main()

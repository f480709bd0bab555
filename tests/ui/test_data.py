"""Tables and charts in a real JupyterLab: by mouse and keyboard, and how smooth they are."""

import json
import statistics
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from bench import frames
from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook

CELLS = """
%load_ext livestate_nb
from livestate_nb import Channel, on, ui

class Shares(Channel, topic="shares"):
    def init(self, params):
        return {
            "rows": [{"id": n, "name": f"share {n}", "price": (n * 7919) % 5000, "note": None}
                     for n in range(5000)],
            "points": [{"t": n, "a": n % 7, "b": None if n == 3 else 5} for n in range(10)],
            "chosen": [],
        }

    @on("choose")
    def choose(self, payload, state):
        state["chosen"].append(payload["value"])

    @on("edit")
    def edit(self, payload, state):
        if payload["value"] == 13:
            raise ValueError("not that price")
        state["rows"][payload["key"]][payload["column"]] = payload["value"]
"""
SHOW = """
shares = Shares.show("shares", ui.column(
    ui.table("rows", on_select="choose", on_edit="edit", rows=10),
    ui.line("points", x="t", y=["a", "b"], label="Course"),
    ui.scatter("points", x="a", y="b"),
))
"""
# Which of the colours of the legend are in the picture, and how many pixels are of none of both
# the theme's and those
PIXELS = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const near = (i, color) => [0, 1, 2].every((k) => Math.abs(pixels[i + k] - color[k]) < 12);
  const swatches = [...canvas.getRootNode().querySelectorAll(".swatch")];
  const one = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return swatches.map((swatch) => {
    one.clearRect(0, 0, 1, 1);
    one.fillStyle = getComputedStyle(swatch).color;
    one.fillRect(0, 0, 1, 1);
    const color = one.getImageData(0, 0, 1, 1).data;
    let count = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i + 3] > 150 && near(i, color)) count += 1;
    }
    return count;
  });
}"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def started(lab: Server, context: BrowserContext) -> Tab:
    notebook(lab.root / "shares.ipynb", ("setup", CELLS), ("show", SHOW))
    tab = Tab(lab, context, "shares.ipynb")
    tab.run_all()
    return tab


@pytest.fixture
def tab(started: Tab) -> Tab:
    started.evaluate("shares.close()")
    started.run("show")
    expect(grid(started)).to_have_attribute("aria-rowcount", "5001")
    return started


def grid(tab: Tab) -> Locator:
    return tab.page.get_by_role("grid", name="Rows")


def active(tab: Tab) -> Locator:
    return grid(tab).locator(".active")


def state(tab: Tab) -> dict[str, Any]:
    """Return the state as it is in Python."""
    read: dict[str, Any] = json.loads(
        tab.evaluate("import json; print(json.dumps(shares.state, default=vars))")
    )
    return read


def test_5000_rows_are_scrolled_and_only_what_is_visible_is_there(tab: Tab) -> None:
    rows = grid(tab).locator("tbody tr")
    assert rows.count() < 40
    scroller = tab.page.locator("livestate-table .scroller")
    assert scroller.evaluate("one => one.scrollHeight / one.clientHeight") > 400
    widths = "one => [...one.querySelectorAll('th')].map((th) => th.offsetWidth)"
    before = grid(tab).evaluate(widths)
    scroller.hover()
    tab.page.mouse.wheel(0, 70_000)
    expect(grid(tab).get_by_role("gridcell", name="share 2505", exact=True)).to_be_visible()
    assert rows.count() < 40
    assert grid(tab).evaluate(widths) == before
    head = grid(tab).get_by_role("columnheader", name="Name").bounding_box()
    box = scroller.bounding_box()
    assert head is not None
    assert box is not None
    assert abs(head["y"] - box["y"]) <= 2  # it stays at the top
    tab.page.mouse.wheel(0, 1_000_000)
    expect(grid(tab).get_by_role("gridcell", name="share 4999", exact=True)).to_be_visible()


def test_a_table_works_from_the_keyboard(tab: Tab) -> None:
    press = tab.page.keyboard.press
    grid(tab).focus()
    press("ArrowUp")
    press("End")
    press("ArrowLeft")
    expect(active(tab)).to_have_text("Price")
    press("Enter")
    expect(grid(tab).get_by_role("columnheader", name="Price")).to_have_attribute(
        "aria-sort", "ascending"
    )
    press("Control+End")
    expect(active(tab)).to_be_in_viewport()
    press("Home")
    press("ArrowRight")
    press("ArrowRight")
    expect(active(tab)).to_have_text("4999")
    press("PageUp")
    expect(active(tab)).to_have_text("4990")
    press("Space")
    expect(grid(tab).locator("[aria-selected=true]")).to_contain_text("4990")
    key = next(row["id"] for row in state(tab)["rows"] if row["price"] == 4990)
    tab.wait_for("print(shares.state['chosen'])", f"[{key}]")
    press("Enter")
    field = grid(tab).get_by_role("spinbutton", name="Price")
    expect(field).to_be_focused()
    tab.page.keyboard.type("13")  # in place of what was there
    press("Enter")
    expect(tab.page.get_by_role("alert").filter(has_text="not that price")).to_have_count(1)
    expect(field).to_be_focused()
    press("Control+a")
    tab.page.keyboard.type("4991.5")
    press("Enter")
    expect(field).to_have_count(0)
    expect(grid(tab)).to_be_focused()
    expect(active(tab)).to_have_text("4991.5")
    assert state(tab)["rows"][key]["price"] == 4991.5
    press("ArrowDown")
    expect(active(tab)).to_have_text("4992")  # the row went to its place in the order


def test_a_click_in_the_field_of_a_cell_puts_the_caret_there(tab: Tab) -> None:
    grid(tab).get_by_role("gridcell", name="share 3", exact=True).dblclick()
    field = grid(tab).get_by_role("textbox", name="Name")
    expect(field).to_be_focused()
    tab.wait_for("print(shares.state['chosen'])", "[3, 3]")  # each of the clicks is handled
    tab.page.keyboard.type("middle")
    field.click(position={"x": 12, "y": 8})
    expect(field).to_be_focused()
    field.dblclick()
    expect(field).to_be_focused()
    assert (
        field.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)") == "middle"
    )
    tab.page.keyboard.press("Home")
    tab.page.keyboard.type("in the ")
    tab.page.keyboard.press("Enter")
    expect(grid(tab).get_by_role("gridcell", name="in the middle", exact=True)).to_be_visible()
    assert state(tab)["rows"][3]["name"] == "in the middle"
    assert state(tab)["chosen"] == [3, 3]  # a click in a field selects no row


def test_what_is_typed_into_a_cell_stays_while_rows_come_and_move(tab: Tab) -> None:
    grid(tab).get_by_role("gridcell", name="share 3", exact=True).dblclick()
    field = grid(tab).get_by_role("textbox", name="Name")
    expect(field).to_be_focused()
    tab.page.keyboard.type("half a ")
    tab.evaluate(
        "with shares.change() as state:\n"
        "    state['rows'].insert(0, {'id': 9000, 'name': 'new'})\n"
        "    state['rows'].insert(1, state['rows'].pop(4))"
    )
    expect(grid(tab).get_by_role("gridcell", name="new")).to_be_visible()
    expect(field).to_be_focused()
    tab.page.keyboard.type("name")
    expect(field).to_have_value("half a name")


def test_charts_are_drawn_in_the_colours_of_the_theme_and_as_wide_as_there_is_room(
    tab: Tab,
) -> None:
    canvas = tab.page.locator("livestate-line canvas")
    dots = tab.page.locator("livestate-scatter canvas")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        tab.theme(theme)
        for one in (canvas, dots):
            one.scroll_into_view_if_needed()
            expect(one).to_be_visible()
            tab.page.wait_for_function(
                f"one => ({PIXELS})(one).every((count) => count > 50)", arg=one.element_handle()
            )
    name = tab.page.get_by_role("img", name="Course, line chart of 10 points")
    expect(name).to_be_visible()
    tab.page.set_viewport_size({"width": 900, "height": 1600})
    box = tab.page.locator("livestate-line .plot")
    tab.page.wait_for_function(
        "([one, box]) => Math.abs(one.clientWidth - box.clientWidth) < 2 && box.clientWidth < 800",
        arg=[canvas.element_handle(), box.element_handle()],
    )
    tab.page.set_viewport_size({"width": 1280, "height": 1600})


def test_a_chart_tells_the_values_at_the_mouse_and_by_keyboard(tab: Tab) -> None:
    legend = tab.page.locator("livestate-line figcaption")
    expect(legend).to_contain_text("A2")  # the last value
    tab.page.locator("livestate-line .u-over").hover(position={"x": 3, "y": 30})
    expect(legend).to_contain_text("A0")
    tab.page.locator("livestate-line .plot").focus()
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    expect(legend).to_contain_text("A3")
    expect(legend).to_contain_text("B\N{EN DASH}")
    expect(tab.page.get_by_role("status").filter(has_text="3: A 3, B \N{EN DASH}")).to_have_count(1)


def test_60_updates_a_second_are_all_shown_and_leave_frames_between(
    lab: Server, context: BrowserContext
) -> None:
    frames.write(lab.root / "frames.ipynb")
    tab = Tab(lab, context, "frames.ipynb")
    frames.show(tab, "table and line")
    run = frames.measure(tab, ["rows", "points"], seconds=6)
    assert run.changes == 360
    assert statistics.median(run.gaps) < 50  # bench.frames measures the rest, on a quiet machine

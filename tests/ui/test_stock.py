"""The stock elements in a real JupyterLab: notebooks/stock.ipynb, by mouse and by keyboard."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook

ROOT = Path(__file__).parents[2]
AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("JupyterLab Light", "JupyterLab Dark")

CELLS = """
%load_ext livestate_nb
import threading, time
from datetime import UTC, datetime
from typing import Annotated
import msgspec
from livestate_nb import Channel, on, ui

class Address(msgspec.Struct):
    city: str

class Round(msgspec.Struct, tag="round"):
    seats: int = 6

class Long(msgspec.Struct, tag="long", frozen=True):
    length: float = 2.5

class Booking(msgspec.Struct):
    table: Round | Long
    begins: Annotated[datetime, msgspec.Meta(tz=True)] = datetime(2026, 5, 1, 8, 30, 5, 123456, UTC)
    other: Round | Long | None = Long(3.5)
    bill: Address | None = None
    sure: bool | None = None
    tags: list[str] | None = None

class Board(Channel, topic="board"):
    def init(self, params):
        return {"title": "", "other": 0, "volume": 0, "count": 1.5, "notes": "plain", "sent": []}

    @on("rename")
    def rename(self, payload, state):
        if payload["value"] == "no":
            raise ValueError("not that one")
        state["title"] = payload["value"]

    @on("volume")
    def volume(self, payload, state):
        time.sleep(0.05)  # a handler that takes its time
        state["sent"].append(payload["value"])
        state["volume"] = payload["value"]

    @on("set")
    def set(self, payload, state):
        state[payload["key"]] = payload["value"]

    @on("book")
    def book(self, booking: Booking, state):
        state["sent"].append(repr(booking))

def hurry(seconds, *keys):
    # changes parts of the state, as fast as it can, while somebody types
    one = board  # the next test shows another
    def run():
        end, n = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            n += 1
            with one.change() as state:
                for key in keys:
                    state[key] = f"changed {n} times"
            time.sleep(0.01)
    thread = threading.Thread(target=run)
    thread.start()
"""
SHOW = """
board = Board.show("board", ui.column(
    ui.text("title", on="rename"),
    ui.text("other", label="Beside it"),
    ui.slider("volume", on="volume"),
    ui.number("count", on="set", payload={"key": "count"}, max=5),
    ui.text("notes", on="set", payload={"key": "notes"}, rows=3),
    ui.markdown("notes"),
    ui.text("missing.part", on="rename"),
    ui.form(Booking, on="book", submit="Book"),
))
"""
WATCH = """one => {
  window.seen = [];
  const look = () => { seen.push(Number(one.value)); requestAnimationFrame(look); };
  look();
}"""
HANDLED = """([key, value]) => {
  return document.querySelector("livestate-view").liveState.state[key] === value;
}"""
LOSE = """async control => {
  // cut the connection; is the control disabled when the loss was told?
  const { liveState } = document.querySelector("livestate-view");
  const lost = new Promise((resolve) => liveState.addEventListener("livestate-status", resolve));
  liveState.socket.conn.close(3000);
  await lost;
  await new Promise((resolve) => setTimeout(resolve));
  return control.disabled;
}"""
HOSTILE = """
<script>window.ran = "script"</script>
<img src="x" onerror="window.ran = 'onerror'">
<svg onload="window.ran = 'svg'"></svg>
<iframe srcdoc="<script>parent.ran = 'frame'</script>"></iframe>
<form action="javascript:alert(1)"><input name="x"><button>Sign in</button></form>
<style>body { display: none }</style>
<a href="javascript:window.ran = 'link'" id="link">here</a>
<p style="position: fixed; inset: 0">cover</p>

[there](javascript:window.ran='markdown') [safe](https://example.org) **the end**

<img src="https://tracker.example/html.png" alt="a pixel"> <img src="//tracker.example/bare.png">
<img srcset="https://tracker.example/set.png 1x"> <table background="https://tracker.example/back.png"></table>
<picture><source srcset="https://tracker.example/source.png">
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></picture>
<video autoplay poster="https://tracker.example/poster.png" src="https://tracker.example/film.mp4"></video>
<audio autoplay><source src="https://tracker.example/sound.mp3"></audio>

![an image](https://tracker.example/markdown.png) ![half an address](https://)
[![a badge](https://tracker.example/badge.png)](https://example.org/target)
![a dot](data:image/gif;base64,R0lGODlhAQABAAAAACw=)

<math><mtext><table><mglyph><style><!--</style>
<img title="--&gt;&lt;img src=1 onerror=window.ran=1&gt;">
"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def gallery(lab: Server, context: BrowserContext) -> Tab:
    shutil.copy(ROOT / "notebooks" / "stock.ipynb", lab.root)
    tab = Tab(lab, context, "stock.ipynb")
    tab.page.set_viewport_size({"width": 1280, "height": 5200})  # Lab detaches what is out of view
    tab.run_all()
    return tab


@pytest.fixture(scope="module")
def started(lab: Server, context: BrowserContext) -> Tab:
    notebook(lab.root / "board.ipynb", ("setup", CELLS), ("show", SHOW))
    tab = Tab(lab, context, "board.ipynb")
    tab.run_all()
    return tab


@pytest.fixture
def tab(started: Tab) -> Tab:
    started.page.bring_to_front()
    started.evaluate("board.close()")
    started.run("show")
    expect(box(started)).to_have_value("")
    return started


def box(tab: Tab, label: str = "Title") -> Locator:
    return tab.page.get_by_label(label, exact=True)


def state(tab: Tab, name: str = "board") -> dict[str, Any]:
    """Return the state as it is in Python."""
    text = tab.evaluate(f"import json; print(json.dumps({name}.state, default=vars))")
    read: dict[str, Any] = json.loads(text)
    return read


# the gallery


def test_the_gallery_is_alive(gallery: Tab) -> None:
    gallery.page.bring_to_front()
    title = gallery.page.get_by_label("Title", exact=True).first
    expect(title).to_have_value("Irises")
    gallery.page.get_by_role("button", name="Paint").click()
    layers = gallery.page.get_by_label("Layers")
    expect(layers).to_have_js_property("value", 1)
    log = gallery.page.get_by_role("log", name="Log")
    expect(log).to_contain_text("layer 20 is dry")
    box = log.bounding_box()
    last = log.get_by_text("layer 20 is dry").bounding_box()
    assert box is not None
    assert last is not None
    assert box["y"] + box["height"] / 2 < last["y"] < box["y"] + box["height"]  # at its end
    expect(gallery.page.get_by_role("status").filter(has_text="Layers: 100 %")).to_have_count(1)
    expect(gallery.page.get_by_role("heading", name="Vase")).to_be_visible()


def test_the_gallery_works_from_the_keyboard(gallery: Tab) -> None:
    page = gallery.page
    page.bring_to_front()
    page.get_by_label("Title", exact=True).first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Almond blossoms dd")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("b")  # "blue"
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("- two")
    page.keyboard.press("Tab")  # leaves the field
    expect(page.get_by_role("listitem").filter(has_text="two")).to_be_visible()
    page.get_by_role("button", name="Paint").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("log", name="Log")).to_be_focused()
    expect(page.get_by_text("43", exact=True)).to_be_visible()
    now = state(gallery, "studio")
    assert now["title"] == "Almond blossoms dd"
    assert now["count"] == 4
    assert now["colour"] == "blue"
    assert now["volume"] == 43
    assert now["is_framed"] is False
    assert now["notes"] == "one\n- two"


def test_a_form_is_filled_sent_and_reset_from_the_keyboard(gallery: Tab) -> None:
    page = gallery.page
    page.bring_to_front()
    form = page.get_by_role("form", name="New todo")
    title = form.get_by_label("Title")
    title.focus()
    page.keyboard.press("Enter")  # the browser asks for the title
    assert title.evaluate("one => one.matches(':invalid')")
    page.keyboard.type("Buy canvas")
    page.keyboard.press("Tab")
    page.keyboard.press("h")  # "high"
    page.keyboard.press("Tab")
    page.keyboard.type("1.5")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(title).to_have_value("")
    assert state(gallery, "studio")["todos"] == [
        {"title": "Buy canvas", "priority": "high", "hours": 1.5, "is_urgent": True}
    ]
    expect(form.get_by_label("Priority")).to_have_value("1")  # normal, as in the beginning


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(gallery: Tab, theme: str) -> None:
    page = gallery.page
    page.bring_to_front()
    gallery.theme(theme)
    # Jupyter's body is of no height, and axe takes what is in it for hidden
    page.add_style_tag(content="html, body { height: 100% }")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => axe.run({ include: [['livestate-view']] })")
    told = [
        (one["id"], node["target"], node["failureSummary"])
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert told == []
    checked = {one["id"]: len(one["nodes"]) for one in found["passes"]}
    assert checked["label"] >= 7
    assert checked["color-contrast"] >= 20


# fields


def test_typing_loses_nothing_while_the_field_and_its_neighbours_change(tab: Tab) -> None:
    title = box(tab)
    title.focus()
    tab.evaluate("hurry(3, 'title', 'other')")
    expect(tab.page.locator("livestate-text", has_text="Beside it")).to_contain_text("changed")
    tab.page.keyboard.press("Control+a")
    text = "the quick brown fox jumps over the lazy dog, twice or more"
    tab.page.keyboard.type(text, delay=20)
    expect(title).to_be_focused()
    expect(title).to_have_value(text)
    tab.page.keyboard.press("Enter")
    expect(title).to_have_value(re.compile("^changed|^the quick"))
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.type("draft")
    tab.page.keyboard.press("Escape")
    expect(title).not_to_have_value("draft")
    expect(title).to_be_focused()


def test_focus_and_selection_survive_changes(tab: Tab) -> None:
    tab.evaluate("with board.change() as state:\n    state['title'] = 'sunflowers in a vase'")
    title = box(tab)
    expect(title).to_have_value("sunflowers in a vase")
    title.focus()
    title.evaluate("one => one.setSelectionRange(3, 10)")
    tab.evaluate("with board.change() as state:\n    state['other'] = 'something'")
    expect(tab.page.get_by_text("something")).to_be_visible()
    selection = "one => [one.selectionStart, one.selectionEnd]"
    assert title.evaluate(selection) == [3, 10]
    tab.evaluate("with board.change() as state:\n    state['title'] = 'sunflowers, fifteen'")
    expect(title).to_have_value("sunflowers, fifteen")
    assert title.evaluate(selection) == [3, 10]
    expect(title).to_be_focused()


def test_a_text_keeps_its_lines_and_its_focus(tab: Tab) -> None:
    page, title = tab.page, box(tab)
    title.focus()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    expect(title).to_have_class("")
    page.evaluate("text => navigator.clipboard.writeText(text)", "\ntwo\nthree")
    page.keyboard.press("Control+v")
    expect(title).to_have_value("one\ntwo\nthree")
    expect(title).to_be_focused()
    page.keyboard.type("!")
    page.keyboard.press("Control+Enter")
    expect(title).to_have_class("")
    page.wait_for_function(HANDLED, arg=["title", "one\ntwo\nthree!"])
    assert state(tab)["title"] == "one\ntwo\nthree!"
    page.keyboard.press("Control+a")
    page.keyboard.type("one")
    page.keyboard.press("Control+Enter")
    expect(title).to_have_js_property("localName", "input")
    expect(title).to_be_focused()
    page.keyboard.type("s")
    expect(title).to_have_value("ones")


def test_a_form_sends_what_its_class_means(tab: Tab) -> None:
    form = tab.page.get_by_role("form", name="Book")
    button = form.get_by_role("button", name="Book")
    button.click()
    assert form.get_by_label("Table").evaluate("one => one.matches(':invalid')")
    form.get_by_label("Table").select_option("round")
    seats = form.get_by_role("group", name="round").get_by_label("Seats")
    expect(seats).to_be_visible()
    expect(form.get_by_label("City")).to_be_hidden()
    button.click()
    begins = "datetime.datetime(2026, 5, 1, 8, 30, 5, 123456, tzinfo=datetime.timezone.utc)"
    expect(seats).to_have_count(0)  # it was reset
    [booked] = state(tab)["sent"]
    assert booked.startswith(f"Booking(table=Round(seats=6), begins={begins}, other=Long(")
    assert booked.endswith("length=3.5), bill=None, sure=None, tags=None)")
    form.get_by_label("Table").select_option("long")
    form.get_by_label("Other").select_option("")
    form.get_by_label("Begins").fill("2026-05-01T12:00")
    bill = form.get_by_role("checkbox", name="Bill")
    bill.focus()
    tab.page.keyboard.press("Space")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.type("Arles")
    form.get_by_label("Sure").select_option("no")
    form.get_by_label("Tags").fill("window")
    button.click()
    expect(bill).not_to_be_checked()
    local = form.evaluate("() => new Date('2026-05-01T12:00').toISOString()")
    booked = tab.evaluate("print(board.state['sent'][-1])")
    assert "table=Long(length=2.5)" in booked
    assert "other=None, bill=Address(city='Arles'), sure=False, tags=['window'])" in booked
    assert local == "2026-05-01T12:00:00.000Z"  # the tests' browsers are there
    assert "begins=datetime.datetime(2026, 5, 1, 12, 0, tzinfo=datetime.timezone.utc)" in booked


def test_what_was_refused_stays_to_be_mended(tab: Tab) -> None:
    title = box(tab)
    title.fill("no")
    title.press("Enter")
    problem = tab.page.get_by_role("alert").filter(has_text="not that one")
    expect(problem).to_have_count(1)
    expect(title).to_have_value("no")
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill("now")
    title.press("Enter")
    expect(problem).to_have_count(0)
    expect(title).to_have_attribute("aria-invalid", "false")
    tab.page.wait_for_function(HANDLED, arg=["title", "now"])
    assert state(tab)["title"] == "now"


def test_numbers_arrive_as_what_was_typed(tab: Tab) -> None:
    count = box(tab, "Count")
    expect(count).to_have_value("1.5")
    for text, value in [("3", 3), ("-2.5", -2.5), ("1e-3", 0.001), ("", None)]:
        count.fill(text)
        count.press("Enter")
        expect(count).to_have_attribute("aria-invalid", "false")
        tab.page.wait_for_function(HANDLED, arg=["count", value])
        now = state(tab)["count"]
        assert (now, type(now)) == (value, type(value))
    count.fill("7")
    count.press("Enter")
    expect(count).to_have_attribute("aria-invalid", "true")
    assert state(tab)["count"] is None


def test_a_slider_sends_the_last_value_and_never_jumps_back(tab: Tab) -> None:
    volume = box(tab, "Volume")
    place = volume.bounding_box()
    assert place is not None
    volume.evaluate(WATCH)
    mouse = tab.page.mouse
    middle = place["y"] + place["height"] / 2
    mouse.move(place["x"] + 10, middle)
    mouse.down()
    mouse.move(place["x"] + place["width"] - 10, middle, steps=100)
    mouse.up()
    last = int(volume.input_value())
    assert last > 90
    tab.page.wait_for_function(
        "last => document.querySelector('livestate-view').liveState.state.volume === last",
        arg=last,
    )
    seen = tab.page.evaluate("() => window.seen")
    assert seen == sorted(seen)
    sent = state(tab)["sent"]
    assert sent[-1] == last
    assert sent == sorted(sent)
    assert 2 <= len(sent) < len(set(seen))


def test_nothing_in_markdown_runs_or_poses_as_ours(tab: Tab) -> None:
    tab.evaluate(f"with board.change() as state:\n    state['notes'] = {HOSTILE!r}")
    shown = tab.page.locator("livestate-markdown")
    expect(shown.get_by_text("the end")).to_be_visible()
    shown.get_by_text("here", exact=True).click()
    assert tab.page.evaluate("() => window.ran") is None
    html = shown.evaluate("one => one.shadowRoot.querySelector('.markdown').innerHTML")
    for part in ("script", "onerror", "onload", "iframe", "<form", "<input", "<button", "style"):
        assert part not in html
    safe = shown.get_by_role("link", name="safe")
    expect(safe).to_have_attribute("target", "_blank")
    expect(safe).to_have_attribute("rel", "noopener noreferrer")


def test_markdown_asks_other_servers_only_where_it_may(tab: Tab) -> None:
    page, asked = tab.page, []
    page.route("**://tracker.example/**", lambda route: route.abort())
    page.on("request", lambda one: asked.append(one.url) if "tracker" in one.url else None)
    tab.evaluate(f"with board.change() as state:\n    state['notes'] = {HOSTILE!r}")
    shown = page.locator("livestate-markdown")
    expect(shown.get_by_role("link", name="an image (tracker.example)")).to_be_visible()
    expect(shown.get_by_role("link", name="a pixel (tracker.example)")).to_be_visible()
    expect(shown.get_by_role("link", name="video (tracker.example)")).to_be_visible()
    expect(shown.get_by_role("link", name="audio (tracker.example)")).to_be_visible()
    expect(shown.get_by_text("half an address (https://)")).to_be_visible()
    badge = shown.get_by_role("link", name="a badge (tracker.example)")
    expect(badge).to_have_attribute("href", "https://example.org/target")
    expect(shown.get_by_role("img", name="a dot")).to_have_count(1)
    expect(shown.locator("[autoplay]")).to_have_count(0)
    assert asked == []
    shown.evaluate("one => { one.remoteMedia = true; }")
    image = shown.get_by_role("img", name="an image")
    image.scroll_into_view_if_needed()
    expect(image).to_have_attribute("referrerpolicy", "no-referrer")
    expect(image).to_have_js_property("complete", True)
    assert "https://tracker.example/markdown.png" in asked
    assert not [url for url in asked if "back" in url or "set" in url]


def test_a_missing_part_is_said_and_shown_once_it_is_there(tab: Tab) -> None:
    missing = tab.page.get_by_text("nothing at missing.part")
    expect(missing).to_be_visible()
    tab.evaluate("with board.change() as state:\n    state['missing'] = {'part': 'found'}")
    expect(box(tab, "Part")).to_have_value("found")


def test_a_lost_connection_disables_controls_and_gives_the_focus_back(tab: Tab) -> None:
    title = box(tab)
    title.focus()
    tab.page.keyboard.type("half a sen")
    assert title.evaluate(LOSE) is True
    expect(title).to_be_enabled()
    expect(title).to_be_focused()
    tab.page.keyboard.type("tence")
    tab.page.keyboard.press("Enter")
    expect(title).to_have_value("half a sentence")
    tab.page.wait_for_function(
        "() => document.querySelector('livestate-view').liveState.state.title === 'half a sentence'"
    )

"""An element that shows what its events are expected to do, in a real JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook

CELLS = '''
%load_ext livestate_nb
import asyncio, threading
from livestate_nb import Channel, Refuse, on

class Desk(Channel, topic="desk"):
    def init(self, params):
        return {"text": "", "texts": 0, "ticks": 0, "items": []}

    @on("write")
    async def write(self, payload, state):
        await asyncio.sleep(0.1)  # longer than from key to key
        state["text"] = payload["text"]
        state["texts"] += 1

    @on("add")
    async def add(self, payload, state):
        await asyncio.sleep(0.03)
        if payload["title"] == "no":
            raise Refuse("Not that one.")
        state["items"].append({"title": payload["title"], "by": "Python"})

    @on("tick")
    async def tick(self, payload, state):
        for _ in range(payload["times"]):
            state["ticks"] += 1
            yield
            await asyncio.sleep(0.005)

ELEMENT = """
import { html } from "lit";
import { LiveElement } from "livestate-nb";

export default class TheDesk extends LiveElement {
  #next = 1;

  render({ text, ticks, items }) {
    return html`
      <label>Text <input .value=${text} @input=${this.#write}></label> <output>${ticks}</output>
      <button @click=${() => this.#add(`item ${this.#next++}`)}>Add</button>
      <button @click=${() => this.#add("no")}>Add what is refused</button>
      <button ?disabled=${this.live.isPending("add")}>${this.live.isPending()}</button>
      <ol>${items.map(({ title, by }) => html`<li>${title} by ${by}</li>`)}</ol>`;
  }

  #write = (event) => {
    this.live.dispatch("write", { text: event.target.value }, {
      throttle: 20,
      optimistic: (draft, { text }) => {
        draft.text = text;
      },
    });
  };

  #add(title) {
    const optimistic = (draft) => {
      draft.items.push({ title, by: "me" });
    };
    this.live.dispatch("add", { title }, { optimistic });
  }
}
"""
'''
SHOW = 'desk = Desk.show("desk", element="the-desk", esm=ELEMENT)'
WATCH = """element => {
  // What is in the list whenever anything is another.
  const list = element.shadowRoot.querySelector("ol");
  element.seen = [];
  new MutationObserver(() => {
    element.seen.push([...list.children].map((item) => item.textContent));
  }).observe(list, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def started(lab: Server, browser: Browser) -> Iterator[Tab]:
    notebook(lab.root / "desk.ipynb", ("channel", CELLS), ("desk", SHOW))
    context = new_context(browser)
    tab = Tab(lab, context, "desk.ipynb")
    tab.run_all()
    yield tab
    context.close()


@pytest.fixture
def tab(started: Tab) -> Tab:
    started.evaluate("desk.close()")
    started.run("desk")
    expect(started.element("the-desk").get_by_label("Text")).to_have_value("")
    return started


def tick(tab: Tab, times: int) -> None:
    """Change a neighbour of the field, while somebody types."""
    run = f"threading.Thread(target=desk.dispatch, args=('tick', {{'times': {times}}})).start()"
    tab.evaluate(run)


def is_done(element: Locator) -> None:
    """Wait until all events are answered."""
    expect(element.get_by_role("button", name="false")).to_be_visible()


def test_typing_fast_into_a_throttled_field_loses_no_character(tab: Tab) -> None:
    field = tab.element("the-desk").get_by_label("Text")
    text = "".join(f"{n}," for n in range(80))
    tick(tab, 400)
    field.focus()
    tab.page.keyboard.type(text, delay=5)
    expect(field).to_have_value(text)
    is_done(tab.element("the-desk"))
    expect(field).to_have_value(text)
    assert tab.evaluate("print(desk.state['text'])") == text
    assert 1 < int(tab.evaluate("print(desk.state['texts'])")) < len(text) / 2
    assert int(tab.element("the-desk").locator("output").inner_text()) > 0


def test_focus_and_selection_survive_patches_to_neighbours_and_to_the_field(tab: Tab) -> None:
    field = tab.element("the-desk").get_by_label("Text")
    field.focus()
    tab.page.keyboard.type("almond blossoms")
    tick(tab, 200)
    for _ in range(8):
        tab.page.keyboard.press("ArrowLeft")
    tab.page.keyboard.type("tree ", delay=20)
    selection = "one => [one.selectionStart, one.selectionEnd]"
    assert field.evaluate(selection) == [12, 12]
    for _ in range(5):
        tab.page.keyboard.press("Shift+ArrowLeft")
    expect(tab.element("the-desk").locator("output")).to_have_text("200")
    is_done(tab.element("the-desk"))
    assert tab.evaluate("print(desk.state['text'])") == "almond tree blossoms"
    assert field.evaluate(selection) == [7, 12]
    expect(field).to_be_focused()


def test_an_effect_is_there_at_once_and_never_twice(tab: Tab) -> None:
    element = tab.element("the-desk")
    element.evaluate(WATCH)
    add = element.get_by_role("button", name="Add", exact=True)
    for _ in range(10):
        add.click()
    add.evaluate("async add => { add.click(); await add.getRootNode().host.updateComplete; }")
    expect(element.locator("li").last).to_contain_text("item 11")
    expect(element.get_by_text("item 11 by Python")).to_be_visible()
    wanted = [f"item {n} by Python" for n in range(1, 12)]
    expect(element.locator("li")).to_have_text(wanted)
    seen = element.evaluate("element => element.seen")
    assert any("item 11 by me" in items for items in seen)
    for items in seen:
        titles = [item.partition(" by ")[0] for item in items]
        assert titles == [f"item {n}" for n in range(1, len(titles) + 1)]


def test_what_was_refused_is_taken_back_and_told(tab: Tab) -> None:
    element = tab.element("the-desk")
    element.evaluate(WATCH)
    element.get_by_role("button", name="Add what is refused").click()
    expect(tab.page.get_by_role("alert").filter(has_text="Not that one.")).to_be_visible()
    expect(element.locator("li")).to_have_count(0)
    assert element.evaluate("element => element.seen") == [["no by me"], []]


def test_a_button_is_disabled_while_its_event_is_pending(tab: Tab) -> None:
    element = tab.element("the-desk")
    watch = """element => {
      element.told = [];
      new MutationObserver(([{ target }]) => element.told.push(target.disabled)).observe(
        element.shadowRoot.querySelectorAll("button")[2], { attributes: true });
    }"""
    element.evaluate(watch)
    element.get_by_role("button", name="Add", exact=True).click()
    expect(element.get_by_text("item 1 by Python")).to_be_visible()
    expect(element.get_by_role("button", name="false")).to_be_enabled()
    assert element.evaluate("element => element.told") == [True, False]

"""Elements on plain pages, with channels that the server hosts: what only a browser does."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import TOKEN, Server, serve
from tests.ui.lab import new_context

CHANNELS = """
from livestate_nb import Channel, on

class Values(Channel, topic="values:*"):
    def init(self, params):
        return params["state"]

    @on("set")
    def set(self, payload, state):
        state.update(payload)
"""
FIELDS = {
    "date": ('type="datetime-local"', "2026-01-01T10:00:00", "2026-02-02T11:30:00"),
    "week": ('type="week"', "2026-W01 ", "2026-W02"),
    "colour": ('type="color"', "#FF0000", "#00FF00"),
    "line": ("", "one\ntwo", "three\nfour"),
    "range": ('type="range" min="0" max="10" step="5"', "4", "9"),
    "number": ('type="number"', "x", "3"),
}
HELD = {
    "date": ("2026-01-01T10:00", "2026-02-02T11:30"),
    "week": ("", "2026-W02"),
    "colour": ("#ff0000", "#00ff00"),
    "line": ("onetwo", "threefour"),
    "range": ("5", "10"),
    "number": ("", "3"),
    "lines": ("one\ntwo", "three\nfour"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")
    (directory / "root").mkdir()
    (directory / "root" / "page_channels.py").write_text(CHANNELS)
    config = """
c.ServerApp.extra_static_paths = ["."]
c.LiveStateApp.channels = {"values:*": "page_channels:Values"}
"""
    with serve(directory, config=config) as server:
        yield server


@pytest.fixture
def visit(server: Server, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a page that has this in its body."""
    context = new_context(browser)
    page = context.new_page()

    def visit(body: str) -> Page:
        (server.root / "page.html").write_text(f'<!doctype html><meta charset="utf-8">{body}')
        page.goto(f"{server.url}static/page.html?token={TOKEN}")
        return page

    yield visit
    context.close()


def test_a_select_of_many_with_nothing_chosen_is_an_empty_list_in_a_form_s_data(
    visit: Callable[[str], Page],
) -> None:
    options = "<option>a</option></select>"
    page = visit(
        importing('import "/livestate/static/livestate-nb/template.js"')
        + f"""<live-template url="/livestate" topic="values:c" params='{{"state": {{}}}}'><template>
          <form :sendsubmit="set">
            <select multiple name="many">{options}
            <select multiple>{options}
            <select multiple name="off" disabled>{options}
            <fieldset disabled><select multiple name="closed">{options}</fieldset>
            <button>Save</button>
          </form></template></live-template>"""
    )
    page.get_by_role("button", name="Save").click()
    page.wait_for_function("document.querySelector('live-template').live.version > 0")
    assert page.locator("live-template").evaluate("it => it.live.state") == {"many": []}


def test_stock_elements_find_the_element_around_them_that_is_defined_after_them(
    visit: Callable[[str], Page],
) -> None:
    page = visit(
        """<my-board url="/livestate" topic="values:b" params='{"state": {"title": "hello"}}'>
          <livestate-text path="title"></livestate-text>
        </my-board>
        <script type="module">
          import { html } from "/livestate/static/lit.js";
          import { LiveElement } from "/livestate/static/livestate.js";
          import "/livestate/static/livestate-nb/ui.js";
          class Board extends LiveElement {
            render() { return html`<slot></slot>`; }
          }
          customElements.define("my-board", Board);
        </script>"""
    )
    expect(page.locator("livestate-text")).to_have_text("hello")


def importing(code: str) -> str:
    return f'<script type="module">{code}</script>'


def test_fields_follow_the_values_that_they_hold_in_a_form_of_their_own(
    visit: Callable[[str], Page],
) -> None:
    fields = [
        f'<input {kind} id="{name}" :value="{name}">' for name, (kind, _, _) in FIELDS.items()
    ]
    page = visit(
        importing('import "/livestate/static/livestate-nb/template.js"')
        + '<live-template url="/livestate" topic="values:a"><template>'
        + "".join(fields)
        + '<textarea id="lines" :value="lines"></textarea></template></live-template>'
    )
    states = [{name: states[n] for name, states in FIELDS.items()} for n in (1, 2)]
    for state, text in zip(states, ("one\r\ntwo", "three\r\nfour"), strict=True):
        state["lines"] = text
    page.locator("live-template").evaluate("(it, state) => { it.params = { state }; }", states[0])

    def shows(held: dict[str, str]) -> None:
        for name, value in held.items():
            expect(page.locator(f"#{name}")).to_have_value(value)

    shows({name: held for name, (held, _) in HELD.items()})
    page.locator("live-template").evaluate("(it, to) => it.live.dispatch('set', to)", states[1])
    shows({name: held for name, (_, held) in HELD.items()})

    # what was typed stays, until the state says the same
    typed = {"date": "2026-03-03T12:00", "colour": "#0000ff", "lines": "typed"}
    for name, value in typed.items():
        page.locator(f"#{name}").fill(value)
    page.locator("live-template").evaluate("(it, to) => it.live.dispatch('set', to)", states[0])
    shows({name: typed.get(name, held) for name, (held, _) in HELD.items()})

"""Elements written in cells: shown, edited and run again, and what an author sees of mistakes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.servers import Server
from tests.ui.lab import CONTRAST, Tab, new_context, notebook

SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel, on

class Todos(Channel, topic="todos:*"):
    def init(self, params):
        return {"items": [{"title": "Write an element in a cell", "done": False}]}

    @on("add_todo")
    def add(self, payload, state):
        state["items"].append({"title": payload["title"], "done": False})

    @on("toggle")
    def toggle(self, payload, state):
        item = state["items"][payload["index"]]
        item["done"] = not item["done"]
"""
ELEMENT = """\
%%live_element todo-list --topic todos:me
import { css, html } from "lit";
import { LiveElement } from "livestate-nb";

export default class TodoList extends LiveElement {
  static styles = css`
    ul { list-style: none; padding: 0 }
    .done { text-decoration: line-through }
  `;

  render({ items }) {
    const left = items.filter((item) => !item.done).length;
    return html`
      <h3>To do: ${left} of ${items.length}</h3>
      <ul>
        ${items.map(({ title, done }, index) => html`
          <li class=${done ? "done" : ""}>
            <label>
              <input type="checkbox" .checked=${done}
                @change=${() => this.live.dispatch("toggle", { index })}>
              ${title}
            </label>
          </li>`)}
      </ul>
      <form @submit=${this.live.submit("add_todo")}>
        <input name="title" placeholder="What else?"> <button>Add</button>
      </form>`;
  }
}
"""
BY_NAME = "shown = Todos.show('todos:other', element='todo-list', name='other')"
NAME = "cells.ipynb"


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(lab: Server, context: BrowserContext) -> Tab:
    cells = [("setup", SETUP), ("element", ELEMENT), ("by-name", BY_NAME), ("broken", "")]
    notebook(lab.root / NAME, *cells)
    tab = Tab(lab, context, NAME)
    tab.run_all()
    tab.save()
    return tab


def views(tab: Tab) -> list[Locator]:
    """Return the views of the cell itself, and of the one that shows its element by name."""
    return [tab.page.locator("livestate-view").nth(index) for index in range(2)]


def test_a_cell_is_a_lit_element_with_a_state_in_python(tab: Tab) -> None:
    own, _ = views(tab)
    own.get_by_placeholder("What else?").fill("Run it again")
    own.get_by_role("button", name="Add").click()
    expect(own.get_by_text("To do: 2 of 2")).to_be_visible()
    own.get_by_label("Run it again").click()
    expect(own.get_by_text("To do: 1 of 2")).to_be_visible()
    assert tab.evaluate("print(_.state['items'][-1])") == "{'title': 'Run it again', 'done': True}"


def test_running_it_again_replaces_it_everywhere_and_keeps_state_text_and_focus(
    tab: Tab, lab: Server, context: BrowserContext
) -> None:
    second = Tab(lab, context, NAME)
    _, other = views(second)
    field = other.get_by_placeholder("What else?")
    field.click()
    field.press_sequentially("Half a thou")
    field.press("ArrowLeft")
    tab.edit("element", ELEMENT.replace("To do:", "Left:"))
    tab.run("element")
    for page in (tab, second):
        for view in views(page):
            expect(view.get_by_text("Left:")).to_be_visible()
            expect(view.get_by_text("To do:")).to_be_hidden()
    expect(views(tab)[0].get_by_text("Left: 1 of 2")).to_be_visible()
    assert tab.page.locator("livestate-view").count() == 2
    field = other.get_by_placeholder("What else?")
    expect(field).to_be_focused()
    expect(field).to_have_value("Half a thou")
    second.page.keyboard.type("gh")
    expect(field).to_have_value("Half a thoghu")
    second.page.close()


def test_a_reload_shows_the_element_as_it_was_run_last(tab: Tab) -> None:
    tab.save()
    tab.reload()
    for view in views(tab):
        expect(view.get_by_text("Left:")).to_be_visible()


MISTAKES = {
    "syntax": ("", "render({ items })", "render({ items ", "Unexpected token '{'", 11),
    "unclosed": ("", "</form>`;", "</form>;", "Something before this is not closed", 29),
    "import": ("", '"lit"', '"vue"', """can't import "vue". An element can import""", 2),
    "export": ("", "css, html", "ccs, html", "'lit' does not provide an export named 'ccs'", 2),
    "address": (
        "",
        'from "livestate-nb"',
        'from "http://127.0.0.1:9/x.js"',
        """can't import "http://127.0.0.1:9/x.js": nothing is there""",
        3,
    ),
    "render": ("", "!item.done", "!item.state.done", "TypeError: Cannot read prop", 12),
    "blank lines": ("\n\n", "!item.done", "!item.state.done", "TypeError: Cannot read prop", 14),
    "top level": ("", "css`\n", "ccs`\n", "ReferenceError: ccs is not defined", 6),
    "no export": ("", "export default class", "class", "no default export", 5),
    "decorator": (
        "",
        "  static styles",
        "  @property() size = 1;\n  static styles",
        "Browsers can't read decorators such as @property",
        6,
    ),
    "typescript": ("", "items })", "items }: State)", "Browsers can't read TypeScript", 11),
    "jsx": (
        "",
        "return html`\n      <h3>",
        "return (\n      <h3>",
        "Browsers can't read JSX",
        14,
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_shown_with_the_line_of_the_cell(tab: Tab, mistake: str) -> None:
    above, right, wrong, said, line = MISTAKES[mistake]
    source = above + ELEMENT.replace("todo-list", "todo-broken").replace(right, wrong, 1)
    tab.edit("broken", source)
    tab.run("broken")
    alert = tab.page.locator("livestate-view").last.get_by_role("alert")
    expect(alert).to_contain_text(said)
    expect(alert).to_contain_text(f"todo-broken.js, line {line}, column ")
    code = source.splitlines()[line - 1].strip()
    expect(alert.locator("code").last).to_have_text(code)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_mistake_is_legible_in_both_themes(tab: Tab, theme: str) -> None:
    source = ELEMENT.replace("todo-list", "todo-broken").replace("!item.done", "!item.state.done")
    tab.edit("broken", source)
    tab.run("broken")
    tab.theme(theme)
    alert = tab.page.locator("livestate-view").last.get_by_role("alert")
    for part in (alert.locator("p"), alert.locator("code").first):
        ratio = part.evaluate(CONTRAST)
        assert ratio >= 4.5, f"contrast {ratio:.2f}"


def test_what_a_listener_throws_is_shown_with_its_line_until_it_is_dismissed(tab: Tab) -> None:
    source = ELEMENT.replace("todo-list", "todo-broken").replace("this.live.dispatch", "this.nope")
    tab.edit("broken", source)
    views = tab.page.locator("livestate-view")
    tab.run("broken")
    expect(views).to_have_count(3)  # this one comes last
    view = views.last
    view.get_by_role("checkbox").first.click()
    alert = view.get_by_role("alert")
    expect(alert).to_contain_text("TypeError: this.nope is not a function")
    expect(alert).to_contain_text("todo-broken.js, line 20, column ")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_hidden()


def test_an_exception_of_an_element_that_is_plain_lit_is_shown_too(tab: Tab) -> None:
    tab.edit(
        "broken",
        "%%live_element todo-broken --topic todos:me\n"
        'import { LitElement } from "lit";\n'
        "export default class extends LitElement {\n"
        "  render() { return this.nope(); }\n"
        "}",
    )
    tab.run("broken")
    alert = tab.page.locator("livestate-view").last.get_by_role("alert")
    expect(alert).to_contain_text("todo-broken.js, line 4, column 26")


def test_a_mended_cell_shows_its_element_again(tab: Tab) -> None:
    tab.edit("broken", ELEMENT.replace("todo-list", "todo-broken"))
    tab.run("broken")
    view = tab.page.locator("livestate-view").last
    expect(view.get_by_text("To do: 1 of 1")).to_be_visible()
    expect(view.get_by_role("alert")).to_be_hidden()


TEMPLATE = """\
%%live_template --topic todos:me
<h3 :text="`${items.length} things`"></h3>
<ul>
  <li :each="item in items" :text="item.title"></li>
</ul>
<form :sendsubmit="add_todo">
  <input name="title" placeholder="What else?"> <button>Add</button>
</form>
"""


def test_a_cell_of_html_is_a_template(tab: Tab) -> None:
    tab.edit("broken", TEMPLATE)
    tab.run("broken")
    view = tab.page.locator("livestate-view").last
    expect(view.get_by_text("1 things")).to_be_visible()
    view.get_by_placeholder("What else?").fill("A template")
    view.get_by_role("button", name="Add").click()
    expect(view.locator("li")).to_have_text(["Write an element in a cell", "A template"])
    tab.edit("broken", TEMPLATE.replace("things", "to do"))
    tab.run("broken")
    expect(view.get_by_text("2 to do")).to_be_visible()


def test_a_mistake_in_a_template_names_the_expression_and_its_line(tab: Tab) -> None:
    tab.edit("broken", TEMPLATE.replace("items.length", "items.nope.length"))
    tab.run("broken")
    alert = tab.page.locator("livestate-view").last.get_by_role("alert")
    expect(alert).to_contain_text("The template has an error in line 2, column 12.")
    expect(alert).to_contain_text("`${items.nope.length} things`")

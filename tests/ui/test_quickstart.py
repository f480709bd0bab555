"""The main job in a real JupyterLab: notebooks/quickstart.ipynb, used as a newcomer uses it."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.servers import Server
from tests.ui.lab import CONTRAST, Tab, new_context

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(lab: Server, context: BrowserContext) -> Tab:
    shutil.copy(NOTEBOOK, lab.root)
    tab = Tab(lab, context, "quickstart.ipynb")
    tab.run_all()
    return tab


def add_todo(tab: Tab, title: str, index: int = 0) -> None:
    element = tab.element("todo-list", index)
    element.get_by_placeholder("What needs doing?").fill(title)
    element.get_by_role("button", name="Add").click()
    expect(element.locator("li", has_text=title)).to_be_visible()


def test_a_todo_that_is_typed_is_in_the_element_and_in_python(tab: Tab) -> None:
    add_todo(tab, "Buy milk")
    field = tab.element("todo-list").get_by_placeholder("What needs doing?")
    expect(field).to_have_value("")
    assert "{'title': 'Buy milk', 'done': False}" in tab.run("state")


def test_a_change_from_python_is_in_the_element(tab: Tab) -> None:
    tab.evaluate("with todos.change() as s: s['items'].append({'title': 'By hand', 'done': True})")
    item = tab.element("todo-list").locator("li", has_text="By hand")
    expect(item.get_by_role("checkbox")).to_be_checked()
    item.get_by_role("checkbox").click()
    expect(item.get_by_role("checkbox")).not_to_be_checked()
    tab.wait_for("print(todos.state['items'][-1])", "{'title': 'By hand', 'done': False}")


def test_the_contact_form_writes_a_row_and_refuses_its_twin(tab: Tab, lab: Server) -> None:
    form = tab.element("contact-form")

    def fill(name: str) -> None:
        form.get_by_label("Name").fill(name)
        form.get_by_label("Email").fill("ann@example.org")
        form.get_by_label("Phone number").fill("0123")
        form.get_by_role("button", name="Save").click()

    fill("Ann")
    expect(form.get_by_text("Thank you for being a friend!")).to_be_visible()
    with sqlite3.connect(lab.root / "contacts.db") as connection:
        rows = connection.execute("select name, email, phone_number from contacts").fetchall()
    connection.close()
    assert rows == [("Ann", "ann@example.org", "0123")]
    assert "Ann  |  ann@example.org  |  0123" in tab.run("contacts")

    form.get_by_role("button", name="Add another").click()
    fill("Ann again")
    alert = tab.page.get_by_role("alert").filter(has_text="one of our friends already")
    expect(alert).to_be_visible()
    expect(form.get_by_label("Name")).to_have_value("Ann again")
    form.get_by_label("Email").fill("again@example.org")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Thank you for being a friend!")).to_be_visible()
    expect(alert).to_be_hidden()


def test_the_stock_element_shows_the_state_and_dispatches(tab: Tab) -> None:
    stock = tab.page.locator("livestate-stock")
    expect(stock.get_by_text("version 0")).to_be_visible()
    stock.get_by_role("textbox").first.fill('{"title": "From the tree"}')
    stock.get_by_role("button", name="add_todo").click()
    expect(stock.get_by_text("version 1")).to_be_visible()
    assert "From the tree" in tab.evaluate("print(tried.state)")


def test_enter_submits_and_plain_keys_stay_in_the_element(tab: Tab) -> None:
    element = tab.element("todo-list")
    element.get_by_placeholder("What needs doing?").fill("Sent by Enter")
    tab.page.keyboard.press("Enter")
    expect(element.locator("li", has_text="Sent by Enter")).to_be_visible()
    cells = tab.page.locator(".jp-Cell").count()
    element.get_by_role("checkbox").first.focus()
    tab.page.keyboard.type("dd")  # in command mode this deletes a cell
    assert tab.page.locator(".jp-Cell").count() == cells


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_elements_are_legible_in_both_themes(tab: Tab, theme: str) -> None:
    tab.theme(theme)
    for tag, part in [
        ("todo-list", "li"),
        ("todo-list", "input[name=title]"),
        ("todo-list", "button"),
        ("livestate-stock", "summary"),
        ("livestate-stock", "button"),
    ]:
        locator = tab.element(tag).locator(part).first
        ratio = locator.evaluate(CONTRAST)
        assert ratio >= 4.5, f"{tag} {part} in {theme}: contrast {ratio:.2f}"


def test_running_a_cell_again_keeps_its_state_and_one_session(tab: Tab) -> None:
    add_todo(tab, "Before the second run")
    tab.run("show-todos")
    expect(tab.element("todo-list").locator("li", has_text="Before the second run")).to_be_visible()
    assert "Before the second run" in tab.run("state")
    assert tab.page.locator("todo-list").count() == 1
    add_todo(tab, "After the second run")


def test_a_second_tab_shows_the_same_state(tab: Tab, lab: Server, context: BrowserContext) -> None:
    tab.save()
    second = Tab(lab, context, "quickstart.ipynb")
    expect(second.element("todo-list").locator("li", has_text="Buy milk")).to_be_visible()
    add_todo(second, "From the second tab")
    first_element = tab.element("todo-list")
    expect(first_element.locator("li", has_text="From the second tab")).to_be_visible()
    add_todo(tab, "From the first tab")
    expect(second.element("todo-list").locator("li", has_text="From the first tab")).to_be_visible()
    second.page.close()
    add_todo(tab, "After the second tab")


def test_a_reload_finds_the_state_still_there(tab: Tab) -> None:
    tab.save()
    tab.reload()
    expect(tab.element("todo-list").locator("li", has_text="Buy milk")).to_be_visible()
    add_todo(tab, "After the reload")
    assert "After the reload" in tab.evaluate("print(todos.state)")

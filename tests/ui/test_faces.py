"""Live-templates and React on plain pages, in a real Chromium on a real server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import TOKEN, Server, serve

JS: Final = Path(__file__).parents[2] / "js"
FACES: Final = Path(__file__).parents[1] / "faces"
PAGES: Final = FACES / "pages"
ENTRIES: Final = (JS / "src" / "template.ts", PAGES / "react.js")
CONFIG: Final = """
c.ServerApp.extra_static_paths = [{pages!r}]
c.LiveStateApp.channels = {{"todos:*": "channels:Todos", "note:*": "channels:Note"}}
"""

Open = Callable[[str], Page]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules that the pages load, and where the pages go."""
    directory = tmp_path_factory.mktemp("faces")
    command = [str(JS / "node_modules" / ".bin" / "esbuild"), *map(str, ENTRIES), "--bundle"]
    command += ["--format=esm", "--entry-names=[name]", f"--outdir={directory}"]
    command += ['--define:process.env.NODE_ENV="production"', "--log-level=error"]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(JS / "node_modules")})
    (directory / "style.css").write_bytes((PAGES / "style.css").read_bytes())
    return directory


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")
    root = directory / "root"
    root.mkdir()
    (root / "channels.py").write_bytes((FACES / "channels.py").read_bytes())
    with serve(directory, config=CONFIG.format(pages=str(files))) as running:
        yield running


@pytest.fixture
def visit(
    browser: Browser, files: Path, server: Server, request: pytest.FixtureRequest
) -> Iterator[Open]:
    """Open pages, with a topic for each test; none of them may throw."""
    context = browser.new_context()
    errors: list[str] = []
    topic = f"todos:{request.node.name}"
    context.new_page().goto(f"{server.url}livestate/?token={TOKEN}")

    def visit(name: str) -> Page:
        text = (PAGES / f"{name}.html").read_text().replace("todos:page", topic)
        (files / f"{name}-{request.node.name}.html").write_text(text)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.url}static/{name}-{request.node.name}.html")
        return page

    yield visit
    context.close()
    assert errors == []


def test_a_template_shows_and_changes_a_state_that_two_pages_share(visit: Open) -> None:
    one = visit("template")
    expect(one.locator("h1")).to_have_text("Todos of Ada")
    expect(one.locator(".fallback")).to_have_count(0)
    form = one.locator("form input[name=title]")
    for title in ("milk", "tea"):
        form.fill(title)
        form.press("Enter")
        expect(form).to_have_value("")
    two = visit("template")
    titles = two.locator("li input[name=title]")
    expect(titles).to_have_count(2)
    expect(two.locator("#count output")).to_have_text("2")
    expect(two.locator("li small")).to_have_text(["a note on 2", "a note on 1"])
    two.locator("li").nth(1).locator("[type=checkbox]").check()
    expect(one.locator("li").nth(1)).to_have_class("done")
    expect(one.locator("li").nth(1).locator("[type=checkbox]")).to_be_checked()
    two.locator("li").nth(0).locator(".remove b").click()
    expect(one.locator("li input[name=title]")).to_have_count(1)
    one.reload()
    expect(one.locator("li.done input[name=title]")).to_have_value("milk")


def test_what_is_typed_and_the_focus_outlast_patches(visit: Open) -> None:
    one, two = visit("template"), visit("template")
    for title in ("a", "b", "c"):
        one.locator("form input[name=title]").fill(title)
        one.locator("form input[name=title]").press("Enter")
        expect(one.locator("form input[name=title]")).to_have_value("")
    field = two.locator("li[data-id='1'] input[name=title]")
    field.fill("half a ti")
    field.evaluate("field => field.setSelectionRange(4, 6)")
    one.locator("li[data-id='1'] .up").click()
    expect(two.locator("li").first).to_have_attribute("data-id", "1")
    one.locator("li[data-id='1'] input[name=title]").fill("theirs")
    one.locator("li[data-id='1'] input[name=title]").press("Tab")
    one.locator("li[data-id='2'] .remove").click()
    expect(two.locator("li")).to_have_count(2)
    expect(field).to_be_focused()
    expect(field).to_have_value("half a ti")
    assert field.evaluate("field => [field.selectionStart, field.selectionEnd]") == [4, 6]
    field.press("End")
    field.press_sequentially("tle ")
    field.press("Tab")
    # trimmed by the server
    expect(field).to_have_value("half a title")
    expect(one.locator("li[data-id='1'] input[name=title]")).to_have_value("half a title")


def test_an_input_is_sent_as_it_is_typed_and_events_that_fail_are_told(visit: Open) -> None:
    page = visit("template")
    search = page.locator("[type=search]")
    search.press_sequentially("quick typing", delay=1)
    expect(page.locator("#count b")).to_have_text("quick typing")
    expect(search).to_have_value("quick typing")
    page.locator("form button").click()
    expect(page.locator(".failure")).to_have_text("A todo needs a title.")
    page.locator("form input[name=title]").fill("a title")
    page.locator("form button").click()
    expect(page.locator(".failure")).to_have_count(0)
    expect(page.locator("form input[name=title]")).to_have_value("")


def test_radio_buttons_keep_what_was_chosen_until_it_was_sent(visit: Open) -> None:
    one, two = visit("template"), visit("template")
    small, middle, large = (two.locator("#size input").nth(index) for index in range(3))
    expect(large).to_be_checked()
    middle.check()  # it sends nothing
    one.locator("#size input").first.check()
    expect(small).to_have_js_property("defaultChecked", True)
    expect(middle).to_be_checked()
    two.locator("#size").evaluate("form => form.reset()")
    expect(small).to_be_checked()
    middle.check()
    one.locator("#size input").last.check()
    expect(large).to_have_js_property("defaultChecked", True)
    expect(middle).to_be_checked()
    small.check()
    expect(one.locator("#size input").first).to_be_checked()
    one.locator("#size input").last.check()
    expect(large).to_be_checked()


def test_a_template_that_is_given_another_topic_shows_nothing_of_the_first(visit: Open) -> None:
    page = visit("template")
    title = page.locator("form input[name=title]")
    title.fill("half a ti")
    seen = page.locator("#list").evaluate(
        """async (list) => {
          list.topic += "-other";
          await list.updateComplete;
          return list.innerText;
        }"""
    )
    assert seen == "Connecting…"
    expect(title).to_have_value("")
    expect(page.locator("#count output")).to_have_text("0")
    title.fill("milk")
    title.press("Enter")
    expect(page.locator("#count output")).to_have_text("1")


def test_a_wrong_expression_is_shown_in_its_place(visit: Open) -> None:
    page = visit("broken")
    alert = page.locator("[role=alert]")
    expect(alert).to_contain_text("TypeError: Cannot read properties of undefined")
    expect(alert).to_contain_text("<span>")
    expect(alert).to_contain_text("usr.name.toUpperCase()")
    expect(page.locator("output")).to_have_text("0")


def test_a_page_that_forbids_eval_says_so(visit: Open) -> None:
    page = visit("strict")
    expect(page.locator("[role=alert]").first).to_contain_text("'unsafe-eval'")


def test_react_shows_a_state_that_two_pages_share(visit: Open) -> None:
    one, two = visit("react"), visit("react")
    for title in ("milk", "tea"):
        one.locator("input[name=title]").fill(title)
        one.locator("form button").click()
        expect(one.locator("input[name=title]")).to_have_value("")
    expect(two.locator("li")).to_have_text(["tea", "milk"])
    expect(two.locator("form button")).to_have_text("Add to 2")
    two.locator("li input").nth(1).click()
    expect(one.locator("li").nth(1)).to_have_class("done")
    expect(one.locator("todo-count p")).to_have_text("2 todos, live, version 3")
    one.reload()
    expect(one.locator("li")).to_have_text(["tea", "milk"])
    expect(one.locator("li").nth(1)).to_have_class("done")

"""The HTML of the documentation, opened as printed in a real Chromium, as pages of a real server.

What needs more than a page is marked with `skip: next` and the reason, as Python is
(tests/docs/test_examples.py). What a page logs stands on it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from unittest import SkipTest

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sybil import Example
from sybil.document import Document
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.servers import TOKEN, Server, serve_alone
from tests.ui.lab import PATIENCE_MS

ROOT: Final = Path(__file__).parents[2]
ELEMENTS: Final = ROOT / "docs" / "elements.md"
CHANNELS: Final = """
from livestate_nb import Channel, Refuse, on


class Titles(Channel, topic="todos:*"):
    def init(self, params):
        return {"items": ["milk"]}

    @on("add_todo")
    def add(self, payload, state):
        state["items"].append(payload["title"])


class Rows(Channel, topic="todos:*"):
    def init(self, params):
        return {"items": [{"id": 1, "title": "milk", "done": False}]}

    @on("add_todo")
    def add(self, payload, state):
        row = {"id": len(state["items"]) + 1, "title": payload["title"], "done": False}
        state["items"].append(row)

    @on("toggle")
    def toggle(self, payload, state):
        [row] = [row for row in state["items"] if str(row["id"]) == payload["id"]]
        row["done"] = not row["done"]


def connect(params, user, auth_token):
    if auth_token != "of ann":
        raise Refuse("log in first")
"""
ROWS: Final = {"templates.md"}
"""Pages whose items are rows; those of the others are titles."""
LOG: Final = "console.log = (...all) => document.body.append(JSON.stringify(all));"

Open = Callable[[str], Page]


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def printed() -> Iterator[Any]:
    """Find what is to run as printed: page and HTML of each block that is not skipped."""
    pages = [ROOT / "README.md", ROOT / "js" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        found: list[Example] = []
        parsers = (
            SkipParser(),
            CodeBlockParser("html", found.append),
            CodeBlockParser("python", lambda _: None),  # what may be skipped as well
        )
        for example in Document.parse(str(page), *parsers).examples():
            with suppress(SkipTest):
                example.evaluate()
        for example in found:
            name = f"{page.relative_to(ROOT)}:{example.line}"
            yield pytest.param(page.name in ROWS, example.parsed, id=name)


@contextmanager
def site(directory: Path, channel: str, *, is_signed: bool = False) -> Iterator[Server]:
    """Serve a channel, the element of docs/elements.md, and pages of the directory `root`.

    Args:
        directory: an empty one.
        channel: serves todos:me.
        is_signed: is it the connect callback, and not Jupyter, that says who may connect?
    """
    root = directory / "root"
    for made in (root, directory / "config"):
        made.mkdir()
    (root / "my_channels.py").write_text(CHANNELS)
    (root / "todo-list.js").write_text(blocks(ELEMENTS, "js")[0])
    token, connect = ("", "my_channels:connect") if is_signed else (TOKEN, "")
    (directory / "config" / "jupyter_server_config.py").write_text(f"""
c.IdentityProvider.token = {token!r}
c.ServerApp.extra_static_paths = [{str(root)!r}]
c.LiveStateApp.channels = {{"todos:*": "my_channels:{channel}"}}
c.LiveStateApp.elements = {{"todo-list": {str(root / "todo-list.js")!r}}}
c.LiveStateApp.connect = {connect!r}
""")
    command = ("livestate_nb_server", "serve", "--ip=127.0.0.1", "--allow-root")
    with serve_alone(directory, "livestate/", *command) as server:
        yield server


@pytest.fixture(scope="module")
def titles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with site(tmp_path_factory.mktemp("titles"), "Titles") as server:
        yield server


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with site(tmp_path_factory.mktemp("rows"), "Rows") as server:
        yield server


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with site(tmp_path_factory.mktemp("signed"), "Titles", is_signed=True) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.add_init_script(LOG)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def visit(server: Server, context: BrowserContext, html: str) -> Page:
    """Open HTML as a page of the server."""
    (server.root / "page.html").write_text(f"<!doctype html>{html}")
    page = context.new_page()
    page.goto(f"{server.url}static/page.html")
    return page


@pytest.mark.parametrize(("has_rows", "html"), list(printed()))
def test_a_block_of_html_runs_as_printed(
    has_rows: bool, html: str, context: BrowserContext, titles: Server, rows: Server
) -> None:
    server = rows if has_rows else titles
    context.new_page().goto(f"{server.url}livestate/?token={TOKEN}")
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = visit(server, context, html)
    expect(page.get_by_text("milk")).to_be_visible()
    if page.locator("form").count():
        page.locator("input[name=title]").fill("tea")
        page.get_by_role("button").click()
        expect(page.get_by_text("tea")).to_be_visible()
    assert errors == []


# a page that logs in by itself


@pytest.fixture
def open_signed(signed: Server, context: BrowserContext) -> Open:
    """Open the page of docs/elements.md on a site that gives it a token."""
    module = (signed.root / "todo-list.js").read_text()
    [html] = [block for block in blocks(ELEMENTS, "html") if "authToken" in block]
    javascript = "text/javascript"

    def open_signed(token: str) -> Page:
        element, answer = f"{signed.url}todo-list.js", f"{signed.url}auth-token"
        context.route(element, lambda to: to.fulfill(content_type=javascript, body=module))
        context.route(answer, lambda to: to.fulfill(body=token))
        return visit(signed, context, html)

    return open_signed


def test_an_element_logs_in_as_printed_by_the_token_of_its_site(open_signed: Open) -> None:
    page = open_signed("of ann")
    expect(page.get_by_role("listitem")).to_have_text(["milk"])


def test_without_the_token_that_the_callback_wants_nobody_connects(
    open_signed: Open, signed: Server
) -> None:
    page = open_signed("of nobody")
    page.wait_for_function("document.querySelector('todo-list').live?.status === 'offline'")
    told = page.evaluate("document.querySelector('todo-list').live.error.type")
    assert told == "socket error"
    assert "nobody" not in signed.log.read_text()

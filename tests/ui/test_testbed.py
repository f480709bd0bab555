"""The testbed's pages in a real Chromium: with the unmodified phx-live-state they are written for,
and with our client after changing only the import."""

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.gateways import Gateway, without_websockets
from tests.testbed.starting import Testbed, run_testbed


class Open(Protocol):
    """Open a page by its name, at a port other than the testbed's where one is named."""

    def __call__(self, name: str, port: int | None = None) -> Page: ...


@pytest.fixture(scope="module")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with run_testbed(tmp_path_factory.mktemp("testbed") / "log") as running:
        yield running


@pytest.fixture
def gateway(testbed: Testbed) -> Iterator[Gateway]:
    """A way to the testbed on which WebSockets are refused."""
    port = urlsplit(testbed.pages).port
    assert port is not None
    with without_websockets(port) as running:
        yield running


@pytest.fixture(params=["", "ours/"], ids=["phx-live-state", "ours"])
def folder(request: pytest.FixtureRequest) -> str:
    """Where the testbed has the pages of one of the clients."""
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, testbed: Testbed, folder: str) -> Iterator[Open]:
    """Open pages of the testbed, built with one of the clients; none of them may throw."""
    context = browser.new_context()
    errors: list[str] = []

    def visit(name: str, port: int | None = None) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages = urlsplit(testbed.pages)
        host = f"{pages.hostname}:{port or pages.port}"
        path = f"{pages.path}{folder}{name}.html"
        page.goto(pages._replace(netloc=host, path=path).geturl())
        return page

    yield visit
    context.close()
    assert errors == []


def test_two_elements_share_one_instance_and_a_button_waits_for_the_answer(visit: Open) -> None:
    page = visit("todo")
    todos, button = page.locator("todo-list li"), page.locator("todo-form button")
    field = page.locator("todo-form input")
    # what the server says is held back until the button was looked at
    page.evaluate(
        """() => {
          const { conn } = document.querySelector("todo-form").liveState.socket;
          const { onmessage } = conn;
          const held = [];
          conn.onmessage = (event) => held.push(event);
          window.release = () => {
            conn.onmessage = onmessage;
            for (const event of held) onmessage(event);
          };
        }"""
    )
    field.fill("buy milk")
    button.click()
    expect(button).to_be_disabled()
    page.evaluate("() => window.release()")
    expect(button).to_be_enabled()
    expect(todos).to_have_text(["buy milk"])
    field.fill("drink it")
    field.press("Enter")
    expect(todos).to_have_text(["drink it", "buy milk"])
    expect(button).to_be_enabled()


def test_react_renders_the_state_through_a_hook(visit: Open) -> None:
    page = visit("react")
    for description in ("one", "two"):
        page.locator("input").fill(description)
        page.locator("button").click()
    expect(page.locator("li")).to_have_text(["two", "one"])


def test_join_params_come_from_an_attribute(visit: Open) -> None:
    expect(visit("params").locator("api-key p")).to_have_text("from the attribute")


def test_the_version_rolls_over(visit: Open) -> None:
    page = visit("rollover")
    output, button = page.locator("output"), page.locator("button")
    expect(output).to_have_text("bar 0")
    for click in range(1, 17):
        button.click()
        expect(output).to_have_text(f"{click} {click % 11}")


def test_refused_joins_and_states_are_displayed(visit: Open) -> None:
    expect(visit("errors").locator("[role=alert]")).to_have_text(["Go away!", "you stink"])


def test_decorated_elements_share_what_one_of_them_provides(visit: Open) -> None:
    page = visit("decorated")
    button, todos = page.locator("decorated-form button"), page.locator("decorated-list li")
    page.wait_for_function("() => document.querySelector('decorated-form').liveState")
    for n in (1, 2):
        button.click()
        expect(todos).to_have_text(["decorated"] * n)
    expect(page.locator("decorated-list p")).to_have_text("2")


def test_long_poll_takes_the_place_of_a_websocket_that_is_refused(
    visit: Open, gateway: Gateway, folder: str
) -> None:
    sockets = 1 if folder else 2  # with ours, the page's two elements share one
    page, other = visit("fallback", gateway.port), visit("fallback")
    room, replies = page.locator("chat-room"), page.locator("last-reply")
    polls: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path.endswith("/livestate/longpoll"):
            polls.append(request.method)

    page.on("request", note)
    replies.locator("button").click()
    expect(replies.locator("p")).to_have_text('1 {"foo":"bar"}')

    # what comes and goes by polls reaches a page on a WebSocket, and the other way round
    expect(other.locator("chat-room ul")).to_be_attached()
    room.locator("input").fill("by polls")
    room.locator("input").press("Enter")
    expect(other.locator("chat-room li")).to_have_text(["by polls"])
    other.locator("input").fill("by WebSocket")
    other.locator("input").press("Enter")
    expect(room.locator("li")).to_have_text(["by polls", "by WebSocket"])
    assert (gateway.refused, {*polls}) == (sockets, {"GET", "POST"})

    # a page that is loaded again knows, and asks for no WebSocket
    page.reload()
    replies.locator("button").click()
    expect(replies.locator("p")).to_have_text('1 {"foo":"bar"}')
    room.locator("input").fill("after the reload")
    room.locator("input").press("Enter")
    expect(room.locator("li")).to_have_text(["after the reload"])
    expect(other.locator("chat-room li")).to_have_text(
        ["by polls", "by WebSocket", "after the reload"]
    )
    assert gateway.refused == sockets

"""One list of checks for all hosts that show notebooks; docs/hosts.md names them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from tests.ui.hosts import HOSTS, Host, Probe, host
from tests.ui.lab import new_context


@pytest.fixture(scope="module", params=list(HOSTS))
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    with host(request.param, tmp_path_factory.mktemp("host")) as place:
        yield place


@pytest.fixture(scope="module")
def sockets() -> list[WebSocket]:
    """The WebSockets of elements that a host's pages opened."""
    return []


@pytest.fixture(scope="module")
def context(place: Host, browser: Browser, sockets: list[WebSocket]) -> Iterator[BrowserContext]:
    context = new_context(browser)
    sockets.clear()

    def note(socket: WebSocket) -> None:
        if "/livestate/" in socket.url:
            sockets.append(socket)

    context.on("page", lambda page: page.on("websocket", note))
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(place: Host, context: BrowserContext) -> Page:
    return place.show(place.server, context)


def test_elements_join_by_the_best_way_there_is(
    place: Host, page: Page, sockets: list[WebSocket]
) -> None:
    expect(Probe(page).n).to_have_text("0")
    assert bool(sockets) == place.has_socket


def test_an_event_brings_a_patch_to_all_views(page: Page) -> None:
    Probe(page).click("inc")
    expect(Probe(page).n).to_have_text("1")
    expect(Probe(page, 1).n).to_have_text("1")
    Probe(page, 1).click("turn")
    expect(Probe(page).rows).to_have_text(["row 2", "row 1", "row 0"])


def test_a_reply_event_goes_to_the_sender(page: Page) -> None:
    Probe(page).click("ask")
    expect(Probe(page).answer).to_have_text("probe:a/b has 1")


def test_a_lost_connection_is_taken_up_again(place: Host, page: Page) -> None:
    place.way.cut()
    Probe(page).click("inc")
    expect(Probe(page).n).to_have_text("2")
    expect(Probe(page, 1).n).to_have_text("2")


def test_a_second_client_shares_the_session_or_has_a_kernel_of_its_own(
    place: Host, page: Page, context: BrowserContext
) -> None:
    second = place.show(place.server, context)
    expect(Probe(second).n).to_have_text("0" if place.is_private else "2")
    Probe(second).click("inc")
    expect(Probe(second).n).to_have_text("1" if place.is_private else "3")
    Probe(page).click("inc")
    expect(Probe(page).n).to_have_text("3" if place.is_private else "4")
    expect(Probe(second).n).to_have_text("1" if place.is_private else "4")


def test_a_page_that_is_loaded_again_is_live(place: Host, page: Page) -> None:
    page.reload()
    expect(Probe(page).n).to_have_text("0" if place.is_private else "4")
    Probe(page).click("inc")
    expect(Probe(page).n).to_have_text("1" if place.is_private else "5")

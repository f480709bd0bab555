"""Elements over the kernel's WebSocket in JupyterLab, below a base_url as JupyterHub gives it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from tests.servers import Server, serve
from tests.ui.lab import LAB, Tab, new_context, notebook, open_socket
from tests.ui.test_sessions import SETUP, SHOW, click, number

LOOP = "import time\nwhile True: time.sleep(0.1)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory: Path = tmp_path_factory.mktemp("lab")
    with serve(directory, "jupyterlab", *LAB, "--ServerApp.base_url=/user/ann%40x/") as server:
        yield server


@pytest.fixture
def sockets() -> list[WebSocket]:
    """The WebSockets that the page of `tab` opened to its kernel's channels."""
    return []


@pytest.fixture
def tab(lab: Server, browser: Browser, sockets: list[WebSocket]) -> Iterator[Tab]:
    cells = [("setup", SETUP), ("one", f"one = {SHOW}"), ("loop", LOOP)]
    notebook(lab.root / "relay.ipynb", *cells)
    context = new_context(browser)

    def note(socket: WebSocket) -> None:
        if "/livestate/kernels/" in socket.url:
            sockets.append(socket)

    context.on("page", lambda page: page.on("websocket", note))
    tab = Tab(lab, context, "relay.ipynb")
    for cell in ("setup", "one"):
        tab.run(cell)
    number(tab, 0, 0)
    yield tab
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().catch(() => 0)"
    )
    context.close()


def test_the_widget_takes_the_websocket_and_works_while_a_cell_runs(
    tab: Tab, lab: Server, sockets: list[WebSocket]
) -> None:
    socket = open_socket(tab.page, sockets)
    opened = [*sockets]
    assert len(opened) < 4
    assert re.fullmatch(
        r"ws://127\.0\.0\.1:\d+/user/ann%40x/livestate/kernels/[\w-]+/websocket\?vsn=2\.0\.0",
        socket.url,
    )
    click(tab, 0, "inc")
    number(tab, 0, 1)
    tab.start("loop")
    for count in (2, 3, 4):
        click(tab, 0, "inc")
        number(tab, 0, count)
    tab.command("notebook:interrupt-kernel")
    tab.ready()
    assert tab.evaluate("print(one.state)") == "{'n': 4}"
    assert sockets == opened
    assert not socket.is_closed()


def test_a_page_that_is_loaded_while_a_cell_runs_is_live_at_once(tab: Tab) -> None:
    click(tab, 0, "inc")
    number(tab, 0, 1)
    tab.save()
    tab.start("loop")
    tab.page.reload()
    number(tab, 0, 1)
    click(tab, 0, "inc")
    number(tab, 0, 2)
    tab.command("notebook:interrupt-kernel")
    tab.ready()
    click(tab, 0, "inc")
    number(tab, 0, 3)


def test_a_restarted_kernel_says_so_and_the_last_state_stays(tab: Tab) -> None:
    click(tab, 0, "inc")
    number(tab, 0, 1)
    tab.page.evaluate(
        """() => {
          window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
        }"""
    )
    expect(tab.page.get_by_text("The kernel has gone: run the cell again.")).to_be_visible()
    number(tab, 0, 1)  # greyed, but there
    expect(tab.page.locator("livestate-view .content")).to_have_class(re.compile("stale"))
    tab.ready()
    tab.run("setup")
    tab.run("one")
    number(tab, 0, 0)
    click(tab, 0, "inc")
    number(tab, 0, 1)


def test_a_kernel_that_crashes_or_is_shut_down_says_so(tab: Tab) -> None:
    click(tab, 0, "inc")
    number(tab, 0, 1)
    tab.page.evaluate(
        """() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
          .requestExecute({ code: "import os; os.kill(os.getpid(), 9)" }).done.catch(() => 0)"""
    )
    notice = tab.page.locator("livestate-view .notice")
    expect(notice).to_be_visible()
    expect(notice).to_have_text(re.compile("Reconnecting|restarting|has gone"))
    number(tab, 0, 1)

"""What `jupyter livestate gen` writes runs as it comes out: in JupyterLab, and built in a page."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Locator, WebSocket, expect

from livestate_nb.testing import Server as LiveServer
from livestate_nb.testing import serving
from livestate_nb_server.command import main
from tests.nodes import find_node, install, run
from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook, open_socket

ROOT = Path(__file__).parents[2]
BRIEFLY = """
    const element = document.querySelector("todo-list").cloneNode();
    document.body.append(element);
    element.remove();
"""


class Quiet(SimpleHTTPRequestHandler):
    """Give files, and say nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def elsewhere(directory: Path) -> Iterator[str]:
    """Serve a directory's files at another origin than Jupyter's, and give its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def add_an_item(element: Locator) -> None:
    element.get_by_role("textbox", name="Title").fill("milk")
    element.get_by_role("button", name="Add").click()
    expect(element.get_by_role("listitem")).to_have_text(["milk"])


def generated(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a generator, and return what it printed."""
    assert main(["gen", *words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[LiveServer]:
    """A server of the channel that was generated."""
    generated(["channel", "Todo", "--directory", str(tmp_path)], capsys)
    monkeypatch.syspath_prepend(str(tmp_path))
    with serving("todo_channel") as server:
        yield server


def test_a_cell_and_an_element_show_a_list_in_a_notebook(
    lab: Server, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = generated(["channel", "Todo", "--notebook"], capsys)
    told = generated(["element", "Todo", "todo-list", "--directory", str(lab.root)], capsys)
    show = "\n".join(line.strip() for line in told.splitlines()[2:])
    notebook(lab.root / "generated.ipynb", ("channel", cell), ("show", show))
    context = new_context(browser)
    tab = Tab(lab, context, "generated.ipynb")
    tab.run_all()
    add_an_item(tab.element("todo-list"))
    expect(tab.element("livestate-view")).to_be_visible()
    context.close()


@pytest.mark.parametrize("client", ["phx-live-state", "ours"])
def test_a_typescript_element_is_built_by_the_printed_line_and_works_in_a_page(
    client: str,
    server: LiveServer,
    browser: Browser,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["element", "Todo", "todo-list", "--typescript", "--directory", str(tmp_path)]
    told = generated(words, capsys)
    [build] = [line.strip() for line in told.splitlines() if " esbuild " in line and "--b" in line]
    node = find_node()
    modules = [install(node, ROOT / "tests" / "npm"), ROOT / "js" / "node_modules"]
    command = [str(modules[1] / ".bin" / "esbuild"), *shlex.split(build)[2:]]
    if client == "ours":  # as after changing the import
        command.append(f"--alias:phx-live-state={ROOT / 'js' / 'src' / 'index.ts'}")
    code, output = run(command, node, tmp_path, NODE_PATH=":".join(map(str, modules)))
    assert code == 0, output
    script = (tmp_path / "dist" / "todo-list.js").read_text()

    base = server.url.replace("ws", "http", 1)
    element = f'<todo-list url="{server.url}" topic="todo:1"></todo-list>'
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/?token={server.token}")  # logs in, as on any page of the server
    page.set_content(element)
    page.add_script_tag(content=script, type="module")
    add_an_item(page.locator("todo-list"))
    context.close()

    (tmp_path / "index.html").write_text(element)
    with elsewhere(tmp_path) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)  # no cookie of the server is sent from here
        options = {"params": {"token": server.token}}
        page.evaluate(
            "(it) => { document.querySelector('todo-list').socketOptions = it; }", options
        )
        sockets: list[WebSocket] = []
        page.on("websocket", lambda one: sockets.append(one))  # noqa: PLW0108 - no built-in
        page.evaluate(
            "() => { customElements.whenDefined('todo-list').then(() => {" + BRIEFLY + "}); }"
        )
        page.add_script_tag(content=script, type="module")
        add_an_item(page.locator("todo-list"))
        open_socket(page, sockets)  # what is removed at once is not connected
        context.close()

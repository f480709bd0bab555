"""Drive JupyterLab in a real Chromium."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.servers import TOKEN, Server

PATIENCE_MS = 60_000
"""Milliseconds that a busy machine may take for a page's load or a kernel's start."""

LAB = (
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY = """path => {
  const panel = window.jupyterapp?.shell.currentWidget;
  if (panel?.context?.path !== path) return false;  // Lab may restore another one first
  const session = panel?.sessionContext?.session;
  return session?.kernel?.connectionStatus === "connected" && session.kernel.status === "idle";
}"""

CONTRAST = """element => {
  // WCAG 2.2, contrast ratio of an element's text and what is painted behind it
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (pixel) => {
    const [r, g, b] = [...pixel].map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const read = () => luminance(canvas.getImageData(0, 0, 1, 1).data);
  const behind = [];
  for (let at = element; at; at = at.assignedSlot ?? at.parentElement ?? at.getRootNode().host) {
    behind.unshift(getComputedStyle(at).backgroundColor);
  }
  const paint = (color) => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); };
  behind.forEach(paint);
  const ground = read();
  paint(getComputedStyle(element).color);
  const text = read();
  return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
}"""


class Tab:
    """One browser tab with a notebook open in JupyterLab, or in Notebook 7 (view "notebooks")."""

    def __init__(
        self, server: Server, context: BrowserContext, notebook: str, view: str = "lab/tree"
    ) -> None:
        self._server = server
        self._view = view
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.console: list[str] = []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.notebook = notebook
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self._server.url}{self._view}/{self.notebook}?token={TOKEN}")
        self.ready()

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_function(READY, arg=self.notebook)

    def command(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")
        try:
            self.page.wait_for_function(
                """() => window.jupyterapp.shell.currentWidget.content.widgets
                  .filter((cell) => cell.model.type === "code" && cell.model.sharedModel.source)
                  .every((cell) => cell.model.executionCount > 0)"""
            )
        except PlaywrightTimeout as error:
            raise AssertionError(f"a cell failed: {self.outputs()}") from error
        self.ready()

    def run(self, cell: str) -> str:
        """Run one cell, found by its id, and return its text output."""
        self._activate(cell)
        self.command("notebook:run-cell")
        self.page.wait_for_function(
            """id => {
              const cells = window.jupyterapp.shell.currentWidget.content.widgets;
              const cell = cells.find((one) => one.model.id === id);
              return cell.model.sharedModel.executionState === "idle" && cell.model.executionCount;
            }""",
            arg=cell,
        )
        self.ready()
        return self.output(cell)

    def start(self, cell: str) -> None:
        """Begin to run one cell that goes on, found by its id; return when the kernel is busy."""
        self._activate(cell)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
        self.page.wait_for_function(
            """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status
              === "busy" """
        )

    def edit(self, cell: str, source: str) -> None:
        """Replace the source of a cell, found by its id."""
        self.page.evaluate(
            """([id, source]) => {
              const cells = window.jupyterapp.shell.currentWidget.content.widgets;
              cells.find((cell) => cell.model.id === id).model.sharedModel.setSource(source);
            }""",
            [cell, source],
        )

    def evaluate(self, code: str) -> str:
        """Execute code in the notebook's kernel, in no cell, and return what it printed."""
        result: str = self.page.evaluate(
            """async (code) => {
              const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, store_history: false });
              let text = "";
              future.onIOPub = (message) => {
                if (message.header.msg_type === "stream") text += message.content.text;
                if (message.header.msg_type === "error") text += message.content.traceback.join("");
              };
              await future.done;
              return text;
            }""",
            code,
        )
        return result.strip()

    def wait_for(self, code: str, printed: str) -> None:
        """Execute code until it prints a text: the page may be ahead of the kernel."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while (text := self.evaluate(code)) != printed:
            assert time.monotonic() < end, f"{code} prints {text}, not {printed}"
            time.sleep(0.05)

    def output(self, cell: str) -> str:
        """Return a cell's text outputs."""
        outputs: list[dict[str, Any]] = self.page.evaluate(
            """id => {
              const cells = window.jupyterapp.shell.currentWidget.content.widgets;
              const cell = cells.find((one) => one.model.id === id);
              return cell.model.sharedModel.getOutputs();
            }""",
            cell,
        )
        texts = [
            output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
        ]
        return "".join(text if isinstance(text, str) else "".join(text) for text in texts)

    def outputs(self) -> str:
        """Return all outputs of the notebook, as JSON."""
        result: str = self.page.evaluate(
            """() => JSON.stringify(window.jupyterapp.shell.currentWidget.content.widgets
              .filter((cell) => cell.model.type === "code")
              .map((cell) => cell.model.sharedModel.getOutputs()))"""
        )
        return result

    def element(self, tag: str, index: int = 0) -> Locator:
        return self.page.locator(tag).nth(index)

    def save(self) -> None:
        self.command("docmanager:save")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    def theme(self, name: str) -> None:
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        is_light = "true" if "Light" in name else "false"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)  # it covers the page

    def _activate(self, cell: str) -> None:
        self.page.evaluate(
            """id => {
              const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.activeCellIndex = notebook.widgets.findIndex((one) => one.model.id === id);
              notebook.deselectAll();
            }""",
            cell,
        )


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium, or what CHROMIUM names, until the block ends."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise RuntimeError(
            "there is no chromium: run apt-get install chromium, or set CHROMIUM to one"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield browser
        browser.close()


def new_context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 1280, "height": 1600})


def open_socket(page: Page, sockets: list[WebSocket]) -> WebSocket:
    """Wait until one of a page's sockets is open, and return it.

    One that is slow to open is given up, and what nobody needs is closed.
    """
    end = time.monotonic() + PATIENCE_MS / 1000
    while len(there := [one for one in sockets if not one.is_closed()]) != 1:
        assert time.monotonic() < end, f"open: {[one.url for one in there]}"
        page.wait_for_timeout(50)
    return there[0]


def notebook(path: Path, *cells: tuple[str, str]) -> None:
    """Write a notebook of code cells, each an id and its source."""
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [
            {
                "cell_type": "code",
                "id": name,
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for name, source in cells
        ],
    }
    path.write_text(json.dumps(content))


def export(path: Path, *options: str) -> Path:
    """Make HTML of a notebook by nbconvert, and return its path."""
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(path), *options]
    subprocess.run(command, check=True, capture_output=True)
    return path.with_suffix(".html")

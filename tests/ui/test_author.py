"""What the author of a channel sees under its element: prints, failures, waiting."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import Server
from tests.ui.lab import Tab, new_context, notebook

SETUP = """
%load_ext livestate_nb
import threading, time
from livestate_nb import Channel, on

class Talker(Channel, topic="talker"):
    def init(self, params):
        return {"n": 0}

    @on("say")
    def say(self, payload, state):
        state["n"] += 1
        print(f"said {state['n']} times")

    @on("boom")
    def boom(self, payload, state):
        raise ValueError("the fuse has blown")

    @on("plot", run_on="main")
    def plot(self, payload, state):
        state["n"] = 42
"""
BUSY = """
import os
click = threading.Thread(target=talker.dispatch, args=("plot",))
click.start()
while not os.path.exists("the-cell-may-end"):
    time.sleep(0.05)
"""


@pytest.fixture
def tab(lab: Server, browser: Browser) -> Iterator[Tab]:
    cells = [("setup", SETUP), ("show", "talker = Talker.show()"), ("busy", "")]
    notebook(lab.root / "author.ipynb", *cells)
    context = new_context(browser)
    tab = Tab(lab, context, "author.ipynb")
    tab.run_all()
    yield tab
    context.close()


def test_prints_failures_and_waiting_are_shown_under_the_element(tab: Tab, lab: Server) -> None:
    view = tab.element("livestate-view")
    for _ in range(2):
        view.get_by_role("button", name="say").click()
    log = view.get_by_role("log")
    expect(log).to_contain_text("said 1 times\nsaid 2 times")
    view.get_by_role("button", name="boom").click()
    failure = log.get_by_text("ValueError: the fuse has blown").first
    failure.click()
    expect(log).to_contain_text('raise ValueError("the fuse has blown")')
    assert "said" not in tab.outputs()
    tab.edit("busy", BUSY)
    tab.start("busy")
    expect(view.get_by_text("Waiting for the running cell…")).to_be_visible()
    (lab.root / "the-cell-may-end").touch()
    expect(view).to_contain_text("42")
    expect(view.get_by_text(re.compile("Waiting"))).to_be_hidden()
    tab.ready()
    tab.run("show")
    expect(log).to_be_hidden()

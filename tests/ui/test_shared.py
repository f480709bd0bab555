"""One shared topic of a kernel: two browsers, and a visitor with the npm package phx-live-state."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.npm.test_npm_clients import node  # noqa: F401 - a fixture
from tests.servers import TOKEN, Server
from tests.ui.lab import Tab, new_context, notebook
from tests.ui.test_sessions import SETUP, SHOW, click, number

NPM = Path(__file__).parents[1] / "npm"
SHARED = SETUP.replace('topic="counter:*"', 'topic="counter:*", shared=True')


class Visitor:
    """A process that runs tests/npm/visitor.js."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def dispatch(self, event: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{event}\n")
        self._process.stdin.flush()

    def sees(self, state: object) -> None:
        """Wait until it has a state; its states must lead there."""
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) != "":
            word, _, text = line.partition(" ")
            if word == "state" and json.loads(text) == state:
                return
        pytest.fail("the visitor has ended")


@contextmanager
def visitor(node: Path, server: Server, topic: str) -> Iterator[Visitor]:  # noqa: F811
    script = [str(node), "--import=./setup.js", "visitor.js"]
    with subprocess.Popen(
        [*script, f"{server.ws_url}livestate", TOKEN, topic],
        cwd=NPM,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Visitor(process)  # it ends when its input does; node may be a script that runs node


def test_two_browsers_and_a_visitor_see_each_other_s_changes(
    lab: Server,
    browser: Browser,
    node: Path,  # noqa: F811
) -> None:
    notebook(lab.root / "shared.ipynb", ("setup", SHARED), ("show", f"one = {SHOW}"))
    contexts = [new_context(browser) for _ in range(2)]
    ann = Tab(lab, contexts[0], "shared.ipynb")
    ann.run_all()
    ann.evaluate("Counter.publish()")
    ann.save()
    bob = Tab(lab, contexts[1], "shared.ipynb")
    number(bob, 0, 0)
    with visitor(node, lab, "counter:a") as carl:
        carl.sees({"n": 0})
        click(ann, 0, "inc")
        number(bob, 0, 1)
        carl.sees({"n": 1})
        carl.dispatch("inc")
        number(ann, 0, 2)
        number(bob, 0, 2)
        click(bob, 0, "inc")
        number(ann, 0, 3)
        carl.sees({"n": 3})
        assert ann.evaluate("print(one.state, len(one.members))") == "{'n': 3} 3"
    expect(ann.page.locator(".livestate-problem")).to_have_count(0)
    ann.wait_for("print(len(one.members))", "2")  # he has left soon
    for context in contexts:
        context.close()

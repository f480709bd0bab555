"""A front end that has nothing but a kernel and comms, as VS Code and Colab have it.

The checks are those of tests/ui/test_hosts.py.
"""

from collections.abc import Iterator

import pytest

from tests.kernels import Kernel, Page

SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel, Event, Reply, on

class Probe(Channel, topic="probe:*"):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += payload["by"]

    @on("ask")
    def ask(self, payload, state):
        return Reply(state, Event("answered", {"n": state["n"]}))

    @on("echo")
    def echo(self, payload, state):
        return Reply(state, Event("echoed", payload[::-1]))
"""
SHOW = 'one = Probe.show("probe:a/b")'
BINARY = b"\x00\x01\x01\x09\x0c1" + b"9probe:a/blvs_evt:echo" + b"\xff\x00\x01"
"""A push of phoenix.js: join_ref 1, ref 9."""


@pytest.fixture(
    scope="module", params=["vscode-notebook-cell:/a.ipynb#W0", ""], ids=["VS Code", "Colab"]
)
def cell(request: pytest.FixtureRequest) -> str:
    """The id of the cell, as the front end says it, or does not."""
    return str(request.param)


@pytest.fixture(scope="module")
def kernel(cell: str) -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run(SETUP)
    kernel.run(SHOW, cell)
    yield kernel
    kernel.close()


def open_page(kernel: Kernel) -> tuple[Page, int]:
    """Open a page that shows what was displayed last; return it and the n of its first state."""
    comm = kernel.displays()[-1]
    page = Page(kernel, comm)
    joined = page.join("probe:a/b", str(kernel.states()[comm]["session"]))
    return page, joined[4]["state"]["n"]


def test_events_patches_replies_and_bytes_travel_over_the_comm(kernel: Kernel) -> None:
    page, n = open_page(kernel)
    page.push("probe:a/b", "lvs_evt:inc", {"by": 2})
    [patch] = page.wait("state:patch", 1)
    assert patch[4]["patch"] == [{"op": "replace", "path": "/n", "value": n + 2}]
    page.push("probe:a/b", "lvs_evt:ask", {})
    assert page.wait("answered", 1)[0][4] == {"n": n + 2}
    page.send_binary(BINARY)
    kernel.until(lambda: bool(page.binary()))
    assert page.binary()[0].endswith(b"echoed\x01\x00\xff")
    page.close()


def test_a_second_page_and_one_that_comes_back_share_the_session(kernel: Kernel) -> None:
    first, n = open_page(kernel)
    second, also_n = open_page(kernel)
    assert also_n == n
    second.push("probe:a/b", "lvs_evt:inc", {"by": 1})
    assert (
        first.wait("state:patch", 1)[0][4]["version"]
        == second.wait("state:patch", 1)[0][4]["version"]
    )
    first.close()
    second.close()
    _, last = open_page(kernel)
    assert last == n + 1


def test_a_cell_that_runs_again_shows_its_session_where_the_front_end_names_cells(
    kernel: Kernel, cell: str
) -> None:
    _, n = open_page(kernel)
    kernel.run("with one.change() as state: state['n'] += 10")
    kernel.run(SHOW, cell)
    assert open_page(kernel)[1] == (n + 10 if cell else 0)
    kernel.run(SHOW.replace(")", ", name='mine')"), cell)
    kernel.run("with one.change() as state: state['n'] += 100")
    kernel.run(SHOW.replace(")", ", name='mine')"), cell)
    assert open_page(kernel)[1] == 100

"""The notebook side in a real kernel: cells, comms and sessions."""

from collections.abc import Iterator

import pytest

from tests.kernels import CellError, Kernel, Page

TODOS = """
from livestate_nb import Channel, Event, Refuse, Reply, on

class Todos(Channel, topic="todos:*"):
    def init(self, params):
        return {"items": list(params.get("items", []))}

    @on("add_todo")
    def add(self, payload, state):
        state["items"].append(payload["title"])

    @on("boom")
    def boom(self, payload, state):
        state["items"].append("half done")
        raise ValueError("the disk is full")
"""


@pytest.fixture(scope="module")
def started() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%load_ext livestate_nb")
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(started: Kernel) -> Kernel:
    started.run("%reload_ext livestate_nb")
    started.messages.clear()
    started.run(TODOS, "definition")
    return started


def show(kernel: Kernel, code: str, cell: str) -> dict[str, object]:
    """Run a cell that shows something and return the traits of what it shows."""
    kernel.run(code, cell)
    return kernel.states()[kernel.displays()[-1]]


def test_a_shown_channel_has_a_state_and_a_handle(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    assert shown["topic"] == "todos:me"
    assert shown["events"] == ["add_todo", "boom"]
    assert kernel.run("print(todos.state, todos.version)") == "{'items': []} 0\n"


def test_a_page_joins_dispatches_and_gets_the_patch(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    first = page.join("todos:me", str(shown["session"]))
    assert first[4] == {"state": {"items": []}, "version": 0}
    page.push("todos:me", "lvs_evt:add_todo", {"title": "milk"})
    [patch] = page.wait("state:patch", 1)
    assert patch[4] == {
        "patch": [{"op": "add", "path": "/items/0", "value": "milk"}],
        "version": 1,
    }
    join, event = page.wait("phx_reply", 2)
    assert join[4]["response"]["livestate"]["max_version"] == 1000
    assert event[4] == {"status": "ok", "response": {}}
    assert kernel.run("print(todos.state)") == "{'items': ['milk']}\n"


def test_pages_share_what_a_cell_shows_and_nobody_elses_frames(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    pages = [Page(kernel, kernel.displays()[-1]) for _ in range(2)]
    for page in pages:
        page.join("todos:me", str(shown["session"]))
    pages[0].push("todos:me", "lvs_evt:add_todo", {"title": "milk"})
    for page in pages:
        page.wait("state:patch", 1)
    assert pages[1].frames("phx_reply")[1:] == []
    pages[0].close()
    kernel.run("with todos.change() as state:\n    state['items'].append('bread')")
    assert pages[1].wait("state:patch", 2)[1][4]["version"] == 2
    assert len(pages[0].frames("state:patch")) == 1


def test_running_a_cell_again_keeps_its_session_and_its_widget(kernel: Kernel) -> None:
    first = show(kernel, "todos = Todos.show('todos:me')", "a")
    kernel.run("todos.dispatch('add_todo', {'title': 'milk'})")
    again = show(kernel, "todos = Todos.show('todos:me')", "a")
    assert again["session"] == first["session"]
    assert len(set(kernel.displays())) == 1
    assert kernel.run("print(todos.state)") == "{'items': ['milk']}\n"


def test_another_cell_another_name_and_another_call_have_their_own_session(kernel: Kernel) -> None:
    code = "a = Todos.show('todos:me'); b = Todos.show('todos:me')"
    kernel.run(code, "a")
    kernel.run("c = Todos.show('todos:me')", "b")
    kernel.run("d = Todos.show('todos:me', name='mine')", "b")
    kernel.run("e = Todos.show('todos:me', name='mine')", "c")
    kernel.run("d.dispatch('add_todo', {'title': 'milk'})")
    assert (
        kernel.run("print([len(x.state['items']) for x in (a, b, c, d, e)])") == "[0, 0, 0, 1, 1]\n"
    )


def test_a_redefined_class_takes_over_its_sessions(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')", "a")
    kernel.run("todos.dispatch('add_todo', {'title': 'milk'})")
    kernel.run(TODOS.replace("append(payload", "insert(0, payload").replace("boom", "bang"))
    kernel.run("todos.dispatch('add_todo', {'title': 'bread'})")
    assert kernel.run("print(todos.state)") == "{'items': ['bread', 'milk']}\n"
    assert kernel.states()[kernel.displays()[-1]]["events"] == ["add_todo", "bang"]


def test_a_handler_that_raises_leaves_no_trace_and_tells_why(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("todos:me", str(shown["session"]))
    page.push("todos:me", "lvs_evt:boom", {})
    [error] = page.wait("error", 1)
    assert error[4] == {
        "type": "raised",
        "event": "boom",
        "message": "ValueError: the disk is full",
    }
    [patch] = page.wait("state:patch", 1)
    assert patch[4] == {"patch": [], "version": 1}
    assert page.wait("phx_reply", 2)[1][4]["status"] == "error"
    with pytest.raises(CellError, match="the disk is full"):
        kernel.run("todos.dispatch('boom', {})")
    assert kernel.run("print(todos.state)") == "{'items': []}\n"
    page.push("todos:me", "lvs_evt:add_todo", {"title": "milk"})
    assert page.wait("state:patch", 2)[1][4]["version"] == 2


def test_a_change_that_raises_leaves_no_trace(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')", "a")
    with pytest.raises(CellError, match="KeyError"):
        kernel.run("with todos.change() as state:\n    state['items'].append(1)\n    state['no']")
    assert kernel.run("print(todos.state, todos.version)") == "{'items': []} 0\n"


def test_an_unknown_connection_is_closed_so_that_its_page_reconnects(kernel: Kernel) -> None:
    show(kernel, "todos = Todos.show('todos:me')", "a")
    comm = kernel.displays()[-1]
    kernel.send(comm, {"livestate": "frame", "connection": "stale", "frame": "[]"})
    kernel.until(lambda: any(m["connection"] == "stale" for m in kernel.customs()))
    [answer] = kernel.customs()
    assert (answer["livestate"], answer["code"]) == ("close", 1001)


def test_a_bad_frame_closes_its_connection_and_no_other(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    good, bad = Page(kernel, kernel.displays()[-1]), Page(kernel, kernel.displays()[-1])
    good.join("todos:me", str(shown["session"]))
    kernel.send(bad.comm, {"livestate": "frame", "connection": bad.tag, "frame": "{no json"})
    kernel.until(lambda: bad.received()[-1]["livestate"] == "close")
    assert bad.received()[-1]["code"] == 1011
    good.push("todos:me", "lvs_evt:add_todo", {"title": "milk"})
    good.wait("state:patch", 1)


def test_a_session_that_has_ended_says_to_run_the_cell_again(kernel: Kernel) -> None:
    show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.push("todos:me", "phx_join", {"livestate": {"session": "no such session"}})
    [reply] = page.wait("phx_reply", 1)
    assert "run the cell again" in reply[4]["response"]["reason"]


def test_a_handle_as_a_cells_result_shows_the_element_there_but_not_twice(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')\ntodos", "a")
    assert len(kernel.displays()) == 1
    kernel.run("todos", "b")
    assert len(kernel.displays()) == 2
    assert len(set(kernel.displays())) == 1


def test_what_init_raises_comes_out_of_show(kernel: Kernel) -> None:
    kernel.run(
        "class Closed(Channel, topic='closed'):\n"
        "    def init(self, params):\n"
        "        raise Refuse('closed today')"
    )
    with pytest.raises(CellError, match="closed today"):
        kernel.run("Closed.show()")
    kernel.run("class Closed(Channel, topic='closed'): pass")
    assert kernel.run("print(Closed.show().state)") == "{}\n"


def test_params_reach_init(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me', params={'items': ['milk']})", "a")
    assert kernel.run("print(todos.state)") == "{'items': ['milk']}\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Todos.show()", "say which topic to show"),
        ("Todos.show('other:me')", "serves 'todos:*', which 'other:me' is not"),
        ("Todos.show('todos:me', element='todo-list')", "element and esm together"),
        ("Todos.show('todos:me', element='todos', esm='x')", "with a hyphen"),
        ("class T(Channel): pass\nT.show('x')", "has no topic"),
        ("class T(Channel, topic='a*b'): pass", "the star last"),
        ("class T(Channel, topic='a', on_error='stop'): pass", "expected on_error"),
        ("class T(Channel, topic='a'):\n    @on\n    def f(self, p, s): pass", "name the event"),
        ("class T(Channel, topic='a'):\n    @on('x')\n    def f(self, s): pass", "payload, state"),
    ],
)
def test_a_mistake_says_what_was_expected(kernel: Kernel, code: str, message: str) -> None:
    with pytest.raises(CellError, match=message.replace("*", r"\*")):
        kernel.run(code)


def test_calls_that_would_wait_for_themselves_say_so(kernel: Kernel) -> None:
    kernel.run(
        "class Knot(Channel, topic='knot'):\n"
        "    @on('tie')\n"
        "    def tie(self, payload, state):\n"
        "        with knot.change() as s: pass\n"
        "    @on('wait')\n"
        "    async def wait(self, payload, state):\n"
        "        todos.dispatch('add_todo', {'title': 'x'})\n"
        "knot = Knot.show(); todos = Todos.show('todos:me')"
    )
    for event in ("tie", "wait"):
        with pytest.raises(CellError, match="WouldDeadlock"):
            kernel.run(f"knot.dispatch('{event}')")


def test_unloading_closes_pages_and_leaves_no_thread(kernel: Kernel) -> None:
    show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    kernel.run("%unload_ext livestate_nb")
    kernel.until(lambda: page.received()[-1]["livestate"] == "close")
    threads = (
        "import threading; print([t.name for t in threading.enumerate() if 'livestate' in t.name])"
    )
    assert kernel.run(threads) == "[]\n"
    with pytest.raises(CellError, match=r"run %load_ext livestate_nb"):
        kernel.run("Todos.show('todos:me')")
    kernel.run("%load_ext livestate_nb")

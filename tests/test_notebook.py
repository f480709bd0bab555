"""The notebook side in a real kernel: cells, comms and sessions."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from livestate_nb import bundle
from tests.kernels import PATIENCE, CellError, Kernel, Page

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


def test_without_cells_a_session_shows_different_things_by_its_name(kernel: Kernel) -> None:
    show = "from livestate_nb import ui\nTodos.show('todos:me', {}, name='mine')"
    for shown in ("ui.text('a')", "ui.json('b')", "ui.text('a')", "element='x-y', esm='1'"):
        kernel.run(show.format(shown))
    first, second, again, own = kernel.displays()
    assert again == first
    assert len({first, second, own}) == 3
    states = kernel.states()
    assert len({str(states[one]["session"]) for one in (first, second, own)}) == 1


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


def test_a_name_keeps_session_and_element_where_no_cell_is_known(kernel: Kernel) -> None:
    for _ in range(2):
        kernel.run("todos = Todos.show('todos:me', name='mine')")
    assert len(kernel.displays()) == 2
    assert len(set(kernel.displays())) == 1
    for _ in range(2):
        kernel.run("todos = Todos.show('todos:me')")
    assert len(set(kernel.displays())) == 3


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
    frame = {"livestate": "frame", "connection": bad.tag, "number": 0, "frame": "{no json"}
    kernel.send(bad.comm, frame)
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
        ("Todos.show()", "Todos serves many topics: expected a topic such as 'todos:me', got none"),
        ("Todos.show('other:me')", "Todos: expected a topic such as 'todos:me', got 'other:me'"),
        ("Todos.show('todos:me', esm='export {}')", "the tag of the element"),
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
    kernel.until(lambda: kernel.run(threads) == "[]\n")
    with pytest.raises(CellError, match=r"run %load_ext livestate_nb"):
        kernel.run("Todos.show('todos:me')")
    kernel.run("%load_ext livestate_nb")


# the main thread

PLOTS = """
import sqlite3, threading, time
connection = sqlite3.connect(":memory:")

class Plots(Channel, topic="plots"):
    def init(self, params):
        return {"n": 0, "thread": ""}

    @on("plot", run_on="main")
    def plot(self, payload, state):
        state["n"] = connection.execute("select 7").fetchone()[0]
        state["thread"] = threading.current_thread().name

    @on("fetch", run_on="main")
    async def fetch(self, payload, state):
        await lock.acquire()
        state["n"] += 1
        lock.release()

    @on("wrong")
    def wrong(self, payload, state):
        connection.execute("select 1")

    @on("say")
    def say(self, payload, state):
        print("said", payload)
"""


def test_a_main_thread_handler_waits_for_the_running_cell_visibly(kernel: Kernel) -> None:
    kernel.run(PLOTS)
    kernel.run("plots = Plots.show()", "a")
    widget = kernel.displays()[-1]
    kernel.run(
        "threading.Thread(target=plots.dispatch, args=('plot',)).start(); time.sleep(1)\n"
        "assert plots.state['n'] == 0"
    )
    kernel.until(lambda: waited(kernel, widget) == [True, False])
    kernel.run("while plots.state['n'] == 0: await plots.changed()")
    assert kernel.run("print(plots.state)") == "{'n': 7, 'thread': 'MainThread'}\n"


def waited(kernel: Kernel, widget: str) -> list[bool]:
    """Return what a widget was told of waiting for the running cell, in order."""
    updates = [
        m["content"]["data"]["state"]
        for m in kernel.messages
        if m["msg_type"] == "comm_msg"
        and m["content"]["comm_id"] == widget
        and m["content"]["data"].get("method") == "update"
    ]
    return [update["is_waiting"] for update in updates if "is_waiting" in update]


def test_dispatch_from_a_cell_to_the_main_thread_does_not_deadlock(kernel: Kernel) -> None:
    kernel.run(PLOTS)
    kernel.run("plots = Plots.show(); plots.dispatch('plot')", "a")
    assert kernel.run("print(plots.state['n'])") == "7\n"


def test_an_async_handler_can_use_what_a_cell_made_on_its_loop(kernel: Kernel) -> None:
    kernel.run(PLOTS)
    kernel.run("import asyncio; lock = asyncio.Lock(); await lock.acquire(); lock.release()")
    kernel.run("plots = Plots.show()", "a")
    shown = kernel.states()[kernel.displays()[-1]]
    page = Page(kernel, kernel.displays()[-1])
    page.join("plots", str(shown["session"]))
    page.push("plots", "lvs_evt:fetch", {})
    assert page.wait("phx_reply", 2)[1][4]["status"] == "ok"
    with pytest.raises(CellError, match="make the handler a plain def"):
        kernel.run("plots.dispatch('fetch')")


def test_a_connection_made_in_a_cell_gives_an_error_that_names_run_on(kernel: Kernel) -> None:
    kernel.run(PLOTS)
    kernel.run("plots = Plots.show()", "a")
    with pytest.raises(CellError, match='run_on="main"'):
        kernel.run("plots.dispatch('wrong')")


# what the author is told


def test_what_handlers_print_and_raise_goes_to_the_cell_that_shows_them(kernel: Kernel) -> None:
    kernel.run(PLOTS)
    shown = show(kernel, "plots = Plots.show()", "a")
    widget = kernel.displays()[-1]
    page = Page(kernel, widget)
    page.join("plots", str(shown["session"]))
    page.push("plots", "lvs_evt:say", "hello")
    page.push("plots", "lvs_evt:wrong", {})
    kernel.until(lambda: len(kernel.states()[widget]["log"]) == 2)
    said, failed = kernel.states()[widget]["log"]
    assert said == {"kind": "print", "title": "", "text": "said hello\n"}
    assert failed["title"].startswith("Plots on 'plots' failed on 'wrong': sqlite3.Programming")
    assert "connection.execute" in failed["text"]
    assert "livestate_nb" not in failed["text"]
    assert not [m for m in kernel.messages if m["msg_type"] == "stream"]
    assert "said hello" in kernel.run("%livestate log")
    assert "connection.execute" in kernel.run("%livestate errors")
    assert kernel.run("plots.dispatch('say', 'you'); print('mine')") == "mine\n"
    assert kernel.run("with plots.change() as state: print('in a cell')") == "in a cell\n"
    show(kernel, "plots = Plots.show()", "a")
    assert kernel.states()[widget]["log"] == []


def test_the_magic_tells_what_is_declared_and_who_is_joined(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("todos:me", str(shown["session"]))
    text = kernel.run("%livestate")
    assert "  todos:*  Todos" in text
    assert "add_todo, boom" in text
    assert "  todos:me  Todos  version 0  1 joined  cell a 1" in text
    for line, message in {
        "of": "expected %livestate alone",
        "on nothing": "expected the name of a channel class",
        "off none:*": "is declared",
        "publish none:*": "is declared",
        "publish todos:*": "was not started by a Jupyter server",
        "unpublish none:*": "is declared",
        "unpublish todos:*": "is closed to the server's other clients",
    }.items():
        assert message in kernel.run(f"%livestate {line}")


def test_the_magic_declares_a_class_and_completes_its_words(kernel: Kernel) -> None:
    kernel.run("%livestate off todos:*")
    assert kernel.run("%livestate on Todos") == "Todos is declared\n"
    assert "todos:*  Todos" in kernel.run("%livestate")
    assert "no topic" in kernel.run("class Bare(Channel): pass\n%livestate on Bare")
    reply = kernel.client.complete("%livestate ", reply=True, timeout=20)
    assert {"errors", "log", "off", "on", "publish"} <= set(reply["content"]["matches"])
    kernel.run("%livestate?")


def test_the_magic_withdraws(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("todos:me", str(shown["session"]))
    assert kernel.run("%livestate off todos:*") == (
        "todos:* is withdrawn; sessions that ended: 1\n"
    )
    page.wait("phx_close", 1)
    with pytest.raises(CellError, match="the session has ended"):
        kernel.run("todos.dispatch('add_todo', {})")


def test_a_removed_event_that_handle_event_takes_is_not_lost(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')", "a")
    named, fallback = '@on("boom")\n    def boom(self, ', "def handle_event(self, event, "
    assert kernel.run(TODOS.replace(named, fallback)) == ""
    with pytest.raises(CellError, match="the disk is full"):
        kernel.run("todos.dispatch('boom', {})")


def test_a_removed_event_and_a_renamed_topic_say_what_became_of_the_sessions(
    kernel: Kernel,
) -> None:
    kernel.run("todos = Todos.show('todos:me')", "a")
    assert kernel.run(TODOS.replace('"boom"', '"bang"')) == (
        "Todos: 1 session of 'todos:*' live on with the new class, which no longer handles 'boom'\n"
    )
    assert kernel.run(TODOS.replace("todos:*", "tasks:*")) == (
        "Todos serves 'tasks:*' now. 1 session of 'todos:*' live on with the class as it was: "
        "%livestate off todos:* ends them\n"
    )
    kernel.run("todos.dispatch('add_todo', {'title': 'milk'})")


def test_classes_that_a_function_makes_are_no_renamed_ones(kernel: Kernel) -> None:
    kernel.run(
        "def make(name):\n"
        "    class Made(Channel, topic=name): pass\n"
        "    return Made\n"
        "made = make('one').show()"
    )
    assert kernel.run("other = make('two')") == ""


# the end of sessions

BOOKS = """
import sqlite3
from pathlib import Path
from livestate_nb import Channel, on

class Books(Channel, topic="books", run_on="main"):
    def init(self, params):
        self.database = sqlite3.connect(":memory:")
        return {"ended": params["ended"], "left": 0}

    def left(self, state):
        state["left"] += 1

    def ended(self, state):
        self.database.close()  # raises in every other thread
        Path(state["ended"]).write_text(f"{state['left']} left")

class Notes(Books, topic="notes", run_on=None):
    async def init(self, params):
        return {"ended": params["ended"], "left": 0}

    def ended(self, state):
        Path(state["ended"]).write_text(f"{state['left']} left")
"""


def test_a_session_that_a_cell_shows_ends_with_what_withdraws_it(
    kernel: Kernel, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    kernel.run(BOOKS, "definition")
    shown = show(kernel, f"books = Books.show(params={{'ended': {str(ended)!r}}})", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("books", str(shown["session"]))
    page.push("books", "phx_leave", {})
    page.wait("phx_close", 1)
    kernel.until(lambda: kernel.run("print(books.state['left'])") == "1\n")
    kernel.run("%livestate off books")
    kernel.until(lambda: ended.exists() and ended.read_text() == "1 left")
    assert kernel.run("%livestate errors") == "no errors\n"


def test_an_ended_that_fails_is_among_the_errors(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(BOOKS, "definition")
    kernel.run(f"books = Books.show(params={{'ended': {str(tmp_path)!r}}})", "a")
    kernel.run("books.close()")
    kernel.until(lambda: "failed on ended" in kernel.run("%livestate errors"))
    assert "IsADirectoryError" in kernel.run("%livestate errors")


@pytest.mark.parametrize("name", ["Books", "Notes"])
@pytest.mark.parametrize("end", ["unload", "shut down"])
def test_sessions_end_with_the_extension_and_with_the_kernel(
    tmp_path: Path, name: str, end: str
) -> None:
    ended, kernel = tmp_path / "ended", Kernel()
    try:
        kernel.run("%load_ext livestate_nb")
        kernel.run(BOOKS, "definition")
        kernel.run(f"shown = {name}.show(params={{'ended': {str(ended)!r}}})", "a")
        if end == "unload":
            kernel.run("%unload_ext livestate_nb")
        else:
            kernel.shut_down()
        assert ended.read_text() == "0 left"
    finally:
        kernel.close()


# shared topics


def test_a_handler_that_waits_for_its_own_session_to_be_shown_is_told(kernel: Kernel) -> None:
    kernel.run("""
class Rooms(Channel, topic="room:*", shared=True):
    @on("meet")
    def meet(self, payload, state):
        state["met"] = Rooms.at(payload).topic

room = Rooms.at("room:1")
""")
    with pytest.raises(CellError, match="WouldDeadlock"):
        kernel.run("room.dispatch('meet', 'room:1')")
    kernel.run("room.dispatch('meet', 'room:2')")
    assert kernel.run("print(room.state)") == "{'met': 'room:2'}\n"


def test_at_gives_the_handle_of_a_shared_topic(kernel: Kernel) -> None:
    kernel.run("class Rooms(Channel, topic='room:*', shared=True): pass")
    kernel.run("room = Rooms.at('room:1')")
    kernel.run("with room.change() as state: state['n'] = 1")
    kernel.run("shown = Rooms.show('room:1')", "a")
    assert kernel.run("print(shown.state, Rooms.at('room:1').state)") == "{'n': 1} {'n': 1}\n"
    kernel.run("Rooms.at('room:1')")
    [result] = [m for m in kernel.messages if m["msg_type"] == "execute_result"]
    assert result["content"]["data"]["text/plain"] == "<Rooms 'room:1', version 1>"
    kernel.run("room.close()")
    with pytest.raises(CellError, match="the session has ended"):
        kernel.run("shown.dispatch('x')")


def test_at_gives_no_warning_where_a_cell_chose_the_params(kernel: Kernel) -> None:
    kernel.run("class Rooms(Channel, topic='room:*', shared=True): pass")
    kernel.run("Rooms.show('room:1', params={'as': 'ann'})", "a")
    assert kernel.run("room = Rooms.at('room:1')") == ""


ON_MAIN = """
class Plots(Channel, topic="plots", run_on="main"):
    {init} init(self, params):
        return {{"n": 0}}

    @on("add")
    async def add(self, payload, state):
        state["n"] += 1
{migrate}
"""


def test_show_does_not_wait_for_what_waits_for_its_own_cell(kernel: Kernel) -> None:
    kernel.run(ON_MAIN.format(init="async def", migrate=""))
    with pytest.raises(CellError, match="make the handler a plain def"):
        kernel.run("Plots.show('plots')", "a")
    kernel.run(ON_MAIN.format(init="def", migrate=""))
    kernel.run("plots = Plots.show('plots')", "a")
    migrate = "    async def migrate(self, state): return {'m': state['n']}"
    kernel.run(ON_MAIN.format(init="def", migrate=migrate) + "Plots.show('plots')", "a")
    assert kernel.run("print(plots.state)") == "{'n': 0}\n"  # the log says why


def test_show_does_not_wait_for_a_handler_that_waits_for_its_own_cell(kernel: Kernel) -> None:
    kernel.run(ON_MAIN.format(init="def", migrate=""))
    kernel.run("plots = Plots.show('plots')", "a")
    kernel.run(CLICK_BEHIND, "a")
    assert kernel.run("thread.join(); print(*said)") == "WouldDeadlock\n"


CLICK_BEHIND = """
import threading, time
said = []

def click():
    try:
        plots.dispatch("add")
    except Exception as error:
        said.append(type(error).__name__)

thread = threading.Thread(target=click)
thread.start()
while not plots._session.mailbox._is_busy:
    time.sleep(0.01)
time.sleep(0.1)
Plots.show("plots")
"""

NEWS = """
import threading
from livestate_nb import broadcast

class News(Channel, topic="news", shared=True):
    def init(self, params):
        self.subscribe("paper:*")
        return {"news": []}

    def handle_message(self, message, state):
        state["news"].append([self.message_topic, message])
"""


def test_cells_and_threads_broadcast_to_what_subscribed(kernel: Kernel) -> None:
    kernel.run(NEWS, "news")
    kernel.run("news = News.at()\nbroadcast('paper:1', 'hello')", "a")
    kernel.run("thread = threading.Thread(target=broadcast, args=('paper:2', 'from a thread'))")
    kernel.run("thread.start(); thread.join(); broadcast('other', 'unheard')")
    assert kernel.run("with news.change(): pass\nprint(news.state)") == (
        "{'news': [['paper:1', 'hello'], ['paper:2', 'from a thread']]}\n"
    )
    with pytest.raises(CellError, match="expected one topic to publish to"):
        kernel.run("broadcast('paper:*', 1)")


def test_at_on_a_channel_that_is_not_shared_says_so_and_names_its_sessions(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')", "a")
    with pytest.raises(CellError, match=r"(?s)no shared state.*cell a 1 \(version 0, 0 joined\)"):
        kernel.run("Todos.at('todos:me')")


# changed code


MODULE = """
from livestate_nb import Channel, on

class Counter(Channel, topic="counter:*"):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    def inc(self, payload, state):
        state["n"] += 1
"""


DEC = """
    @on("dec")
    def dec(self, payload, state):
        state["n"] -= 1
"""


@pytest.mark.parametrize("how", ["autoreload", "reload"])
def test_a_module_that_was_edited_brings_its_new_code_to_what_it_shows(
    kernel: Kernel, tmp_path: Path, how: str
) -> None:
    module = tmp_path / f"edited_{how}.py"
    module.write_text(MODULE)
    kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
    kernel.run("%load_ext autoreload\n%autoreload " + ("2" if how == "autoreload" else "0"))
    kernel.run(f"import {module.stem}; from {module.stem} import Counter")
    shown = show(kernel, "counter = Counter.show('counter:a')", "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("counter:a", str(shown["session"]))
    kernel.run("counter.dispatch('inc')")
    edited = MODULE.replace("+= 1", "+= 10")
    for later, text in enumerate((edited, edited + DEC), 1):
        module.write_text(text)
        os.utime(module, (time.time() + later, time.time() + later))
        if how == "reload":
            kernel.run(f"import importlib; importlib.reload({module.stem})")
        else:
            kernel.run("pass")
        kernel.run("counter.dispatch('inc')")
    kernel.run("counter.dispatch('dec')")
    assert kernel.run("print(counter.state)") == "{'n': 20}\n"
    assert page.frames("phx_close") == page.frames("phx_error") == []
    kernel.run("%autoreload 0")


def test_an_element_without_a_file_opens_no_session(kernel: Kernel) -> None:
    with pytest.raises(CellError, match="FileNotFoundError"):
        kernel.run(
            "from pathlib import Path\nTodos.show('todos:me', element='x-y', esm=Path('no.js'))"
        )
    assert "Sessions\n  none" in kernel.run("%livestate")


def test_an_element_whose_file_changes_is_replaced(kernel: Kernel, tmp_path: Path) -> None:
    file = tmp_path / "todo-list.js"
    file.write_text("export default class extends HTMLElement {}")
    code = (
        f"from pathlib import Path; Todos.show('todos:me', element='x-y', esm=Path({str(file)!r}))"
    )
    kernel.run(code, "a")
    widget = kernel.displays()[-1]
    file.write_text("export default class extends HTMLElement { /* new */ }")
    kernel.until(lambda: "new" in str(kernel.states()[widget]["source"]))
    file.unlink()
    file.write_text("export default class extends HTMLElement { /* newest */ }")
    kernel.until(lambda: "newest" in str(kernel.states()[widget]["source"]))


def has_no_more(now: dict[str, int], before: dict[str, int]) -> bool:
    """Return whether nothing has grown; a task may be just ending."""
    return all(now[name] <= before[name] for name in before)


COUNTS = """
import asyncio, threading, json
endpoint = get_ipython().livestate._notebook._endpoint
print(json.dumps({
    "threads": sum("worker" not in t.name for t in threading.enumerate()),
    "sessions": len(endpoint.sessions),
    "tasks": len(endpoint._tasks),
    "comms": len(get_ipython().kernel.comm_manager.comms),
    "connections": len(endpoint._connections),
}))
"""


def test_running_a_cell_50_times_under_load_leaks_and_loses_nothing(kernel: Kernel) -> None:
    cell = TODOS + "\ntodos = Todos.show('todos:me')\n"
    shown = show(kernel, cell, "a")
    page = Page(kernel, kernel.displays()[-1])
    page.join("todos:me", str(shown["session"]))
    page.push("todos:me", "lvs_evt:add_todo", {"title": 0})
    page.wait("state:patch", 1)
    before = kernel.run(COUNTS)
    for n in range(50):
        for k in range(5):
            page.push("todos:me", "lvs_evt:add_todo", {"title": n * 5 + k + 1})
        kernel.run(cell, "a")
    page.wait("state:patch", 251)
    assert kernel.run("print(todos.state['items'] == list(range(251)))") == "True\n"
    assert [f[4]["version"] for f in page.frames("state:patch")] == list(range(1, 252))
    assert len(page.frames("state:change")) == 1
    assert page.frames("phx_close") == page.frames("phx_error") == []
    deadline = time.monotonic() + PATIENCE
    while not has_no_more(json.loads(kernel.run(COUNTS)), json.loads(before)):
        assert time.monotonic() < deadline, f"{before} became {kernel.run(COUNTS)}"


# what widgets carry


def test_a_widget_carries_only_what_loads_the_rest(kernel: Kernel) -> None:
    shown = show(kernel, "todos = Todos.show('todos:me')", "a")
    assert shown["_esm"] == bundle.LOADER.read_text("utf-8")


def test_a_loader_that_asks_gets_all_it_needs(kernel: Kernel) -> None:
    show(kernel, "todos = Todos.show('todos:me')", "a")
    kernel.send(kernel.displays()[-1], {"livestate": "bundle"})
    kernel.until(lambda: kernel.customs() != [])
    assert kernel.customs() == [{"livestate": "bundle", "source": bundle.whole()}]


def test_a_layout_is_shown_as_an_element_of_its_own_and_exchanged_in_place(kernel: Kernel) -> None:
    kernel.run("from livestate_nb import ui")
    code = "todos = Todos.show('todos:me', ui.text('title'))"
    first = show(kernel, code, "layout")
    assert first["element"] == "livestate-layout"
    assert '"path":["title"]' in str(first["source"])
    again = show(kernel, code.replace("title", "name"), "layout")
    assert again["session"] == first["session"]
    assert '"path":["name"]' in str(again["source"])
    assert len(set(kernel.displays())) == 1

"""The magics that show elements, in a real kernel."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.kernels import CellError, Kernel

TODOS = """
from livestate_nb import Channel, Refuse, on

class Todos(Channel, topic="todos:*"):
    def init(self, params):
        if params.get("refuse"):
            raise Refuse("the list is full")
        return {"items": list(params.get("items", []))}

class Clock(Channel, topic="clock"):
    pass
"""
LIST = """\
import { LiveElement } from "livestate-nb";
export default class extends LiveElement {}
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


def answered(kernel: Kernel, code: str, said: str) -> None:
    """Run a cell that is answered with one line, and no traceback."""
    printed = kernel.run(code, "a")
    assert re.fullmatch(f"UsageError: .*{said}.*\n", printed), printed


def complete(kernel: Kernel, code: str) -> list[str]:
    """Return the lines that Tab makes of a line."""
    reply = kernel.client.complete(code, reply=True, timeout=20)["content"]
    return [code[: reply["cursor_start"]] + match for match in reply["matches"]]


# %%live_element


def test_a_cell_is_an_element_that_shows_a_topic(kernel: Kernel) -> None:
    shown = show(kernel, f"%%live_element todo-list --topic todos:me\n{LIST}", "a")
    assert [shown["topic"], shown["element"], shown["source"]] == [
        "todos:me",
        "todo-list",
        f"\n{LIST}",
    ]
    assert kernel.run("todos = _; print(todos.state)") == "{'items': []}\n"


def test_an_element_has_the_line_numbers_of_its_cell(kernel: Kernel) -> None:
    for above in ("", "\n", "\n\n  \n"):
        cell = f"{above}%%live_element todo-list --topic todos:me\n\n// one\n// two"
        source = str(show(kernel, cell, "a")["source"])
        assert source.splitlines().index("// two") == cell.splitlines().index("// two")
    kernel.run("get_ipython().run_cell_magic('live_element', 'a-b --topic clock', '// three')")
    assert kernel.states()[kernel.displays()[-1]]["source"] == "\n// three"


def test_running_the_cell_again_replaces_the_element_wherever_it_is_shown(kernel: Kernel) -> None:
    kernel.run(f"%%live_element todo-list --topic todos:me\n{LIST}", "a")
    kernel.run("todos = _")
    kernel.run("with todos.change() as state: state['items'].append('milk')")
    kernel.run("other = Todos.show('todos:you', element='todo-list')", "b")
    kernel.run("own = Todos.show('todos:us', element='todo-list', esm='export {}')", "c")
    kernel.run(f"%%live_element todo-list --topic todos:me\n{LIST}// new", "a")
    first, other, own, again = kernel.displays()
    assert again == first
    sources = [str(kernel.states()[model]["source"]) for model in (first, other, own)]
    assert [source.endswith("// new\n") for source in sources] == [True, True, False]
    assert kernel.run("print(todos.state)") == "{'items': ['milk']}\n"


def test_without_a_topic_the_element_is_shown_by_its_name(kernel: Kernel) -> None:
    declare = f"%%live_element todo-list\n{LIST}"
    assert kernel.run(declare, "a") == "todo-list is declared\n"
    assert kernel.displays() == []
    shown = show(kernel, "todos = Todos.show('todos:me', element='todo-list')", "b")
    assert shown["source"] == f"\n{LIST}"
    assert kernel.run(declare, "a") == "todo-list is declared; outputs that show it: 1\n"
    assert "  <todo-list>  shown in 1 output\n" in kernel.run("%livestate")


def test_an_element_that_no_cell_declares_is_answered_with_those_there_are(kernel: Kernel) -> None:
    with pytest.raises(CellError, match=r"expected an element that a cell declares \(none\)"):
        kernel.run("Todos.show('todos:me', element='todo-list')")
    kernel.run(f"%%live_element todo-list\n{LIST}")
    with pytest.raises(CellError, match=r"declares \('todo-list'\), got 'todo-lits'"):
        kernel.run("Todos.show('todos:me', element='todo-lits')")


def test_the_module_without_its_tag_is_refused(kernel: Kernel) -> None:
    with pytest.raises(CellError, match="expected the tag of the element that esm exports"):
        kernel.run("Todos.show('todos:me', esm='export {}')")


def test_name_and_params_are_those_of_show(kernel: Kernel) -> None:
    line = """%%live_element todo-list --topic todos:me --name mine --params '{"items": ["a b"]}'"""
    kernel.run(f"{line}\n{LIST}", "a")
    assert kernel.run("print(_.state)") == "{'items': ['a b']}\n"
    kernel.run("todos = Todos.show('todos:me', name='mine')", "b")
    assert kernel.run("print(todos.state)") == "{'items': ['a b']}\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "the following arguments are required: element: see %%live_element\\?"),
        ("todos", "expected an element's tag in lower case with a hyphen"),
        ("todo-list --topic", "argument --topic: expected one argument"),
        ("todo-list --esm x", "unrecognized arguments: --esm x"),
        ("todo-list --topic 'a", "No closing quotation in"),
        ("todo-list --topic room:1", r"serves \('todos:\*', 'clock'\), got 'room:1'"),
        ("todo-list --topic todos:*", r"serves \('todos:\*', 'clock'\), got 'todos:\*'"),
        ("""todo-list --topic clock --params {"n":1}""", "a JSON object in single quotes"),
        ("""todo-list --topic todos:a --params '{"refuse": 1}'""", "the list is full"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(kernel: Kernel, line: str, said: str) -> None:
    answered(kernel, f"%%live_element {line}\n{LIST}", said)


# %%live_template


def test_a_cell_is_a_template_that_shows_a_topic(kernel: Kernel) -> None:
    html = '<li :each="item in items" :text="`${item}`">"\\\\é\u2028</li>\n'
    shown = show(kernel, f"%%live_template --topic todos:me\n{html}", "a")
    source = str(shown["source"])
    assert shown["topic"] == "todos:me"
    assert source.startswith('import { templateElement } from "livestate-nb/template";\n')
    # its lines are counted as in the cell
    assert json.dumps("\n" + html) in source
    assert json.dumps("\n\n" + html) in str(
        show(kernel, f"\n%%live_template --topic todos:me\n{html}", "a")["source"]
    )
    assert kernel.run("%livestate").count("<") == 0


def test_templates_replace_only_their_own(kernel: Kernel) -> None:
    kernel.run("%%live_template --topic todos:me\n<p>one</p>", "a")
    kernel.run("%%live_template --topic todos:me\n<p>two</p>", "b")
    kernel.run("%%live_template --topic todos:me\n<p>three</p>", "a")
    first, second, again = kernel.displays()
    assert again == first
    assert "<p>three</p>" in str(kernel.states()[first]["source"])
    assert "<p>two</p>" in str(kernel.states()[second]["source"])


def test_a_template_with_a_tag_is_shown_by_its_name(kernel: Kernel) -> None:
    kernel.run("%%live_template todo-list\n<p>one</p>", "a")
    shown = show(kernel, "todos = Todos.show('todos:me', element='todo-list')", "b")
    assert "<p>one</p>" in str(shown["source"])
    answered(kernel, "%%live_template\n<p>one</p>", "expected --topic TOPIC, or a tag")


# %live


def test_a_line_shows_a_class_a_topic_or_both(kernel: Kernel) -> None:
    for line, topic in [
        ("Todos todos:me", "todos:me"),
        ("todos:you", "todos:you"),
        ("Clock", "clock"),
        ("clock", "clock"),
        ("Todos 'todos:a b/c'", "todos:a b/c"),
    ]:
        shown = show(kernel, f"%live {line}", line)
        assert [shown["topic"], shown["element"]] == [topic, ""]
    assert len(kernel.displays()) == 5


def test_a_line_gives_the_handle_and_takes_what_show_takes(kernel: Kernel) -> None:
    kernel.run(f"%%live_element todo-list\n{LIST}")
    line = """todos = %live Todos todos:me --element todo-list --params '{"items": ["{x}"]}'"""
    assert show(kernel, line, "a")["element"] == "todo-list"
    assert kernel.run("print(todos.state)") == "{'items': ['{x}']}\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "required: channel: see %live\\?"),
        ("Todo todos:me", "expected the name of a channel class, got 'Todo': see %live\\?"),
        ("Todo", r"a topic that a declared channel serves \('todos:\*', 'clock'\), got 'Todo'"),
        ("Todos clock", "Todos: expected a topic such as 'todos:me', got 'clock'"),
        ("Todos", "Todos serves many topics: expected a topic such as 'todos:me', got none"),
        ("Clock --element no-such", "expected an element that a cell declares"),
    ],
)
def test_a_line_that_does_not_fit_is_answered_in_one_line(
    kernel: Kernel, line: str, said: str
) -> None:
    answered(kernel, f"%live {line}", said)


# help and completion


@pytest.mark.parametrize("magic", ["%%live_element", "%%live_template", "%live"])
def test_each_has_help_with_an_example_and_its_options(kernel: Kernel, magic: str) -> None:
    reply = kernel.client.inspect(f"{magic}?", len(magic), reply=True, timeout=20)["content"]
    text = reply["data"]["text/plain"]
    assert f"{magic} " in text
    for option in ("--name NAME", "--params JSON"):
        assert option in text


def test_tab_completes_topics_elements_classes_and_options(kernel: Kernel) -> None:
    kernel.run("todos = Todos.show('todos:me')")
    kernel.run(f"%%live_element todo-list\n{LIST}")
    for line, completed in [
        ("%%live_element todo", ["%%live_element todo-list"]),
        ("%%live_element todo-list --t", ["%%live_element todo-list --topic"]),
        ("%%live_element todo-list --topic todos:m", ["%%live_element todo-list --topic todos:me"]),
        ("%%live_template --topic cl", ["%%live_template --topic clock"]),
        ("%live Tod", ["%live Todos"]),
        ("%live Todos todos:", ["%live Todos todos:", "%live Todos todos:me"]),
        ("%live clock --element ", ["%live clock --element todo-list"]),
    ]:
        assert complete(kernel, line) == completed
    assert complete(kernel, "%%live_element todo-list --topic clock --na") == [
        "%%live_element todo-list --topic clock --name"
    ]


def test_unloading_takes_the_magics_away(kernel: Kernel) -> None:
    kernel.run("%unload_ext livestate_nb")
    for line in ("%live clock", "%%live_element a-b\n1", "%%live_template\n1"):
        answered(kernel, line, "not found")

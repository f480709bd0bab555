"""What stands for elements where they are not live, as Python draws it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from livestate_nb import saved
from tests.kernels import Kernel

SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel

class Notes(Channel, topic="notes"):
    def init(self, params):
        return {"text": "milk & honey", "rows": ["x" * params.get("size", 1)]}
"""
WIDGET = "application/vnd.jupyter.widget-view+json"
AT = datetime(2026, 11, 27, 10, 5, 33, tzinfo=UTC)


class Words(HTMLParser):
    """Read the texts of HTML, and check that each tag is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_state_is_drawn_as_a_tree() -> None:
    state = {"n": 1.5, "is_done": True, "rows": [{"title": "milk"}, None, [], {}, ""]}
    words = Words(saved.draw(state)).words
    assert words == ["n", "1.5", "is_done", "true", "rows", "title", "milk", "null", "[]", "{}"]


def test_texts_and_keys_are_no_html() -> None:
    hostile = '</script><!-- </template> <b onclick="x"> & \''
    assert Words(saved.draw({hostile: hostile})).words == [hostile, hostile]
    assert Words(saved.frame("", hostile, hostile, AT, is_beside=False))


def test_what_is_beyond_measure_is_counted() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert Words(saved.draw({"deep": deep})).words == ["deep", "…"]
    many = Words(saved.draw({"rows": [[n] for n in range(10_000)]})).words
    assert many[-1] == "… 9,000 more"
    assert len(saved.draw("x" * 1_000_000)) < 3_000


def test_the_mark_says_when_it_was_so() -> None:
    html = saved.frame("<p>milk</p>", "todo-list of todos:me", "a1", AT, is_beside=False)
    assert 'aria-label="todo-list of todos:me, not live"' in html
    assert '<time datetime="2026-11-27T10:05+00:00">2026-11-27 10:05</time>' in html


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run(SETUP)
    yield kernel
    kernel.close()


def displayed(kernel: Kernel, code: str, cell: str) -> list[dict[str, Any]]:
    """Run a cell, and return the data of what it displays."""
    start = len(kernel.messages)
    kernel.run(code, cell)
    messages = [m for m in kernel.messages[start:] if m["msg_type"] == "display_data"]
    return [message["content"]["data"] for message in messages]


def test_front_ends_that_save_what_is_shown_get_one_output(kernel: Kernel) -> None:
    (data,) = displayed(kernel, "notes = Notes.show()", "a")
    assert set(data) == {"text/plain", saved.HTML, saved.MIME, WIDGET}
    assert "milk &amp; honey" in data[saved.HTML]
    assert data["text/plain"] == "<state of notes, shown by a kernel>"


def test_others_get_the_state_beside_the_widget(kernel: Kernel) -> None:
    widget, state = displayed(kernel, "Notes.show()", "")
    assert saved.HTML not in widget
    assert list(state) == [saved.HTML]
    assert "livestate-beside" in state[saved.HTML]
    assert widget[WIDGET]["model_id"] in state[saved.HTML]


def test_a_large_state_is_not_saved(kernel: Kernel) -> None:
    (data,) = displayed(kernel, "Notes.show(params={'size': 50_000_000})", "b")
    assert "The state is not saved: it has 50.0 MB." in data[saved.HTML]
    assert len(data[saved.HTML]) < 4_000


def test_no_output_names_the_session(kernel: Kernel) -> None:
    outputs = str(displayed(kernel, "Notes.show()", "c"))
    for state in kernel.states().values():
        if "session" in state:
            assert state["session"] not in outputs
            assert state["endpoint"] not in outputs


def test_a_dashboard_gets_the_widget_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOILA_PREHEAT", "False")
    kernel = Kernel()
    kernel.run(SETUP)
    (data,) = displayed(kernel, "Notes.show()", "")
    assert set(data) == {"text/plain", WIDGET}
    kernel.close()

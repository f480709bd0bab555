"""Script in whatever the pages and exports of ours show: it stays text."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from hypothesis import strategies as st

from livestate_nb import Channel, on, saved
from livestate_nb.errors import EncodeError
from livestate_nb.state.encoder import encode
from livestate_nb_server.gallery import module
from livestate_nb_server.hosted import Failed
from livestate_nb_server.page import page
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import SCRIPTS, values, words

AT = datetime(2026, 11, 27, 10, 5, tzinfo=UTC)
texts = st.one_of(st.sampled_from(SCRIPTS), words)


class Markup(HTMLParser):
    """Read the elements, attributes and texts of HTML as a browser does."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@fuzz(300, values)
def test_a_saved_state_has_no_markup_of_its_own(state: Any) -> None:
    drawn = Markup(saved.draw(state))
    assert set(drawn.tags) <= {"dl", "dt", "dd", "ol", "li", "p"}
    assert drawn.attributes == []


@fuzz(200, texts.filter(bool))
def test_all_of_a_text_is_drawn(text: str) -> None:
    short = text[:2000]
    assert Markup(saved.draw({short: [short]})).text.count(short) >= 2


@fuzz(300, texts, texts, values, st.booleans())
def test_a_saved_element_is_one_element(what: str, model: str, state: Any, is_beside: bool) -> None:
    plain = Markup(saved.frame("", "", "", AT, is_beside=is_beside))
    framed = Markup(saved.frame(saved.draw(state), what, model, AT, is_beside=is_beside))
    drawn = Markup(saved.draw(state))
    assert sorted(framed.tags) == sorted([*plain.tags, *drawn.tags])
    told = dict(framed.attributes)
    assert told["aria-label"] == f"{what}, not live"
    assert told["data-model"] == model
    assert [name for name, _ in framed.attributes] == [name for name, _ in plain.attributes]


@fuzz(300, texts, texts, texts, texts, texts)
def test_the_info_page_has_no_markup_but_its_own(
    pattern: str, event: str, tag: str, source: str, message: str
) -> None:
    class Shown(Channel):
        @on(event)
        def handle(self, payload: Any, state: Any) -> None:
            pass

    Shown.__name__ = source

    def shown(text: Callable[[str], str]) -> Markup:
        channels = {text(pattern): Shown}
        return Markup(page(text("/"), channels, [text(tag)], [Failed(text(source), text(message))]))

    hostile = shown(lambda text: text)
    assert hostile.tags == shown(lambda _: "x").tags
    assert [name for name, _ in hostile.attributes] == [
        name for name, _ in shown(lambda _: "x").attributes
    ]
    for text in (pattern, event, tag, source, message):
        assert text.replace("\r\n", "\n") in hostile.text or "\r" in text


@fuzz(200, texts, texts)
def test_an_element_s_module_has_its_source_as_one_text(tag: str, source: str) -> None:
    _, line, end = module(tag, source).split("\n")
    assert end == ""
    start, stop = line.index("(") + 1, line.rindex(")")
    assert json.loads(f"[{line[start:stop]}]") == [tag, source]
    assert line.isascii()  # no line separators that end a line of JavaScript


@fuzz(200, values)
def test_no_state_has_a_prototype_among_its_keys(state: Any) -> None:
    with suppress(EncodeError):
        encode(state)
        assert "__proto__" not in keys_of(state)


def keys_of(document: Any) -> set[str]:
    if isinstance(document, dict):
        return set(document).union(*map(keys_of, document.values()))
    return set().union(*map(keys_of, document)) if isinstance(document, list) else set()

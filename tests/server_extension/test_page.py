"""The page that says what is hosted."""

from livestate_nb import Channel
from livestate_nb_server.hosted import Failed
from livestate_nb_server.page import page
from tests.server_extension.channels import Counter


def test_the_page_names_every_channel_with_its_topic_and_its_events() -> None:
    text = page("/base/livestate", {"counter:*": Counter}, ["todo-list"], [])
    assert "<code>/base/livestate</code>" in text
    assert "<code>counter:*</code></td><td>Counter</td><td>inc</td>" in text
    assert "<code>/base/livestate/elements/todo-list.js</code>" in text
    assert "Could not be loaded" not in text


def test_a_page_with_nothing_hosted_says_how_to_host() -> None:
    assert 'c.LiveStateApp.channels = {"todo:*": "package.module:Class"}' in page("/", {}, [], [])


def test_the_page_says_what_could_not_be_loaded_and_why() -> None:
    text = page("/", {}, [], [Failed("entry point a = b:C", "cannot import 'b:C'")])
    assert "<code>entry point a = b:C</code>: cannot import &#x27;b:C&#x27;" in text


def test_no_text_on_the_page_is_taken_for_html() -> None:
    class Marked(Channel, topic="<script>*"):
        pass

    Marked.__name__ = "<script>"
    script = "<script>alert(1)</script>"
    text = page(f'/"{script}', {script: Marked}, [script], [Failed(script, script)])
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 6

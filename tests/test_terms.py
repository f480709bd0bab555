"""What a share opens, as an author says it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.channel import install_host
from livestate_nb.errors import DeclarationError, HostError, ShareError, TopicError
from livestate_nb.terms import Terms

SITE = "https://example.org"


class Todos(Channel, topic="todos:*"):
    @on("remove")
    def remove(self, payload: Any, state: Any) -> None: ...

    @on("add")
    def add(self, payload: Any, state: Any) -> None: ...


class Clock(Channel, topic="clock"):
    def handle_event(self, event: Any, payload: Any, state: Any) -> None: ...


class Host:
    """Take what channels ask of the notebook's extension."""

    def __init__(self) -> None:
        self.shared: list[Terms] = []

    def share(self, channel: Any, terms: Terms, *, element: str, url: str) -> None:
        self.shared.append(terms)


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    install_host(host)  # type: ignore[arg-type]  # as much of one as is asked for here
    yield host
    install_host(None)


def share(host: Host, channel: type[Channel], *args: Any, **terms: Any) -> Terms:
    channel.share(*args, **{"origins": SITE, **terms})
    return host.shared[-1]


def test_without_the_extension_it_is_asked_for() -> None:
    with pytest.raises(HostError, match="%load_ext livestate_nb"):
        Todos.share("todos:me", origins=SITE)


def test_the_usual_form_opens_what_the_channel_has_handlers_for(host: Host) -> None:
    week = 7 * 86_400.0
    assert share(host, Todos, "todos:*") == Terms("todos:*", ["add", "remove"], [SITE], week)


def test_a_channel_of_one_topic_needs_no_topic_and_opens_no_event_that_it_does_not_name(
    host: Host,
) -> None:
    assert share(host, Clock).topic == "clock"
    assert share(host, Clock).events == []


@pytest.mark.parametrize(
    ("events", "allowed"),
    [("*", "*"), (["add", "*"], "*"), ("add", ["add"]), ([], []), (("add", "add"), ["add"])],
)
def test_events_may_be_named(host: Host, events: Any, allowed: Any) -> None:
    assert share(host, Todos, "todos:me", events=events).events == allowed


def test_an_event_that_the_channel_does_not_handle_is_refused(host: Host) -> None:
    with pytest.raises(ShareError, match=r"events that Todos handles \(add, remove\), got ad, x"):
        share(host, Todos, "todos:me", events=["x", "add", "ad"])
    assert share(host, Clock, events="tick").events == ["tick"]


@pytest.mark.parametrize("topic", ["todo", "todos", "*", "room:1", 7])
def test_a_topic_of_others_is_refused(host: Host, topic: Any) -> None:
    expected = r"such as 'todos:me', or a pattern within 'todos:\*', got "
    with pytest.raises(TopicError, match=f"{expected}{re.escape(repr(topic))}"):
        share(host, Todos, topic)


@pytest.mark.parametrize("topic", ["todos:me", "todos:a*", "todos:*"])
def test_a_topic_may_be_narrower_than_the_channel_s(host: Host, topic: str) -> None:
    assert share(host, Todos, topic).topic == topic


def test_many_topics_are_shared_only_where_it_is_said(host: Host) -> None:
    with pytest.raises(TopicError, match=r"such as 'todos:me', or 'todos:\*' for all, got none"):
        share(host, Todos)
    with pytest.raises(TopicError, match="has no topic"):
        Channel.share(origins=SITE)


def test_origins_may_be_one_or_several(host: Host) -> None:
    assert share(host, Todos, "todos:me", origins="*").origins == ["*"]
    assert share(host, Todos, "todos:me", origins=("null", SITE)).origins == ["null", SITE]


@pytest.mark.parametrize("origins", [[], "", [""], [7], 7, None])
def test_origins_must_be_named(host: Host, origins: Any) -> None:
    with pytest.raises(ShareError, match=r"origin.*https://example\.org"):
        share(host, Todos, "todos:me", origins=origins)
    with pytest.raises(ShareError, match="origin"):
        Todos.share("todos:me")


def test_a_lifetime_is_checked_before_anything_is_asked(host: Host) -> None:
    with pytest.raises(ShareError, match="'7d'"):
        share(host, Todos, "todos:me", expires="a week")
    assert host.shared == []


def test_no_handler_may_be_called_share() -> None:
    with pytest.raises(DeclarationError, match="share is a name that every channel has"):

        class Shop(Channel, topic="shop"):
            @on("share")
            def share(self, payload: Any, state: Any) -> None: ...  # type: ignore[override]

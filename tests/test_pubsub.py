"""What any backend of PubSub has to keep, and the backends that keep it."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from livestate_nb.errors import TopicError
from livestate_nb.pubsub import LocalPubSub, PubSub, Subscriber
from tests.clients import PATIENCE


class QueuedPubSub:
    """A backend that carries messages on a thread of its own, as one with a network does."""

    def __init__(self) -> None:
        self._local = LocalPubSub()
        self._messages: queue.SimpleQueue[tuple[str, object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        self._local.subscribe(topic, subscriber)

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        self._local.unsubscribe(topic, subscriber)

    def publish(self, topic: str, message: object) -> None:
        if topic.endswith("*"):
            raise TopicError("one topic, please")
        self._messages.put((topic, message))

    def close(self) -> None:
        self._messages.put(None)
        self._thread.join(PATIENCE)

    def _carry(self) -> None:
        while (carried := self._messages.get()) is not None:
            self._local.publish(*carried)


class Got(list[Any]):
    """What subscribers got, as (their name, topic, message)."""

    def by(self, name: str) -> Subscriber:
        return lambda topic, message: self.append((name, topic, message))

    def wait(self, *expected: Any) -> None:
        """Wait for these and no others; the order is that in which each subscriber got them."""
        until(lambda: len(self) >= len(expected))
        assert sorted(self, key=lambda got: got[0]) == sorted(expected, key=lambda got: got[0])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def settle(pubsub: PubSub) -> None:
    """Wait until all that was published before has arrived."""
    arrived = threading.Event()
    pubsub.subscribe("the end", lambda *_: arrived.set())
    pubsub.publish("the end", None)
    assert arrived.wait(PATIENCE)


@pytest.fixture(params=[LocalPubSub, QueuedPubSub])
def pubsub(request: pytest.FixtureRequest) -> Iterator[PubSub]:
    backend = request.param()
    yield backend
    if isinstance(backend, QueuedPubSub):
        backend.close()


@pytest.fixture
def got() -> Got:
    return Got()


def test_subscribers_get_what_is_published_to_their_topic(pubsub: PubSub, got: Got) -> None:
    pubsub.subscribe("t", got.by("first"))
    pubsub.subscribe("t", got.by("second"))
    pubsub.subscribe("other", got.by("other"))
    pubsub.publish("t", 1)
    pubsub.publish("t", 2)
    settle(pubsub)
    got.wait(("first", "t", 1), ("first", "t", 2), ("second", "t", 1), ("second", "t", 2))


def test_a_pattern_brings_the_topics_that_begin_so(pubsub: PubSub, got: Got) -> None:
    pubsub.subscribe("room:*", got.by("rooms"))
    pubsub.subscribe("*", got.by("all"))
    for topic in ("room:1", "room:", "room", "lobby"):
        pubsub.publish(topic, topic.upper())
    settle(pubsub)
    got[:] = [one for one in got if one[1] != "the end"]
    got.wait(
        ("rooms", "room:1", "ROOM:1"),
        ("rooms", "room:", "ROOM:"),
        *(("all", topic, topic.upper()) for topic in ("room:1", "room:", "room", "lobby")),
    )


def test_what_several_subscriptions_fit_comes_once(pubsub: PubSub, got: Got) -> None:
    subscriber = got.by("me")
    for topic in ("room:1", "room:1", "room:*", "room:1*"):
        pubsub.subscribe(topic, subscriber)
    pubsub.publish("room:1", 1)
    settle(pubsub)
    got.wait(("me", "room:1", 1))


def test_unsubscribing_ends_one_subscription(pubsub: PubSub, got: Got) -> None:
    subscriber = got.by("me")
    pubsub.subscribe("room:1", subscriber)
    pubsub.subscribe("room:*", subscriber)
    pubsub.unsubscribe("room:*", subscriber)
    pubsub.unsubscribe("room:*", subscriber)
    pubsub.unsubscribe("nothing", subscriber)
    pubsub.publish("room:1", 1)
    pubsub.publish("room:2", 2)
    settle(pubsub)
    pubsub.unsubscribe("room:1", subscriber)
    pubsub.publish("room:1", 3)
    settle(pubsub)
    got.wait(("me", "room:1", 1))


def test_a_subscriber_may_unsubscribe_while_it_is_called(pubsub: PubSub, got: Got) -> None:
    def once(topic: str, message: Any) -> None:
        got.append(("once", topic, message))
        pubsub.unsubscribe("t", once)

    pubsub.subscribe("t", once)
    pubsub.subscribe("t", got.by("always"))
    pubsub.publish("t", 1)
    pubsub.publish("t", 2)
    settle(pubsub)
    got.wait(("once", "t", 1), ("always", "t", 1), ("always", "t", 2))


def test_a_subscriber_that_raises_harms_no_other(
    pubsub: PubSub, got: Got, caplog: pytest.LogCaptureFixture
) -> None:
    def bad(topic: str, message: Any) -> None:
        raise RuntimeError("raised on purpose")

    pubsub.subscribe("t", bad)
    pubsub.subscribe("t", got.by("good"))
    with caplog.at_level(logging.ERROR, "livestate_nb"):
        pubsub.publish("t", "a secret")
        pubsub.publish("t", "another")
        settle(pubsub)
    got.wait(("good", "t", "a secret"), ("good", "t", "another"))
    assert "raised on purpose" in caplog.text
    assert "a secret" not in caplog.text


def test_any_thread_may_publish_and_subscribe(pubsub: PubSub, got: Got) -> None:
    def work(number: int) -> None:
        for round_ in range(50):
            arrived = threading.Event()

            def subscriber(topic: str, message: Any, arrived: threading.Event = arrived) -> None:
                got.append((topic, topic, message))
                arrived.set()

            topic = f"{number}" if round_ % 2 else f"{number}*"
            pubsub.subscribe(topic, subscriber)
            pubsub.publish(str(number), round_)
            assert arrived.wait(PATIENCE)
            pubsub.unsubscribe(topic, subscriber)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [
        (str(number), str(number), round_) for number in range(8) for round_ in range(50)
    ]


@pytest.mark.parametrize("topic", ["", None, 1])
def test_what_is_no_topic_is_refused(pubsub: PubSub, topic: Any) -> None:
    with pytest.raises(TopicError):
        pubsub.subscribe(topic, print)
    with pytest.raises(TopicError):
        pubsub.unsubscribe(topic, print)


def test_nothing_is_published_to_a_pattern(pubsub: PubSub) -> None:
    with pytest.raises(TopicError):
        pubsub.publish("room:*", 1)


def test_within_a_process_subscribers_are_called_in_their_order(got: Got) -> None:
    pubsub = LocalPubSub()
    pubsub.subscribe("t*", got.by("pattern"))
    pubsub.subscribe("t", got.by("first"))
    pubsub.subscribe("t", got.by("second"))
    pubsub.publish("t", 1)
    assert [name for name, *_ in got] == ["first", "second", "pattern"]

"""Publish and subscribe within one process; the interface that other backends implement.

It must not know sessions or channels: subscribers are functions, messages are any objects.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

from livestate_nb.declaration import is_pattern
from livestate_nb.errors import TopicError

Subscriber: TypeAlias = Callable[[str, Any], None]
"""Take a message: (the topic that it was published to, the message)."""

_log: Final = logging.getLogger("livestate_nb")


class PubSub(Protocol):
    """Carry messages from publishers to the subscribers of a topic (Phoenix.PubSub).

    What any backend has to keep, ``tests.test_pubsub`` says. Every method may be called from any
    thread and returns at once.
    """

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Call ``subscriber`` with every message published to a topic, once for each.

        Args:
            topic: an exact topic, or a prefix and a star (``"room:*"``) for all that begin so.
            subscriber: called in any thread; it must return at once.

        Raises:
            TopicError: the topic is neither.
        """

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Take back a subscription to the same topic or pattern, if there is one.

        Raises:
            TopicError: the topic is neither.
        """

    def publish(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to the topic.

        Each gets the messages of one publisher in their order. One that raises harms no other.

        Args:
            topic: an exact topic.
            message: any object; a backend that leaves the process may refuse what it cannot carry.

        Raises:
            TopicError: the topic is a pattern, or no text.
        """


class LocalPubSub:
    """Carry messages within this process; subscribers are called in the publisher's thread.

    Example:
        >>> pubsub = LocalPubSub()
        >>> pubsub.subscribe("room:*", print)
        >>> pubsub.publish("room:1", "hello")
        room:1 hello
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._patterns: dict[str, dict[Subscriber, None]] = {}

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Call ``subscriber`` with every message published; see `PubSub.subscribe`."""
        with self._lock:
            self._kind(topic).setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Take back a subscription; see `PubSub.unsubscribe`."""
        with self._lock:
            kind = self._kind(topic)
            subscribers = kind.get(topic, {})
            subscribers.pop(subscriber, None)
            if not subscribers:
                kind.pop(topic, None)

    def publish(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to the topic, in the order they did.

        Those who subscribed to a pattern come last.
        """
        for subscriber in self._all_of(exact(topic)):
            try:
                subscriber(topic, message)
            except Exception:  # noqa: BLE001 - the others must get the message all the same
                _log.exception("a subscriber failed on a message to %.80r", topic)

    def _all_of(self, topic: str) -> list[Subscriber]:
        with self._lock:
            found = dict(self._subscribers.get(topic, {}))
            for pattern, subscribers in self._patterns.items():
                if topic.startswith(pattern[:-1]):
                    found |= subscribers
        return list(found)

    def _kind(self, topic: str) -> dict[str, dict[Subscriber, None]]:
        return self._patterns if is_pattern(checked(topic)) else self._subscribers


def checked(topic: object) -> str:
    """Return what one may subscribe to.

    Raises:
        TopicError: it is neither a topic nor a pattern.
    """
    if not isinstance(topic, str) or not topic:
        raise TopicError(
            f"expected a topic such as 'room:1' or, the star last, 'room:*', got {topic!r}"
        )
    return topic


def exact(topic: object) -> str:
    """Return what one may publish to.

    Raises:
        TopicError: it is a pattern, or no topic at all.
    """
    if is_pattern(checked(topic)):
        raise TopicError(f"expected one topic to publish to, got the pattern {topic!r}")
    return str(topic)

"""Publish and subscribe within one process; the interface that other backends implement.

It must not know sessions or channels: subscribers are functions, messages are any objects.
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

Subscriber: TypeAlias = Callable[[Any], None]


class PubSub(Protocol):
    """Carry messages from publishers to the subscribers of a topic (Phoenix.PubSub)."""

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Call `subscriber` with every message published to a topic, once for each."""

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Stop calling it; nothing happens where it was not subscribed."""

    def publish(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to the topic, in the order they did."""


class LocalPubSub:
    """Carry messages within this process; every method may be called from any thread.

    Example:
        >>> pubsub = LocalPubSub()
        >>> pubsub.subscribe("room:1", print)
        >>> pubsub.publish("room:1", "hello")
        hello
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[str, dict[Subscriber, None]] = {}

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Call `subscriber` with every message published to a topic, once for each.

        Args:
            topic: an exact topic.
            subscriber: called in the publisher's thread; it must return at once and not raise.
        """
        with self._lock:
            self._subscribers.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Stop calling it; nothing happens where it was not subscribed."""
        with self._lock:
            subscribers = self._subscribers.get(topic, {})
            subscribers.pop(subscriber, None)
            if not subscribers:
                self._subscribers.pop(topic, None)

    def publish(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to the topic, in the order they did."""
        with self._lock:
            subscribers = list(self._subscribers.get(topic, ()))
        for subscriber in subscribers:
            subscriber(message)

"""What one session has subscribed to, until it ends.

Messages come from any thread and go on to the endpoint's loop. It must not know what becomes
of them there.
"""

import logging
from collections.abc import Callable

from livestate_nb.errors import SessionClosed
from livestate_nb.pubsub import PubSub
from livestate_nb.runtime.failure import cut

_log = logging.getLogger("livestate_nb")


class Subscriptions:
    """Hold the topics and patterns that one session hears.

    `add` and `remove` may be called from any thread.

    Args:
        pubsub: brings the messages.
        post: runs a function on the endpoint's loop, from any thread.
        take: called there with the topic of each message, and the message.
    """

    def __init__(
        self, pubsub: PubSub, post: Callable[..., None], take: Callable[[str, object], None]
    ) -> None:
        self._pubsub = pubsub
        self._post = post
        self._take = take
        self._topics: set[str] = set()
        self._is_over = False

    def add(self, topic: str) -> None:
        """Hear a topic, or the topics that fit a pattern."""
        self._pubsub.subscribe(topic, self._receive)
        self._post(self._added, topic)

    def remove(self, topic: str) -> None:
        """Hear it no longer."""
        self._pubsub.unsubscribe(topic, self._receive)
        self._post(self._topics.discard, topic)

    def end(self) -> None:
        """Hear nothing any more; on the endpoint's loop only."""
        self._is_over = True
        for topic in self._topics:
            self._pubsub.unsubscribe(topic, self._receive)
        self._topics.clear()

    def _added(self, topic: str) -> None:
        if self._is_over:  # a handler's thread was late
            self._pubsub.unsubscribe(topic, self._receive)
        else:
            self._topics.add(topic)

    def _receive(self, topic: str, message: object) -> None:
        try:
            self._post(self._take, topic, message)
        except SessionClosed:
            _log.debug("the endpoint is closed: a message to %s is dropped", cut(topic))

"""The open sessions of an endpoint, and what names them: a topic, a cell, a key.

It must not know connections, nor which channels are declared.
"""

import secrets

from livestate_nb.channel import Channel, options_of
from livestate_nb.runtime.session import Ground, Session


class Sessions:
    """Hold sessions until they end.

    All but `all` belongs to the endpoint's loop.

    Args:
        ground: the endpoint.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._open: set[Session] = set()
        self._shared: dict[tuple[str, str], Session] = {}
        self._cells: dict[tuple[str, str, str], Session] = {}
        self._by_key: dict[str, Session] = {}

    @property
    def all(self) -> list[Session]:
        """Those that are open."""
        return list(self._open)

    def of(self, pattern: str) -> list[Session]:
        """Return those of the channel with a pattern."""
        return [one for one in self.all if options_of(type(one.channel)).topic == pattern]

    def named(self, key: str) -> Session | None:
        """Return a cell's session by its key."""
        return self._by_key.get(key)

    def for_join(self, channel: type[Channel], topic: str) -> Session:
        """Return the session that a join belongs to: the topic's, or a new one of its own."""
        return self._of_topic(channel, topic) or self._new(channel, topic)

    def for_cell(self, channel: type[Channel], topic: str, name: str) -> Session:
        """Return the session that a cell is to show, which its key finds from now on.

        Args:
            channel: the channel's class.
            topic: one of its topics.
            name: what tells this cell's sessions of the topic from others'; a shared channel
                has one session for all names.
        """
        session = self._of_topic(channel, topic)
        if session is None:
            place = (str(options_of(channel).topic), topic, name)
            if place not in self._cells:
                self._cells[place] = self._new(channel, topic)
            session = self._cells[place]
        self._by_key[session.key] = session
        return session

    def forget(self, session: Session) -> None:
        """Note that a session has ended."""
        self._open.discard(session)
        self._by_key.pop(session.key, None)
        self._shared = {key: other for key, other in self._shared.items() if other is not session}
        self._cells = {place: other for place, other in self._cells.items() if other is not session}

    def _of_topic(self, channel: type[Channel], topic: str) -> Session | None:
        """Return the session that all joins of a topic share; None where each has its own."""
        options = options_of(channel)
        if not options.shared:
            return None
        key = str(options.topic), topic
        if key not in self._shared:
            self._shared[key] = self._new(channel, topic)
        return self._shared[key]

    def _new(self, channel: type[Channel], topic: str) -> Session:
        session = Session(self._ground, channel, topic, secrets.token_urlsafe(16))
        self._open.add(session)
        return session

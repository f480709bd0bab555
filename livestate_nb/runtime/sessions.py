"""The open sessions of an endpoint, and what names them: a topic, a cell, a key.

It must not know connections, nor which channels are declared.
"""

import secrets
from typing import TypeAlias

from livestate_nb.channel import Channel, options_of
from livestate_nb.runtime.session import Ground, Session

_Spot: TypeAlias = tuple[str, str, str | None]
"""Where others find a session: the channel's pattern, the topic, a name where a cell shows it."""


class Sessions:
    """Hold sessions until they end.

    Any thread may read `all` and `of`; the rest belongs to the endpoint's loop.

    Args:
        ground: the endpoint.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._open: dict[Session, _Spot | None] = {}
        self._spots: dict[_Spot, Session] = {}
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
            session = self._at(channel, topic, name)
        self._by_key[session.key] = session
        return session

    def forget(self, session: Session) -> None:
        """Note that a session has ended."""
        spot = self._open.pop(session, None)
        if spot is not None:
            del self._spots[spot]
        self._by_key.pop(session.key, None)

    def _of_topic(self, channel: type[Channel], topic: str) -> Session | None:
        """Return the session that all joins of a topic share; None where each has its own."""
        return self._at(channel, topic, None) if options_of(channel).shared else None

    def _at(self, channel: type[Channel], topic: str, name: str | None) -> Session:
        """Return the session that others find by a name, or by its topic alone."""
        spot = str(options_of(channel).topic), topic, name
        if spot not in self._spots:
            self._spots[spot] = self._new(channel, topic, spot)
        return self._spots[spot]

    def _new(self, channel: type[Channel], topic: str, spot: _Spot | None = None) -> Session:
        session = Session(self._ground, channel, topic, secrets.token_urlsafe(16))
        self._open[session] = spot
        return session

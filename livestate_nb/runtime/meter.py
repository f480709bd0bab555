"""What the runtime tells whoever measures it: joins, handled messages, updates, refusals.

It must not know who measures, or how: a kernel's endpoint measures nothing.
"""

from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """Say how the handling of a message ended."""

    OK = "ok"
    REFUSED = "refused"
    """By the channel, or since its event or payload is none that the channel knows."""

    FAILED = "failed"
    """Its handler raised, or made what cannot be sent."""

    DROPPED = "dropped"
    """Its session, or who waited for it, has gone in the meantime."""


class Refusal(StrEnum):
    """Say what the runtime refused to a client, and by which rule."""

    FRAME = "frame"
    """A frame that breaks the protocol: the connection is closed."""

    UNMATCHED = "unmatched"
    """A topic that no channel serves."""

    LIMIT = "limit"
    """More than a client may have, or may let wait."""

    JOIN = "join"
    """A join: ``authorize`` said no, or failed; or there is no such session."""

    INIT = "init"
    """A state: ``init`` said no."""

    EVENT = "event"
    """An event: its handler said no."""

    UNKNOWN_EVENT = "unknown_event"
    """An event that has no handler."""

    PAYLOAD = "payload"
    """An event whose payload is not what its handler asks for."""


class Meter(Protocol):
    """Take what happens in an endpoint, on its loop; it must return at once and not raise.

    A pattern is the topic of a channel's class statement: there are as many as channels, however
    many topics clients make up.
    """

    def joined(self, connection: str, user: str, topic: str) -> None:
        """Note that a client has joined.

        Args:
            connection: names its connection in the log.
            user: its username; "" where nobody knows it.
            topic: the topic.
        """

    def refused(self, refusal: Refusal, connection: str, user: str, topic: str) -> None:
        """Note that something was refused to a client.

        Args: as for `joined`; the topic is "" where it is about none.
        """

    def handled(self, pattern: str, kind: str, outcome: Outcome, seconds: float) -> None:
        """Note that a message has been through its handler, or has come to its first yield.

        Args:
            pattern: of the channel.
            kind: ``event``, ``foreign``, ``message``, ``join``, ``leave`` or ``end``.
            outcome: how it ended.
            seconds: since its turn began.
        """

    def updated(self, pattern: str, size: int) -> None:
        """Note that an update has been made.

        Args:
            pattern: of the channel.
            size: bytes of its payload, which is encoded once for all clients.
        """


class Unmetered:
    """Measure nothing; implements `Meter`."""

    def joined(self, connection: str, user: str, topic: str) -> None:
        """Drop it."""

    def refused(self, refusal: Refusal, connection: str, user: str, topic: str) -> None:
        """Drop it."""

    def handled(self, pattern: str, kind: str, outcome: Outcome, seconds: float) -> None:
        """Drop it."""

    def updated(self, pattern: str, size: int) -> None:
        """Drop it."""


def username(user: object) -> str:
    """Return the name that a user has in measurements and logs; "" for one without."""
    return str(getattr(user, "username", ""))

"""See what happens in one server, and tell Prometheus and Jupyter's event log.

It must not know requests or frames.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from prometheus_client import Counter, Histogram

from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.meter import Outcome, Refusal
from livestate_nb.runtime.note import note
from livestate_nb_server.audit import Audit, Schema
from livestate_nb_server.metrics import (
    EVENTS,
    GAUGES,
    HANDLER_SECONDS,
    PATCH_BYTES,
    REFUSALS,
    RELAYED_CHARACTERS,
    RELAYED_FRAMES,
    Sample,
)


class Rejection(StrEnum):
    """Say what the server refused, before or beside the runtime; see `Refusal`."""

    LOGIN = "login"
    """Who the server does not know, or whose request has not the `_xsrf` that it needs."""

    PERMISSION = "permission"
    """Who may not execute, says the authorizer."""

    ORIGIN = "origin"
    """A page of an origin that does not count."""

    REQUEST = "request"
    """A version, a query or an authToken that is none."""

    CONNECT = "connect"
    """A client, by the connect callback."""

    KERNEL = "kernel"
    """A join, by a kernel or since it is gone."""

    SLOW = "slow"
    """Who does not read what is sent: the connection is closed."""

    SHARE = "share"
    """A join of an outsider: its share does not hold, or not for this."""

    UPLINK = "uplink"
    """A process that wants to pass for a kernel."""


for _kind in (*Refusal, *Rejection):
    REFUSALS.labels(_kind)  # a rate needs the zero

_TO_KERNELS: Final = RELAYED_FRAMES.labels("kernels"), RELAYED_CHARACTERS.labels("kernels")
_TO_CLIENTS: Final = RELAYED_FRAMES.labels("clients"), RELAYED_CHARACTERS.labels("clients")


class Waiting(Protocol):
    """Know how much waits to be read."""

    @property
    def unsent(self) -> int:
        """Characters."""


class Visited(Waiting, Protocol):
    """Be a client's connection."""

    way: str
    """How it came: ``websocket``, ``longpoll``, or ``kernel`` for a socket bound to one."""


class Dialled(Protocol):
    """Know the kernels that are connected."""

    @property
    def uplinks(self) -> Sequence[Waiting]:
        """Their uplinks."""


class Observer:
    """Measure one server; implements `livestate_nb.runtime.meter.Meter` and `metrics.Source`.

    Args:
        audit: tells the event log.
    """

    def __init__(self, audit: Audit) -> None:
        self.clients: set[Visited] = set()
        self._audit = audit
        self._endpoint: Endpoint | None = None
        self._dialled: Dialled | None = None
        self._handled: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self._updates: dict[str, Histogram] = {}

    def watch(self, endpoint: Endpoint, dialled: Dialled) -> None:
        """Let scrapes see how much there is, until `close`."""
        self._endpoint, self._dialled = endpoint, dialled
        GAUGES.add(self)

    def close(self) -> None:
        """Let scrapes see it no longer."""
        GAUGES.remove(self)

    def sample(self, total: Sample) -> None:
        """Add how much there is now; see `metrics.Source`."""
        for client in self.clients:
            total.connections[client.way] += 1
            total.unsent["clients"] += client.unsent
        for session in self._endpoint.sessions if self._endpoint else ():
            total.sessions[session.pattern] += 1
            total.waiting[session.pattern] += session.mailbox.length
        for uplink in self._dialled.uplinks if self._dialled else ():
            total.kernels += 1
            total.unsent["kernels"] += uplink.unsent

    # what happens

    def joined(self, connection: str, user: str, topic: str) -> None:
        """Note that a client has joined; see `Meter`."""
        self._audit.tell(Schema.JOIN, connection=connection, user=user, topic=topic)

    def shared(self, share: str, connection: str, user: str, topic: str) -> None:
        """Note that an outsider has been let in by a share, the id of which is given."""
        self._audit.tell(Schema.SHARE, share=share, connection=connection, user=user, topic=topic)

    def refused(self, refusal: Refusal, connection: str, user: str, topic: str) -> None:
        """Note a refusal of the runtime; see `Meter`."""
        self._refuse(refusal, connection, user, topic)

    def rejected(
        self, rejection: Refusal | Rejection, connection: str, user: str, topic: str
    ) -> None:
        """Note a refusal of the server; the connection is "" before the client has one."""
        note(
            logging.DEBUG,
            "refused",
            refusal=rejection,
            connection=connection,
            user=user,
            topic=topic,
        )
        self._refuse(rejection, connection, user, topic)

    def _refuse(self, refusal: Refusal | Rejection, connection: str, user: str, topic: str) -> None:
        REFUSALS.labels(refusal).inc()
        self._audit.tell(
            Schema.REFUSAL, refusal=refusal.value, connection=connection, user=user, topic=topic
        )

    def handled(self, pattern: str, kind: str, outcome: Outcome, seconds: float) -> None:
        """Note that a message was handled; see `Meter`."""
        key = pattern, kind, outcome
        known = self._handled.get(key)
        if known is None:
            known = EVENTS.labels(*key), HANDLER_SECONDS.labels(pattern, kind)
            self._handled[key] = known
        events, durations = known
        events.inc()
        durations.observe(seconds)

    def updated(self, pattern: str, size: int) -> None:
        """Note that an update was made; see `Meter`."""
        sizes = self._updates.get(pattern)
        if sizes is None:
            sizes = self._updates[pattern] = PATCH_BYTES.labels(pattern)
        sizes.observe(size)

    def forwarded(self, size: int) -> None:
        """Note that a frame goes to a kernel."""
        frames, characters = _TO_KERNELS
        frames.inc()
        characters.inc(size)

    def returned(self, size: int) -> None:
        """Note that a frame of a kernel goes to a client."""
        frames, characters = _TO_CLIENTS
        frames.inc()
        characters.inc(size)

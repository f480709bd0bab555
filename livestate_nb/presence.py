"""Presences: who is present on which topic, with metadata, as Phoenix.Presence has it.

It knows those of its own process, and tells changes by a pubsub of its own. It must not know
sessions or members: who is present is anything hashable.
"""

import copy
import secrets
import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeAlias

from livestate_nb.codec import Json, Raw, dumps
from livestate_nb.pubsub import LocalPubSub

Listener: TypeAlias = Callable[[str, Raw], None]
"""Take a change: (the topic, the payload of a ``presence_diff``, encoded once for all)."""


class Presence(NamedTuple):
    """Hold how somebody is present.

    Args:
        key: who it is; several may have the same one.
        meta: what the others see, a JSON object.
    """

    key: str
    meta: dict[str, Json]


class Presences:
    """Keep who is present, and tell who listens of each change.

    The formats are those that phoenix.js's ``Presence`` reads: ``{key: {"metas": [...]}}``, each
    meta with a ``phx_ref`` of its own, and with the ``phx_ref_prev`` of the one that it replaced.

    Example:
        >>> presences = Presences()
        >>> presences.listen("room:1", lambda topic, diff: print(bytes(diff).decode()))
        >>> presences.track("room:1", "her tab", Presence("ann", {}))  # doctest: +ELLIPSIS
        {"joins":{"ann":{"metas":[{"phx_ref":"..."}]}},"leaves":{}}
        >>> presences.state("room:1")  # doctest: +ELLIPSIS
        {'ann': {'metas': [{'phx_ref': '...'}]}}
    """

    def __init__(self) -> None:
        self._changes = LocalPubSub()
        self._lock = threading.Lock()
        self._topics: dict[str, dict[Hashable, Presence]] = {}
        self._prefix = secrets.token_urlsafe(6)  # clients compare refs across our restarts
        self._count = 0

    def listen(self, topic: str, listener: Listener) -> None:
        """Call a listener with each change on a topic, in the thread that made it."""
        self._changes.subscribe(topic, listener)

    def ignore(self, topic: str, listener: Listener) -> None:
        """Stop calling it."""
        self._changes.unsubscribe(topic, listener)

    def track(self, topic: str, holder: Hashable, presence: Presence) -> None:
        """Let a holder be present on a topic, or change how."""
        with self._lock:
            holders = self._topics.setdefault(topic, {})
            before = holders.get(holder)
            self._count += 1
            meta = {**presence.meta, "phx_ref": f"{self._prefix}.{self._count}"}
            if before is not None and before.key == presence.key:
                meta["phx_ref_prev"] = before.meta["phx_ref"]
            holders[holder] = now = Presence(presence.key, meta)
        self._tell(topic, joins=now, leaves=before)

    def untrack(self, topic: str, holder: Hashable) -> None:
        """Let a holder be present no longer; nothing happens where it is not."""
        with self._lock:
            holders = self._topics.get(topic, {})
            before = holders.pop(holder, None)
            if not holders:
                self._topics.pop(topic, None)
        if before is not None:
            self._tell(topic, joins=None, leaves=before)

    def is_present(self, topic: str, holder: Hashable) -> bool:
        """Return whether a holder is present on a topic."""
        return holder in self._topics.get(topic, {})

    def metas(self, topic: str) -> dict[str, list[dict[str, Any]]]:
        """Return the metas of who is present on a topic, by key, in the order they came."""
        with self._lock:
            present = list(self._topics.get(topic, {}).values())
        metas: dict[str, list[dict[str, Any]]] = {}
        for key, meta in present:
            metas.setdefault(key, []).append(copy.deepcopy(meta))
        return metas

    def state(self, topic: str) -> Json:
        """Return the payload of a ``presence_state``."""
        return {key: {"metas": metas} for key, metas in self.metas(topic).items()}

    def _tell(self, topic: str, *, joins: Presence | None, leaves: Presence | None) -> None:
        diff = {"joins": _entry(joins), "leaves": _entry(leaves)}
        self._changes.publish(topic, Raw(dumps(diff)))


def _entry(presence: Presence | None) -> Json:
    return {} if presence is None else {presence.key: {"metas": [presence.meta]}}

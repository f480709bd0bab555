"""Who is present, as a client knows it that follows the rules of phoenix's presence.js.

It was written from those rules, not from our own client. It must not know sessions.
"""

import copy
from collections.abc import Iterator

from livestate_nb.codec import Json
from livestate_nb.protocol.message import PRESENCE_DIFF, PRESENCE_STATE


class Presence:
    """Follow ``presence_state`` and ``presence_diff`` of one topic (phoenix presence.js).

    Args:
        waits: whether changes wait for the whole of a new join, as in presence.js. Our own client
            does not wait: where it resumes there may come none.
    """

    def __init__(self, *, waits: bool) -> None:
        self.metas: dict[str, list[Json]] = {}
        """The metas of who is present, by key; none is without."""
        self._waits = waits
        self._join: str | None = None
        """The join that the last whole came for."""
        self._pending: list[Json] = []

    def take(self, event: str, payload: Json, join: str) -> None:
        """Take a push, whichever it is.

        Args:
            event: its name.
            payload: its payload.
            join: the ref of the join that it came for.
        """
        if event == PRESENCE_STATE:
            self._join = join
            self._sync(payload)
            for pending in self._pending:
                self._change(pending)
            self._pending = []
        elif event == PRESENCE_DIFF and self._waits and self._join != join:
            self._pending.append(payload)
        elif event == PRESENCE_DIFF:
            self._change(payload)

    def _sync(self, whole: Json) -> None:
        """Work out who came and went since (syncState)."""
        joins, leaves = {}, {}
        for key, metas in self.metas.items():
            there = {meta["phx_ref"] for meta in whole.get(key, {"metas": []})["metas"]}
            if left := [meta for meta in metas if meta["phx_ref"] not in there]:
                leaves[key] = {"metas": left}
        for key, entry in whole.items():
            known = {meta["phx_ref"] for meta in self.metas.get(key, [])}
            if came := [meta for meta in entry["metas"] if meta["phx_ref"] not in known]:
                joins[key] = {"metas": came}
        self._change({"joins": joins, "leaves": leaves})

    def _change(self, diff: Json) -> None:
        """Put in who came, then take out who left (syncDiff)."""
        for key, came in _entries(diff["joins"]):
            refs = {meta["phx_ref"] for meta in came}
            known = [one for one in self.metas.get(key, []) if one["phx_ref"] not in refs]
            self.metas[key] = [*known, *copy.deepcopy(came)]
        for key, left in _entries(diff["leaves"]):
            refs = {meta["phx_ref"] for meta in left}
            if key in self.metas:
                self.metas[key] = [one for one in self.metas[key] if one["phx_ref"] not in refs]
                if not self.metas[key]:
                    del self.metas[key]


def _entries(entries: Json) -> Iterator[tuple[str, list[Json]]]:
    for key, entry in entries.items():
        yield key, entry["metas"]

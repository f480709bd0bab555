"""The generators that run in one session, by who started them: as many as it can bear.

It must not know what they do.
"""

from typing import Final, Protocol

from livestate_nb.errors import Refuse

_LEFT: Final = object()
"""Owns the generators of members that have left."""


class Endable(Protocol):
    """A generator that runs."""

    def end(self) -> None:
        """End it, as soon as it comes to a wait or a yield."""


class Running:
    """Hold the generators that run in one session.

    An owner is a member, or None for what messages and Python started.

    Args:
        most: how many of one owner may run at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_owner: dict[object, list[Endable]] = {}

    def begin(self, owner: object, generator: Endable) -> None:
        """Note that a generator runs.

        Raises:
            Refuse: as many of its owner run already.
        """
        running = self._by_owner.setdefault(owner, [])
        if len(running) >= self._most:
            raise Refuse(f"{self._most} generators run already: wait until one has ended")
        running.append(generator)

    def ended(self, owner: object, generator: Endable) -> None:
        """Note that a generator has ended, if it ran."""
        for one in (owner, _LEFT):
            running = self._by_owner.get(one, [])
            if generator in running:
                running.remove(generator)
                if not running:
                    del self._by_owner[one]

    def release(self, owner: object) -> None:
        """Let the generators of a member that leaves run on: as many as one owner may have.

        The oldest end where there are more.
        """
        running = self._by_owner.pop(owner, [])
        if running:
            kept = [*self._by_owner.get(_LEFT, []), *running]
            self._by_owner[_LEFT] = kept[-self._most :]
            for generator in kept[: -self._most]:
                generator.end()

    def end(self, owner: object) -> None:
        """End the generators of a member that is gone."""
        for generator in self._by_owner.pop(owner, []):
            generator.end()

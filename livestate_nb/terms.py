"""What a share opens, to whom and for how long, as an author says it.

It must not know tokens, nor who makes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Self, TypeAlias

from livestate_nb.declaration import is_pattern, matches
from livestate_nb.errors import ShareError
from livestate_nb.lifetime import seconds_of

Some: TypeAlias = Iterable[str] | str
"""Texts, or a single one."""

_ORIGIN: Final = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_EXAMPLE: Final = "such as 'https://example.org'"


@dataclass(frozen=True, slots=True)
class Terms:
    """Hold what a share opens.

    Args:
        topic: a topic, or a prefix and a star.
        events: names of the events that may be dispatched, none to read only; ``"*"`` for all.
        origins: the origins of the pages that may use it; ``["*"]`` for all.
        seconds: how long.
    """

    topic: str
    events: list[str] | Literal["*"]
    origins: list[str]
    seconds: float

    @classmethod
    def read(
        cls, topic: str, events: Some, origins: Some, expires: str | timedelta | float
    ) -> Self:
        """Return the terms that an author gave.

        Raises:
            ShareError: events, origins or expires are none that a share can have.

        Example:
            >>> Terms.read("todos:*", "add", "https://example.org", "7d").seconds
            604800.0
        """
        named = _texts("events", events, "names of events, or '*' for all")
        origins = _texts("origins", origins, f"the pages' origins, {_EXAMPLE}, or '*' for all")
        if not origins:
            raise ShareError(f"expected at least one origin, {_EXAMPLE}, got none")
        for origin in origins:
            _check_origin(origin)
        allowed: list[str] | Literal["*"] = "*" if "*" in named else named
        return cls(topic, allowed, origins, seconds_of(expires))


def covers(pattern: str, topic: str) -> bool:
    """Return whether a pattern matches all that a topic, or another pattern, names.

    Example:
        >>> covers("todos:*", "todos:a*"), covers("todos:*", "todos:me"), covers("todos", "todos:*")
        (True, True, False)
    """
    if not is_pattern(topic):
        return matches(pattern, topic)
    return is_pattern(pattern) and topic.startswith(pattern[:-1]) and "*" not in topic[:-1]


def _texts(name: str, given: Some, expected: str) -> list[str]:
    """Return texts, each once, in their order."""
    texts = [given] if isinstance(given, str) else list(given)
    for text in texts:
        if not isinstance(text, str) or not text:
            raise ShareError(f"{name}: expected {expected}, got {text!r}")
    return list(dict.fromkeys(texts))


def _check_origin(origin: str) -> None:
    """Refuse what no browser sends as an Origin."""
    if origin in ("*", "null") or _ORIGIN.fullmatch(origin):
        return
    found = _ORIGIN.match(origin.lower())
    instead = f": write {found[0]!r}" if found else f", {_EXAMPLE}"
    raise ShareError(
        f"expected an origin, a scheme and a host without a path{instead}, got {origin!r}"
    )

"""What a share opens, to whom and for how long, as an author says it.

It must not know tokens, nor who makes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Self, TypeAlias

from livestate_nb.errors import ShareError
from livestate_nb.lifetime import seconds_of

Some: TypeAlias = Iterable[str] | str
"""Texts, or a single one."""

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
            ShareError: events or origins are no texts, no origin is named, or expires is no
                lifetime. What is an origin, the server knows.

        Example:
            >>> Terms.read("todos:*", "add", "https://example.org", "7d").seconds
            604800.0
        """
        named = _texts("events", events, "names of events, or '*' for all")
        origins = _texts("origins", origins, f"the pages' origins, {_EXAMPLE}, or '*' for all")
        if not origins:
            raise ShareError(f"expected at least one origin, {_EXAMPLE}, got none")
        allowed: list[str] | Literal["*"] = "*" if "*" in named else named
        return cls(topic, allowed, origins, seconds_of(expires))


def _texts(name: str, given: Some, expected: str) -> list[str]:
    """Return texts, each once, in their order."""
    is_one = isinstance(given, str) or not isinstance(given, Iterable)
    texts: list[Any] = [given] if is_one else list(given)
    for text in texts:
        if not isinstance(text, str) or not text:
            raise ShareError(f"{name}: expected {expected}, got {text!r}")
    return list(dict.fromkeys(texts))

"""Lines of the log that people and programs read: what has happened, and facts about it.

It must not know what they mean. Nothing that a client sent but the names of topics and events may
be among the facts; an app's own ``reason`` is as its author wrote it.
"""

import logging
import re
from typing import Final

from livestate_nb.runtime.failure import cut, named

_log: Final = logging.getLogger("livestate_nb")
_PLAIN: Final = re.compile(r"[\w.:*/@+-]{1,80}", re.ASCII)


def note(level: int, what: str, **facts: object) -> None:
    """Log a line that ends with its facts as ``key=value``; the record has them as attributes.

    Args:
        level: of `logging`.
        what: what has happened, without what differs from time to time.
        facts: texts (cut short) and numbers; ``seconds`` is a duration.

    Example:
        >>> note(logging.DEBUG, "joined", topic="todo:all", seconds=0.00213)
    """
    if not _log.isEnabledFor(level):
        return
    shown = {key: _shown(value) for key, value in facts.items()}
    extra = {key: _brief(value) for key, value in facts.items()}
    text = " ".join(f"{key}={value}" for key, value in shown.items())
    _log.log(level, "%s: %s", what, text, extra=extra, stacklevel=2)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    text = _text(value)
    return text if _PLAIN.fullmatch(text) else cut(text)


def _brief(value: object) -> object:
    return value if isinstance(value, float | int) else _text(value)[:200]


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) else named(value)

"""What handlers print and how they fail, kept for their author; the last of it only.

It must not know who shows it.
"""

import re
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from livestate_nb.channel import Channel, session_of

Kind: TypeAlias = Literal["print", "error"]

MAX_ENTRIES: Final = 500
MAX_TEXT: Final = 8_000
"""Characters of one entry: of a longer one its end is kept."""

MAX_TITLE: Final = 300
"""Characters of an error's title, which may hold what a client sent: its beginning is kept."""

_OVERWRITTEN: Final = re.compile(r"[^\n]*\r(?=[^\r\n])")
"""What a carriage return lets the rest of its line take the place of, as progress bars do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold what a session's handlers printed in a row, or one failure.

    Args:
        number: counts the entries.
        time: when it began.
        session: leads to the session, which it does not keep: its state may be large.
        topic: its topic.
        channel: the name of its class.
        kind: which of the two.
        text: what was printed; of an error its traceback, if there is one.
        title: an error in one line; "" for prints.
    """

    number: int
    time: datetime
    session: weakref.ref[object]
    topic: str
    channel: str
    kind: Kind
    text: str
    title: str = ""

    def is_of(self, session: object) -> bool:
        """Return whether it is a session's."""
        return self.session() is session


class Journal:
    """Keep the last entries. Callable from any thread.

    Args:
        tell: called with the session that has a new entry, or a longer one.
    """

    def __init__(self, tell: Callable[[object], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._count = 0

    @property
    def count(self) -> int:
        """How many entries there have been."""
        return self._count

    def printed(self, channel: Channel, text: str) -> None:
        """Note what a channel's handler has written: it continues what it wrote last."""
        if not text:
            return
        session = session_of(channel)
        with self._lock:
            last = self._entries[-1] if self._entries else None
            if last is not None and last.kind == "print" and last.is_of(session):
                self._entries[-1] = replace(last, text=_typed(last.text + text))
            else:
                self._add(channel, "print", _typed(text), "")
        self._tell(session)

    def failed(self, channel: Channel, title: str, traceback: str) -> None:
        """Note that a channel's callback has failed.

        Args:
            channel: the channel object.
            title: what failed and why, in one line.
            traceback: the traceback's text, "" where it would tell nothing.
        """
        with self._lock:
            self._add(channel, "error", traceback[-MAX_TEXT:], title[:MAX_TITLE])
        self._tell(session_of(channel))

    def entries(self, kind: Kind | None = None) -> list[Entry]:
        """Return the entries, oldest first.

        Args:
            kind: which ones; None for both.
        """
        with self._lock:
            return [entry for entry in self._entries if kind in (None, entry.kind)]

    def _add(self, channel: Channel, kind: Kind, text: str, title: str) -> None:
        self._count += 1
        now = datetime.now().astimezone()
        session, name = weakref.ref(session_of(channel)), type(channel).__name__
        entry = Entry(self._count, now, session, channel.topic, name, kind, text, title)
        self._entries.append(entry)


def _typed(text: str) -> str:
    """Return a text as a terminal would show it, and no more of it than an entry holds."""
    if "\r" in text:
        text = _OVERWRITTEN.sub("", text)
    return text if len(text) <= MAX_TEXT else "…" + text[1 - MAX_TEXT :]

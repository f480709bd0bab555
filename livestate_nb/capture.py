"""Take what handlers print, and the failures that are logged for them, into the journal.

What anybody else prints goes where it went. It must not know notebooks: streams are given to it.
"""

import logging
import sys
import traceback
from collections.abc import Iterable
from typing import Any, Final

from livestate_nb.channel import Channel, current_turn
from livestate_nb.journal import Journal

_STREAMS: Final = ("stdout", "stderr")


class Capture:
    """Stand in for ``sys.stdout`` and ``sys.stderr``, and listen to our own logger.

    Args:
        journal: gets what belongs to a channel's callback.
    """

    def __init__(self, journal: Journal) -> None:
        self._streams = {name: Stream(getattr(sys, name), journal) for name in _STREAMS}
        self._failures = Failures(journal)
        for name, stream in self._streams.items():
            setattr(sys, name, stream)
        logging.getLogger("livestate_nb").addHandler(self._failures)

    def close(self) -> None:
        """Put back what was there; who has put something over it in the meantime keeps that."""
        logging.getLogger("livestate_nb").removeHandler(self._failures)
        for name, stream in self._streams.items():
            stream.is_open = False
            if getattr(sys, name) is stream:
                setattr(sys, name, stream.under)


class Stream:
    """Be the stream under it, but for what callbacks of channels write.

    Args:
        under: the stream that was there.
        journal: gets what callbacks write.
    """

    def __init__(self, under: Any, journal: Journal) -> None:
        self.under = under
        self.is_open = True
        self._journal = journal

    def write(self, text: str) -> int:
        """Write a text, to where it belongs."""
        channel = _at_work() if self.is_open and isinstance(text, str) else None
        if channel is None:
            written: int = self.under.write(text)
            return written
        self._journal.printed(channel, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.under, name)


class Failures(logging.Handler):
    """Take the errors that are logged in a channel's callback.

    Args:
        journal: gets them.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Note a failure; what belongs to no channel is written as logging does by itself."""
        channel = _at_work()
        title, text = record.getMessage(), ""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text = "".join(traceback.format_exception(*record.exc_info))
            title += f": {traceback.format_exception_only(error)[0].strip()}"
        if channel is not None:
            self._journal.failed(channel, title, text)
        elif not logging.getLogger().handlers:
            sys.stderr.write(f"{title}\n{text}")


def _at_work() -> Channel | None:
    """Return the channel whose callback this is, or that has started what this is."""
    turn = current_turn.get()
    return None if turn is None or turn.is_block else turn.channel

"""The log of a server in a process of its own, told again here, where pytest shows it.

It must not know what a server is.
"""

import logging
import re
from collections import deque
from subprocess import Popen
from threading import Thread
from typing import IO, Final, cast

_log = logging.getLogger("livestate_nb.server")

_LEVELS: Final = {
    "D": logging.DEBUG,
    "I": logging.INFO,
    "W": logging.WARNING,
    "E": logging.ERROR,
    "C": logging.CRITICAL,
}
_HEAD: Final = re.compile(rf"\[([{''.join(_LEVELS)}]) [^\]]*\] ")
"""How Jupyter begins what it logs."""

_MORE: Final = "    "
"""How it begins further lines of the same; all else was printed."""

_KEPT: Final = 1000
"""Lines that are remembered."""

_PATIENCE: Final = 5.0
"""Seconds that an ended process's last lines may take."""


class Log:
    """Tell what a process writes, line by line, as records of the logger ``livestate_nb.server``.

    Each has the level that the server gave it; what was printed has that of information.

    Args:
        process: writes texts into a pipe, its ``stdout``.
    """

    def __init__(self, process: "Popen[str]") -> None:
        self._stream = cast("IO[str]", process.stdout)
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._thread = Thread(target=self._tell, name="livestate-server-log", daemon=True)
        self._thread.start()

    def read(self) -> str:
        """Return the last of what was told, once the process has ended."""
        self.close()
        return "\n".join(self._lines)

    def close(self) -> None:
        """Wait until all is told, but not for what a child of the process may still write."""
        self._thread.join(_PATIENCE)

    def _tell(self) -> None:
        level = logging.INFO
        with self._stream as stream:
            for text in stream:
                line = text.rstrip("\n")
                if head := _HEAD.match(line):
                    level = _LEVELS[head[1]]
                elif not line.startswith(_MORE):
                    level = logging.INFO
                self._lines.append(line)
                _log.log(level, "%s", line)

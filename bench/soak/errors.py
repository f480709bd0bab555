"""What a process logs as an error, but for what the soak does on purpose.

It must not know which process that is.
"""

import logging
from typing import Final

from bench.soak.channels import OnPurpose

LOGGERS: Final = ("livestate_nb", "asyncio", "tornado")
"""Who logs what goes wrong: our code, tasks that nobody awaits, and handlers of requests."""

MAX_TEXTS: Final = 20
MAX_TEXT: Final = 200


class Errors(logging.Handler):
    """Keep the first errors that are logged, a line each."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    @classmethod
    def watch(cls) -> "Errors":
        """Keep what this process logs from now on."""
        errors = cls()
        for name in LOGGERS:
            logging.getLogger(name).addHandler(errors)
        return errors

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, unless a handler was asked to fail."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OnPurpose) and len(self.texts) < MAX_TEXTS:
            text = record.getMessage().partition("\n")[0]
            self.texts.append(f"{text} {error!r}"[:MAX_TEXT] if error else text[:MAX_TEXT])

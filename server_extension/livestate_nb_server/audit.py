"""Tell Jupyter's event log who has joined what, and what was refused to whom.

It must not know why. Nothing that a client sent but the topic goes into an event.
"""

import logging
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_events import EventLogger

MAX_TOPIC: Final = 200
"""Characters of a topic in an event."""

_SCHEMAS: Final = Path(__file__).with_name("event_schemas")

_log = logging.getLogger("livestate_nb")


class Schema(Enum):
    """Name the kinds of events: the ids of their schemas."""

    JOIN = "urn:livestate-nb:join:v1"
    REFUSAL = "urn:livestate-nb:refusal:v1"
    SHARE = "urn:livestate-nb:share:v1"

    @property
    def file(self) -> Path:
        """Where the schema is."""
        _, _, kind, version = self.value.split(":")
        return _SCHEMAS / kind / f"{version}.yaml"


class Audit:
    """Emit events, if anybody listens.

    Args:
        logger: the server's; None where it has none, as in standalone Voila.
    """

    def __init__(self, logger: "EventLogger | None") -> None:
        self._logger = logger
        if logger is not None:
            for schema in Schema:
                logger.register_event_schema(schema.file)

    def tell(self, schema: Schema, *, topic: str, **data: str) -> None:
        """Emit an event; a listener that fails harms nobody.

        Args:
            schema: of the event.
            topic: what it is about, cut short.
            data: the rest of it.
        """
        if self._logger is None:
            return
        try:
            self._logger.emit(schema_id=schema.value, data={**data, "topic": topic[:MAX_TOPIC]})
        except Exception:  # noqa: BLE001 - modifiers of events may raise anything
            _log.exception("the event log failed on %s", schema.value)

"""Write to the log how a callback of a channel failed, for its author.

It must not know what clients are told, nor what becomes of the session.
"""

import logging
from types import TracebackType

from livestate_nb.channel import Channel
from livestate_nb.errors import InvalidPayload, LiveStateError, Refuse, UnknownEvent
from livestate_nb.runtime.failure import brief, cut

_log = logging.getLogger("livestate_nb")


def log_fault(channel: Channel, what: str, error: BaseException, *, is_told: bool = False) -> None:
    """Log a failure; one that clients make is no error.

    Args:
        channel: the channel object.
        what: what was handled, for people.
        error: what was raised.
        is_told: whether it comes out where Python waits for it, too.
    """
    name = f"{type(channel).__name__} on {cut(channel.topic)}"
    if isinstance(error, InvalidPayload):  # what it says and where may be the client's data
        _log.info("%s refused %s: its payload does not fit the annotation", name, what)
    elif isinstance(error, Refuse | UnknownEvent):
        _log.info("%s refused %s: %s", name, what, brief(error))
    elif isinstance(error, LiveStateError):
        _log.error("%s failed on %s: %s", name, what, brief(error))
    elif not is_told:
        traceback = _user_frames(error)
        _log.error("%s failed on %s", name, what, exc_info=(type(error), error, traceback))


def _user_frames(error: BaseException) -> TracebackType | None:
    """Return the traceback from the user's own code on, or all of it where there is none."""
    traceback = error.__traceback__
    while traceback is not None and _is_machinery(traceback.tb_frame.f_globals.get("__name__", "")):
        traceback = traceback.tb_next
    return traceback or error.__traceback__


def _is_machinery(module: str) -> bool:
    return module.partition(".")[0] in ("asyncio", "concurrent", "livestate_nb")

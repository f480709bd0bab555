"""What clients are told when a callback fails.

Outsiders get no internals: only who holds the kernel sees the error's own text. It must not
know how the error is sent or what becomes of the session.
"""

from livestate_nb.codec import Json
from livestate_nb.errors import EncodeError, EventError, Refuse, ReturnError, UnknownEvent


def describe(error: BaseException, event: str | None, *, is_local: bool) -> dict[str, Json]:
    """Return the payload of the ``error`` event that tells a client of a failure.

    Args:
        error: what was raised.
        event: the name of the event that was handled; None for a message.
        is_local: whether the client belongs to the author: it gets the error's own text.

    Returns:
        ``type`` (``refused``, ``unknown_event``, ``bad_return``, ``bad_state`` or ``raised``),
        ``message``, and ``event`` where there is one; a refusal with a dict adds its keys.
    """
    payload: dict[str, Json] = {} if event is None else {"event": event}
    if isinstance(error, Refuse):
        return {"type": "refused", **payload, "message": "refused", **error.payload("message")}
    what = "a message" if event is None else f"the event {event!r}"
    kind, public = _classify(error, what)
    message = f"{type(error).__name__}: {error}" if is_local else public
    return {"type": kind, **payload, "message": message}


def _classify(error: BaseException, what: str) -> tuple[str, str]:
    if isinstance(error, UnknownEvent):
        return "unknown_event", f"there is no handler for {what}"
    if isinstance(error, ReturnError):
        return "bad_return", f"the handler of {what} returned what is not accepted"
    if isinstance(error, EncodeError | EventError):
        return "bad_state", f"the handler of {what} made what cannot be sent"
    return "raised", f"the handler of {what} failed"

"""What clients are told when a callback fails.

Only the notebook's own clients see an error's own text; others get no internals. It must not know
how the error is sent or what becomes of the session.
"""

from typing import Final

from livestate_nb.codec import Json
from livestate_nb.errors import (
    EncodeError,
    EventError,
    InvalidPayload,
    ProtocolError,
    Refuse,
    ReturnError,
    UnknownEvent,
)
from livestate_nb.limits import Limits
from livestate_nb.protocol.message import ERROR, EVENT_PREFIX, TOO_DEEP, Message
from livestate_nb.runtime.ledger import Outgoing, outgoing
from livestate_nb.state.encoder import encode

MAX_NAME: Final = 200
"""Characters of an event's name that a client gets back."""

_MAX_REASON: Final = 300


def describe(error: BaseException, what: str, event: object, *, is_local: bool) -> dict[str, Json]:
    """Return the payload of the ``error`` event that tells a client of a failure.

    Args:
        error: what was raised.
        what: what was handled, for people: ``"the event 'add'"``, ``"a message"``, ``"init"``.
        event: the name of the event that was handled; None where there was none.
        is_local: whether the client belongs to the author: it gets the error's own text.

    Returns:
        ``type`` (``refused``, ``unknown_event``, ``invalid_payload``, ``bad_return``,
        ``bad_state`` or ``raised``), ``message``, and ``event`` where there is one; a payload
        that does not fit adds its ``path``, a refusal with a dict its keys. All of it is JSON.
    """
    payload: dict[str, Json] = {"event": event[:MAX_NAME]} if isinstance(event, str) else {}
    if isinstance(error, InvalidPayload):  # it is about the client's own data
        told = {"message": _sound(str(error)), "path": _sound(error.path)}
        return {"type": "invalid_payload", **payload, **told}
    if isinstance(error, Refuse):
        return {"type": "refused", **payload, "message": "refused", **refusal(error, "message")}
    kind, public = _classify(error, what)
    return {"type": kind, **payload, "message": _text(error) if is_local else public}


def refusal(error: Refuse, key: str) -> dict[str, Json]:
    """Return what a client is told of a refusal: its dict, or its text under `key`.

    A dict that has no JSON form is told as its text.
    """
    if isinstance(error.reason, str):
        return {key: _sound(error.reason)}
    try:
        reason: dict[str, Json] = encode(error.reason)
        outgoing(ERROR, reason)
    except EncodeError:
        return {key: _sound(repr(error.reason))}
    return reason


def undeliverable(event: str, error: ProtocolError) -> dict[str, Json]:
    """Return the payload of the ``error`` event that comes in the place of an event.

    Args:
        event: the event's name.
        error: why its bytes have no frame on the way to this client.
    """
    return {"type": "undeliverable", "event": event, "message": str(error)}


def excessive(message: Message, limits: Limits) -> dict[str, Json]:
    """Return what a client is told of a message that is not taken.

    Args:
        message: it came too fast, or its payload is nested too deeply.
        limits: what it exceeds.
    """
    event = message.event
    name = event.removeprefix(EVENT_PREFIX)[:MAX_NAME] if isinstance(event, str) else ""
    if message.payload is TOO_DEEP:
        return {"type": "too_deep", "event": name, "message": too_deep(limits)}
    text = f"expected at most {limits.events_per_second:g} events a second: send fewer"
    return {"type": "too_fast", "event": name, "message": text}


def too_deep(limits: Limits) -> str:
    """Return what is said of what is nested too deeply."""
    return f"expected at most {limits.frame_depth} arrays and objects in one another"


def error_message(payload: dict[str, Json]) -> Outgoing:
    """Return the ``error`` event with a payload that `describe` or `refusal` made."""
    return outgoing(ERROR, payload)


def cut(text: object, length: int = 80) -> str:
    """Return a value as it may stand in a log or message: on one line, cut short."""
    shown = repr(text[: length + 1] if isinstance(text, str) else text)
    return shown if len(shown) <= length + 2 else f"{shown[:length]}…"


def named(event: Json) -> str:
    """Return what a client put in the place of an event's name, as it may stand in a log.

    Of an array or object only that it is one: what is in it may be large.
    """
    if isinstance(event, list | dict):
        return "<an array>" if isinstance(event, list) else "<an object>"
    return cut(event)


def brief(error: BaseException) -> str:
    """Return what an error says for a log, cut short: clients' data may be in it."""
    text = _text(error).partition(": ")[2]
    return text if len(text) <= _MAX_REASON else f"{text[:_MAX_REASON]}…"


def _classify(error: BaseException, what: str) -> tuple[str, str]:
    if isinstance(error, UnknownEvent):
        return "unknown_event", f"there is no handler for {what}"
    if isinstance(error, ReturnError):
        return "bad_return", f"the handler of {what} returned what is not accepted"
    if isinstance(error, EncodeError | EventError):
        return "bad_state", f"the handler of {what} made what cannot be sent"
    return "raised", f"the handler of {what} failed"


def _text(error: BaseException) -> str:
    """Return an error's type, text and notes; one that cannot say what it is gives its type."""
    try:
        notes = getattr(error, "__notes__", ())
        return _sound("\n".join([f"{type(error).__name__}: {error}", *notes]))
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        return type(error).__name__


def _sound(text: str) -> str:
    """Return a text without lone surrogates, which no frame can carry."""
    return text.encode("utf-8", "replace").decode()

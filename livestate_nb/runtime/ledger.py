"""The committed state of a session, its version, and the messages that carry it to clients.

A turn opens a working copy, then commits or aborts it. It must not know members, handlers or
the order of turns.
"""

import copy
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from livestate_nb.channel import Event
from livestate_nb.codec import Json, Raw, dumps
from livestate_nb.errors import DraftError, EncodeError, EventError, ReturnError
from livestate_nb.state.builder import STATE_CHANGE, MessageBuilder
from livestate_nb.state.change import Change
from livestate_nb.state.draft import drop, finish, open_draft, plain, rebase
from livestate_nb.state.encoder import DocumentEncoder, encode


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Hold an event for clients, its payload encoded once for all who receive it.

    Args:
        event: the event's name on the wire.
        payload: JSON text of an object.
    """

    event: str
    payload: Raw


class Ledger:
    """Keep a session's state and make the messages that publish its changes.

    Args:
        max_version: the version that is followed by 0.

    Example:
        >>> ledger = Ledger(max_version=1000)
        >>> ledger.start({"n": 0})
        >>> working = ledger.open()
        >>> working["n"] = 1
        >>> bytes(ledger.commit(working).payload)
        b'{"patch":[{"op":"replace","path":"/n","value":1}],"version":1}'
    """

    def __init__(self, max_version: int) -> None:
        self.max_version = max_version
        self.state: Any = None
        self.version: int | None = None
        self._encoder = DocumentEncoder()
        self._builder = MessageBuilder()
        self._whole: Outgoing | None = None

    def start(self, state: object) -> None:
        """Take the first state, as version 0.

        Raises:
            ReturnError: it does not encode to an object.
            EncodeError: it has no JSON form.
        """
        state = plain(state)
        document = _checked(state, self._encoder.encode(state))
        self._whole = outgoing(*self._builder.new_state_message(document, 0))
        self.state, self.version = state, 0

    def whole(self) -> Outgoing:
        """Return the message with the whole state, null before there is one."""
        if self.version is None:
            return outgoing(STATE_CHANGE, {"state": None, "version": None})
        if self._whole is None:
            document = self._encoder.encode(self.state)
            self._whole = outgoing(*self._builder.new_state_message(document, self.version))
        return self._whole

    def open(self) -> Any:
        """Return a working copy of the state: what a handler may change."""
        if type(self.state) is dict:
            return open_draft(self.state)
        return self.state if _is_frozen(self.state) else copy.deepcopy(self.state)

    def commit(self, working: Any, result: object = None, *, goes_on: bool = False) -> Outgoing:
        """Make a working copy, or what came back instead, the state; return the update.

        Nothing is changed where it raises.

        Args:
            working: from `open`.
            result: the new state; None takes the working copy as it was changed.
            goes_on: whether the working copy will be used again (`reopen`).

        Raises:
            ReturnError: the new state does not encode to an object.
            EncodeError: it has no JSON form.
        """
        touched = None
        state = working if result is None else result
        if type(self.state) is dict:
            finished = finish(working, state)
            state, touched = finished.state, finished.touched
        elif goes_on and not _is_frozen(state):
            state = copy.deepcopy(state)
        if type(state) is not dict:
            _checked(state, self._encoder.encode(state))
        change = Change.between(self.state, state, touched=touched, encoder=self._encoder)
        version = self._next_version()
        update = outgoing(*self._builder.update_state_message(change, version))
        self.state, self.version, self._whole = state, version, None
        return update

    def reopen(self, working: Any) -> Any:
        """Return the working copy of a generator that goes on, on the state as it is now."""
        if type(self.state) is dict and isinstance(working, dict):
            rebase(working, self.state)
            return working
        return self.open()

    def abort(self, working: Any) -> None:
        """Forget a working copy: the state stays as it was."""
        if type(self.state) is dict and isinstance(working, dict):
            with suppress(DraftError):  # a commit that failed has ended it already
                drop(working)

    def touch(self) -> Outgoing:
        """Return an update that changes nothing but the version: it releases waiting clients."""
        return self.commit(self.open())

    def snapshot(self) -> Any:
        """Return a copy of the state that its holder may change."""
        return copy.deepcopy(self.state)

    def _next_version(self) -> int:
        if self.version is None:
            raise EncodeError("there is no state yet", "", None)
        return 0 if self.version >= self.max_version else self.version + 1


def event_message(event: Event) -> Outgoing:
    """Return an event as it goes to clients.

    Raises:
        EventError: its detail does not encode to an object.
        EncodeError: its detail has no JSON form.
    """
    detail = encode(event.detail)
    if not isinstance(detail, dict):
        raise EventError(
            f"expected the detail of {event.name!r} to be an object, got {event.detail!r}"
        )
    return outgoing(event.name, detail)


def outgoing(event: str, payload: Json) -> Outgoing:
    """Return a message for clients, its payload encoded.

    Raises:
        EncodeError: the payload has no JSON text.
    """
    try:
        return Outgoing(event, Raw(dumps(payload)))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncodeError(f"{event}: {error}", "", payload) from error


def _checked(state: object, document: Json) -> Json:
    if not isinstance(document, dict):
        raise ReturnError(
            f"expected a state that is an object, such as {{'items': [...]}}, got {state!r}", state
        )
    return document


def _is_frozen(state: object) -> bool:
    parameters = getattr(type(state), "__dataclass_params__", None)
    return bool(parameters is not None and parameters.frozen)

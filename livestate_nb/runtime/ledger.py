"""The committed state of a session, its version, and the messages that carry it to clients.

A turn opens a working copy, then commits or aborts it. It must not know members, handlers or
the order of turns.
"""

import copy
from contextlib import suppress
from typing import Any, NamedTuple

from livestate_nb.codec import Json, Raw, dumps
from livestate_nb.declaration import Options
from livestate_nb.errors import DraftError, EncodeError, EventError, ReturnError
from livestate_nb.event import Event
from livestate_nb.runtime.buffer import bytes_of
from livestate_nb.state.builder import STATE_CHANGE, MessageBuilder
from livestate_nb.state.change import Change
from livestate_nb.state.draft import drop, finish, open_draft, plain, rebase
from livestate_nb.state.encoder import DocumentEncoder, encode
from livestate_nb.state.touched import Touched


class Outgoing(NamedTuple):
    """Hold an event for clients, its payload encoded once for all who receive it.

    Args:
        event: the event's name on the wire.
        payload: JSON text of an object, or bytes for a binary frame.
        is_update: whether it brings the state or a change of it.
        sender: the member whose event has ended with it, if one has.
        ref: that event's.
    """

    event: str
    payload: Raw | bytes
    is_update: bool = False
    sender: object = None
    ref: Json = None

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return memoryview(self.payload).nbytes


class Ledger:
    """Keep a session's state and make the messages that publish its changes.

    Args:
        options: what the channel's class statement says.

    Example:
        >>> from livestate_nb.declaration import Options
        >>> ledger = Ledger(Options())
        >>> bytes(ledger.start({"n": 0}).payload)
        b'{"state":{"n":0},"version":0}'
        >>> working = ledger.open()
        >>> working["n"] = 1
        >>> bytes(ledger.commit(working).payload)
        b'{"patch":[{"op":"replace","path":"/n","value":1}],"version":1}'
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.state: Any = None
        self.version: int | None = None
        self._encoder = DocumentEncoder(options.message_builder.ignored)
        self._published: Any = None
        self._is_constant = False
        self._whole: Outgoing | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether the state has changes that no update has carried yet."""
        return self._published is not self.state

    def reconfigure(self, options: Options) -> bool:
        """Take other options; return whether clients need the whole state to follow updates."""
        before, self.options = self.options.message_builder, options
        now = options.message_builder
        if type(before) is type(now) and vars(before) == vars(now):
            return False
        self._encoder = DocumentEncoder(now.ignored)
        self._whole = None
        return self.version is not None

    def start(self, state: object) -> Outgoing:
        """Take the first state, as version 0; return the message with it.

        Raises:
            ReturnError: it does not encode to an object.
            EncodeError: it has no JSON form.
        """
        state = plain(state) if isinstance(state, dict) else copy.deepcopy(state)
        document = _checked(state, self._encoder.encode(state))
        whole = self._built(self._builder.new_state_message(document, 0))
        self.state, self._published, self.version = state, state, 0
        return whole

    def whole(self) -> Outgoing:
        """Return the message with the whole state as published, null before there is one."""
        if self.version is None:
            nothing = outgoing(STATE_CHANGE, {"state": None, "version": None})
            return nothing._replace(is_update=True)
        if self._whole is None:
            document = self._encoder.encode(self._published)
            self._whole = self._built(self._builder.new_state_message(document, self.version))
        return self._whole

    def open(self) -> Any:
        """Return a working copy of the state: what a handler may change."""
        if type(self.state) is dict:
            return open_draft(self.state)
        return self.state if self._is_constant else copy.deepcopy(self.state)

    def commit(
        self, working: Any, result: object = None, *, is_held: bool = False
    ) -> Outgoing | None:
        """Make a working copy, or what came back instead, the state; return the update.

        Nothing is changed where it raises.

        Args:
            working: from `open`.
            result: the new state; None takes the working copy as it was changed.
            is_held: whether to make no update now (None comes back): `publish` makes one of
                all that was held.

        Raises:
            ReturnError: the new state does not encode to an object.
            EncodeError: it has no JSON form.
        """
        touched = None
        state = working if result is None else result
        if type(self.state) is dict:
            finished = finish(working, state)
            state, touched = finished.state, finished.touched
        elif isinstance(state, dict):
            state = plain(state)
        is_constant = False
        if type(state) is not dict:
            _checked(state, self._encoder.encode(state))
            is_constant = self._encoder.was_constant
            if not is_constant:
                state = copy.deepcopy(state)  # whoever holds it may change it
        if is_held:
            change = self._change(self.state, state, touched)
            change.operations  # noqa: B018 - raises where the new state cannot be sent
            self.state, self._is_constant = state, is_constant
            return None
        if self.is_ahead:  # what was held goes out with it
            change = self._change(self._published, state, None)
        else:
            change = self._change(self.state, state, touched)
        update = self._update(change, state)
        self._is_constant = is_constant
        return update

    def publish(self) -> Outgoing:
        """Return one update of all that was held since the last one; it may change nothing."""
        return self._update(self._change(self._published, self.state, None), self.state)

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

    def snapshot(self) -> Any:
        """Return a copy of the state that its holder may change."""
        return copy.deepcopy(self.state)

    @property
    def _builder(self) -> MessageBuilder:
        return self.options.message_builder

    def _built(self, message: object) -> Outgoing:
        """Return what a message builder made as it goes to clients.

        Raises:
            ReturnError: it is no event with an object.
            EncodeError: it has no JSON form.
        """
        match message:
            case (str(event), dict(payload)):
                return outgoing(event, payload)._replace(is_update=True)
        raise ReturnError(
            f"expected {type(self._builder).__name__} to return (event, payload), a text and an "
            f"object, got {type(message).__name__}",
            message,
        )

    def _change(self, old: object, new: object, touched: Touched | None) -> Change:
        key = self.options.row_key
        return Change(old, new, touched=touched, key=key, encoder=self._encoder)

    def _update(self, change: Change, state: object) -> Outgoing:
        """Return the update that a change makes, and note that it is published."""
        assert self.version is not None  # noqa: S101 - no change comes before the first state
        version = 0 if self.version >= self.options.max_version else self.version + 1
        update = self._built(self._builder.update_state_message(change, version))
        self.state = self._published = state
        self.version, self._whole = version, None
        return update


def event_message(event: Event) -> Outgoing:
    """Return an event as it goes to clients: JSON, or the bytes of a detail that is a buffer.

    Raises:
        EventError: its detail does not encode to an object.
        EncodeError: its detail has no JSON form, or is a buffer of what means nothing elsewhere.
    """
    if not isinstance(event.detail, dict):
        content = bytes_of(event.detail)
        if content is not None:
            return Outgoing(event.name, content)
    detail = encode(event.detail)
    if not isinstance(detail, dict):
        raise EventError(
            f"expected the detail of {event.name!r} to be an object, "
            f"got {type(event.detail).__name__}"
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
            "expected a state that is an object, such as {'items': [...]}, "
            f"got {type(state).__name__}",
            state,
        )
    return document

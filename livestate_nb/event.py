"""What a handler sends beside the state: Event, and Reply to return them.

It must not know channels or how events reach clients.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from livestate_nb.errors import EventError, ReturnError
from livestate_nb.protocol.message import ERROR
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH

__all__ = ["Event", "Reply"]

_RESERVED_NAMES: Final = frozenset({ERROR, STATE_CHANGE, STATE_PATCH})
_RESERVED_PREFIXES: Final = ("phx_", "chan_reply_", "livestate-")


@dataclass(frozen=True, slots=True)
class Event:
    """Name an event for a client, dispatched there as a CustomEvent (LiveState.Event).

    Args:
        name: the event's name; not ``error``, ``state:change``, ``state:patch`` and nothing
            that starts with ``phx_``, ``chan_reply_`` or ``livestate-``: clients use those.
        detail: what encodes to a JSON object, or bytes, a bytearray, a memoryview or an array,
            which travel as they are; the CustomEvent's ``detail``, bytes as an ``ArrayBuffer``.

    Raises:
        EventError: the name is empty or reserved.

    Example:
        >>> Event("added", {"n": 3})
        Event(name='added', detail={'n': 3})
    """

    name: str
    detail: Any = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise EventError(f"expected an event's name as a text, got {self.name!r}")
        if self.name in _RESERVED_NAMES or self.name.startswith(_RESERVED_PREFIXES):
            raise EventError(f"{self.name!r} is a name that clients use themselves: choose another")


@dataclass(frozen=True, slots=True, init=False)
class Reply:
    """Return this from a handler to give the new state and send events to the sender.

    Args:
        state: the new state; None keeps what the handler mutated.
        *events: sent in this order, before the patch.

    Raises:
        ReturnError: one of the events is no `Event`.

    Example:
        >>> Reply({"n": 1}, Event("added", {"n": 1})).events
        (Event(name='added', detail={'n': 1}),)
    """

    state: Any
    events: tuple[Event, ...]

    def __init__(self, state: object, *events: Event) -> None:
        for event in events:
            if not isinstance(event, Event):
                raise ReturnError(
                    f"expected Reply(state, *events), got {type(event).__name__} as an event", event
                )
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "events", events)

"""LiveState for Jupyter: state lives in Python, browsers render it and dispatch events."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livestate_nb import ui
    from livestate_nb.channel import Channel, broadcast
    from livestate_nb.declaration import on
    from livestate_nb.errors import (
        EncodeError,
        InvalidPayload,
        LiveStateError,
        Overloaded,
        Refuse,
        SessionClosed,
        UnknownEvent,
        WouldDeadlock,
    )
    from livestate_nb.event import Event, Reply
    from livestate_nb.roles import Handle, Member, User
    from livestate_nb.state.builder import MessageBuilder, WholeStates

_HOMES = {
    "Channel": "channel",
    "EncodeError": "errors",
    "Event": "event",
    "Handle": "roles",
    "InvalidPayload": "errors",
    "LiveStateError": "errors",
    "Member": "roles",
    "MessageBuilder": "state.builder",
    "Overloaded": "errors",
    "Refuse": "errors",
    "Reply": "event",
    "SessionClosed": "errors",
    "UnknownEvent": "errors",
    "User": "roles",
    "WholeStates": "state.builder",
    "WouldDeadlock": "errors",
    "broadcast": "channel",
    "on": "declaration",
}

__all__ = [
    "Channel",
    "EncodeError",
    "Event",
    "Handle",
    "InvalidPayload",
    "LiveStateError",
    "Member",
    "MessageBuilder",
    "Overloaded",
    "Refuse",
    "Reply",
    "SessionClosed",
    "UnknownEvent",
    "User",
    "WholeStates",
    "WouldDeadlock",
    "broadcast",
    "on",
    "ui",
]


def __getattr__(name: str) -> Any:
    if name == "ui":
        return import_module(f"{__name__}.ui")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def load_ipython_extension(shell: Any) -> None:
    """Start the notebook side: what ``%load_ext livestate_nb`` calls."""
    import_module(f"{__name__}.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """End the notebook side: what ``%unload_ext livestate_nb`` calls."""
    import_module(f"{__name__}.magics").unload(shell)

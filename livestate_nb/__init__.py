"""LiveState for Jupyter: state lives in Python, browsers render it and dispatch events."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livestate_nb.channel import Channel
    from livestate_nb.declaration import on
    from livestate_nb.errors import (
        EncodeError,
        LiveStateError,
        Overloaded,
        Refuse,
        SessionClosed,
        UnknownEvent,
        WouldDeadlock,
    )
    from livestate_nb.event import Event, Reply
    from livestate_nb.roles import Handle, Member, User

_HOMES = {
    "Channel": "channel",
    "EncodeError": "errors",
    "Event": "event",
    "Handle": "roles",
    "LiveStateError": "errors",
    "Member": "roles",
    "Overloaded": "errors",
    "Refuse": "errors",
    "Reply": "event",
    "SessionClosed": "errors",
    "UnknownEvent": "errors",
    "User": "roles",
    "WouldDeadlock": "errors",
    "on": "declaration",
}

__all__ = [
    "Channel",
    "EncodeError",
    "Event",
    "Handle",
    "LiveStateError",
    "Member",
    "Overloaded",
    "Refuse",
    "Reply",
    "SessionClosed",
    "UnknownEvent",
    "User",
    "WouldDeadlock",
    "on",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def load_ipython_extension(shell: Any) -> None:
    """Start the notebook side: what ``%load_ext livestate_nb`` calls."""
    import_module(f"{__name__}.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """End the notebook side: what ``%unload_ext livestate_nb`` calls."""
    import_module(f"{__name__}.magics").unload(shell)

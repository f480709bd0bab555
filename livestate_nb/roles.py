"""The roles around a channel: its members and who they are, its seat in a session, and handles.

Protocols, but for `User`: the runtime implements them. They must not know how.
"""

from collections.abc import Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from livestate_nb.codec import Json
from livestate_nb.event import Event

__all__ = ["Handle", "Member", "Seat", "User"]


@dataclass(frozen=True, slots=True)
class User:
    """Say who a member is, as far as the server knows.

    Args:
        username: the name that tells users apart.
        name: the full name.
        display_name: how the user is to be called.
        initials: of the name.
        avatar_url: address of a picture.
        color: a CSS color.

    Example:
        >>> User("ann").display_name is None
        True
    """

    username: str
    name: str | None = None
    display_name: str | None = None
    initials: str | None = None
    avatar_url: str | None = None
    color: str | None = None


class Member(Protocol):
    """Stand for one joined client."""

    @property
    def user(self) -> User | None:
        """Who the transport authenticated; None where it knows nobody."""

    @property
    def params(self) -> dict[str, Json]:
        """The join params, an object."""

    @property
    def assigns(self) -> dict[str, Any]:
        """What handlers keep for this member until it leaves, anything."""

    def push(self, event: str, detail: object = ...) -> None:
        """Send an event to this client only, at once. Callable from any thread.

        Args:
            event: the event's name, as `Event` takes it.
            detail: as `Event` takes it; nothing means ``{}``.

        Raises:
            EventError: the name is reserved or the detail no object.
            EncodeError: the detail has no JSON form.
        """


class Seat(Protocol):
    """What the runtime gives a channel object: its place in a session."""

    session: object
    """Stands for the session, which may have other channel objects after this one."""

    @property
    def topic(self) -> str:
        """The session's topic."""

    @property
    def members(self) -> list[Member]:
        """Who is joined."""

    def push(self, event: str, detail: object) -> None:
        """Send an event to all members."""

    @property
    def presences(self) -> dict[str, list[dict[str, Any]]]:
        """The metas of who is present on the topic, by key."""

    def subscribe(self, topic: str) -> None:
        """Bring what is broadcast to a topic, or to those that fit a pattern."""

    def unsubscribe(self, topic: str) -> None:
        """Bring it no longer."""

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to a topic."""

    def track(self, member: Member, meta: dict[str, Any], key: str | None) -> None:
        """Let a member be present on the topic, or change how."""

    def untrack(self, member: Member) -> None:
        """Let a member be present no longer."""


class Handle(Protocol):
    """Hold a session from Python: what ``Todos.show(...)`` and ``Rooms.at("room:1")`` return.

    All of it may be called from any cell, callback or thread. Async handlers must not `change`,
    `dispatch` or `close`: they run on the loop that those wait for. The session stays open until
    `close`, although no browser is joined.
    """

    @property
    def topic(self) -> str:
        """The session's topic."""

    @property
    def version(self) -> int:
        """The version that the clients have, 0 to the channel's ``max_version``."""

    @property
    def state(self) -> Any:
        """A copy of the state as it is now; changing it changes nothing."""

    @property
    def members(self) -> list[Member]:
        """Who is joined, in the order they joined."""

    def change(self) -> AbstractContextManager[Any]:
        """Change the state from Python: ``with todos.change() as state: ...``.

        Waits for the session's turn; the patch is out when the block has ended. An exception in
        the block leaves the state as it was.

        Raises:
            EncodeError: the changed state has no JSON form.
            SessionClosed: the session has ended.
            WouldDeadlock: called in a handler of the same session or of one that it waits for, or
                on the endpoint's thread.
        """

    def dispatch(self, event: str, payload: Json = ...) -> list[Event]:
        """Let the channel handle an event, as if a client had dispatched it, and wait for it.

        Where the handler is a generator this waits until it has ended; an interrupt ends it. To
        start it without waiting, call this in a thread of its own:
        ``threading.Thread(target=todos.dispatch, args=("train", {"epochs": 9})).start()``.

        Args:
            event: the event's name.
            payload: any JSON value; nothing means ``{}``.

        Returns:
            the events that the handler replied, in order.

        Raises:
            UnknownEvent: the channel has no handler for it.
            InvalidPayload: the payload is not what the handler's annotation asks for.
            Overloaded: too many messages wait in the session, or too many handlers for others.
            SessionClosed: the session has ended.
            WouldDeadlock: as for `change`.
            Exception: whatever the handler raises; the state is as it was.
        """

    def push(self, event: str, detail: object = ...) -> None:
        """Send an event to all members, at once.

        Args:
            event: the event's name, as `Event` takes it.
            detail: as `Event` takes it; nothing means ``{}``.

        Raises:
            EventError: the name is reserved or the detail no object.
            EncodeError: the detail has no JSON form.
            SessionClosed: the session has ended.
        """

    def changed(self) -> Coroutine[Any, Any, Any]:
        """Wait for the next update after this call: ``state = await todos.changed()``.

        On any loop. Giving up, as by ``asyncio.timeout``, leaves nothing behind.

        Returns:
            a copy of the state as it is then.

        Raises:
            SessionClosed: the session has ended.
            WouldDeadlock: called in a handler of the same session, or of one that it waits for.
        """

    def close(self) -> None:
        """End the session: clients are told and do not rejoin."""

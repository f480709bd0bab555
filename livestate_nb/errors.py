"""The errors that livestate_nb raises on purpose, one tree.

::

    LiveStateError
    |- ProtocolError         a frame that is not a message of the protocol
    |- EncodeError           a value that has no JSON form (carries the path to it)
    |- DraftError            a draft used where it must not be
    |- ChannelError
    |  |- DeclarationError   a channel class that cannot be declared
    |  |- ReturnError        a handler returned what is not accepted
    |  |- UnknownEvent       no handler for an event
    |  |- InvalidPayload     a payload that is not what its handler's annotation says
    |  |- EventError         an Event that cannot be sent
    |  '- Refuse             raised by authors to refuse a join or an event
    |- HostError             something that needs the notebook extension, or a server, without it
    |- LimitError            a limit that there is not, or a value that it cannot have
    |- ShareError            a share that cannot be made, or that opens nothing (any more)
    |- TopicError            no channel is declared for a topic
    |- SessionClosed         a session (or its endpoint) that has ended
    |- Overloaded            more waits in a session, or for others, than may
    '- WouldDeadlock         a call that would wait for itself, by way of others or not

It must not import anything of the package, and no error here knows how it is shown.
"""

from typing import Any


class LiveStateError(Exception):
    """Stand at the root of every error that livestate_nb raises on purpose.

    Example:
        >>> try:
        ...     raise TopicError("no channel for 'todo:1'")
        ... except LiveStateError as error:
        ...     print(error)
        no channel for 'todo:1'
    """


class ProtocolError(LiveStateError):
    """Say that a frame is not a message of the protocol; its socket must close.

    Attributes:
        code: WebSocket close code that answers it.
    """

    def __init__(self, message: str, code: int = 1011) -> None:
        super().__init__(message)
        self.code = code


class EncodeError(LiveStateError):
    """Say that a value has no JSON form.

    Attributes:
        path: RFC 6901 pointer to the value inside the state, ``""`` for the state itself.
        value: the value.
    """

    def __init__(self, message: str, path: str, value: object) -> None:
        super().__init__(message)
        self.path = path
        self.value = value


class DraftError(LiveStateError):
    """Say that a draft was used after its handler ended, or holds itself or what has no copy."""


class ChannelError(LiveStateError):
    """Stand above what a channel class or one of its callbacks did wrong."""


class DeclarationError(ChannelError):
    """Say that a channel class cannot be declared as it is written."""


class ReturnError(ChannelError):
    """Say that a callback returned what is not accepted.

    Attributes:
        value: what came back.
    """

    def __init__(self, message: str, value: object) -> None:
        super().__init__(message)
        self.value = value


class UnknownEvent(ChannelError):
    """Say that a channel has no handler for an event.

    Attributes:
        event: the event's name as the client sent it.
        known: names of the events that the channel accepts, sorted.
    """

    def __init__(self, message: str, event: object, known: list[str]) -> None:
        super().__init__(message)
        self.event = event
        self.known = known


class InvalidPayload(ChannelError):
    """Say that an event's payload is not what the annotation of its handler asks for.

    Args:
        reason: what is wrong with it.
        path: RFC 6901 pointer to where, as far as it is known; ``""`` for the payload itself.

    Example:
        >>> print(InvalidPayload("Expected `str`, got `int`", "/title"))
        Expected `str`, got `int` at '/title'
    """

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(f"{reason} at {path!r}" if path else reason)
        self.path = path


class EventError(ChannelError):
    """Say that an Event cannot be sent as it is: its name is reserved or its detail no object."""


class Refuse(ChannelError):
    """Raise this to refuse: in ``authorize`` a join, in ``init`` the state, in a handler an event.

    Args:
        reason: what the client is told. A text reaches it as ``{"reason": text}`` (a refused
            join) or ``{"message": text}`` (a refused state or event); a dict as it is; anything
            else, such as an exception, as its text.

    Example:
        >>> raise Refuse("ask for an invitation first")
        Traceback (most recent call last):
        livestate_nb.errors.Refuse: ask for an invitation first
    """

    def __init__(self, reason: str | dict[str, Any]) -> None:
        super().__init__(reason)
        self.reason = reason if isinstance(reason, dict) else str(reason)


class HostError(LiveStateError):
    """Say that something needs what is not there: the notebook extension, or its Jupyter server.

    The extension is not loaded, no way leads to a server with livestate_nb, the server does not
    answer, or it refuses what would take over its own topics.
    """


class LimitError(LiveStateError):
    """Say that config names a limit that there is not, or a value that it cannot have."""


class ShareError(LiveStateError):
    """Say that topics cannot be shared as asked, or that a share does not open what is wanted."""


class TopicError(LiveStateError):
    """Say that no channel is declared for a topic, or that a pattern is not one."""


class SessionClosed(LiveStateError):
    """Say that a session, or the endpoint that ran it, has ended."""


class Overloaded(LiveStateError):
    """Say that more messages wait in a session, or handlers for other sessions, than may."""


class WouldDeadlock(LiveStateError):
    """Say that a call would wait for itself, by way of others or not."""

"""What a class statement says of a channel: its options, and the events that its methods handle.

It must not know channels themselves, nor who runs them.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

from livestate_nb.errors import DeclarationError, EventError
from livestate_nb.event import Event
from livestate_nb.payload import Reader, reader_of
from livestate_nb.state.builder import MessageBuilder

OnError: TypeAlias = Literal["keep", "crash"]
RunOn: TypeAlias = Literal["main"]
Handler = TypeVar("Handler", bound=Callable[..., Any])

_EVENTS: Final = "_livestate_events"
_RUN_ON: Final = "_livestate_run_on"
_TAG: Final = re.compile(r"[a-z][a-z0-9._]*-[a-z0-9._-]*")
FALLBACK: Final = "handle_event"
"""The method that takes the events without a handler."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a class statement says of a channel; see `livestate_nb.Channel`."""

    topic: str | None = None
    shared: bool = False
    on_error: OnError = "keep"
    max_version: int = 1000
    fps: float | None = None
    row_key: str | None = "id"
    grace: float = 60.0
    run_on: RunOn | None = None
    message_builder: MessageBuilder = field(default_factory=MessageBuilder)
    presence: bool = False
    replies: Mapping[str, Any] | None = None


def on(event: str, *, run_on: RunOn | None = None) -> Callable[[Handler], Handler]:
    """Make a method the handler of an event: ``@on("add_todo")``.

    The method is called with (payload, state). It may be plain, async, a generator or an async
    generator; it may mutate the state it gets or return a new one (see `livestate_nb.Channel`).

    Args:
        event: the name that clients dispatch.
        run_on: ``"main"`` runs it on the main thread of the notebook's kernel, where it waits
            for the running cell.

    Raises:
        DeclarationError: it is used without a name, or run_on is something else.

    Example:
        >>> from livestate_nb import Channel
        >>> class Counter(Channel, topic="counter:*"):
        ...     def init(self, params):
        ...         return {"n": 0}
        ...
        ...     @on("inc")
        ...     def inc(self, payload, state):
        ...         state["n"] += payload.get("by", 1)
        >>> Counter.events()
        ['inc']
    """
    if not isinstance(event, str):
        raise DeclarationError(f'expected @on("event"), got @on({event!r}): name the event')
    _check_run_on(f"@on({event!r})", run_on)

    def mark(handler: Handler) -> Handler:
        setattr(handler, _EVENTS, (*getattr(handler, _EVENTS, ()), event))
        if run_on is not None:
            setattr(handler, _RUN_ON, run_on)
        return handler

    return mark


def asks_for_main(function: Callable[..., Any]) -> bool:
    """Return whether a method is marked to run on the main thread."""
    return getattr(function, _RUN_ON, None) is not None


def matches(pattern: str, topic: str) -> bool:
    """Return whether a topic fits a pattern: the same text, or a prefix and a final star.

    What ends with a star is a pattern itself, and no topic.

    Example:
        >>> matches("todo:*", "todo:a:b"), matches("todo:*", "todo"), matches("todo:*", "todo:*")
        (True, False, False)
    """
    if is_pattern(topic):
        return False
    return topic.startswith(pattern[:-1]) if is_pattern(pattern) else topic == pattern


def is_pattern(topic: str) -> bool:
    """Return whether a text names all topics with a prefix, by its final star."""
    return topic.endswith("*")


def contains(pattern: str, other: str) -> bool:
    """Return whether all topics that a pattern stands for fit another one.

    Args:
        pattern: the wider one.
        other: a pattern, or a topic, which stands for itself.

    Example:
        >>> contains("todo:*", "todo:a*"), contains("todo:*", "todo:1"), contains("todo:1", "todo*")
        (True, True, False)
    """
    return pattern == other or (is_pattern(pattern) and other.startswith(pattern[:-1]))


def serving(patterns: Iterable[str], topic: str) -> str:
    """Return the pattern that serves a topic: the exact one, or the longest; "" for none.

    Example:
        >>> serving(["room:*", "room:admin"], "room:admin"), serving(["room:*"], "todo")
        ('room:admin', '')
    """
    if is_pattern(topic):
        return ""
    return max((one for one in patterns if matches(one, topic)), key=precedence, default="")


def precedence(pattern: str) -> int:
    """Return which of the patterns that match a topic serves it: the one with the most."""
    return len(pattern) + (not is_pattern(pattern))


def check_tag(element: str) -> None:
    """Refuse what no element of a notebook can have as its tag.

    Raises:
        DeclarationError: it is not in lower case, or has no hyphen.
    """
    if not _TAG.fullmatch(element):
        raise DeclarationError(
            "expected an element's tag in lower case with a hyphen, such as 'todo-list', "
            f"got {element!r}"
        )


def check_options(name: str, options: Options) -> None:
    """Refuse options that no channel can have.

    Args:
        name: the class's name.
        options: what its statement says.

    Raises:
        DeclarationError: one of them is none of what it may be.
    """
    topic = options.topic
    if topic is not None and (not isinstance(topic, str) or not topic or "*" in topic[:-1]):
        raise DeclarationError(
            f"{name}: expected a topic such as 'todos:me' or, the star last, 'todos:*', "
            f"got {topic!r}"
        )
    if options.on_error not in ("keep", "crash"):
        raise DeclarationError(
            f"{name}: expected on_error 'keep' or 'crash', got {options.on_error!r}"
        )
    if options.fps is not None and not (
        isinstance(options.fps, int | float) and 0 < options.fps < math.inf
    ):
        raise DeclarationError(f"{name}: expected fps as a number above 0, got {options.fps!r}")
    if options.row_key is not None and not isinstance(options.row_key, str):
        raise DeclarationError(
            f"{name}: expected row_key as the name of a field, or None, got {options.row_key!r}"
        )
    if not isinstance(options.grace, int | float) or not 0 <= options.grace < math.inf:
        raise DeclarationError(
            f"{name}: expected grace as seconds from 0 on, got {options.grace!r}"
        )
    if not isinstance(options.max_version, int) or options.max_version < 1:
        raise DeclarationError(
            f"{name}: expected max_version as an integer from 1 on, got {options.max_version!r}"
        )
    if not isinstance(options.message_builder, MessageBuilder):
        raise DeclarationError(
            f"{name}: expected message_builder as a MessageBuilder or a subclass, "
            f"got {options.message_builder!r}"
        )
    _check_run_on(name, options.run_on)
    _check_replies(name, options.replies)


def has_fallback(cls: type) -> bool:
    """Return whether a channel's class has a `handle_event`, which takes any event."""
    return hasattr(cls, FALLBACK)


def readers_of(cls: type, handlers: dict[str, str]) -> dict[str, Reader]:
    """Return what reads the payloads of the methods that handle events, by method.

    Args:
        cls: the channel's class.
        handlers: what `handlers_of` says of it.

    Raises:
        DeclarationError: an annotation cannot be used, or `handle_event` has other parameters
            than (self, event, payload, state).
    """
    places = dict.fromkeys(handlers.values(), 1)
    if has_fallback(cls):
        _check_parameters(cls, FALLBACK, getattr(cls, FALLBACK), "event, payload, state")
        places[FALLBACK] = 2
    readers: dict[str, Reader] = {}
    for name, position in places.items():
        reader = reader_of(getattr(cls, name), position, cls)
        if reader is not None:
            readers[name] = reader
    return readers


def handlers_of(cls: type, reserved: type) -> dict[str, str]:
    """Return the names of the methods that handle events, by event, inherited ones included.

    Args:
        cls: the channel's class.
        reserved: the class whose names no handler may have.

    Raises:
        DeclarationError: two methods of a class handle the same event, or one has other
            parameters than (self, payload, state), or a reserved name.
    """
    handlers: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        handlers |= _own_handlers(base, reserved)
    return handlers


def named_events(cls: type) -> set[str]:
    """Return the events that a class has handlers for, without a look at the handlers.

    It costs little: clients may send names that nobody knows as fast as they like.
    """
    return {
        event
        for base in cls.__mro__
        for value in vars(base).values()
        for event in getattr(value, _EVENTS, ())
    }


def _check_run_on(name: str, run_on: object) -> None:
    if run_on not in (None, "main"):
        raise DeclarationError(f"{name}: expected run_on 'main' or None, got {run_on!r}")


def _check_replies(name: str, replies: object) -> None:
    if replies is None:
        return
    if not isinstance(replies, Mapping):
        raise DeclarationError(
            f'{name}: expected replies as types by events, {{"added": Added}}, got {replies!r}'
        )
    for event, kind in replies.items():
        try:
            Event(event)
        except EventError as error:
            raise DeclarationError(f"{name}: replies: {error}") from error
        if isinstance(kind, str):
            raise DeclarationError(
                f"{name}: expected a type as what {event!r} carries, got the text {kind!r}"
            )


def _own_handlers(cls: type, reserved: type) -> dict[str, str]:
    handlers: dict[str, str] = {}
    for name, value in vars(cls).items():
        for event in getattr(value, _EVENTS, ()):
            if event in handlers:
                raise DeclarationError(
                    f"{cls.__name__}: both {handlers[event]} and {name} handle {event!r}"
                )
            _check_parameters(cls, name, value, "payload, state")
            if hasattr(reserved, name):
                raise DeclarationError(
                    f"{cls.__name__}.{name} handles {event!r}, but {name} is a name that every "
                    "channel has already: call the method something else"
                )
            handlers[event] = name
    return handlers


def _check_parameters(cls: type, name: str, method: Callable[..., Any], expected: str) -> None:
    count = 2 + expected.count(",")
    try:
        inspect.signature(method).bind(*[None] * count)
    except TypeError as error:
        raise DeclarationError(
            f"{cls.__name__}: expected def {name}(self, {expected}), "
            f"got {name}{inspect.signature(method)}"
        ) from error

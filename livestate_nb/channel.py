"""What users write against: Channel and on.

A channel class says how a state starts and how events change it. It must not know sessions,
transports or notebooks: the runtime gives it a `Seat`, the notebook extension is a `Host`.
"""

import inspect
import math
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias, TypeVar

from livestate_nb.codec import Json
from livestate_nb.errors import ChannelError, DeclarationError, HostError, TopicError
from livestate_nb.roles import Handle, Member, Seat

OnError: TypeAlias = Literal["keep", "crash"]
Handler = TypeVar("Handler", bound=Callable[..., Any])

_MARK: Final = "_livestate_events"
_INHERITED: Any = object()
_TAG: Final = re.compile(r"[a-z][a-z0-9._]*-[a-z0-9._-]*")
_FILE: Final = re.compile(r"\S+\.m?js")
_NO_TOPIC: Final = 'has no topic: write class {name}(Channel, topic="name:*")'


@dataclass(frozen=True, slots=True)
class Options:
    """What a class statement says of a channel; see `Channel`."""

    topic: str | None = None
    shared: bool = False
    on_error: OnError = "keep"
    max_version: int = 1000
    fps: float | None = None
    row_key: str | None = "id"
    grace: float = 60.0


@dataclass(slots=True, eq=False)
class Turn:
    """Whose turn it is.

    Args:
        channel: the channel object at work.
        member: the member it works for.
        waiting: channel objects whose handlers wait for this turn to end.
        is_over: whether it has ended: what runs on in a thread or task has no turn.
    """

    channel: "Channel"
    member: Member | None
    waiting: "frozenset[Channel]" = frozenset()
    is_over: bool = False

    @property
    def blocked(self) -> "frozenset[Channel]":
        """The channel objects that would wait for a call made in this turn."""
        return frozenset() if self.is_over else self.waiting | {self.channel}


class Host(Protocol):
    """Declare and show channels: what ``%load_ext livestate_nb`` installs."""

    def declare(self, channel: "type[Channel]") -> None:
        """Serve a channel's topics from now on."""

    def show(
        self,
        channel: "type[Channel]",
        topic: str,
        *,
        element: str,
        source: str,
        name: str | None,
        params: dict[str, Json],
    ) -> Handle:
        """Display an element for a session; see `Channel.show`."""


current_turn: ContextVar[Turn | None] = ContextVar("livestate_turn", default=None)

_host: Host | None = None


def install_host(host: Host | None) -> None:
    """Let classes defined from now on be declared on this host; None takes it away."""
    global _host  # noqa: PLW0603 - the notebook's host is module state by design
    _host = host


def on(event: str) -> Callable[[Handler], Handler]:
    """Make a method the handler of an event: ``@on("add_todo")``.

    The method is called with (payload, state). It may be plain, async, a generator or an async
    generator; it may mutate the state it gets or return a new one (see `Channel`).

    Args:
        event: the name that clients dispatch.

    Raises:
        DeclarationError: it is used without a name.

    Example:
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

    def mark(handler: Handler) -> Handler:
        setattr(handler, _MARK, (*getattr(handler, _MARK, ()), event))
        return handler

    return mark


class Channel:
    """Say how a state starts and how events change it (LiveState.Channel).

    Class options, given in the class statement and inherited except for the topic:

    * ``topic``: the topics it serves: an exact one, or a prefix and a star (``"todos:*"``).
    * ``shared``: True lets all who join a topic share one session; by default each join has
      its own.
    * ``on_error``: what a failing handler does. ``"keep"`` (default): the state stays as it
      was and the client gets an ``error`` event. ``"crash"``: the session ends with
      ``phx_error`` and a rejoin starts afresh, as in the original.
    * ``max_version``: the version that is followed by 0; 1000 by default, as in the original.
    * ``fps``: at most so many updates a second from generators, messages and ``change`` blocks:
      what comes faster is merged. By default each is sent; events are always answered at once.
    * ``row_key``: the field that tells the rows of a list apart (``"id"``), None if none does.
    * ``grace``: seconds that the place of a client with a lost connection is kept, and a shared
      session that nobody holds; 60 by default, 0 keeps neither.

    A handler returns None (keep what was mutated), a new state, or a `Reply`. The state may be a
    dict (handlers get a draft that they may mutate) or anything that encodes to a JSON object.

    Example:
        >>> class Todos(Channel, topic="todos:*"):
        ...     def init(self, params):
        ...         return {"items": []}
        ...
        ...     @on("add_todo")
        ...     def add(self, payload, state):
        ...         state["items"].append(payload["title"])
        >>> Todos.serves("todos:me")
        True
    """

    _options: ClassVar[Options] = Options()
    _handlers: ClassVar[dict[str, str]] = {}
    _seat: Seat

    def __init_subclass__(
        cls,
        *,
        topic: str | None = None,
        shared: bool = _INHERITED,
        on_error: OnError = _INHERITED,
        max_version: int = _INHERITED,
        fps: float | None = _INHERITED,
        row_key: str | None = _INHERITED,
        grace: float = _INHERITED,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        given: dict[str, Any] = {"shared": shared, "on_error": on_error, "fps": fps}
        given |= {"max_version": max_version, "row_key": row_key, "grace": grace}
        chosen = {name: value for name, value in given.items() if value is not _INHERITED}
        cls._options = replace(cls._options, topic=topic, **chosen)
        _check_options(cls.__name__, cls._options)
        cls._handlers = {}
        for base in reversed(cls.__mro__):
            cls._handlers |= _own_handlers(base)
        if topic is not None and _host is not None and cls.__module__ == "__main__":
            _host.declare(cls)

    @classmethod
    def serves(cls, topic: str) -> bool:
        """Return whether a topic is one of this channel's."""
        return cls._options.topic is not None and matches(cls._options.topic, topic)

    @classmethod
    def events(cls) -> list[str]:
        """Return the names of the events that the channel accepts, sorted."""
        return sorted(cls._handlers)

    @classmethod
    def show(
        cls,
        topic: str | None = None,
        *,
        element: str = "",
        esm: str | Path = "",
        name: str | None = None,
        params: dict[str, Json] | None = None,
    ) -> Handle:
        """Display an element that renders this channel's state, and return its handle.

        Every view of it, in any tab, after any reload and after running the cell again, shows
        the same session; another cell or another `name` has its own.

        Args:
            topic: one of the channel's topics; not needed where the channel has just one.
            element: the element's tag, with a hyphen, such as ``"todo-list"``. Without it the
                state is shown as a tree with the events that the channel accepts.
            esm: an ES module in plain JavaScript whose default export is the element's class:
                its source, or the Path of its file. It may import from ``lit`` and
                ``livestate-nb``.
            name: names the session; the calling cell by default.
            params: the join params that `init` gets, an object; ``{}`` by default.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run.
            TopicError: the topic is not one of the channel's.
            DeclarationError: element and esm do not fit.
            FileNotFoundError: esm is a Path to no file.
            Refuse: `init` refused, or whatever it raised.
        """
        if _host is None:
            raise HostError("there is no notebook extension: run %load_ext livestate_nb first")
        source = esm.read_text("utf-8") if isinstance(esm, Path) else esm
        if bool(element) != bool(source):
            raise DeclarationError(
                "expected element and esm together (the tag, and the module that exports its "
                f"class), got element={element!r} and {'an' if source else 'no'} esm"
            )
        if element and not _TAG.fullmatch(element):
            raise DeclarationError(
                "expected an element's tag in lower case with a hyphen, such as 'todo-list', "
                f"got {element!r}"
            )
        if isinstance(esm, str) and _FILE.fullmatch(esm):
            raise DeclarationError(f"expected the source of a module, got {esm!r}: Path({esm!r})?")
        return _host.show(
            cls,
            cls._one_topic(topic),
            element=element,
            source=source,
            name=name,
            params=params or {},
        )

    def authorize(self, params: dict[str, Json]) -> bool | Awaitable[bool]:  # noqa: ARG002
        """Return whether the client may join; raise `Refuse` to say why not.

        It runs for each member (`self.member`), also where the session is shared. The default
        allows whom the transport has authenticated. May be async.

        Args:
            params: the join params, an object.
        """
        return True

    def init(self, params: dict[str, Json]) -> Any:  # noqa: ARG002 - for subclasses
        """Return the first state; raise `Refuse` to refuse. May be async.

        It runs once for a session, after the join was answered.

        Args:
            params: the join params of the member that opened the session, an object.
        """
        return {}

    def handle_message(self, message: Any, state: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Handle what pubsub brings; it returns what an event handler may return.

        Args:
            message: what was broadcast to a topic that this session subscribed to.
            state: as for an event handler.

        Raises:
            ChannelError: the channel subscribed but does not define it.
        """
        raise ChannelError(
            f"{type(self).__name__} subscribed to a topic and got {message!r}: "
            "define handle_message(self, message, state)"
        )

    @property
    def topic(self) -> str:
        """The topic of this session."""
        return self._seat.topic

    @property
    def member(self) -> Member | None:
        """Who sent the event being handled; None in messages, handles and a shared `init`."""
        turn = current_turn.get()
        if turn is None or turn.channel is not self or turn.is_over:
            return None
        return turn.member

    @property
    def members(self) -> list[Member]:
        """Who is joined to this session."""
        return self._seat.members

    def push(self, event: str, detail: object = None) -> None:
        """Send an event to all members, at once. Callable from any thread.

        Args:
            event: the event's name, as `Event` takes it.
            detail: what encodes to a JSON object; nothing means ``{}``.

        Raises:
            EventError: the name is reserved or the detail no object.
            EncodeError: the detail has no JSON form.
        """
        self._seat.push(event, {} if detail is None else detail)

    def subscribe(self, topic: str) -> None:
        """Let `handle_message` get what is broadcast to a topic, until the session ends.

        Subscribing twice is the same as once. Callable from any thread.
        """
        self._seat.subscribe(topic)

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to every session that subscribed to a topic, this one included.

        Callable from any thread. Receivers get the object itself: do not change it afterwards.
        """
        self._seat.broadcast(topic, message)

    @classmethod
    def _one_topic(cls, topic: str | None) -> str:
        pattern = cls._options.topic
        if pattern is None:
            raise TopicError(f"{cls.__name__} {_NO_TOPIC.format(name=cls.__name__)}")
        if topic is None:
            if pattern.endswith("*"):
                raise TopicError(f"{cls.__name__} serves {pattern!r}: say which topic to show")
            return pattern
        if not isinstance(topic, str) or not matches(pattern, topic):
            raise TopicError(f"{cls.__name__} serves {pattern!r}, which {topic!r} is not")
        return topic


def options_of(channel: type[Channel]) -> Options:
    """Return what the class statement of a channel says."""
    return channel._options


def handler_of(channel: Channel, event: str) -> Callable[[Json, Any], Any] | None:
    """Return the bound handler of an event, None where the channel has none."""
    name = channel._handlers.get(event)
    return None if name is None else getattr(channel, name)


def bind(channel: Channel, seat: Seat) -> None:
    """Give a channel object its place in a session, before any of its callbacks runs."""
    channel._seat = seat


def matches(pattern: str, topic: str) -> bool:
    """Return whether a topic fits a pattern: the same text, or a prefix and a final star.

    Example:
        >>> matches("todo:*", "todo:a:b"), matches("todo:*", "todo")
        (True, False)
    """
    return topic.startswith(pattern[:-1]) if pattern.endswith("*") else topic == pattern


def _check_options(name: str, options: Options) -> None:
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


def _own_handlers(cls: type) -> dict[str, str]:
    handlers: dict[str, str] = {}
    for name, value in vars(cls).items():
        for event in getattr(value, _MARK, ()):
            if event in handlers:
                raise DeclarationError(
                    f"{cls.__name__}: both {handlers[event]} and {name} handle {event!r}"
                )
            try:
                inspect.signature(value).bind(None, None, None)
            except TypeError as error:
                raise DeclarationError(
                    f"{cls.__name__}: expected def {name}(self, payload, state), "
                    f"got {name}{inspect.signature(value)}"
                ) from error
            if hasattr(Channel, name):
                raise DeclarationError(
                    f"{cls.__name__}.{name} handles {event!r}, but {name} is a name that every "
                    "channel has already: call the method something else"
                )
            handlers[event] = name
    return handlers

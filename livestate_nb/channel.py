"""What users write against: Channel.

A channel class says how a state starts and how events change it. It must not know sessions,
transports or notebooks: the runtime gives it a `Seat`, the notebook extension is a `Host`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from livestate_nb.codec import Json
from livestate_nb.declaration import (
    OnError,
    Options,
    RunOn,
    asks_for_main,
    check_options,
    check_tag,
    contains,
    handlers_of,
    has_fallback,
    is_pattern,
    matches,
    named_events,
    readers_of,
)
from livestate_nb.errors import ChannelError, DeclarationError, HostError, ShareError, TopicError
from livestate_nb.payload import Reader
from livestate_nb.roles import Handle, Member, Seat
from livestate_nb.state.builder import MessageBuilder
from livestate_nb.terms import Some, Terms
from livestate_nb.ui.element import TAG, Element

if TYPE_CHECKING:
    from livestate_nb.schema import Contract

_INHERITED: Any = object()
_FILE: Final = re.compile(r"\S+\.m?js")
_NO_TOPIC: Final = 'has no topic: write class {name}(Channel, topic="name:*")'


@dataclass(slots=True, eq=False)
class Turn:
    """Whose turn it is.

    Args:
        channel: the channel object at work.
        member: the member it works for.
        waiting: the turns that go on when this one has ended.
        is_over: whether it has ended: what runs on in a thread or task has no turn.
        is_aside: whether the session goes on meanwhile, as while `authorize` runs.
        is_block: whether it is that of a `with handle.change()` block: code of a cell.
        message_topic: the topic of the message that is being handled, if it is one.
    """

    channel: "Channel"
    member: Member | None
    waiting: "frozenset[Turn]" = frozenset()
    is_over: bool = False
    is_aside: bool = False
    is_block: bool = False
    message_topic: str | None = None

    @property
    def blocked(self) -> "frozenset[Channel]":
        """The channel objects that would wait for a call made in this turn."""
        if self.is_over:
            return frozenset()
        own = frozenset() if self.is_aside else frozenset((self.channel,))
        return own.union(*(turn.blocked for turn in self.waiting))


class Host(Protocol):
    """Declare and show channels: what ``%load_ext livestate_nb`` installs."""

    def defined(self, channel: "type[Channel]") -> None:
        """Note that a class with a topic was defined: in a cell, or in a module that is loaded."""

    def show(
        self,
        channel: "type[Channel]",
        topic: str,
        *,
        element: str,
        esm: str | Path,
        name: str | None,
        params: dict[str, Json],
    ) -> Handle:
        """Display an element for a session; see `Channel.show`."""

    def at(self, channel: "type[Channel]", topic: str) -> Handle:
        """Return a handle of a shared topic's session; see `Channel.at`."""

    def publish(self, channel: "type[Channel]") -> bool:
        """Open a channel's topics to the server's other clients; see `Channel.publish`."""

    def unpublish(self, channel: "type[Channel]") -> None:
        """Close them again; see `Channel.unpublish`."""

    def share(self, channel: "type[Channel]", terms: Terms, *, element: str, url: str) -> str:
        """Let pages of other sites join topics, and show how; see `Channel.share`."""

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed to a topic; see `broadcast`."""


current_turn: ContextVar[Turn | None] = ContextVar("livestate_turn", default=None)

_host: Host | None = None


def install_host(host: Host | None) -> None:
    """Let classes defined from now on be declared on this host; None takes it away."""
    global _host  # noqa: PLW0603 - the notebook's host is module state by design
    _host = host


def broadcast(topic: str, message: object) -> None:
    """Give a message to every session of this kernel that subscribed to a topic.

    From any cell, callback or thread. Receivers get the object itself: do not change it
    afterwards. In a Jupyter server write ``settings["livestate_nb_server"].endpoint.broadcast``.

    Args:
        topic: an exact topic.
        message: any object.

    Raises:
        HostError: ``%load_ext livestate_nb`` has not been run.
        TopicError: the topic is a pattern, or no text.
    """
    _the_host().broadcast(topic, message)


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
    * ``run_on``: ``"main"`` runs all callbacks on the main thread of the notebook's kernel, where
      they wait for the running cell; ``@on("plot", run_on="main")`` does so for one handler.
    * ``message_builder``: a `MessageBuilder`, or its class, that says what clients are told of
      the state: ``MessageBuilder(ignored=("password",))``, `WholeStates`, or one of your own.
    * ``presence``: True tells the members who is present on their topic (see `track`).
    * ``replies``: the types of the details of the events that it sends, by event
      (``{"added": Added}``), for `typescript` and `schema`; those of the bases are added.

    A class that defines ``handle_event(self, event, payload, state)`` takes the events by it that
    no ``@on`` names. Where the payload of a handler is annotated with a dataclass, a TypedDict,
    or a class of msgspec, attrs or pydantic, it is checked and converted.

    A handler returns None (keep what was mutated), a new state, or a `Reply`. The state may be a
    dict (handlers get a draft that they may mutate) or anything that encodes to a JSON object.

    Example:
        >>> from livestate_nb import on
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
    _readers: ClassVar[dict[str, Reader]] = {}
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
        run_on: RunOn | None = _INHERITED,
        message_builder: MessageBuilder | type[MessageBuilder] = _INHERITED,
        presence: bool = _INHERITED,
        replies: Mapping[str, Any] = _INHERITED,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        given: dict[str, Any] = {"shared": shared, "on_error": on_error, "fps": fps}
        given |= {"max_version": max_version, "row_key": row_key}
        given |= {"grace": grace, "run_on": run_on, "presence": presence}
        if isinstance(message_builder, type):
            message_builder = message_builder()
        given["message_builder"] = message_builder
        if isinstance(replies, Mapping):
            replies = {**(cls._options.replies or {}), **replies}
        given["replies"] = replies
        chosen = {name: value for name, value in given.items() if value is not _INHERITED}
        cls._options = replace(cls._options, topic=topic, **chosen)
        check_options(cls.__name__, cls._options)
        cls._handlers = handlers_of(cls, Channel)
        cls._readers = readers_of(cls, cls._handlers)
        if topic is not None and _host is not None:
            _host.defined(cls)

    @classmethod
    def serves(cls, topic: str) -> bool:
        """Return whether a topic is one of this channel's."""
        return cls._options.topic is not None and matches(cls._options.topic, topic)

    @classmethod
    def events(cls) -> list[str]:
        """Return the names of the events that the channel has handlers for, sorted."""
        return sorted(named_events(cls))

    @classmethod
    def schema(cls) -> dict[str, Json]:
        """Return the types of the state, the events and the replies as JSON Schema.

        Returns:
            a document (draft 2020-12) whose ``$defs`` are, for a class Todos, ``TodosState``,
            ``TodosEvents``, ``TodosReplies`` and the types that they refer to.

        Raises:
            DeclarationError: an annotation names something unknown, or two say different states.
        """
        from livestate_nb.schema import schema_of  # noqa: PLC0415 - few ask for it

        return schema_of([contract_by_class(cls)])

    @classmethod
    def typescript(cls) -> str:
        """Return the types of the state, the events and the replies as TypeScript declarations.

        Raises:
            DeclarationError: as for `schema`.

        Example:
            >>> class Counter(Channel, topic="counter"):
            ...     def init(self, params) -> dict[str, int]:
            ...         return {"n": 0}
            >>> "export type CounterState = Record<string, number>;" in Counter.typescript()
            True
        """
        from livestate_nb.schema import typescript_of  # noqa: PLC0415 - few ask for it

        return typescript_of(cls.schema())

    @classmethod
    def show(
        cls,
        topic: str | None = None,
        layout: Element | None = None,
        *,
        element: str = "",
        esm: str | Path = "",
        name: str | None = None,
        params: dict[str, Json] | None = None,
    ) -> Handle:
        """Display an element that renders this channel's state, and return its handle.

        Every view of it, in any tab, after any reload and after running the cell again, shows
        the same session; another cell or another ``name`` has its own.

        Args:
            topic: one of the channel's topics; not needed where the channel has just one.
            layout: what to show of stock elements, as in ``ui.column(ui.text("title"))``.
            element: the element's tag, with a hyphen, such as ``"todo-list"``. Without it the
                state is shown as a tree with the events that the channel accepts.
            esm: an ES module in plain JavaScript whose default export is the element's class:
                its source, or the Path of its file: when that changes, what it exports takes
                the shown element's place. It may import from ``lit`` and ``livestate-nb``. Not
                needed for an element that a cell declares (``%%live_element todo-list``).
            name: names the session; the calling cell by default.
            params: the join params that `init` gets, an object; ``{}`` by default.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run.
            TopicError: the topic is not one of the channel's.
            TypeError: layout is no element of `livestate_nb.ui`.
            DeclarationError: element and esm do not fit, a layout is given as well, or no cell
                declares the element.
            FileNotFoundError: esm is a Path to no file.
            Refuse: `init` refused, or whatever it raised.
        """
        if layout is not None:
            element, esm = _shown(layout, element, esm)
        if element:
            check_tag(element)
        elif esm:
            raise DeclarationError(
                "expected the tag of the element that esm exports, such as element='todo-list', "
                "got none"
            )
        if isinstance(esm, str) and _FILE.fullmatch(esm):
            raise DeclarationError(f"expected the source of a module, got {esm!r}: Path({esm!r})?")
        return _the_host().show(
            cls,
            cls._one_topic(topic),
            element=element,
            esm=esm,
            name=name,
            params=params or {},
        )

    @classmethod
    def at(cls, topic: str | None = None) -> Handle:
        """Return the handle of a shared topic's session, without displaying anything.

        The session is opened if it is not, and stays open until the handle's ``close``.

        Args:
            topic: one of the channel's topics; not needed where the channel has just one.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run.
            TopicError: the topic is not one of the channel's.
            ChannelError: the channel is not shared: no topic of it has one session.
            Refuse: `init` refused, or whatever it raised.
        """
        return _the_host().at(cls, cls._one_topic(topic))

    @classmethod
    def publish(cls) -> None:
        """Open this channel's topics to the other clients of the kernel's Jupyter server.

        They reach them at ``<base_url>livestate``, if the server authenticates them and
        `authorize` lets them in. Where several kernels publish the same topics, the last call
        takes new joins. What the server hosts itself cannot be taken over. In the kernel of a
        visitor of Voila it does nothing: the same notebook runs once for each of them.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run, there is no way to the server,
                or the server hosts such topics itself.
            TopicError: the class names no topic.
        """
        host = _the_host()
        cls._pattern()
        host.publish(cls)

    @classmethod
    def unpublish(cls) -> None:
        """Close this channel's topics to the server's other clients: take back `publish`.

        Those of them who have joined are told that their channel has ended, and do not join again;
        what the notebook itself shows or holds goes on. Shares open nothing until `publish` is
        called again. Where nothing is published nothing happens.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run.
            TopicError: the class names no topic.
        """
        host = _the_host()
        cls._pattern()
        host.unpublish(cls)

    @classmethod
    def share(
        cls,
        topic: str | None = None,
        *,
        origins: Some = (),
        events: Some | None = None,
        expires: str | timedelta | float = "7d",
        element: str = "",
        url: str = "",
    ) -> str:
        """Let pages of other sites join topics: the cell shows HTML to paste, with a token in it.

        Whoever has the token can do what it says, and nothing else on the server. It is shown
        once, in no output that is saved. ``%livestate shares`` lists what this kernel shares, and
        ``%livestate revoke ID`` ends a share. Topics must be published: sharing does not do that.

        Args:
            topic: one of the channel's topics, or a prefix and a star (``"todos:*"``); not needed
                where the channel has just one.
            origins: of the pages that may use it, such as ``"https://example.org"``, or several;
                ``"*"`` for all but ``"null"``, that of files and sandboxed frames.
            events: names of the events that the pages may dispatch, ``[]`` for none, ``"*"`` for
                all; by default those that the channel has handlers for now.
            expires: how long, such as ``"12h"`` or ``"7d"``, a timedelta or seconds; 366 days at
                most.
            element: the tag of an element that is shown for the channel, to be in the HTML; by
                default the last one. Without any, the HTML has lines for the client.
            url: where outsiders reach the server, up to its base_url; by default where this
                notebook does.

        Returns:
            the id of the share, by which ``%livestate revoke`` and ``jupyter livestate token
            --revoke`` end it; it is no secret.

        Raises:
            HostError: ``%load_ext livestate_nb`` has not been run, or no way leads to the server.
            TopicError: the topic is not within the channel's.
            ShareError: the channel is not published or has no such event, no such element is shown,
                origins, expires or url are none, or the server does not allow it.
        """
        host = _the_host()
        wanted = cls._shared_topic(topic)
        known = cls.events()
        terms = Terms.read(wanted, known if events is None else events, origins, expires)
        unknown = sorted({*terms.events}.difference(known, "*"))
        if unknown and not has_fallback(cls):
            raise ShareError(
                f"expected events that {cls.__name__} handles ({', '.join(known) or 'none'}), "
                f"got {', '.join(unknown)}"
            )
        return host.share(cls, terms, element=element, url=url)

    def authorize(self, params: dict[str, Json]) -> bool | Awaitable[bool]:  # noqa: ARG002
        """Return whether the client may join; raise `Refuse` to say why not.

        It runs for each member (``self.member``), also where the session is shared. The default
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

    def joined(self, params: dict[str, Json], state: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Handle that a client (``self.member``) has joined; it returns what a handler may return.

        It runs once for each member, when there is a state: the place to `track` it. A client that
        comes back after a lost connection has joined already.

        Args:
            params: the member's join params, an object.
            state: as for an event handler.
        """
        return None

    def left(self, state: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Handle that a client (``self.member``) has gone for good (Phoenix' ``terminate``).

        It runs once for each member that `joined` ran for, or would have: when it has left, or its
        connection is lost and the grace time is over, and what it sent before is handled. It may
        change the state, which those who remain are told, and returns what a handler may return;
        its reply events go to those. It must not yield. Not where the session itself has ended or
        crashed: see `ended`.

        Args:
            state: as for an event handler.
        """
        return None

    def ended(self, state: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Close what `init` has opened: the session has ended, or crashed. May be async.

        It runs once for each `init` that gave a state: when the last client has gone and the grace
        time is over, by ``close``, ``%livestate off``, or with the server or kernel, which waits
        for it a few seconds; not where the process is killed. What it returns, and how it changes
        the state, goes nowhere. Nobody is joined any more, and nothing else of the session runs.

        Args:
            state: the last one, as for an event handler.
        """
        return None

    def migrate(self, state: Any) -> Any:
        """Return the state in the shape that this class wants.

        Define it where the class that takes over live sessions needs another shape: it is called
        once for each, with the state as the class before left it, and returns the new one or None
        (keep what was mutated). May be async. Where it raises, the class and the state stay.

        Args:
            state: as for an event handler.
        """
        return state

    def handle_message(self, message: Any, state: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Handle what pubsub brings; it returns what an event handler may return.

        Its reply events go to all members. `message_topic` is the topic that the message came on.

        Args:
            message: what was broadcast to a topic that this session subscribed to.
            state: as for an event handler.

        Raises:
            ChannelError: the channel subscribed but does not define it.
        """
        raise ChannelError(
            f"{type(self).__name__} subscribed to a topic and got a message: "
            "define handle_message(self, message, state)"
        )

    @property
    def topic(self) -> str:
        """The topic of this session."""
        return self._seat.topic

    @property
    def member(self) -> Member | None:
        """Who sent the event being handled, or joined or left; else, and from handles, None."""
        turn = self._turn
        return None if turn is None else turn.member

    @property
    def message_topic(self) -> str | None:
        """The topic on which the message being handled was broadcast; None in other callbacks."""
        turn = self._turn
        return None if turn is None else turn.message_topic

    @property
    def _turn(self) -> Turn | None:
        turn = current_turn.get()
        return turn if turn is not None and turn.channel is self and not turn.is_over else None

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

        Subscribing twice is the same as once, and what several subscriptions fit comes once.
        Callable from any thread.

        Args:
            topic: an exact topic, or a prefix and a star (``"room:*"``) for all that begin so.
                Check what a client sent before you make a topic of it.

        Raises:
            TopicError: it is neither.
        """
        self._seat.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Take back what `subscribe` did with the same topic or pattern. Callable from any thread.

        Raises:
            TopicError: it is neither a topic nor a pattern.
        """
        self._seat.unsubscribe(topic)

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to every session that subscribed to a topic, this one included.

        Callable from any thread. Receivers get the object itself: do not change it afterwards.

        Raises:
            TopicError: the topic is a pattern, or no text.
        """
        self._seat.broadcast(topic, message)

    def track(self, meta: dict[str, Any] | None = None, *, key: str | None = None) -> None:
        """Let the member being handled be present on the topic, or change how (Phoenix.Presence).

        All members of the topic's sessions are told, in ``presence_diff`` events. It is present
        until it leaves or its connection is lost, and again when it comes back.

        Args:
            meta: what the others see of it: what encodes to a JSON object. It takes the place of
                what was given before; nothing means ``{}``.
            key: who it is: the members with one key are one presence with several metas, such as
                a user's tabs. By default the key it has, or else its user's name.

        Raises:
            ChannelError: no member's event is being handled, the class statement does not say
                ``presence=True``, or nobody knows a key.
            EncodeError: the meta has no JSON form.
        """
        self._seat.track(self._tracked(), {} if meta is None else meta, key)

    def untrack(self) -> None:
        """Let the member being handled be present no longer.

        Raises:
            ChannelError: as for `track`.
        """
        self._seat.untrack(self._tracked())

    @property
    def presences(self) -> dict[str, list[dict[str, Any]]]:
        """The metas of who is present on the topic, by key, each with its ``phx_ref``."""
        return self._seat.presences

    def _tracked(self) -> Member:
        if self.member is None:
            raise ChannelError(
                "there is no member: expected track and untrack in joined or in the handler of "
                "a client's event"
            )
        return self.member

    @classmethod
    def _one_topic(cls, topic: str | None) -> str:
        pattern = cls._pattern()
        if topic is None:
            if is_pattern(pattern):
                raise TopicError(
                    f"{cls.__name__} serves many topics: {_expected(pattern)}, got none"
                )
            return pattern
        if not isinstance(topic, str) or not matches(pattern, topic):
            raise TopicError(f"{cls.__name__}: {_expected(pattern)}, got {topic!r}")
        return topic

    @classmethod
    def _shared_topic(cls, topic: str | None) -> str:
        pattern = cls._pattern()
        if topic is None:
            if is_pattern(pattern):
                raise TopicError(
                    f"{cls.__name__} serves many topics: {_expected(pattern)}, or {pattern!r} for "
                    "all, got none"
                )
            return pattern
        if not isinstance(topic, str) or not contains(pattern, topic):
            narrower = f", or a pattern within {pattern!r}" if is_pattern(pattern) else ""
            raise TopicError(f"{cls.__name__}: {_expected(pattern)}{narrower}, got {topic!r}")
        return topic

    @classmethod
    def _pattern(cls) -> str:
        if cls._options.topic is None:
            raise TopicError(f"{cls.__name__} {_NO_TOPIC.format(name=cls.__name__)}")
        return cls._options.topic


def _expected(pattern: str) -> str:
    """Say which topics fit a pattern, by one of them."""
    if is_pattern(pattern):
        return f"expected a topic such as {pattern.removesuffix('*') + 'me'!r}"
    return f"expected the topic {pattern!r}"


def _shown(layout: Element, element: str, esm: str | Path) -> tuple[str, str]:
    """Return the tag and the module that show a layout."""
    if not isinstance(layout, Element):
        raise TypeError(
            "show: expected a layout of stock elements second, such as ui.column(...), or "
            f"element= and esm= for one of your own, got {layout!r}"
        )
    if element or esm:
        raise DeclarationError("show: expected a layout, or element and esm, got all of them")
    return TAG, layout.module()


def has_host() -> bool:
    """Return whether a host is installed."""
    return _host is not None


def _the_host() -> Host:
    if _host is None:
        raise HostError(
            "there is no notebook extension: run %load_ext livestate_nb first, in marimo "
            "livestate_nb.marimo.load()"
        )
    return _host


def options_of(channel: type[Channel]) -> Options:
    """Return what the class statement of a channel says."""
    return channel._options


def contract_by_class(channel: type[Channel]) -> "Contract":
    """Return the types of what a channel and its clients send each other.

    Raises:
        DeclarationError: an annotation names something unknown, or two say different states.
    """
    from livestate_nb.schema import contract_of  # noqa: PLC0415 - few ask for it

    return contract_of(channel, handlers_of(channel, Channel), channel._options)


def handler_of(
    channel: Channel, event: str, payload: Json
) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Return what handles an event, and what it takes before the state; None if nothing does.

    Raises:
        InvalidPayload: the payload is not what the handler's annotation asks for.
    """
    name = channel._handlers.get(event)
    if name is None and event in named_events(type(channel)):
        # %autoreload puts new methods into the class as it is
        name = handlers_of(type(channel), Channel).get(event)
    arguments: tuple[Any, ...] = ()
    if name is None and has_fallback(type(channel)):
        name, arguments = "handle_event", (event,)
    if name is None:
        return None
    read = channel._readers.get(name)
    return getattr(channel, name), (*arguments, payload if read is None else read(payload))


def wants_joined(channel: type[Channel]) -> bool:
    """Return whether a channel defines `joined`."""
    return channel.joined is not Channel.joined


def wants_left(channel: type[Channel]) -> bool:
    """Return whether a channel defines `left`."""
    return channel.left is not Channel.left


def wants_ended(channel: type[Channel]) -> bool:
    """Return whether a channel defines `ended`."""
    return channel.ended is not Channel.ended


def needs_main(channel: type[Channel], function: Callable[..., Any]) -> bool:
    """Return whether a callback of a channel is to run on the main thread."""
    return channel._options.run_on is not None or asks_for_main(function)


def has_main(channel: type[Channel]) -> bool:
    """Return whether any callback of a channel is to run on the main thread."""
    methods = handlers_of(channel, Channel).values()
    return channel._options.run_on is not None or any(
        asks_for_main(getattr(channel, name)) for name in methods
    )


def session_of(channel: Channel) -> object:
    """Return what stands for the session of a channel object."""
    return channel._seat.session


def bind(channel: Channel, seat: Seat) -> None:
    """Give a channel object its place in a session, before any of its callbacks runs."""
    channel._seat = seat

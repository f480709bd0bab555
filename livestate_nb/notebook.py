"""The notebook side: an endpoint on a thread and loop of its own, and the widgets it shows.

It implements `livestate_nb.channel.Host`. It must not know how frames or states look.
"""

import asyncio
import atexit
import secrets
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from IPython.display import display

from livestate_nb import report
from livestate_nb.channel import Channel, options_of, session_of
from livestate_nb.codec import Json
from livestate_nb.declaration import check_tag
from livestate_nb.errors import ChannelError, HostError, LiveStateError, TopicError
from livestate_nb.journal import Journal
from livestate_nb.limits import Limits
from livestate_nb.output import Front, Output
from livestate_nb.runtime import Endpoint, Loop, MainThread, Session
from livestate_nb.screen import Module, Screen
from livestate_nb.sharing import NO_SERVER, Sharing
from livestate_nb.shown import KeptHandle, ShownHandle
from livestate_nb.terms import Terms
from livestate_nb.transports.comm import CommHub
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink import Uplink

_DIALLING: Final = 1.0
"""Seconds that loading the extension waits for the server."""

_HEARING: Final = 1.0
"""Seconds in which a loop that nothing blocks has its turn."""

_IDLE_TIMEOUT: Final = 150.0
"""Seconds; browsers let a page in the background send a heartbeat once a minute only."""


class Notebook:
    """Run the kernel's endpoint and show its sessions; implements `livestate_nb.channel.Host`.

    Args:
        front: says which cell is being executed.
        clock: counts the seconds in which the kernel hears its clients.
        kernel_loop: the loop of the kernel's main thread, which makes this object.
        address: where the kernel's server is; None where it has no server that we know.
        limits: how much clients may ask for.
        is_private: whether the kernel is one visitor's own: it opens nothing to others.
    """

    def __init__(
        self,
        front: Front,
        clock: Callable[[], float],
        kernel_loop: asyncio.AbstractEventLoop,
        address: Address | None,
        limits: Limits,
        *,
        is_private: bool,
    ) -> None:
        self._output = Output(front, is_private=is_private)
        self._is_private = is_private
        self.main = MainThread(kernel_loop, self._wait)
        self._endpoint = Endpoint(
            clock=clock, idle_timeout=_IDLE_TIMEOUT, limits=limits, main=self.main
        )
        self._loop = Loop("livestate", self.main)
        hub = CommHub(self._endpoint)
        self._screen = Screen(secrets.token_urlsafe(8), hub, self._loop.loop)
        self._watching = self._loop.start(self._screen.watch())
        self._uplink = None if address is None else self._dial(address)
        self.sharing = Sharing(self._loop, self._screen, self._uplink, is_private=is_private)
        atexit.register(self._abandon)

    # for channels: what `livestate_nb.channel.Host` asks for

    def defined(self, channel: type[Channel]) -> None:
        """Declare a class of a cell; one of a module if an earlier form of it is declared."""
        earlier = self._earlier(channel)
        if earlier or channel.__module__ == "__main__":
            self.declare(channel)
        for pattern in earlier:
            live = self._endpoint.sessions_of(pattern)
            if pattern != options_of(channel).topic and live:
                print(report.renamed(channel, pattern, live))  # noqa: T201 - for the author

    def show(
        self,
        channel: type[Channel],
        topic: str,
        *,
        element: str,
        esm: str | Path,
        name: str | None,
        params: dict[str, Json],
    ) -> ShownHandle:
        """Display a session's element; see `livestate_nb.Channel.show`."""
        by_name = element and not esm
        module = self._screen.declared(element) if by_name else Module.read(element, esm)
        self._declare_if_new(channel)
        place = self._output.place()
        named = f"name {name}" if name is not None else place
        if not self._output.has_cell:
            # Each run is another cell: the name keeps the widget, one for each thing it shows.
            place = f"{named} {module.label}".rstrip()
        session = self._open(channel, topic, named, params)
        if self._output.is_reactive:
            self._screen.end(session, place)
        widget = self._screen.widget(channel, session, place, module)
        if self._uplink is not None:
            self._loop.loop.call_soon_threadsafe(self._uplink.shown)
        whole = partial(self._whole, session)
        self._output.display(widget, whole)
        forget = partial(self._screen.forget, [session])
        display = partial(self._output.display_once, widget, whole)
        return ShownHandle(self._loop, session, forget, widget, display)

    def at(self, channel: type[Channel], topic: str) -> KeptHandle:
        """Return the handle of a shared topic; see `livestate_nb.Channel.at`."""
        if not options_of(channel).shared:
            raise ChannelError(self._unshared(channel, topic))
        self._declare_if_new(channel)
        session = self._open(channel, topic, "", None)
        return KeptHandle(self._loop, session, partial(self._screen.forget, [session]))

    def publish(self, channel: type[Channel]) -> bool:
        """Open a channel's topics to the server's other clients; see `Channel.publish`.

        Returns:
            False where the kernel is private: nothing is opened.
        """
        if self._is_private:
            self._declare_if_new(channel)
            return False
        if self._uplink is None:
            raise HostError(f"cannot publish {channel.__name__}: {NO_SERVER}")
        self._declare_if_new(channel)
        self._loop.run(self._uplink.publish(str(options_of(channel).topic)))
        return True

    def unpublish(self, channel: type[Channel]) -> None:
        """Close a channel's topics to the server's other clients; see `Channel.unpublish`."""
        pattern = str(options_of(channel).topic)

        async def unpublish() -> None:
            self._unpublish(pattern)

        self._loop.run(unpublish())

    def share(self, channel: type[Channel], terms: Terms, *, element: str, url: str) -> str:
        """Share topics of a channel; see `Channel.share`."""
        card = self.sharing.share(channel, terms, element, url)
        data, metadata = card.bundle()
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython
        return card.id

    def broadcast(self, topic: str, message: object) -> None:
        """Give a message to all who subscribed; see `livestate_nb.broadcast`."""
        self._endpoint.broadcast(topic, message)

    # for the author

    @property
    def journal(self) -> Journal:
        """What handlers printed and how they failed."""
        return self._screen.journal

    def declare(self, channel: type[Channel]) -> None:
        """Declare a channel; its live sessions get the class, their widgets its events."""
        pattern = str(options_of(channel).topic)
        before = self._endpoint.channels.get(pattern)
        lost = report.became(before, channel, self._endpoint.sessions_of(pattern))

        async def declare() -> None:
            self._endpoint.declare(channel)
            self._tell_server()

        self._loop.run(declare())
        self._screen.redeclared(channel)
        if lost:
            print(lost)  # noqa: T201 - for the author

    def declared(self, pattern: str) -> type[Channel]:
        """Return the channel that is declared for a topic.

        Raises:
            TopicError: there is none.
        """
        return self._endpoint.declared(pattern)

    def serving(self, topic: str) -> type[Channel]:
        """Return the declared channel that serves a topic.

        Raises:
            TopicError: there is none.
        """
        channel = self._endpoint.match(topic)
        if channel is None:
            known = ", ".join(map(repr, self._endpoint.channels)) or "none"
            raise TopicError(
                f"expected a topic that a declared channel serves ({known}), got {topic!r}"
            )
        return channel

    @property
    def topics(self) -> list[str]:
        """What topics may be named: those that are open, and what declared ones begin with."""
        patterns = (pattern.removesuffix("*") for pattern in self._endpoint.channels)
        return sorted({*patterns, *(session.topic for session in self._endpoint.sessions)})

    @property
    def elements(self) -> dict[str, int]:
        """The elements that cells declared: tag -> in how many outputs it is shown."""
        return self._screen.elements

    def declare_element(self, tag: str, source: str) -> None:
        """Declare an element; it takes the place of its earlier form wherever that is shown.

        Args:
            tag: the element's tag.
            source: its ES module.

        Raises:
            DeclarationError: no element can have that tag.
        """
        check_tag(tag)
        self._screen.declare(tag, source)

    def withdraw(self, pattern: str) -> int:
        """Serve a topic no longer; return how many sessions have ended by that.

        Raises:
            TopicError: no channel is declared for it.
        """

        async def withdraw() -> list[Session]:
            ended = self._endpoint.withdraw(pattern)
            self._unpublish(pattern)
            return ended

        ended = self._loop.run(withdraw())
        self._screen.forget(ended)
        return len(ended)

    def overview(self) -> str:
        """Return what is declared, where it can be reached, and who is joined."""
        ways = ["this notebook's own cells: the widgets' comms"]
        if self._uplink is not None and self._uplink.is_open:
            ways.append("this notebook's own cells: the Jupyter server's WebSocket")
            for one in self._uplink.published:
                is_taken = one in self._uplink.taken
                ways.append(
                    f"the server's other clients: {one}"
                    + (" (new joins go to another kernel)" if is_taken else "")
                )
        return report.overview(
            self._endpoint.channels,
            self._endpoint.sessions,
            self._screen.places,
            ways,
            self.elements,
        )

    def close(self) -> None:
        """End the endpoint, its thread and its widgets."""
        atexit.unregister(self._abandon)
        self._watching.cancel()
        self._loop.run(self._endpoint.close())
        if self._uplink is not None:
            self._loop.run(self._uplink.close())
        self._loop.stop()
        self._screen.close()
        self.sharing.close()

    # inside

    def _abandon(self) -> None:
        """End the sessions, since the process ends: channels close what they have opened.

        A loop that a handler blocks has none of it.
        """
        is_free = threading.Event()
        self._loop.loop.call_soon_threadsafe(is_free.set)
        if is_free.wait(_HEARING):
            self._loop.run(self._endpoint.abandon())

    def _open(
        self, channel: type[Channel], topic: str, name: str, params: dict[str, Json] | None
    ) -> Session:
        """Return a session whose `init` has run; see `Endpoint.open`.

        Callbacks of it that need this thread run, or say that they cannot, while it waits.

        Raises:
            WouldDeadlock: its turn waits for what waits here.
        """

        async def reserve() -> Session:
            return self._endpoint.reserve(channel, topic, name)

        session = self._loop.run(reserve())
        with ExitStack() as waiting:
            try:
                waiting.enter_context(self._loop.waiting(session.channel, "this"))
            except LiveStateError:
                self._loop.loop.call_soon_threadsafe(session.release)
                raise
            self._loop.run(self._endpoint.keep(session, params), session.channel)
        return session

    def _whole(self, session: Session) -> bytes:
        """Return the message that carries a session's whole state to clients."""

        async def whole() -> bytes:
            return bytes(session.ledger.whole().payload)

        return self._loop.run(whole())

    def _dial(self, address: Address) -> Uplink:
        """Return the uplink; it is open, unless the server takes its time or refuses."""
        is_known = threading.Event()

        def changed(is_open: bool) -> None:
            self._screen.lead_to(address.kernel_id if is_open else "")
            is_known.set()

        async def dial() -> Uplink:
            return Uplink(self._endpoint, address, changed, self._screen)

        uplink = self._loop.run(dial())
        is_known.wait(_DIALLING)
        return uplink

    def _unpublish(self, pattern: str) -> None:
        if self._uplink is not None:
            self._uplink.unpublish(pattern)

    def _tell_server(self) -> None:
        if self._uplink is not None:
            self._uplink.declared()

    def _earlier(self, channel: type[Channel]) -> list[str]:
        """Return the patterns that earlier forms of a class are declared for.

        A class that a function makes may have any number of namesakes.
        """
        if "<locals>" in channel.__qualname__:
            return []
        return [
            pattern
            for pattern, known in self._endpoint.channels.items()
            if (known.__module__, known.__qualname__) == (channel.__module__, channel.__qualname__)
        ]

    def _declare_if_new(self, channel: type[Channel]) -> None:
        if self._endpoint.channels.get(str(options_of(channel).topic)) is not channel:
            self.declare(channel)

    def _unshared(self, channel: type[Channel], topic: str) -> str:
        shown = self._screen.places
        live = [
            (session, [place for one, place in shown if one is session])
            for session in self._endpoint.sessions
            if session.topic == topic
        ]
        name = channel.__name__
        return (
            f"{name} has no shared state (shared=True): each join and each cell has a session of "
            f"its own, so use what {name}.show returned, or write class {name}(Channel, "
            f"shared=True, ...). "
            f"Sessions of {topic!r}: {report.sessions_by_name(live)}"
        )

    def _wait(self, waiting: frozenset[Channel]) -> None:
        sessions = [session_of(channel) for channel in waiting]
        self._loop.loop.call_soon_threadsafe(self._screen.wait, sessions)

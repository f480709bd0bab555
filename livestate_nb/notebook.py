"""The notebook side: an endpoint on a thread and loop of its own, and the widgets it shows.

It implements `livestate_nb.channel.Host`. It must not know how frames or states look.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from IPython.display import display

from livestate_nb import report, saved
from livestate_nb.channel import Channel, options_of, session_of
from livestate_nb.codec import Json, Raw, loads
from livestate_nb.declaration import check_tag
from livestate_nb.errors import ChannelError, HostError, TopicError
from livestate_nb.journal import Journal
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint, Loop, MainThread, Session, SessionHandle
from livestate_nb.screen import Module, Screen
from livestate_nb.sharing import NO_SERVER, Sharing
from livestate_nb.terms import Terms
from livestate_nb.transports.comm import CommHub
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink import Uplink
from livestate_nb.widget import LiveStateWidget

_PATIENCE: Final = 10.0
_DIALLING: Final = 1.0
"""Seconds that loading the extension waits for the server."""

_IDLE_TIMEOUT: Final = 150.0
"""Seconds; browsers let a page in the background send a heartbeat once a minute only."""


class Front(Protocol):
    """Say which cell is being executed, and how front ends show what it displays."""

    is_reactive: bool
    """Whether only a cell's result is displayed, and ends when the cell runs again (marimo)."""

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it)."""


class KeptHandle(SessionHandle):
    """Hold a session of the notebook.

    Args:
        loop: the endpoint's loop.
        session: the session.
        forget: called when the session is closed.
    """

    def __init__(self, loop: Loop, session: Session, forget: Callable[[], None]) -> None:
        super().__init__(loop, session)
        self._forget = forget

    def close(self) -> None:
        """End the session: clients are told and do not rejoin."""
        super().close()
        self._forget()


class ShownHandle(KeptHandle):
    """Hold a session that a cell shows; as another cell's result it shows the element there.

    Args:
        loop: the endpoint's loop.
        session: the session.
        forget: called when the session is closed.
        widget: shows its element.
        display: displays the widget.
    """

    def __init__(
        self,
        loop: Loop,
        session: Session,
        forget: Callable[[], None],
        widget: LiveStateWidget,
        display: Callable[[], None],
    ) -> None:
        super().__init__(loop, session, forget)
        self._widget = widget
        self._display = display

    def _ipython_display_(self) -> None:
        self._display()

    def _display_(self) -> LiveStateWidget:
        """Return what marimo shows in its place."""
        return self._widget


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
        self._front = front
        self._is_private = is_private
        self.main = MainThread(kernel_loop, self._wait)
        self._endpoint = Endpoint(
            clock=clock, idle_timeout=_IDLE_TIMEOUT, limits=limits, main=self.main
        )
        self._calls: tuple[str, int] = ("", 0)
        self._displayed: tuple[str, set[str]] = ("", set())
        started: Future[Loop] = Future()
        self._thread = threading.Thread(
            target=self._serve, args=(started,), name="livestate", daemon=True
        )
        self._thread.start()
        self._loop = started.result(_PATIENCE)
        hub = CommHub(self._endpoint)
        self._screen = Screen(secrets.token_urlsafe(8), hub, self._loop.loop)
        self._watching = self._loop.start(self._screen.watch())
        self._uplink = None if address is None else self._dial(address)
        self.sharing = Sharing(self._loop, self._screen, self._uplink, is_private=is_private)

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
        place = self._place()
        named = f"name {name}" if name is not None else place
        if not self._has_cell:
            # Each run is another cell: the name keeps the widget, one for each thing it shows.
            place = f"{named} {module.label}".rstrip()
        session = self._open(channel, topic, named, params)
        if self._front.is_reactive:
            self._screen.end(session, place)
        widget = self._screen.widget(channel, session, place, module)
        if self._uplink is not None:
            self._loop.loop.call_soon_threadsafe(self._uplink.shown)
        self._display(widget, session)
        forget = partial(self._screen.forget, [session])
        display = partial(self._display_once, widget, session)
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
        self._watching.cancel()
        self._loop.run(self._endpoint.close())
        if self._uplink is not None:
            self._loop.run(self._uplink.close())
        self._loop.loop.call_soon_threadsafe(self._loop.loop.stop)
        self._thread.join(_PATIENCE)
        self._screen.close()
        self.sharing.close()

    # inside

    def _open(
        self, channel: type[Channel], topic: str, name: str, params: dict[str, Json] | None
    ) -> Session:
        """Return a session whose `init` has run; see `Endpoint.open`.

        Callbacks of it that need this thread run, or say that they cannot, while it waits.
        """

        async def reserve() -> Session:
            return self._endpoint.reserve(channel, topic, name)

        session = self._loop.run(reserve())
        self._loop.run(self._endpoint.keep(session, params), session.channel)
        return session

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

    def _serve(self, started: "Future[Loop]") -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.call_soon(started.set_result, Loop(loop, threading.get_ident(), self.main))
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

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

    @property
    def _has_cell(self) -> bool:
        """Whether the front end says which cell runs."""
        cell, execution = self._front.cell()
        return cell != execution

    def _place(self) -> str:
        """Return what names the session of this call: the cell, and the call's number in it."""
        cell, execution = self._front.cell()
        count = self._calls[1] + 1 if self._calls[0] == execution else 1
        self._calls = execution, count
        return f"cell {cell} {count}"

    def _wait(self, waiting: frozenset[Channel]) -> None:
        sessions = [session_of(channel) for channel in waiting]
        self._loop.loop.call_soon_threadsafe(self._screen.wait, sessions)

    def _display(self, widget: LiveStateWidget, session: Session) -> None:
        if self._front.is_reactive:
            return  # the handle is displayed, as the cell's result
        for data, metadata in self._bundles(widget, session):
            display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython
        _, execution = self._front.cell()
        displayed = self._displayed[1] if self._displayed[0] == execution else set()
        self._displayed = execution, displayed | {widget.session}

    def _bundles(
        self, widget: LiveStateWidget, session: Session
    ) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
        """Yield what to display: (data by MIME type, metadata)."""
        data, metadata = widget.bundle()
        if self._is_private:  # a dashboard, which nobody saves
            yield data, metadata
        elif self._has_cell:
            html = self._saved(widget, session, is_beside=False)
            yield {**data, saved.HTML: html, saved.MIME: {}}, metadata
        else:
            # This may be nbclient, which saves the widget's model as well: then exports draw that
            # instead of other types, by scripts that they load, and wait for this kernel.
            yield data, metadata
            yield {saved.HTML: self._saved(widget, session, is_beside=True)}, {}

    def _saved(self, widget: LiveStateWidget, session: Session, *, is_beside: bool) -> str:
        """Return what stands for an element where it is not live: its state as it is now."""

        async def whole() -> Raw | bytes:
            return session.ledger.whole().payload

        payload = bytes(self._loop.run(whole()))
        if len(payload) > saved.LIMIT:
            content = saved.too_large(len(payload))
        else:  # a builder of the user's own may send anything
            sent = loads(payload)
            content = saved.draw(sent.get("state", sent) if isinstance(sent, dict) else sent)
        at = datetime.now().astimezone()
        return saved.frame(content, widget.what, widget.model_id, at, is_beside=is_beside)

    def _display_once(self, widget: LiveStateWidget, session: Session) -> None:
        """Display a widget unless this cell does already: its result may be the handle."""
        if self._displayed[0] != self._front.cell()[1] or widget.session not in self._displayed[1]:
            self._display(widget, session)

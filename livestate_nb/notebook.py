"""The notebook side: an endpoint on a thread and loop of its own, and the widgets it shows.

It implements `livestate_nb.channel.Host`. It must not know how frames or states look.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, Protocol

from IPython.display import display

from livestate_nb.channel import Channel, options_of
from livestate_nb.codec import Json
from livestate_nb.errors import HostError
from livestate_nb.runtime import Endpoint, Loop, Session, SessionHandle
from livestate_nb.transports.comm import CommHub
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink import Uplink
from livestate_nb.widget import LiveStateWidget

_PATIENCE: Final = 10.0
_DIALLING: Final = 1.0
"""Seconds that loading the extension waits for the server."""

_IDLE_TIMEOUT: Final = 150.0
"""Seconds; browsers let a page in the background send a heartbeat once a minute only."""


class Execution(Protocol):
    """Say which cell is being executed."""

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it)."""


class IdleClock:
    """Count the seconds in which the kernel can hear its clients.

    While a cell runs, comm messages wait: the time until it ends says nothing of whether a
    page is still there.
    """

    def __init__(self) -> None:
        self._cells = 0
        self._counted: tuple[float, float | None] = 0.0, time.monotonic()
        """Seconds until the last stop, and the time of the start since; read by other threads."""

    def __call__(self) -> float:
        """Return the seconds so far."""
        seconds, since = self._counted
        return seconds if since is None else seconds + time.monotonic() - since

    def pause(self) -> None:
        """Stop counting: a cell begins, perhaps in another one."""
        self._cells += 1
        self._counted = self(), None

    def resume(self) -> None:
        """Count on, if the cell that has ended was the outermost."""
        self._cells = max(0, self._cells - 1)
        if not self._cells:
            self._counted = self(), time.monotonic()


class ShownHandle(SessionHandle):
    """Hold a session that a cell shows; as another cell's result it shows the element there.

    Args:
        loop: the endpoint's loop.
        session: the session.
        display: displays its element.
        forget: called when the session is closed.
    """

    def __init__(
        self,
        loop: Loop,
        session: Session,
        display: Callable[[], None],
        forget: Callable[[], None],
    ) -> None:
        super().__init__(loop, session)
        self._display = display
        self._forget = forget

    def close(self) -> None:
        """End the session: clients are told and do not rejoin."""
        super().close()
        self._forget()

    def _ipython_display_(self) -> None:
        self._display()


class Notebook:
    """Run the kernel's endpoint and show its sessions.

    Args:
        execution: says which cell is being executed.
        clock: counts the seconds in which the kernel hears its clients.
        address: where the kernel's server is; None where it has no server that we know.
    """

    def __init__(self, execution: Execution, clock: IdleClock, address: Address | None) -> None:
        self._execution = execution
        self._name = secrets.token_urlsafe(8)
        self._endpoint = Endpoint(clock=clock, idle_timeout=_IDLE_TIMEOUT)
        self._hub = CommHub(self._endpoint)
        self._widgets: dict[tuple[str, str], LiveStateWidget] = {}
        """By the key of the session and the cell that shows it."""
        self._calls: tuple[str, int] = ("", 0)
        self._displayed: tuple[str, set[str]] = ("", set())
        started: Future[Loop] = Future()
        self._thread = threading.Thread(
            target=self._serve, args=(started,), name="livestate", daemon=True
        )
        self._thread.start()
        self._loop = started.result(_PATIENCE)
        self._reached = ""
        """The kernel's id as long as its server leads clients here; set by the endpoint's loop."""
        self._uplink = None if address is None else self._dial(address)

    def declare(self, channel: type[Channel]) -> None:
        """Declare a channel; its live sessions get the class, their widgets its events."""

        async def declare() -> None:
            self._endpoint.declare(channel)
            if self._uplink is not None:
                self._uplink.declared()

        self._loop.run(declare())
        for widget in self._widgets.values():
            if self._endpoint.match(widget.topic) is channel:
                widget.events = channel.events()

    def show(
        self,
        channel: type[Channel],
        topic: str,
        *,
        element: str,
        source: str,
        name: str | None,
        params: dict[str, Json],
    ) -> ShownHandle:
        """Display a session's element; see `livestate_nb.Channel.show`."""
        if self._endpoint.channels.get(str(options_of(channel).topic)) is not channel:
            self.declare(channel)
        place = self._place()
        named = f"name {name}" if name is not None else place
        session = self._loop.run(self._endpoint.open(channel, topic, named, params))
        widget = self._widget(channel, session, place)
        with widget.hold_sync():
            widget.element = element
            widget.source = source
        self._display(widget)
        display = partial(self._display_once, widget)
        return ShownHandle(self._loop, session, display, partial(self._forget, session.key))

    def publish(self, channel: type[Channel]) -> None:
        """Open a channel's topics to the server's other clients; see `Channel.publish`."""
        if self._uplink is None:
            raise HostError(
                f"cannot publish {channel.__name__}: this kernel was not started by a Jupyter "
                "server with the livestate_nb extension; see `jupyter server extension list`"
            )
        pattern = str(options_of(channel).topic)
        if self._endpoint.channels.get(pattern) is not channel:
            self.declare(channel)
        self._loop.run(self._uplink.publish(pattern))

    def close(self) -> None:
        """End the endpoint, its thread and its widgets."""
        self._loop.run(self._endpoint.close())
        if self._uplink is not None:
            self._loop.run(self._uplink.close())
        self._loop.loop.call_soon_threadsafe(self._loop.loop.stop)
        self._thread.join(_PATIENCE)
        for widget in self._widgets.values():
            widget.close()

    def _dial(self, address: Address) -> Uplink:
        """Return the uplink; it is open, unless the server takes its time or refuses."""
        is_known = threading.Event()

        def changed(is_open: bool) -> None:
            self._reached = address.kernel_id if is_open else ""
            is_known.set()
            for widget in list(self._widgets.values()):
                widget.kernel = self._reached

        async def dial() -> Uplink:
            return Uplink(self._endpoint, address, changed)

        uplink = self._loop.run(dial())
        is_known.wait(_DIALLING)
        return uplink

    def _serve(self, started: "Future[Loop]") -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.call_soon(started.set_result, Loop(loop, threading.get_ident()))
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _place(self) -> str:
        """Return what names the session of this call: the cell, and the call's number in it."""
        cell, execution = self._execution.cell()
        count = self._calls[1] + 1 if self._calls[0] == execution else 1
        self._calls = execution, count
        return f"cell {cell} {count}"

    def _widget(self, channel: type[Channel], session: Session, place: str) -> LiveStateWidget:
        """Return the widget with which a cell shows a session: the same in each run of it."""
        if any(key == session.key for key, _ in self._widgets):
            self._loop.loop.call_soon_threadsafe(session.release)  # one hold is enough
        if (session.key, place) in self._widgets:
            return self._widgets[session.key, place]
        widget = LiveStateWidget(
            endpoint=self._name,
            kernel=self._reached,
            topic=session.topic,
            session=session.key,
            events=channel.events(),
        )
        widget.on_msg(self._receive)
        self._widgets[session.key, place] = widget
        widget.kernel = self._reached  # it may have changed before the widget was in the table
        return widget

    def _forget(self, key: str) -> None:
        """Drop the widgets of a session that was closed: they show how it ended."""
        self._widgets = {at: widget for at, widget in self._widgets.items() if at[0] != key}

    def _receive(self, widget: LiveStateWidget, content: object, _buffers: object) -> None:
        self._loop.loop.call_soon_threadsafe(self._hub.receive, content, widget.send)

    def _display(self, widget: LiveStateWidget) -> None:
        display(widget)  # type: ignore[no-untyped-call]  # IPython types it not at all
        _, execution = self._execution.cell()
        displayed = self._displayed[1] if self._displayed[0] == execution else set()
        self._displayed = execution, displayed | {widget.session}

    def _display_once(self, widget: LiveStateWidget) -> None:
        """Display a widget unless this cell does already: its result may be the handle."""
        if (
            self._displayed[0] != self._execution.cell()[1]
            or widget.session not in self._displayed[1]
        ):
            self._display(widget)

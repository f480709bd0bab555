"""The widgets that a notebook's cells show, and what they tell of their sessions.

It must not know what sessions do.
"""

import asyncio
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2s
from pathlib import Path
from typing import Any, Final, Self

from livestate_nb.channel import Channel, options_of
from livestate_nb.errors import DeclarationError
from livestate_nb.journal import Entry, Journal
from livestate_nb.runtime import Session
from livestate_nb.transports.comm import CommHub
from livestate_nb.transports.uplink_wire import Shown
from livestate_nb.ui.element import TAG
from livestate_nb.widget import FILE, LiveStateWidget

_LOG_DELAY: Final = 0.1
"""Seconds in which what is printed is gathered."""

_LOG_ENTRIES: Final = 20
"""Entries that are shown under an element."""

_POLL: Final = 0.5
"""Seconds between two looks at the elements' files."""


@dataclass(frozen=True, slots=True)
class Module:
    """Hold the ES module of an element.

    Args:
        tag: the element's tag; "" for the stock element.
        source: the module's source; "" for the stock element.
        file: where it was read from; None where it was given as a text.
        changed: when the file had been changed, in nanoseconds.
    """

    tag: str
    source: str
    file: Path | None = None
    changed: int = 0

    @property
    def label(self) -> str:
        """What tells what is shown from other things: the tag; layouts have all the same one."""
        if self.tag != TAG:
            return self.tag
        return f"{TAG} {blake2s(self.source.encode(), digest_size=3).hexdigest()}"

    @classmethod
    def read(cls, tag: str, esm: str | Path) -> Self:
        """Return the module of what an author gave.

        Raises:
            FileNotFoundError: esm is a Path to no file.
        """
        if isinstance(esm, str):
            return cls(tag, esm)
        changed = esm.stat().st_mtime_ns
        return cls(tag, esm.read_text("utf-8"), esm.resolve(), changed)


class Screen:
    """Hold the widgets of one kernel, by the session and the cell that shows it.

    It implements `livestate_nb.transports.uplink.Gallery`.

    Args:
        name: names the kernel's endpoint.
        hub: takes what pages send on the widgets' comms.
        loop: the endpoint's loop.
    """

    def __init__(self, name: str, hub: CommHub, loop: asyncio.AbstractEventLoop) -> None:
        self.journal = Journal(self._logged)
        self._name = name
        self._kernel = ""
        self._hub = hub
        self._loop = loop
        self._widgets: dict[tuple[Session, str], LiveStateWidget] = {}
        self._modules: dict[LiveStateWidget, Module] = {}
        self._declared: dict[str, Module] = {}
        self._cleared: dict[Session, int] = {}
        """The number of the last entry of the log that the author has done away with."""
        self._to_log: set[object] = set()

    @property
    def places(self) -> list[tuple[Session, str]]:
        """What is shown: sessions and the places that show them."""
        return list(self._widgets)

    @property
    def elements(self) -> dict[str, int]:
        """The elements that cells declared: tag -> how many widgets show it."""
        shown = list(self._modules.values())
        return {tag: sum(module is one for one in shown) for tag, module in self._declared.items()}

    def declare(self, tag: str, source: str) -> None:
        """Declare an element; it takes the place of its earlier form in all widgets."""
        earlier, module = self._declared.get(tag), Module(tag, source)
        self._declared[tag] = module
        for widget, shown in list(self._modules.items()):
            if shown is earlier:
                self._modules[widget] = module
                widget.source = source

    def declared(self, tag: str) -> Module:
        """Return the module of an element that a cell declared.

        Raises:
            DeclarationError: there is none.
        """
        if tag not in self._declared:
            known = ", ".join(map(repr, self._declared)) or "none"
            raise DeclarationError(
                f"expected an element that a cell declares ({known}), got {tag!r}: give its module "
                f"as esm=, or run a cell that begins with %%live_element {tag}"
            )
        return self._declared[tag]

    def widget(
        self, channel: type[Channel], session: Session, place: str, module: Module
    ) -> LiveStateWidget:
        """Return the widget with which a cell shows a session: the same in each run of it."""
        widget = self._widgets.get((session, place))
        if widget is None:
            widget = LiveStateWidget(
                endpoint=self._name,
                kernel=self._kernel,
                topic=session.topic,
                session=session.key,
                events=channel.events(),
            )
            widget.on_msg(self._receive)
            self._widgets[session, place] = widget
            widget.kernel = self._kernel  # it may have changed before the widget was in the table
        self._cleared[session] = self.journal.count
        with widget.hold_sync():
            widget.element, widget.source = module.tag, module.source
            widget.events, widget.log = channel.events(), []
        self._modules.pop(widget, None)
        self._modules[widget] = module  # the last one that was shown comes last
        return widget

    def end(self, session: Session, place: str) -> None:
        """End the widget with which a cell shows a session, if it has one."""
        widget = self._widgets.pop((session, place), None)
        if widget is not None:
            self._modules.pop(widget, None)
            widget.close()

    def offers(self, patterns: Container[str]) -> dict[str, str]:
        """Return tag -> pattern of the elements that are shown for channels of these patterns."""
        return {tag: pattern for tag, (pattern, _, _) in self._shown(patterns).items()}

    def tags(self, pattern: str) -> list[str]:
        """Return the tags of the elements that are shown for a channel, the last one last.

        Layouts of stock elements have all the same, and are not among them.
        """
        return [tag for tag in self._shown({pattern}) if tag != TAG]

    async def source(self, tag: str, patterns: Container[str]) -> str | None:
        """Return the source of such an element, the last that was shown; None where none is."""
        shown = self._shown(patterns).get(tag)
        if shown is None:
            return None
        _, widget, module = shown
        if module.file is not None:
            await self._look(widget, module, module.file)
        return self._modules.get(widget, module).source

    def widgets(self) -> Shown:
        """Return what shows widgets in a page, and what it needs to know of each; on the loop."""
        widgets = list(self._widgets.values())
        models = {one.model_id: one.traits_now() for one in widgets if one.model_id}
        return Shown(FILE, models)

    def lead_to(self, kernel: str) -> None:
        """Tell all widgets which kernel the server leads to, "" for none; on the loop."""
        self._kernel = kernel
        for widget in list(self._widgets.values()):
            widget.kernel = kernel

    def redeclared(self, channel: type[Channel]) -> None:
        """Tell the widgets of a channel which events it accepts now."""
        pattern = options_of(channel).topic
        for (session, _), widget in list(self._widgets.items()):
            if options_of(type(session.channel)).topic == pattern:
                widget.events = channel.events()

    def wait(self, waiting: Iterable[object]) -> None:
        """Tell which sessions wait for the running cell; on the loop."""
        keys = set(waiting)
        for (session, _), widget in list(self._widgets.items()):
            widget.is_waiting = session in keys

    def forget(self, sessions: Iterable[Session]) -> None:
        """Drop the widgets of sessions that were closed: they show how it ended."""
        gone = set(sessions)
        for at in [at for at in self._widgets if at[0] in gone]:
            del self._modules[self._widgets.pop(at)]
        for session in gone:
            self._cleared.pop(session, None)

    async def watch(self) -> None:
        """Replace elements whose files change, until it is cancelled."""
        while True:
            await asyncio.sleep(_POLL)
            for widget, module in list(self._modules.items()):
                if module.file is not None:
                    await self._look(widget, module, module.file)

    def close(self) -> None:
        """End the widgets: front ends drop them."""
        for widget in self._widgets.values():
            widget.close()

    async def _look(self, widget: LiveStateWidget, module: Module, file: Path) -> None:
        """Replace an element if its file has changed."""

        def look() -> Module:
            is_same = file.stat().st_mtime_ns == module.changed
            return module if is_same else Module.read(module.tag, file)

        try:
            found = await asyncio.to_thread(look)
        except (OSError, UnicodeDecodeError):
            return  # an editor is about to write it
        if found is not module and self._modules.get(widget) is module:
            self._modules[widget] = found
            widget.source = found.source

    def _shown(self, patterns: Container[str]) -> dict[str, tuple[str, LiveStateWidget, Module]]:
        """Return tag -> (pattern, widget, module) of what is shown for channels."""
        sessions = {widget: session for (session, _), widget in list(self._widgets.items())}
        shown: dict[str, tuple[str, LiveStateWidget, Module]] = {}
        for widget, module in list(self._modules.items()):
            session = sessions.get(widget)
            pattern = session and str(options_of(type(session.channel)).topic)
            if module.tag and module.source and pattern and pattern in patterns:
                shown[module.tag] = pattern, widget, module
        return shown

    def _receive(self, widget: LiveStateWidget, content: object, buffers: list[memoryview]) -> None:
        self._loop.call_soon_threadsafe(self._hub.receive, content, buffers, widget.send)

    def _logged(self, logged: object) -> None:
        """Show the log of a session soon: much may be printed at once."""
        if logged not in self._to_log:
            self._to_log.add(logged)
            show = partial(self._show_log, logged)
            self._loop.call_soon_threadsafe(self._loop.call_later, _LOG_DELAY, show)

    def _show_log(self, logged: object) -> None:
        self._to_log.discard(logged)
        for (session, _), widget in list(self._widgets.items()):
            if session is logged:
                since = self._cleared.get(session, 0)
                entries = self.journal.entries()
                own = [e for e in entries if e.is_of(session) and e.number > since]
                widget.log = [_shown(entry) for entry in own[-_LOG_ENTRIES:]]


def _shown(entry: Entry) -> dict[str, Any]:
    """Return an entry as a widget gets it."""
    return {"kind": entry.kind, "title": entry.title, "text": entry.text}

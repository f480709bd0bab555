"""The widget: what a notebook shows for a session, and the comm that carries its frames.

It must not know channels or sessions: it holds names and passes messages on.
"""

from typing import Final

import anywidget
import traitlets

from livestate_nb import bundle
from livestate_nb.codec import Json
from livestate_nb.transports.comm import KIND

BUNDLE: Final = "bundle"
"""The kind of the custom messages by which a loader gets the rest where no server gives it."""

FILE: Final = bundle.widget_file()
"""What the loader loads where a server gives it, a path among its modules."""

_TRAITS: Final = (
    "endpoint",
    "kernel",
    "topic",
    "session",
    "element",
    "source",
    "events",
    "is_waiting",
    "log",
)


class LiveStateWidget(anywidget.AnyWidget):
    """Display an element in a notebook; `livestate_nb.Channel.show` makes it.

    Attributes:
        endpoint: names the kernel's endpoint; views with the same one share a connection.
        kernel: the kernel's id, "" while its server does not lead clients to it.
        topic: the topic to join.
        session: the key of the session to join.
        element: the element's tag; "" for the stock element.
        source: source of the ES module that exports the element's class; "" for the stock one.
        events: names of the events that the channel accepts.
        is_waiting: whether a handler of the session waits for the running cell.
        log: what its handlers printed and how they failed: ``{"kind": "print" | "error",
            "title": text, "text": text}``, the last of it.
    """

    _esm = bundle.LOADER
    endpoint = traitlets.Unicode().tag(sync=True)
    kernel = traitlets.Unicode().tag(sync=True)
    topic = traitlets.Unicode().tag(sync=True)
    session = traitlets.Unicode().tag(sync=True)
    element = traitlets.Unicode().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    events = traitlets.List(traitlets.Unicode()).tag(sync=True)
    is_waiting = traitlets.Bool().tag(sync=True)
    log = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.on_msg(self._give)

    def __repr__(self) -> str:
        """Say what it shows, without the session's key: this is saved with the notebook."""
        return f"<{self.what}, shown by a kernel>"

    @property
    def what(self) -> str:
        """What it shows, in words."""
        return f"{self.element or 'state'} of {self.topic}"

    def bundle(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """Return the (data, metadata) by which front ends display it, data by MIME type."""
        bundle: tuple[dict[str, Json], dict[str, Json]] | None = self._repr_mimebundle_()
        return bundle or ({}, {})

    def traits_now(self) -> dict[str, Json]:
        """Return what a page's model of it has: our own traits by their names."""
        return {name: getattr(self, name) for name in _TRAITS}

    def _give(self, _widget: object, content: object, _buffers: object) -> None:
        """Send all that a widget needs to a page whose server does not."""
        if content == {KIND: BUNDLE}:
            self.send({KIND: BUNDLE, "source": bundle.whole()})

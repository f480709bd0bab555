"""The widget: what a notebook shows for a session, and the comm that carries its frames.

It must not know channels or sessions: it holds names and passes messages on.
"""

from pathlib import Path

import anywidget
import traitlets


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

    _esm = Path(__file__).parent / "static" / "widget.js"

    endpoint = traitlets.Unicode().tag(sync=True)
    kernel = traitlets.Unicode().tag(sync=True)
    topic = traitlets.Unicode().tag(sync=True)
    session = traitlets.Unicode().tag(sync=True)
    element = traitlets.Unicode().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    events = traitlets.List(traitlets.Unicode()).tag(sync=True)
    is_waiting = traitlets.Bool().tag(sync=True)
    log = traitlets.List(traitlets.Dict()).tag(sync=True)

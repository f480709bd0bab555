"""Put a widget into the running cell's output once, with what stands for it where it is not live.

It must not know channels or sessions.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from IPython.display import display

from livestate_nb import saved
from livestate_nb.codec import Json, loads
from livestate_nb.widget import LiveStateWidget


class Front(Protocol):
    """Say which cell is being executed, and how front ends show what it displays."""

    is_reactive: bool
    """Whether only a cell's result is displayed, and ends when the cell runs again (marimo)."""

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it)."""


class Output:
    """Display widgets in the cell that is being executed.

    Args:
        front: says which cell that is.
        is_private: whether the kernel is one visitor's own: nobody saves what it displays.
    """

    def __init__(self, front: Front, *, is_private: bool) -> None:
        self.is_reactive = front.is_reactive
        self._front = front
        self._is_private = is_private
        self._calls: tuple[str, int] = ("", 0)
        self._displayed: tuple[str, set[str]] = ("", set())

    @property
    def has_cell(self) -> bool:
        """Whether the front end says which cell runs."""
        cell, execution = self._front.cell()
        return cell != execution

    def place(self) -> str:
        """Return what names this call of all that ask: the cell, and the call's number in it."""
        cell, execution = self._front.cell()
        count = self._calls[1] + 1 if self._calls[0] == execution else 1
        self._calls = execution, count
        return f"cell {cell} {count}"

    def display(self, widget: LiveStateWidget, whole: Callable[[], bytes]) -> None:
        """Display a widget; in a reactive notebook its handle is, as the cell's result.

        Args:
            widget: the widget.
            whole: gives the message that carries its whole state to clients, JSON.
        """
        if self.is_reactive:
            return
        for data, metadata in self._bundles(widget, whole):
            display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython
        _, execution = self._front.cell()
        displayed = self._displayed[1] if self._displayed[0] == execution else set()
        self._displayed = execution, displayed | {widget.session}

    def display_once(self, widget: LiveStateWidget, whole: Callable[[], bytes]) -> None:
        """Display a widget unless this cell does already: its result may be the handle."""
        if self._displayed[0] != self._front.cell()[1] or widget.session not in self._displayed[1]:
            self.display(widget, whole)

    def _bundles(
        self, widget: LiveStateWidget, whole: Callable[[], bytes]
    ) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
        """Yield what to display: (data by MIME type, metadata)."""
        data, metadata = widget.bundle()
        if self._is_private:  # a dashboard, which nobody saves
            yield data, metadata
        elif self.has_cell:
            html = _saved(widget, whole(), is_beside=False)
            yield {**data, saved.HTML: html, saved.MIME: {}}, metadata
        else:
            # This may be nbclient, which saves the widget's model as well: then exports draw that
            # instead of other types, by scripts that they load, and wait for this kernel.
            yield data, metadata
            yield {saved.HTML: _saved(widget, whole(), is_beside=True)}, {}


def _saved(widget: LiveStateWidget, whole: bytes, *, is_beside: bool) -> str:
    """Return what stands for an element where it is not live: its state as it is now."""
    if len(whole) > saved.LIMIT:
        content = saved.too_large(len(whole))
    else:  # a builder of the user's own may send anything
        sent = loads(whole)
        content = saved.draw(sent.get("state", sent) if isinstance(sent, dict) else sent)
    at = datetime.now().astimezone()
    return saved.frame(content, widget.what, widget.model_id, at, is_beside=is_beside)

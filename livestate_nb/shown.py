"""Handles of a notebook's sessions: one that is kept, and one that a cell shows.

They must not know how a widget is displayed, nor what else is shown.
"""

from collections.abc import Callable

from livestate_nb.runtime import Loop, Session, SessionHandle
from livestate_nb.widget import LiveStateWidget


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

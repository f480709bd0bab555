"""What stands for ``%load_ext livestate_nb`` in marimo: `load`.

Elements reach their kernel by the comm that marimo has for anywidgets. It must not know channels'
states or sessions.
"""

import asyncio

from livestate_nb.capture import Capture
from livestate_nb.channel import has_host, install_host
from livestate_nb.clock import LoopClock
from livestate_nb.errors import HostError
from livestate_nb.limits import Limits
from livestate_nb.notebook import Notebook

__all__ = ["load"]


class Editor:
    """Say which cell of a marimo notebook is being executed."""

    is_reactive = True

    def __init__(self) -> None:
        self._run: object = None
        self._runs = 0

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it)."""
        # marimo tells cells apart by what it makes anew for each run of one; it has no public name
        from marimo._runtime.context import get_context  # noqa: PLC0415 - its users have marimo

        run = get_context().execution_context
        if run is not self._run:
            self._run = run
            self._runs += 1
        execution = f"run {self._runs}"
        return execution if run is None else str(run.cell_id), execution


def load() -> None:
    """Start the notebook side, in the cell that imports `Channel`; again it does nothing.

    ::

        from livestate_nb import Channel, on
        from livestate_nb.marimo import load

        load()

    What `Channel.show` returns is the cell's result, and shows the element.

    Raises:
        HostError: this is no marimo notebook that is being edited. (``marimo run`` runs all its
            visitors in one process, of which channels could not tell whose they are.)
    """
    mode = _mode()
    if mode != "edit":
        raise HostError(
            "expected a notebook that is open in `marimo edit`, got "
            + ("no marimo notebook" if mode is None else f"one in marimo's mode {mode!r}")
            + ": in Jupyter it is %load_ext livestate_nb"
        )
    if has_host():
        return
    loop = asyncio.get_running_loop()
    notebook = Notebook(Editor(), LoopClock(loop), loop, None, Limits(), is_private=False)
    Capture(notebook.journal)
    install_host(notebook)


def _mode() -> str | None:
    """Return marimo's word for how it runs this code; None where it does not."""
    try:
        import marimo  # noqa: PLC0415 - its users have it
    except ImportError:
        return None
    return marimo.app_meta().mode if marimo.running_in_notebook() else None

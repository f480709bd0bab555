"""What ``%load_ext livestate_nb`` does: connect the notebook side to this kernel, and %livestate.

It must not know channels' states or sessions.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ipykernel.connect import get_connection_file
from IPython.core.error import UsageError
from traitlets import Dict, Float, Int, Unicode, Union
from traitlets.config import Configurable

from livestate_nb import report
from livestate_nb.capture import Capture
from livestate_nb.cells import Cells
from livestate_nb.channel import Channel, install_host
from livestate_nb.clock import IdleClock
from livestate_nb.errors import HostError, LiveStateError
from livestate_nb.limits import Limits
from livestate_nb.notebook import Notebook
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink_wire import SECRET_VARIABLE, URL_VARIABLE

_VOILA: Final = "VOILA_PREHEAT"
"""The variable that Voila gives to the kernels of its visitors."""

_WORDS: Final = ("errors", "log", "off", "on", "publish", "revoke", "shares", "unpublish")


class LiveState(Configurable):
    """Hold the options of the notebook side: ``c.LiveState`` in ipython_kernel_config.py."""

    limits = Dict(
        key_trait=Unicode(),
        value_trait=Union([Int(), Float()]),
        help="""
        How much clients of this kernel may ask for: name -> number, such as
        {'events_per_second': 50}. Names: frame_depth, joins, waiting_for_join,
        events_per_second, events_at_once, waiting_per_client, waiting_per_session, generators,
        absent_clients, resume_messages, resume_bytes, unread, unread_most. Those of the server are
        set there: c.LiveStateApp.limits.
        """,
    ).tag(config=True)


class Extension:
    """Hold the notebook side of one IPython shell; says which cell is being executed.

    Args:
        shell: IPython's InteractiveShell, run by a kernel.
    """

    is_reactive = False

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        clock = IdleClock()
        self._notebook = Notebook(
            self,
            clock,
            shell.kernel.io_loop.asyncio_loop,
            _address(shell.kernel),
            Limits.of_kernel(LiveState(parent=shell).limits),
            is_private=_VOILA in os.environ,
        )
        self._capture = Capture(self._notebook.journal)
        self._hooks: list[tuple[str, Callable[[], None]]] = [
            (event, function)
            for one in (clock, self._notebook.main)
            for event, function in (("pre_execute", one.pause), ("post_execute", one.resume))
        ]
        for event, function in self._hooks:
            shell.events.register(event, function)
            if event == "pre_execute":
                function()  # the cell that loads the extension is running
        shell.register_magic_function(self.livestate, "line", "livestate")
        shell.set_hook("complete_command", _complete, str_key="%livestate")
        self._cells = Cells(shell, self._notebook)
        install_host(self._notebook)

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it).

        Lab, Notebook and VS Code send the cell's id; where none came each execution is a cell
        of its own.
        """
        parent = self._shell.kernel.get_parent("shell") or {}
        execution = str(parent.get("header", {}).get("msg_id", ""))
        return str(parent.get("metadata", {}).get("cellId") or execution), execution

    def livestate(self, line: str) -> None:
        """Tell what livestate_nb runs in this kernel, or change it.

        ``%livestate``
            what is declared, where it can be reached, and who is joined.
        ``%livestate errors``
            the last errors of handlers, with their tracebacks.
        ``%livestate log``
            what handlers printed.
        ``%livestate on Todos``
            declares a channel class that was imported from a module.
        ``%livestate off todos:*``
            withdraws what is declared for a topic: its sessions end, clients are told.
        ``%livestate publish todos:*``
            opens what is declared for a topic to the Jupyter server's other clients.
        ``%livestate unpublish todos:*``
            closes it to them again: those who have joined are told.
        ``%livestate shares``
            what this kernel shares with pages of other sites (``Todos.share``).
        ``%livestate revoke ID``
            ends a share; ``all`` stands for each of them. Pages that use it are told at once.
        """
        try:
            text = self._answer(line)
        except LiveStateError as error:
            raise UsageError(str(error)) from error
        print(text)  # noqa: T201 - what the cell shows

    def close(self) -> None:
        """End the notebook side."""
        install_host(None)
        for event, function in self._hooks:
            self._shell.events.unregister(event, function)
        del self._shell.magics_manager.magics["line"]["livestate"]
        self._cells.close()
        self._notebook.close()
        self._capture.close()

    def _answer(self, line: str) -> str:
        match line.split():
            case []:
                return self._notebook.overview()
            case ["errors"]:
                return report.log(self._notebook.journal.entries("error")) or "no errors"
            case ["log"]:
                return report.log(self._notebook.journal.entries("print")) or "nothing printed"
            case ["on", name]:
                return self._declare(name)
            case ["off", pattern]:
                ended = self._notebook.withdraw(pattern)
                return f"{pattern} is withdrawn; sessions that ended: {ended}"
            case ["publish", pattern]:
                return self._publish(pattern)
            case ["unpublish", pattern]:
                self._notebook.unpublish(self._notebook.declared(pattern))
                return f"{pattern} is closed to the server's other clients"
            case ["shares"]:
                return self._notebook.sharing.overview
            case ["revoke", share]:
                revoked = self._notebook.sharing.revoke(share)
                return f"ended: {', '.join(revoked) or 'none, there are no shares'}"
        raise UsageError(
            "expected %livestate alone or with errors, log, on NAME, off TOPIC, publish TOPIC, "
            f"unpublish TOPIC, shares or revoke ID, got {line!r}: see %livestate?"
        )

    def _declare(self, name: str) -> str:
        channel = self._shell.user_ns.get(name)
        if not (isinstance(channel, type) and issubclass(channel, Channel)):
            raise UsageError(f"expected the name of a channel class, got {name!r}: import it first")
        self._notebook.declare(channel)
        return f"{name} is declared"

    def _publish(self, pattern: str) -> str:
        if not self._notebook.publish(self._notebook.declared(pattern)):
            return f"{pattern} stays closed: this kernel is one Voila visitor's own"
        return f"{pattern} is open to the server's other clients"


def load(shell: Any) -> None:
    """Start the notebook side for a shell.

    Raises:
        HostError: the shell belongs to no Jupyter kernel.
    """
    if getattr(shell, "kernel", None) is None:
        raise HostError(
            "expected a Jupyter kernel (JupyterLab, Notebook, VS Code, ...), got a plain IPython "
            "shell: nothing here could display an element"
        )
    shell.livestate = Extension(shell)


def unload(shell: Any) -> None:
    """End the notebook side of a shell."""
    extension: Extension | None = getattr(shell, "livestate", None)
    if extension is not None:
        extension.close()
        del shell.livestate


def _address(kernel: Any) -> Address | None:
    """Return where the kernel's server is, from what the server gave to the kernel."""
    url, secret = os.environ.get(URL_VARIABLE), os.environ.get(SECRET_VARIABLE)
    if not url or not secret:
        return None
    kernel_id = Path(get_connection_file()).stem.removeprefix("kernel-")
    return Address(url, secret, kernel_id, kernel.session.key)


def _complete(_: Any, event: Any) -> list[str]:
    """Return the words that may follow ``%livestate``."""
    return list(_WORDS) if event.line.split()[:-1] in ([], ["%livestate"]) else []

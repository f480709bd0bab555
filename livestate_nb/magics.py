"""What ``%load_ext livestate_nb`` does: connect the notebook side to this kernel.

It must not know channels or sessions.
"""

import os
from pathlib import Path
from typing import Any

from ipykernel.connect import get_connection_file

from livestate_nb.channel import install_host
from livestate_nb.errors import HostError
from livestate_nb.notebook import IdleClock, Notebook
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink_wire import SECRET_VARIABLE, URL_VARIABLE


class Extension:
    """Hold the notebook side of one IPython shell; says which cell is being executed.

    Args:
        shell: IPython's InteractiveShell, run by a kernel.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._clock = IdleClock()
        self._notebook = Notebook(self, self._clock, _address(shell.kernel))
        self._clock.pause()  # the cell that loads the extension is running
        shell.events.register("pre_execute", self._clock.pause)
        shell.events.register("post_execute", self._clock.resume)
        install_host(self._notebook)

    def cell(self) -> tuple[str, str]:
        """Return (the cell's id, the id of this execution of it).

        Lab, Notebook and VS Code send the cell's id; where none came each execution is a cell
        of its own.
        """
        parent = self._shell.kernel.get_parent("shell") or {}
        execution = str(parent.get("header", {}).get("msg_id", ""))
        return str(parent.get("metadata", {}).get("cellId") or execution), execution

    def close(self) -> None:
        """End the notebook side."""
        install_host(None)
        self._shell.events.unregister("pre_execute", self._clock.pause)
        self._shell.events.unregister("post_execute", self._clock.resume)
        self._notebook.close()


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

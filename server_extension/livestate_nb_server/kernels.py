"""The kernels that the server runs, as far as the relay asks for them.

It must not know uplinks or clients.
"""

from typing import Any, Final

from livestate_nb.protocol.message import KERNEL_GONE, KERNEL_LOST, KERNEL_RESTARTING

POLL: Final = 0.25
"""Seconds between looks at kernels that have no uplink: nothing tells of a kernel's end."""


class Kernels:
    """Look at what the server's kernel manager holds.

    Args:
        manager: jupyter_server's MappingKernelManager, or one that takes its place.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def is_running(self, kernel_id: str) -> bool:
        """Return whether the server runs this kernel; one that restarts counts."""
        return kernel_id in self._manager

    def key(self, kernel_id: str) -> bytes | None:
        """Return the key in a kernel's connection file; None where the server has none."""
        if not self.is_running(kernel_id):
            return None
        key = getattr(getattr(self._manager.get_kernel(kernel_id), "session", None), "key", None)
        return key if isinstance(key, bytes) and key else None

    def fate(self, kernel_id: str) -> str:
        """Return why a kernel has lost its uplink, in the wire's words."""
        if not self.is_running(kernel_id):
            return KERNEL_GONE
        kernel = self._manager.get_kernel(kernel_id)
        return KERNEL_RESTARTING if getattr(kernel, "shutting_down", False) else KERNEL_LOST

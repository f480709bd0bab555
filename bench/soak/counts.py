"""What a process holds: the server's extension that counts it, and what Linux says of it.

The route ``bench/counts`` answers with the sessions, tasks, threads and objects that there are,
``bench/errors`` with what was logged.
"""

import asyncio
import gc
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from bench.soak.errors import Errors

IN_KERNEL = """
import asyncio, gc, json, threading
gc.collect()
endpoint = get_ipython().livestate._notebook._endpoint
print(json.dumps({
    "sessions": len(endpoint.sessions),
    "tasks": len(endpoint._tasks),
    "threads": threading.active_count(),
    "objects": len(gc.get_objects()),
}))
"""
"""What a kernel's cell runs to print the same."""

ERRORS_IN_KERNEL = """
import json
print(json.dumps(errors.texts))
"""


class CountsHandler(APIHandler):
    """Count for who has the token."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the counts."""
        gc.collect()
        extensions = self.serverapp.extension_manager.extension_apps["livestate_nb_server"]
        [extension] = extensions
        self.finish(
            {
                "sessions": len(extension.endpoint.sessions),
                "tasks": len(asyncio.all_tasks()),
                "threads": threading.active_count(),
                "objects": len(gc.get_objects()),
            }
        )


class ErrorsHandler(APIHandler):
    """Tell who has the token what was logged that should not be."""

    def initialize(self, errors: Errors) -> None:
        """Take what was logged."""
        self._errors = errors

    @web.authenticated
    async def get(self) -> None:
        """Answer with a list of texts."""
        self.finish(json.dumps(self._errors.texts))


@dataclass(frozen=True, slots=True)
class Process:
    """A process as Linux sees it.

    Args:
        number: its id.
    """

    number: int

    @property
    def resident(self) -> float:
        """Its memory, in MB."""
        status = Path(f"/proc/{self.number}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return sum(1 for _ in Path(f"/proc/{self.number}/fd").iterdir())

    @property
    def seconds(self) -> float:
        """The processor time that it has used."""
        fields = Path(f"/proc/{self.number}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


def _load_jupyter_server_extension(serverapp: Any) -> None:
    serverapp.web_app.add_handlers(
        ".*$",
        [
            (rf"{serverapp.base_url}bench/counts", CountsHandler),
            (rf"{serverapp.base_url}bench/errors", ErrorsHandler, {"errors": Errors.watch()}),
        ],
    )


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "bench.soak.counts"}]

"""Real kernels of a Jupyter server in this process, and what cells say in them."""

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from jupyter_client.asynchronous.client import AsyncKernelClient
from tornado.httpclient import HTTPClientError

from tests.clients import until
from tests.server_extension.web import Web

PATIENCE = 30.0

SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel, Event, Reply, on

class Counter(Channel, topic="cells:*", shared=True):
    def init(self, params):
        return {"n": 0}

    @on("inc")
    async def inc(self, payload, state):
        state["n"] += 1

    @on("pad")
    async def pad(self, payload, state):
        state["pad"] = "x" * payload["size"]

    @on("who")
    async def who(self, payload, state):
        user = self.member.user
        state["who"] = [type(user).__name__, user.username, user.name]

    @on("echo")
    async def echo(self, payload, state):
        return Reply(state, Event("echoed", payload + b"!"))
"""


@asynccontextmanager
async def frozen(pid: int) -> AsyncIterator[None]:
    """Let a process do nothing until the block ends: none of its threads."""
    os.kill(pid, signal.SIGSTOP)
    try:
        threads = Path(f"/proc/{pid}/task")
        await until(
            lambda: all("State:\tT" in (one / "status").read_text() for one in threads.iterdir())
        )
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class CellError(Exception):
    """A cell raised."""


class Kernel:
    """A kernel that the server runs."""

    def __init__(self, app: Any, kernel_id: str, fetch: Any) -> None:
        self.id = kernel_id
        self._fetch = fetch
        self._manager = app.kernel_manager
        self._client: AsyncKernelClient | None = None

    async def run(self, code: str, cell: str = "") -> str:
        """Execute a cell, with an id as Lab gives it, and return what it printed."""
        client = await self._connected()
        client.session.metadata = {"cellId": cell} if cell else {}
        printed: list[str] = []

        def output(message: Any) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        status = "aborted"
        while status == "aborted":  # as a kernel answers for a moment after a cell has failed
            reply = await client.execute_interactive(code, timeout=PATIENCE, output_hook=output)
            status = reply["content"]["status"]
        if status != "ok":
            raise CellError("\n".join(reply["content"]["traceback"]))
        return "".join(printed)

    async def start(self, code: str) -> None:
        """Execute a cell, and wait until it prints something."""
        client = await self._connected()
        parent = client.execute(code)
        while True:
            message = await client.get_iopub_msg(timeout=PATIENCE)
            is_ours = message["parent_header"].get("msg_id") == parent
            if is_ours and message["msg_type"] == "stream":
                return

    async def interrupt(self) -> None:
        """End the cell that `start` began."""
        await self._fetch("api", "kernels", self.id, "interrupt", method="POST", body="")
        client = await self._connected()
        await client.get_shell_msg(timeout=PATIENCE)

    async def restart(self) -> None:
        self.disconnect()
        await self._fetch("api", "kernels", self.id, "restart", method="POST", body="")

    async def shut_down(self) -> None:
        self.disconnect()
        try:
            await self._fetch("api", "kernels", self.id, method="DELETE")
        except HTTPClientError as error:
            if error.code != 404:
                raise

    async def crash(self) -> None:
        (await self._connected()).execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    def disconnect(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
            self._client = None

    async def _connected(self) -> AsyncKernelClient:
        if self._client is None:
            self._client = self._manager.get_kernel(self.id).client()
            self._client.start_channels()
            await self._client.wait_for_ready(PATIENCE)
        return self._client


async def start_kernel(app: Any, fetch: Any) -> Kernel:
    response = await fetch("api", "kernels", method="POST", body="{}")
    return Kernel(app, json.loads(response.body)["id"], fetch)


class Bind(Protocol):
    """Open a WebSocket that is bound to a kernel; see the fixture `bind`."""

    async def __call__(self, kernel_id: str, **options: Any) -> Web: ...

"""A real kernel that a server runs."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from jupyter_client.asynchronous.client import AsyncKernelClient

from livestate_nb.transports.uplink_wire import URL_VARIABLE
from tests.servers import TOKEN, Server

PATIENCE = 60.0


class KernelOf:
    """A kernel that a server runs, whose uplink goes where the test wants."""

    def __init__(self, client: AsyncKernelClient) -> None:
        self.uplink_port = 0
        self._client = client
        self.pid = 0

    @classmethod
    async def start(cls, server: Server, runtime: Path) -> "KernelOf":
        request = Request(
            f"{server.url}api/kernels",
            headers={"Authorization": f"token {TOKEN}"},
            data=json.dumps({"name": "python3"}).encode(),
        )
        with await asyncio.to_thread(urlopen, request) as response:
            kernel_id = json.load(response)["id"]
        kernel = cls(AsyncKernelClient())
        kernel._client.load_connection_file(str(runtime / f"kernel-{kernel_id}.json"))
        kernel._client.start_channels()
        await kernel._answers()
        return kernel

    async def host(self, channels: str, port: int, *names: str) -> None:
        """Dial the server through a port of this machine, and publish channels by their names."""
        await self.run(f"os.environ[{URL_VARIABLE!r}] = 'ws://127.0.0.1:{port}/kernel/'")
        await self.run("%load_ext livestate_nb")
        await self.run("\n".join([channels, *(f"{name}.publish()" for name in names)]))

    async def stop(self) -> None:
        """Let the kernel do nothing for a while."""
        async with self.stopped():
            await asyncio.sleep(0.2)

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Let the kernel do nothing until the block ends."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    async def restarted(self) -> None:
        """Wait until the server has started the kernel again, which has been killed."""
        before = self.pid
        while self.pid == before:  # what the killed one was asked nobody answers
            await self._answers()

    async def close(self) -> None:
        """End what it hosts; it runs on."""
        await self.run("%unload_ext livestate_nb")
        self.forget()

    def forget(self) -> None:
        """Do not speak to it any more."""
        self._client.stop_channels()
        self._client.context.destroy(linger=0)

    async def _answers(self) -> None:
        """Ask it where it is until it answers: what is asked too early is lost."""
        asked = f"import json, os; print(json.dumps([os.getpid(), os.environ[{URL_VARIABLE!r}]]))"
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(TimeoutError, ValueError):
                    self.pid, url = json.loads(await self.run(asked, 2.0))
                    self.uplink_port = urlsplit(url).port or 0
                    return

    async def run(self, code: str, patience: float = PATIENCE) -> str:
        """Execute a cell and return what it printed.

        Args:
            code: its text.
            patience: seconds until it raises TimeoutError.
        """
        printed: list[str] = []

        def output(message: Any) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = await self._client.execute_interactive(code, timeout=patience, output_hook=output)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

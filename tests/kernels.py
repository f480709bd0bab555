"""Drive a real ipykernel, with the front end's end of its comms in the test's hands."""

import json
import uuid
from collections.abc import Callable, Sequence
from itertools import count
from queue import Empty
from time import monotonic
from typing import Any
from urllib.request import Request, urlopen

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from livestate_nb.codec import loads
from livestate_nb.testing.frames import Writer
from tests.servers import TOKEN, Server

PATIENCE = 60.0


class CellError(Exception):
    """A cell raised."""


class Kernel:
    """A kernel and all that it has sent to its front ends."""

    def __init__(self) -> None:
        self._manager, client = start_new_kernel(kernel_name="python3")
        self.client: BlockingKernelClient = client
        self.messages: list[dict[str, Any]] = []

    def close(self) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.context.destroy(linger=0)

    def shut_down(self) -> None:
        """End the kernel as a server does, which asks it first."""
        self._manager.shutdown_kernel()

    def run(self, code: str, cell: str = "") -> str:
        """Execute a cell and return what it printed."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
        self.client.shell_channel.send(message)
        start, parent = len(self.messages), message["header"]["msg_id"]

        def mine() -> list[dict[str, Any]]:
            return [m for m in self.messages[start:] if m["parent_header"].get("msg_id") == parent]

        self.until(
            lambda: any(
                m["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
                for m in mine()
            )
        )
        for received in mine():
            if received["msg_type"] == "error":
                raise CellError("\n".join(received["content"]["traceback"]))
        return "".join(m["content"]["text"] for m in mine() if m["msg_type"] == "stream")

    def displays(self) -> list[str]:
        """Return the widget models that were displayed, in order."""
        return [
            m["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
            for m in self.messages
            if m["msg_type"] == "display_data"
            and "application/vnd.jupyter.widget-view+json" in m["content"]["data"]
        ]

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the traits of each widget model as front ends know them."""
        states: dict[str, dict[str, Any]] = {}
        for m in self.messages:
            if m["msg_type"] == "comm_open":
                states[m["content"]["comm_id"]] = dict(m["content"]["data"]["state"])
            elif m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "update":
                states[m["content"]["comm_id"]].update(m["content"]["data"]["state"])
        return states

    def send(self, comm: str, content: object, buffers: Sequence[bytes] = ()) -> None:
        """Send a custom message on a comm, as a front end does."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        socket = self.client.shell_channel.socket
        self.client.session.send(socket, message, buffers=list(buffers))

    def customs(self) -> list[dict[str, Any]]:
        """Return the contents of the custom messages that the kernel sent."""
        return [
            m["content"]["data"]["content"]
            for m in self.messages
            if m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "custom"
        ]

    def until(self, condition: Callable[[], bool]) -> None:
        """Take messages until the condition holds."""
        deadline = monotonic() + PATIENCE
        while not condition():
            if monotonic() > deadline:
                raise TimeoutError(f"not within {PATIENCE} s; last: {self.messages[-3:]}")
            try:
                self.messages.append(self.client.get_iopub_msg(timeout=0.1))
            except Empty:
                continue


class ServedKernel(Kernel):
    """A kernel that a server runs, until that ends."""

    def __init__(self, server: Server) -> None:
        headers = {"Authorization": f"token {TOKEN}"}
        request = Request(f"{server.url}api/kernels", b"{}", headers)
        with urlopen(request) as response:
            name = json.load(response)["id"]
        file = server.root.parent / "runtime" / f"kernel-{name}.json"
        self.client = BlockingKernelClient(connection_file=str(file))
        self.client.load_connection_file()
        self.client.start_channels(hb=False)  # a kernel that is starting may miss a beat
        self.client.wait_for_ready(timeout=PATIENCE)
        self.messages = []

    def close(self) -> None:
        self.client.stop_channels()
        self.client.context.destroy(linger=0)


class Page:
    """A browser page's connection over a widget's comm."""

    def __init__(self, kernel: Kernel, comm: str) -> None:
        self.kernel = kernel
        self.comm = comm
        self.tag = uuid.uuid4().hex
        self._writer = Writer()
        self._numbers = count()
        self._send("open", vsn="2.0.0")
        kernel.until(lambda: "open" in [m["livestate"] for m in self.received()])

    def received(self) -> list[dict[str, Any]]:
        return [m for m in self.kernel.customs() if m["connection"] == self.tag]

    def binary(self) -> list[bytes]:
        """Return the binary frames that came."""
        ours = {id(content) for content in self.received()}
        return [
            bytes(message["buffers"][0])
            for message in self.kernel.messages
            if message["buffers"] and id(message["content"]["data"].get("content")) in ours
        ]

    def send_binary(self, frame: bytes) -> None:
        """Send a binary frame, as the buffer of a custom message."""
        content = {"livestate": "frame", "connection": self.tag, "number": next(self._numbers)}
        self.kernel.send(self.comm, content, [frame])

    def frames(self, event: str) -> list[list[Any]]:
        """Return the frames with this event that came, decoded."""
        frames = [loads(m["frame"]) for m in self.received() if "frame" in m]
        return [frame for frame in frames if frame[3] == event]

    def join(self, topic: str, session: str) -> list[Any]:
        """Join a cell's session and return the state's frame."""
        self.push(topic, "phx_join", {"livestate": {"session": session}})
        return self.wait("state:change", 1)[-1]

    def push(self, topic: str, event: str, payload: object) -> None:
        _, frame = self._writer.write(topic, event, payload)
        self._send("frame", number=next(self._numbers), frame=frame)

    def wait(self, event: str, count: int) -> list[list[Any]]:
        """Wait until so many frames with this event have come, and return them."""
        self.kernel.until(lambda: len(self.frames(event)) >= count)
        return self.frames(event)

    def close(self) -> None:
        self._send("close", code=1000, reason="")

    def _send(self, kind: str, **more: object) -> None:
        self.kernel.send(self.comm, {"livestate": kind, "connection": self.tag, **more})

"""A relay with its side listener in this process, and kernels that dial it: no subprocess."""

import asyncio
from collections.abc import Container
from types import SimpleNamespace
from typing import Any

from livestate_nb import Channel
from livestate_nb.codec import Json
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from livestate_nb.transports.dial import Address
from livestate_nb.transports.uplink import Uplink
from livestate_nb.transports.uplink_wire import Shown
from livestate_nb_server.audit import Audit
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.listener import Listener
from livestate_nb_server.observer import Observer
from livestate_nb_server.relay import Relay
from livestate_nb_server.sharing import Sharing
from tests.clients import Client, until

USER = {
    "username": "ann",
    "name": "Ann",
    "display_name": "Ann",
    "initials": None,
    "avatar_url": None,
    "color": None,
}


class Manager(dict[str, Any]):
    """Stand for jupyter_server's kernel manager, as far as the relay looks at it."""

    def get_kernel(self, kernel_id: str) -> Any:
        return self[kernel_id]


class Place:
    """A server's relay; what a test starts on it ends with `close`."""

    def __init__(self, *hosted: type[Channel], limits: Limits | None = None) -> None:
        self.manager = Manager()
        self.observer = Observer(Audit(None))
        self.endpoint = Endpoint(limits=limits, meter=self.observer)
        for channel in hosted:
            self.endpoint.declare(channel)
        self.listener = Listener()
        kernels = Kernels(self.manager)
        self.relay = Relay(kernels, self.endpoint, self.observer, Sharing(None, ""))
        self.observer.watch(self.endpoint, self.relay)
        self.listener.serve(self.relay, kernels)
        self._dialled: list[Dialled] = []

    def address(self, kernel_id: str) -> Address:
        """Let the server run a kernel, and return where that dials."""
        key = f"the key of {kernel_id}".encode()
        session = SimpleNamespace(key=key)
        self.manager[kernel_id] = SimpleNamespace(session=session, shutting_down=False)
        return Address(self.listener.url, self.listener.secret, kernel_id, key)

    async def dial(self, kernel_id: str, *channels: type[Channel]) -> "Dialled":
        """Run a kernel that has declared these channels and is connected."""
        dialled = self.start(kernel_id, *channels)
        await until(lambda: True in dialled.changes)
        return dialled

    def start(self, kernel_id: str, *channels: type[Channel]) -> "Dialled":
        """Run a kernel that has declared these channels and dials."""
        dialled = Dialled(self.address(kernel_id), channels)
        self._dialled.append(dialled)
        return dialled

    def visit(self, kernel_id: str | None = None) -> "Visitor":
        """Connect a client that speaks V2, bound to a kernel or not."""
        return Visitor(self, kernel_id)

    def is_connected(self, kernel_id: str) -> bool:
        kernel = self.relay.kernel(kernel_id)
        return kernel is not None and kernel.uplink is not None

    def publisher(self, topic: str) -> str | None:
        kernel = self.relay.publisher(topic)
        return kernel and kernel.id

    def cut(self, kernel_id: str) -> None:
        """Let a kernel's uplink break."""
        kernel = self.relay.kernel(kernel_id)
        assert kernel is not None
        assert kernel.uplink is not None
        kernel.uplink.hang_up()

    async def close(self) -> None:
        for dialled in self._dialled:
            await dialled.close()
        await self.endpoint.close()
        await self.relay.close()
        await self.listener.close()
        self.observer.close()


class Gallery:
    """Hold elements that a notebook would show."""

    def __init__(self) -> None:
        self.shown: dict[str, tuple[str, str]] = {}
        """Tag -> pattern and source."""
        self.models: dict[str, dict[str, Json]] = {}
        """Model id -> traits."""
        self.answers = asyncio.Event()
        self.answers.set()

    def offers(self, patterns: Container[str]) -> dict[str, str]:
        return {tag: pattern for tag, (pattern, _) in self.shown.items() if pattern in patterns}

    def widgets(self) -> Shown:
        return Shown("hashed/widget-test.js", self.models)

    async def source(self, tag: str, patterns: Container[str]) -> str | None:
        await self.answers.wait()
        return self.shown[tag][1] if tag in self.offers(patterns) else None


class Dialled:
    """A kernel's endpoint and its uplink."""

    def __init__(self, address: Address, channels: tuple[type[Channel], ...]) -> None:
        self.endpoint = Endpoint()
        for channel in channels:
            self.endpoint.declare(channel)
        self.changes: list[bool] = []
        self.gallery = Gallery()
        self.uplink = Uplink(self.endpoint, address, self.changes.append, self.gallery)

    def withdraw(self, pattern: str) -> None:
        self.endpoint.withdraw(pattern)
        self.uplink.unpublish(pattern)

    def declare(self, channel: type[Channel]) -> None:
        self.endpoint.declare(channel)
        self.uplink.declared()

    async def close(self) -> None:
        await self.endpoint.close()
        await self.uplink.close()


class Visitor(Client):
    """A client of the relay, as the server's handler connects one."""

    is_congested = False

    def __init__(self, place: Place, kernel_id: str | None) -> None:
        self._place = place
        self._bare = Endpoint()
        super().__init__(self._bare if kernel_id is not None else place.endpoint)
        identity = {
            "vsn": "2.0.0",
            "user": USER,
            "principal": "ann",
            "assigns": {"team": 7},
            "has_binary": True,
            "frame_bytes": place.endpoint.limits.frame_bytes,
        }
        self.guest = place.relay.connect(place.relay.number(), self, identity, kernel_id)

    def feed(self, frame: str | bytes) -> None:
        if not self.guest.feed(frame):
            self.connection.feed(frame)

    async def refusal(self, topic: str, params: Json = None) -> Json:
        """Join and return why that is refused."""
        count = len(self.received("phx_reply"))
        self.push(topic, "phx_join", params)
        reply = (await self.wait("phx_reply", count + 1))[-1]
        assert reply[4]["status"] == "error"
        return reply[4]["response"]

    async def gone(self) -> None:
        self.connection.lost()
        self._place.relay.disconnected(self.guest)

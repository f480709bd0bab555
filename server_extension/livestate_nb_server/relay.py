"""The relay: kernels that dialled in, clients of theirs, and who takes a topic.

It forwards frames without understanding them. It must not know sockets, nor what a channel does.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from livestate_nb.codec import Json, dumps
from livestate_nb.declaration import contains
from livestate_nb.protocol.message import KERNEL_LOST
from livestate_nb.runtime import Endpoint, Transport
from livestate_nb.runtime.failure import cut
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.guest import Guest
from livestate_nb_server.kernel import Kernel, Uplink
from livestate_nb_server.kernels import POLL, Kernels
from livestate_nb_server.observer import Observer
from livestate_nb_server.questions import Questions
from livestate_nb_server.sharing import Sharing

_log = logging.getLogger("livestate_nb")


class Relay:
    """Connect clients with the kernels of one server.

    It belongs to the server's loop.

    Args:
        kernels: what the server runs.
        endpoint: runs what the server hosts itself, which no kernel can take over.
        observer: measures.
        sharing: answers what kernels ask about shares.
    """

    def __init__(
        self, kernels: Kernels, endpoint: Endpoint, observer: Observer, sharing: Sharing
    ) -> None:
        self._sharing = sharing
        self.observer = observer
        self.limits = endpoint.limits
        self._running = kernels
        self._endpoint = endpoint
        self._kernels: dict[str, Kernel] = {}
        self._guests: dict[int, Guest] = {}
        self._numbers = count(1)
        self._questions = Questions()
        self._watch: asyncio.Task[None] | None = None
        self._is_closed = False

    async def close(self) -> None:
        """Hang up on all kernels, and stop watching them."""
        self._is_closed = True
        for kernel in self._kernels.values():
            if kernel.uplink is not None:
                kernel.uplink.hang_up()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])

    @property
    def uplinks(self) -> list[Uplink]:
        """The uplinks of the kernels that are connected."""
        return [one.uplink for one in self._kernels.values() if one.uplink is not None]

    # clients

    def number(self) -> int:
        """Return a number that names a client on the uplinks, and in the log."""
        return next(self._numbers)

    def connect(
        self, number: int, transport: Transport, identity: Json, kernel_id: str | None
    ) -> Guest:
        """Take a client.

        Args:
            number: from `number`.
            transport: carries frames to it.
            identity: what kernels are told of it: ``{"vsn", "user", "principal", "assigns",
                "has_binary", "frame_bytes"}``, the ``vsn`` one that we speak.
            kernel_id: the kernel that its socket is bound to; None for what kernels published.
        """
        is_bound = kernel_id is not None
        routes = _Published(self) if kernel_id is None else _Bound(self, kernel_id)
        frame_bytes = min(identity["frame_bytes"], wire.MAX_FRAME)
        told = {**identity, "is_local": is_bound, "frame_bytes": frame_bytes}
        guest = Guest(
            number, transport, told, routes, self.observer, self.limits, is_bound=is_bound
        )
        self._guests[number] = guest
        return guest

    def disconnected(self, guest: Guest) -> None:
        """Note that a client has gone."""
        self._guests.pop(guest.number, None)
        guest.lost()

    def kernel(self, kernel_id: str) -> Kernel | None:
        """Return a kernel that the server runs."""
        if not self._running.is_running(kernel_id):
            return None
        if kernel_id not in self._kernels:
            self._kernels[kernel_id] = Kernel(kernel_id, self.limits.kernel_topics)
            self._look()
        return self._kernels[kernel_id]

    def publisher(self, topic: str) -> Kernel | None:
        """Return the kernel that takes new joins of a published topic."""
        if self._endpoint.is_hosted(topic):
            return None
        ranked = [(kernel.offer(topic), kernel) for kernel in self._kernels.values()]
        offers = [(rank, kernel) for rank, kernel in ranked if rank is not None]
        return max(offers, key=lambda offer: offer[0])[1] if offers else None

    # elements

    async def element(self, tag: str, topics: Sequence[str] | None = None) -> str | None:
        """Ask for the source of an element that a kernel shows for a channel it has published.

        If several do, the one is asked that takes new joins of its channel.

        Args:
            tag: the element's tag.
            topics: patterns, of which the channel has to serve one; None for any channel.

        Returns:
            the source as it is now; None where no kernel has such an element.

        Raises:
            TimeoutError: the kernel does not answer, or it is lost meanwhile.
        """
        ranked = [(kernel.offered(tag, topics), kernel) for kernel in self._kernels.values()]
        offers = [(since, kernel) for since, kernel in ranked if since is not None]
        if not offers:
            return None
        _, kernel = max(offers, key=lambda offer: offer[0])
        answer: wire.Source = await self._questions.ask(kernel, wire.ELEMENT, {"tag": tag})
        return answer.source

    # widgets

    async def widgets(self, kernel_id: str) -> wire.Shown:
        """Ask a kernel for the widgets that it shows; it answers while a cell runs.

        Returns:
            no widgets where the server does not run such a kernel, or it has not dialled.

        Raises:
            TimeoutError: the kernel does not answer, or it is lost meanwhile.
        """
        kernel = self.kernel(kernel_id)
        if kernel is None or kernel.uplink is None:
            return wire.Shown()
        shown: wire.Shown = await self._questions.ask(kernel, wire.WIDGETS, None)
        return shown

    # uplinks

    def dialled(self, kernel_id: str, uplink: Uplink) -> Kernel | None:
        """Take a kernel's uplink, in place of one that it may have; None if it is not running."""
        kernel = self.kernel(kernel_id)
        if kernel is None:
            return None
        if kernel.uplink is not None:
            old = kernel.uplink
            self._lose(kernel, KERNEL_LOST)
            old.hang_up()
        kernel.uplink = uplink
        _log.info("kernel %s is connected", kernel_id)
        return kernel

    def lost(self, kernel: Kernel, uplink: Uplink) -> None:
        """Note that an uplink has ended: its clients are told at once."""
        if kernel.uplink is uplink:
            reason = self._running.fate(kernel.id)
            _log.info("the uplink of kernel %s has ended: %s", kernel.id, reason)
            self._lose(kernel, reason)
            self._look()

    def received(self, kernel: Kernel, message: wire.Tagged) -> None:
        """Take a message of a kernel.

        Raises:
            ValueError: it is none that a kernel sends.
            ProtocolError: it brings a frame that is no message.
        """
        if message.kind == wire.DECLARE:
            self._declared(kernel, message.number, message.read(wire.Declaration))
        elif message.kind == wire.ELEMENT:
            self._questions.answered(kernel, message.number, message.read(wire.Source))
        elif message.kind == wire.WIDGETS:
            self._questions.answered(kernel, message.number, message.read(wire.Shown))
        elif message.kind == wire.ASK:
            self._sharing.asked(kernel, message.number, message.read(dict[str, Any]))
        elif guest := self._guests.get(message.number):
            if message.kind == wire.FRAME:
                guest.received(kernel, message.body)
            elif message.kind == wire.CLOSE:
                closing = message.read(wire.Closing)
                guest.closed(kernel, closing.code, closing.reason)

    # inside

    def _lose(self, kernel: Kernel, reason: str) -> None:
        kernel.lost()
        self._questions.lost(kernel)
        self._tell_taken()
        for guest in list(self._guests.values()):
            guest.kernel_lost(kernel, reason)

    def _declared(self, kernel: Kernel, request: int, body: wire.Declaration) -> None:
        most = self.limits.kernel_topics
        declared = dict.fromkeys(body.channels[:most], 0.0)
        asked = body.published
        refused = {one: why for one in asked if (why := self._objection(one)) is not None}
        for one in asked.keys() - declared.keys():
            refused[one] = f"the server takes {most} topics of one kernel, and this is one more"
        published = {one: since for one, since in asked.items() if one not in refused}
        kernel.declared.replace(declared)
        kernel.published.replace(published)
        kernel.elements = body.elements
        kernel.send(wire.DECLARE, request, _json({"refused": refused}))
        self._tell_taken()
        for guest in list(self._guests.values()):
            guest.kernel_declared()

    def _objection(self, pattern: str) -> str | None:
        """Return why a kernel may not publish a pattern: the server hosts all its topics."""
        for hosted in self._endpoint.channels:
            if contains(hosted, pattern):
                return f"the server itself hosts {hosted!r}, which cannot be taken over"
        return None

    def _tell_taken(self) -> None:
        """Tell kernels which of their published patterns others have published since."""
        newest: dict[str, float] = {}
        for kernel in self._kernels.values():
            for pattern, since in kernel.published.now.items():
                newest[pattern] = max(since, newest.get(pattern, since))
        for kernel in self._kernels.values():
            published = kernel.published.now
            taken = sorted(one for one, since in published.items() if since < newest[one])
            for pattern in set(taken).difference(kernel.taken):
                _log.info("another kernel than %s takes new joins of %s", kernel.id, cut(pattern))
            if taken != kernel.taken:
                kernel.taken = taken
                kernel.send(wire.TAKEN, 0, _json({"patterns": taken}))

    def _look(self) -> None:
        """Watch for the end of kernels without an uplink, until there are none."""
        if not self._is_closed and (self._watch is None or self._watch.done()):
            self._watch = asyncio.get_running_loop().create_task(self._remove_dead())

    async def _remove_dead(self) -> None:
        while lonely := [one for one in self._kernels.values() if one.uplink is None]:
            for kernel in _dead(lonely, self._running):
                del self._kernels[kernel.id]
                for guest in list(self._guests.values()):
                    guest.kernel_removed(kernel)
            await asyncio.sleep(POLL)


class _Bound:
    """Send all topics to one kernel."""

    def __init__(self, relay: Relay, kernel_id: str) -> None:
        self._relay = relay
        self._kernel_id = kernel_id

    def kernel_for(self, topic: str) -> Kernel | None:  # noqa: ARG002 - all are the same
        """Return the kernel, as long as the server runs it."""
        return self._relay.kernel(self._kernel_id)


class _Published:
    """Send topics to who published them."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def kernel_for(self, topic: str) -> Kernel | None:
        """Return the kernel that takes new joins of a topic."""
        return self._relay.publisher(topic)


def _dead(kernels: Iterable[Kernel], running: Kernels) -> list[Kernel]:
    return [kernel for kernel in kernels if not running.is_running(kernel.id)]


def _json(value: object) -> str:
    return dumps(value).decode()

"""One client of the relay: which of its topics are joined at which kernel, or wait for one.

It reads the heads of frames only. It must not know what a channel does, nor how frames travel.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Protocol

from livestate_nb.codec import Json, dumps
from livestate_nb.errors import ProtocolError
from livestate_nb.limits import Limits
from livestate_nb.protocol import Message, pushed, serializer_for
from livestate_nb.protocol.head import Head, head_of
from livestate_nb.protocol.message import (
    KERNEL_GONE,
    PHOENIX_TOPIC,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    PHX_REPLY,
    TOO_BIG,
    TRY_AGAIN_LATER,
    reply,
)
from livestate_nb.protocol.socket import TOO_MANY_JOINED
from livestate_nb.runtime import Transport
from livestate_nb.runtime.drain import GOING_AWAY
from livestate_nb.runtime.meter import Refusal
from livestate_nb.runtime.note import note
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.kernel import Kernel
from livestate_nb_server.observer import Observer, Rejection


class Routes(Protocol):
    """Find the kernel that a topic belongs to."""

    def kernel_for(self, topic: str) -> Kernel | None:
        """Return the kernel that takes new joins of a topic; None where no kernel does."""


@dataclass(slots=True)
class _Topic:
    """A topic that is joined at a kernel, or being joined."""

    kernel: Kernel
    join_ref: Json
    ref: Json
    held: str | bytes | None = None
    """The join's frame, as long as the kernel is awaited."""
    begun: float = field(default_factory=time.perf_counter)
    is_joining: bool = True


class Guest:
    """Pass a client's frames to kernels and theirs to the client.

    Args:
        number: names the client on the uplinks.
        transport: the way to the client.
        identity: what kernels are told of it, a JSON object with its ``vsn``.
        routes: finds kernels.
        observer: measures.
        limits: how many topics it may have joined, and how much may wait for kernels.
        is_bound: whether its socket belongs to one kernel.
    """

    def __init__(
        self,
        number: int,
        transport: Transport,
        identity: Json,
        routes: Routes,
        observer: Observer,
        limits: Limits,
        *,
        is_bound: bool,
    ) -> None:
        self.number = number
        self._transport = transport
        self._serializer = serializer_for(identity["vsn"])
        self._introduction = dumps(identity).decode()
        self._routes = routes
        self._observer = observer
        self._name, self._user = str(number), str(identity["user"]["username"])
        self._limits = limits
        self._is_bound = is_bound
        self._topics: dict[str, _Topic] = {}
        self._known: set[Kernel] = set()
        """Kernels that have a connection for it."""
        self._is_slow = False

    # from the client

    def feed(self, frame: str | bytes) -> bool:
        """Take a frame of the client; return False if it is none of the relay's.

        That is so for what breaks the protocol, heartbeats, and topics of no kernel: the server
        answers those itself.
        """
        try:
            head = head_of(frame, self._serializer)
        except ProtocolError:
            return False
        if head.topic == PHOENIX_TOPIC:
            if self._known and self._refuse_large(frame):
                return True
            for kernel in self._known:  # the client lives: the kernel wants to know
                kernel.send(wire.FRAME, self.number, frame)
            return False
        if not isinstance(head.topic, str):
            return False
        topic = self._topics.get(head.topic)
        if head.event == PHX_JOIN:
            is_there = topic is not None and topic.held is None
            taker = topic.kernel if topic and is_there else self._routes.kernel_for(head.topic)
            if taker is None:
                self._topics.pop(head.topic, None)
                return self._refuse_gone(head)
            self._join(taker, head.topic, head, frame)
            return True
        if topic is None:
            return False
        if topic.held is not None:
            if head.event == PHX_LEAVE:
                del self._topics[head.topic]
            return False
        self._forward(topic.kernel, frame)
        return True

    def lost(self) -> None:
        """Note that the client has gone."""
        for kernel in self._known:
            kernel.send(wire.CLOSE, self.number)
        self._known.clear()
        self._topics.clear()

    def paced(self, *, is_slow: bool) -> None:
        """Tell the kernels whether the client reads too slowly for updates."""
        self._is_slow = is_slow
        for kernel in self._known:
            kernel.send(wire.SLOW if is_slow else wire.READY, self.number)

    # from a kernel

    def received(self, kernel: Kernel, frame: str | bytes) -> None:
        """Take a frame of a kernel for the client.

        Raises:
            ProtocolError: it is no message.
        """
        head: Head | Message
        head = pushed(frame) if isinstance(frame, bytes) else head_of(frame, self._serializer)
        topic = self._topics.get(head.topic) if isinstance(head.topic, str) else None
        if topic is None or topic.kernel is not kernel or topic.held is not None:
            return  # such as its answers to heartbeats
        if head.join_ref in (None, topic.join_ref):  # V1 frames have none
            if head.event in (PHX_CLOSE, PHX_ERROR):
                del self._topics[head.topic]
            elif topic.is_joining and head.event == PHX_REPLY and head.ref == topic.ref:
                topic.is_joining = False
                is_ok = self._serializer.decode(frame).payload["status"] == "ok"
                self._answered(head.topic, topic, is_ok=is_ok)
        self._observer.returned(len(frame))
        self._transport.send(frame)

    def closed(self, kernel: Kernel, code: int, reason: str) -> None:
        """Take a kernel's wish to close the client's connection; only one that serves it may."""
        if kernel not in self._known:
            return
        self._known.discard(kernel)
        if code == GOING_AWAY:  # it says farewell: the socket may serve others
            self.kernel_lost(kernel, KERNEL_GONE)
        else:
            self._transport.close(code, reason)

    def kernel_lost(self, kernel: Kernel, reason: str) -> None:
        """Tell the client that its topics at a kernel are lost for now."""
        self._known.discard(kernel)
        for name, topic in list(self._topics.items()):
            if topic.kernel is kernel and topic.held is None:
                del self._topics[name]
                ref = topic.join_ref
                self._send(Message(ref, ref, name, PHX_ERROR, {"reason": reason}))

    def kernel_removed(self, kernel: Kernel) -> None:
        """Refuse what waits for a kernel that will not come back, unless another has it."""
        self.kernel_lost(kernel, KERNEL_GONE)
        self.kernel_declared()
        for name, topic in list(self._topics.items()):
            if topic.kernel is kernel:
                del self._topics[name]
                response = {"reason": KERNEL_GONE}
                self._refused(Rejection.KERNEL, name)
                self._send(reply(topic.join_ref, topic.ref, name, "error", response))

    def kernel_declared(self) -> None:
        """Forward the joins that waited for what some kernel has declared now."""
        for name, topic in list(self._topics.items()):
            if topic.held is None:
                continue
            topic.kernel = self._routes.kernel_for(name) or topic.kernel
            if topic.kernel.takes(name, is_bound=self._is_bound):
                frame, topic.held = topic.held, None
                self._forward(topic.kernel, frame)

    # inside

    def _join(self, kernel: Kernel, name: str, head: Head, frame: str | bytes) -> None:
        if name not in self._topics and len(self._topics) >= self._limits.joins:
            self._refused(Refusal.LIMIT, name)
            self._send(reply(head.join_ref, head.ref, name, "error", TOO_MANY_JOINED))
            return
        if kernel.takes(name, is_bound=self._is_bound):
            self._topics[name] = _Topic(kernel, head.join_ref, head.ref)
            self._forward(kernel, frame)
            return
        self._topics.pop(name, None)  # an earlier join that waits
        held = sum(len(one.held) for one in self._topics.values() if one.held is not None)
        if held + len(frame) > self._limits.kernel_held:
            self._refused(Refusal.LIMIT, name)
            too_much = {"reason": "too much waits for the kernel"}
            self._send(reply(head.join_ref, head.ref, name, "error", too_much))
            return
        self._topics[name] = _Topic(kernel, head.join_ref, head.ref, held=frame)

    def _refuse_gone(self, head: Head) -> bool:
        """Refuse a join of a bound socket, whose kernel the server does not run."""
        if self._is_bound:
            response = {"reason": KERNEL_GONE}
            self._refused(Rejection.KERNEL, head.topic)
            self._send(reply(head.join_ref, head.ref, head.topic, "error", response))
        return self._is_bound

    def _refuse_large(self, frame: str | bytes) -> bool:
        """Close the connection if no uplink carries a frame, which would end it for all others."""
        is_large = not wire.carries(frame)
        if is_large:
            self._refused(Refusal.LIMIT, "")
            self._transport.close(TOO_BIG, "a frame is too large for the uplink")
        return is_large

    def _forward(self, kernel: Kernel, frame: str | bytes) -> None:
        if self._refuse_large(frame):
            return
        if kernel not in self._known:
            self._known.add(kernel)
            kernel.send(wire.OPEN, self.number, self._introduction)
            if self._is_slow:
                kernel.send(wire.SLOW, self.number)
        self._observer.forwarded(len(frame))
        if not kernel.send(wire.FRAME, self.number, frame):
            self._refused(Rejection.SLOW, "")
            self._transport.close(TRY_AGAIN_LATER, "the kernel reads too slowly")

    def _answered(self, name: str, topic: _Topic, *, is_ok: bool) -> None:
        """Note a kernel's answer to a join."""
        if not is_ok:
            del self._topics[name]
            self._refused(Rejection.KERNEL, name)
            return
        note(
            logging.DEBUG,
            "joined",
            topic=name,
            connection=self._name,
            user=self._user,
            kernel=topic.kernel.id,
            seconds=time.perf_counter() - topic.begun,
        )
        self._observer.joined(self._name, self._user, name)

    def _refused(self, refusal: Refusal | Rejection, topic: str) -> None:
        self._observer.rejected(refusal, self._name, self._user, topic)

    def _send(self, message: Message) -> None:
        self._transport.send(self._serializer.encode(message))

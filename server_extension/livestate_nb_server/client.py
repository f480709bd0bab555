"""One client of the server, whatever carries its frames: its connection here, its way to kernels.

It must not know sockets or requests.
"""

from dataclasses import asdict

from livestate_nb.limits import Limits
from livestate_nb.protocol import Message, serializer_for
from livestate_nb.protocol.message import HEARTBEAT, PHOENIX_TOPIC, TRY_AGAIN_LATER
from livestate_nb.runtime import Endpoint, Transport
from livestate_nb_server.admission import Visitor
from livestate_nb_server.observer import Rejection
from livestate_nb_server.relay import Relay


class Client:
    """Feed relay and endpoint with a client's frames, and count what waits for it.

    Args:
        endpoint: runs what the server hosts.
        relay: leads to what kernels host.
        transport: carries frames to the client.
        visitor: who it is.
        kernel_id: the kernel that its socket is bound to; None for what is published.
        has_binary: whether the transport carries binary frames to the client.
        limits: how much it may send at once, and leave unread; None for the endpoint's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        relay: Relay,
        transport: Transport,
        visitor: Visitor,
        *,
        kernel_id: str | None = None,
        has_binary: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._relay = relay
        self._limits = limits or endpoint.limits
        self.unsent = 0
        """Characters that wait for it to read."""
        self.way = "kernel" if kernel_id else "websocket" if has_binary else "longpoll"
        number = relay.number()
        self.name, self._user = str(number), visitor.user.username
        self._observer = relay.observer
        self._heartbeat = serializer_for(visitor.vsn).encode(
            Message(None, None, PHOENIX_TOPIC, HEARTBEAT, {})
        )
        self._connection = endpoint.connect(
            transport,
            vsn=visitor.vsn,
            user=visitor.user,
            principal=visitor.principal,
            assigns=visitor.assigns,
            has_binary=has_binary,
            name=self.name,
            frame_bytes=self._limits.frame_bytes,
        )
        identity = {
            "vsn": visitor.vsn,
            "user": asdict(visitor.user),
            "principal": visitor.principal,
            "assigns": visitor.assigns,
            "has_binary": has_binary,
            "frame_bytes": self._limits.frame_bytes,
        }
        self._guest = relay.connect(number, transport, identity, kernel_id)
        self._observer.clients.add(self)

    @property
    def is_closed(self) -> bool:
        """Whether its connection has ended."""
        return self._connection.is_closed

    def feed(self, frame: str | bytes) -> None:
        """Take a frame: for the relay, or else for the connection."""
        if self.is_closed:
            return
        if self._guest.feed(frame):
            self._connection.last_seen = self._endpoint.clock()
        else:
            self._connection.feed(frame)

    def seen(self) -> None:
        """Note a sign of life that is no frame, for kernels as well."""
        self._connection.last_seen = self._endpoint.clock()
        self._guest.feed(self._heartbeat)

    def lost(self) -> None:
        """Note that the client has gone: its members leave."""
        self._observer.clients.discard(self)
        self._connection.lost()
        self._relay.disconnected(self._guest)

    # what waits for it

    @property
    def is_congested(self) -> bool:
        """Whether so much waits for it that it gets no updates."""
        return self.unsent > self._limits.unread

    def has_room(self) -> bool:
        """Return whether a frame may still be sent; a client that reads nothing is closed."""
        if self.unsent > self._limits.unread_most:
            if not self.is_closed:
                self._observer.rejected(Rejection.SLOW, self.name, self._user, "")
            self._connection.close(TRY_AGAIN_LATER, "too slow a reader")
            return False
        return True

    def wait(self, size: int) -> None:
        """Note that a frame waits for it."""
        was_congested = self.is_congested
        self.unsent += size
        if self.is_congested and not was_congested:
            self._guest.paced(is_slow=True)

    def took(self, size: int, *, is_sent: bool = True) -> None:
        """Note that a frame does not wait any more; one that was sent makes room for updates."""
        was_congested = self.is_congested
        self.unsent -= size
        if is_sent and was_congested and not self.is_congested:
            self._guest.paced(is_slow=False)
            self._connection.drained()  # which may be too much again

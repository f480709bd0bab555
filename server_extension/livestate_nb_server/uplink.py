"""The server's end of an uplink: lets a kernel in and carries messages between it and the relay.

It must not know clients but by their number.
"""

import asyncio
import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from tornado import web
from tornado.websocket import WebSocketHandler

from livestate_nb.errors import ProtocolError
from livestate_nb.protocol.message import TRY_AGAIN_LATER
from livestate_nb.runtime.failure import cut
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.writing import write
from livestate_nb_server.kernel import Kernel
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.observer import Rejection
from livestate_nb_server.relay import Relay

_TURN: Final = 64_000
"""Characters that one kernel sends before others have their turn."""

_MESSAGE: Final = 1_000
"""Characters that a message counts for beside its own: the work that each one is."""

_PATIENCE: Final = 5.0
_REFUSED: Final = 4403
_BROKEN: Final = 1002

_log = logging.getLogger("livestate_nb")


class UplinkHandler(WebSocketHandler):
    """Serve one kernel; implements `livestate_nb_server.kernel.Uplink`."""

    def initialize(
        self, relay: Relay, kernels: Kernels, secret: str, opened: "set[UplinkHandler]"
    ) -> None:
        """Take the relay, the server's kernels, their secret and all uplinks that are open."""
        self._relay = relay
        self._opened = opened
        self._limits = relay.limits
        self._kernels = kernels
        self._secret = secret
        self._kernel: Kernel | None = None
        self._ours, self._theirs = wire.Turns(), wire.Turns()
        self._in_turn = 0
        self._unsent_of: Counter[int] = Counter()
        self.unsent = 0

    def prepare(self) -> None:
        """Refuse browsers, who was not started by this server, and more than may be open."""
        secret = self.request.headers.get(wire.SECRET_HEADER, "")
        if "Origin" in self.request.headers or "Sec-Websocket-Origin" in self.request.headers:
            self._refuse("it comes from a browser")
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            self._refuse("it does not know the secret of this server's kernels")
        if len(self._opened) >= self._limits.uplinks:
            self._refuse(f"{self._limits.uplinks} are open already", 503)

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002 - tornado names it
        """Refuse every origin: only browsers send one."""
        return False

    @property
    def max_message_size(self) -> int:
        """Bytes of one message, at most."""
        return wire.MAX_MESSAGE

    def open(self, *args: str, **kwargs: str) -> None:
        """Ask the kernel to prove which one it is."""
        self.set_nodelay(True)
        self._opened.add(self)
        self._id = str(args[0] if args else kwargs["kernel_id"])
        self._nonce = secrets.token_hex(16)
        key = self._kernels.key(self._id)
        if key is None:
            self._turn_away("this server does not run it")
            return
        theirs = self.request.headers.get(wire.NONCE_HEADER, "")
        ours = wire.proof(key, wire.SERVER, self._id, theirs)
        self.write_message(wire.pack_json(wire.HELLO, 0, {"nonce": self._nonce, "proof": ours}))
        self._deadline = asyncio.get_running_loop().call_later(
            _PATIENCE, self._turn_away, "it did not say which kernel it is"
        )

    def on_message(self, message: str | bytes) -> Coroutine[Any, Any, None] | None:
        """Take a message: first the proof, then what the relay forwards.

        Returns:
            now and then what tornado waits for before the next one: others have their turn,
            however fast a kernel sends. Not each time, since turns are long in a busy server, and
            the many clients of one kernel would wait for one each.
        """
        try:
            if self._kernel is None:
                self._greet(wire.unpack(message))
            elif self._kernel.uplink is self:  # else the kernel has dialled again
                self._relay.received(self._kernel, wire.unpack(self._theirs.check(message)))
        except (ValueError, ProtocolError) as error:
            _log.warning("hanging up on kernel %s: %s", cut(self._id), error)
            self.close(_BROKEN, "expected a message of the uplink")
        self._in_turn += _MESSAGE + len(message)
        if self._in_turn < _TURN:
            return None
        self._in_turn = 0
        return asyncio.sleep(0)

    def on_close(self) -> None:
        """Let the relay tell the kernel's clients."""
        self._stop_waiting()
        self._opened.discard(self)
        if self._kernel is not None:
            self._relay.lost(self._kernel, self)

    def send(self, message: str | bytes, number: int = 0) -> bool:
        """Send a message; see `livestate_nb_server.kernel.Uplink`."""
        if number and self._unsent_of[number] > self._limits.kernel_unread_per_client:
            return False
        if self.unsent > self._limits.kernel_unread:
            self.close(TRY_AGAIN_LATER, "too slow a reader")
            return True
        size = len(message)
        if write(self.ws_connection, self._ours.stamp(message), partial(self._taken, number, size)):
            self._unsent_of[number] += size
            self.unsent += size
        return True

    def hang_up(self) -> None:
        """End the uplink."""
        self.close(TRY_AGAIN_LATER, "the kernel has dialled again")

    def _greet(self, message: wire.Tagged) -> None:
        key = self._kernels.key(self._id)
        expected = wire.proof(key or b"", wire.KERNEL, self._id, self._nonce)
        given = message.read(wire.Proof).proof if message.kind == wire.HELLO else ""
        if key is None or not hmac.compare_digest(given.encode(), expected.encode()):
            self._turn_away("it does not know that kernel's key")
            return
        self._stop_waiting()
        self._kernel = self._relay.dialled(self._id, self)

    def _stop_waiting(self) -> None:
        deadline = getattr(self, "_deadline", None)
        if deadline is not None:
            deadline.cancel()

    def _refuse(self, why: str, status: int = 403) -> None:
        _log.warning("refused an uplink: %s", why)
        self._reject()
        raise web.HTTPError(status)

    def _turn_away(self, why: str) -> None:
        _log.warning("refused an uplink of kernel %s: %s", cut(self._id), why)
        self._reject()
        self.close(_REFUSED, "refused")

    def _reject(self) -> None:
        self._relay.observer.rejected(Rejection.UPLINK, "", "", "")

    def _taken(self, number: int, size: int, _is_sent: bool) -> None:
        self.unsent -= size
        self._unsent_of[number] -= size
        if not self._unsent_of[number]:
            del self._unsent_of[number]

"""The WebSockets of outsiders: without a login, what their share opens, as long as it holds.

It must not know what channels do, nor how shares are kept.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError, Refuse
from livestate_nb.protocol import serializer_for
from livestate_nb.protocol.message import TOO_BIG, TRY_AGAIN_LATER, closing
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.bucket import Bucket
from livestate_nb.runtime.failure import brief, cut, refusal
from livestate_nb_server.admission import Visitor
from livestate_nb_server.carrier import Carrier
from livestate_nb_server.client import Client
from livestate_nb_server.desk import Desk
from livestate_nb_server.errors import Altered, ShareRefused, UnknownKey
from livestate_nb_server.gate import Answer, Gate, Knock, Pass
from livestate_nb_server.lobby import Lobby
from livestate_nb_server.observer import Rejection
from livestate_nb_server.origins import is_origin
from livestate_nb_server.params import auth_token, connect_params
from livestate_nb_server.public import PublicHandler, guest
from livestate_nb_server.relay import Relay
from livestate_nb_server.shares import Share
from livestate_nb_server.tokens import PREFIX

MAX_FRAME: Final = 64_000
"""Bytes of one frame of an outsider, at most; a larger one closes the socket with 1009."""

PATIENCE: Final = 10.0
"""Seconds in which a join has to bring a share that holds."""

MAX_EARLY: Final = 50
"""Frames before that join; one more closes the socket."""

MAX_EARLY_FRAME: Final = 16_000
"""Characters of one frame until then; a larger one closes the socket unread."""

MAX_UNREAD: Final = 4_000_000
"""Characters waiting for one outsider that close the socket at the next frame."""

BURST: Final = 2_000
"""Frames that an outsider may send at once: our own client sends 900 when it comes back."""

PAUSE: Final = 0.01
"""Seconds that the next one then waits to be read."""

JOIN: Final = 10
"""Frames that a join counts as."""

SIZE: Final = 10_000
"""Characters of a frame that count as one frame more."""

SHARE_OVER: Final = 4403
"""Close code of a connection whose share has expired or was revoked."""

NO_SHARE: Final = 4408
"""Close code of a connection that brought no share in time."""

_log = logging.getLogger("livestate_nb")


class OutsiderHandler(PublicHandler, Carrier):
    """Carry the frames of one outsider; implements `livestate_nb_server.lobby.Outsider`."""

    def initialize(  # type: ignore[override]  # tornado gives each handler arguments of its own
        self, endpoint: Endpoint, relay: Relay, desk: Desk, lobby: Lobby
    ) -> None:
        """Take what serves the client.

        Args:
            endpoint: runs what the server hosts.
            relay: leads to what kernels published.
            desk: asks what the app says to clients that connect.
            lobby: proves shares, and ends the connection when its share is over.
        """
        super().initialize(desk, lobby)
        general = endpoint.limits
        self.limits = replace(
            general,
            frame_bytes=min(general.frame_bytes, MAX_FRAME),
            unread_most=min(general.unread_most, MAX_UNREAD),
        )
        self._endpoint = endpoint
        self._relay = relay
        self._early = 0
        self._is_over = False
        self._patience: asyncio.TimerHandle | None = None
        self._frames = Bucket(1 / PAUSE, BURST)

    def check_origin(self, origin: str | None = None) -> bool:
        """Return whether it is an origin: the share of a join says whether it is the right one."""
        return origin is None or is_origin(origin)

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade.

        Raises:
            HTTPError: 503, there is no room; 403, it speaks a version that we do not, or its query
                or authToken is none.
        """
        if not self.lobby.has_room(self.address):
            raise web.HTTPError(503, "there are too many connections: try again later")
        try:
            self._vsn = str(self.get_query_argument("vsn", "1.0.0"))
            serializer = serializer_for(self._vsn)
            self._params = connect_params(self.request.query)
            offered = auth_token(self.request.headers.get("Sec-WebSocket-Protocol", ""))
        except (ProtocolError, ValueError) as error:
            raise web.HTTPError(403, f"a connection is refused: {error}") from error
        is_share = offered is not None and offered.startswith(PREFIX)
        self._auth_token = None if is_share else offered
        self._gate = Gate(serializer, self.limits, offered if is_share else None)
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Wait for a join that brings a share."""
        super().open(*args, **kwargs)
        self.lobby.come(self)
        self._wait()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Let a frame through, answer it, or have its share proved.

        The next one waits for that, and longer if too many have come.
        """
        if self._is_over:  # frames come until the client has answered the close frame
            return None
        if self.client is None and self._is_too_early(message):
            return None
        try:
            step = self._gate.take(message)
        except ProtocolError as error:
            _log.warning("closing an outsider's connection (%s): %s", error.code, error)
            self.close(error.code, str(error))
            return None
        match step:
            case Knock():
                return self._knocked(step, len(message))
            case Answer(frame):
                self.send(frame)
            case Pass(frame) if self.client is not None:
                self.client.feed(frame)
        wait = self._frames.spend(1 + len(message) / SIZE)
        return asyncio.sleep(wait) if wait else None

    def end(self, reason: str) -> None:
        """Close the connection; see `livestate_nb_server.lobby.Outsider`."""
        self.close(SHARE_OVER, reason)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close the connection at once: nothing that the client sends on counts any more."""
        self._is_over = True
        if self.client is not None:
            self.client.lost()
        super().close(code, None if reason is None else closing(reason))

    def on_close(self) -> None:
        """Let the client's members leave."""
        super().on_close()
        self._is_over = True
        self._stop_waiting()
        self.lobby.leave(self)

    def _is_too_early(self, message: str | bytes) -> bool:
        """Count a frame that comes before a share, and close the connection if it is too much."""
        self._early += 1
        if self._early > MAX_EARLY:
            self.close(TRY_AGAIN_LATER, "expected a join with a share, got too many others")
        elif len(message) > MAX_EARLY_FRAME:
            self.close(TOO_BIG, f"expected at most {MAX_EARLY_FRAME} characters before a share")
        return self._is_over

    def _wait(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(
            PATIENCE, self.close, NO_SHARE, "expected a join with a share"
        )

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    async def _knocked(self, knock: Knock, size: int) -> None:
        """Prove the share of a join and let it through, or refuse it.

        Args:
            knock: the join.
            size: characters of its frame.
        """
        try:
            share = await self._prove(knock)
            assigns = await self._ask(share)
            if self._is_over:
                return
            frame = self._gate.admit(knock.join, share)
        except (ShareRefused, Refuse) as error:
            self._refuse(knock, error)
            return
        if self.client is None:
            self._enter(share, assigns, knock.join.topic)
        if self.client is not None:
            self.client.feed(frame)
        await asyncio.sleep(self._frames.spend(JOIN + size / SIZE))

    async def _prove(self, knock: Knock) -> Share:
        if knock.token is None:
            raise ShareRefused("no share came with the join")
        share = await asyncio.to_thread(self.lobby.shares.open, knock.token, self.origin)
        self._gate.check(knock.join, share)
        topic = knock.join.topic
        is_kernels = share.kernel_id is not None
        if is_kernels and isinstance(topic, str) and self._endpoint.is_hosted(topic):
            raise ShareRefused("share not for this topic, which the server itself hosts")
        return share

    async def _ask(self, share: Share) -> dict[str, Json]:
        """Return what the app gives to the client, once for each connection.

        The share may be over before the app has answered: then the connection is closed.
        """
        if self.client is not None:
            return {}
        self._stop_waiting()
        self.lobby.stay(self, share)
        self._user = guest()
        try:
            return await self.desk.ask(self._params, self._user, self._auth_token)
        except Refuse:
            self.lobby.wait(self)
            if not self._is_over:
                self._wait()
            raise

    def _enter(self, share: Share, assigns: dict[str, Json], topic: Json) -> None:
        # A resume token is a secret of one client's: bound to the share, it finds its place again
        # from another connection, and never gets more rights than it had.
        visitor = Visitor(self._vsn, self._user, f"share {share.id}", assigns)
        self.client = Client(self._endpoint, self._relay, self, visitor, limits=self.limits)
        username = self._user.username
        self._relay.observer.shared(share.id, self.client.name, username, str(topic))

    def _refuse(self, knock: Knock, error: ShareRefused | Refuse) -> None:
        _log.info("refused an outsider's join from %s: %s", cut(self.origin), brief(error))
        rejection = Rejection.CONNECT if isinstance(error, Refuse) else Rejection.SHARE
        self._relay.observer.rejected(rejection, "", "", str(knock.join.topic))
        told = refusal(error, "reason") if isinstance(error, Refuse) else {"reason": str(error)}
        self.send(self._gate.refuse(knock.join, told))
        is_guess = knock.token is None or isinstance(error, Altered | UnknownKey)
        if is_guess and not self.lobby.fail(self.address):
            self.close(TRY_AGAIN_LATER, "too many refused joins")

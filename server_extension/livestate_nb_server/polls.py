"""Long-poll sessions: frames that wait for a client until its next poll fetches them.

It must not know requests: who asks, and how answers are written.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from livestate_nb.runtime import Endpoint
from livestate_nb_server.admission import Visitor
from livestate_nb_server.client import Client
from livestate_nb_server.relay import Relay
from livestate_nb_server.visits import Visits

WINDOW: Final = 10.0
"""Seconds that a poll waits for a frame (phoenix longpoll.ex, window_ms)."""

PATIENCE: Final = 1.5
"""Windows without a poll after which a session is over."""

TOKEN_PREFIX: Final = "livestate-poll-"  # noqa: S105 - what a token begins with, no secret
"""Tells a session's token from Jupyter's, which has the same name in the query."""


class Poll:
    """Keep the frames for one client; implements `livestate_nb.runtime.Transport`.

    Args:
        endpoint: runs what the server hosts.
        relay: leads to what kernels host.
        visitor: whose it is: nobody else can use its token.
        window: seconds that a poll waits.
        ended: called when it is over.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        relay: Relay,
        visitor: Visitor,
        window: float,
        ended: Callable[["Poll"], None],
    ) -> None:
        self.token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        self.principal = visitor.principal
        self._window = window
        self._ended = ended
        self._frames: list[str] = []
        self._waiting: asyncio.Future[None] | None = None
        self._is_over = False
        self._end: asyncio.TimerHandle | None = None
        self.client = Client(endpoint, relay, self, visitor, has_binary=False)
        self._rest()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and nothing is left to fetch."""
        return self._is_over and not self._frames

    async def fetch(self) -> list[str]:
        """Return what waits for the client, as soon as there is something; [] after a window.

        A poll takes the place of one that waits already.
        """
        self.give_up()
        if self._end is not None:
            self._end.cancel()
        if not self._is_over:
            self.client.seen()
        if not self._frames and not self._is_over:
            waiting = self._waiting = asyncio.get_running_loop().create_future()
            await asyncio.wait([waiting], timeout=self._window)
            if waiting is not self._waiting:
                return []  # another poll, which has what comes, or the client has gone
            self._waiting = None
        frames, self._frames = self._frames, []
        self._rest()
        for frame in frames:
            self.client.took(len(frame))
        return frames

    def give_up(self) -> None:
        """End the poll that waits, because nobody reads its answer: frames wait for the next."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._rest()
            _wake(waiting)

    def end(self) -> None:
        """End the session: the client's members leave."""
        if not self._is_over:
            self._is_over = True
            self.client.lost()
            if self._end is not None:
                self._end.cancel()
            self._wake()
            self._ended(self)

    # the transport

    def send(self, frame: str | bytes) -> None:
        """Keep a frame for the next poll."""
        if self._is_over or not isinstance(frame, str) or not self.client.has_room():
            return
        self._frames.append(frame)
        self.client.wait(len(frame))
        self._wake()

    @property
    def is_congested(self) -> bool:
        """Whether too much waits for the client to fetch."""
        return self.client.is_congested

    def close(self, code: int, reason: str) -> None:  # noqa: ARG002 - an answer has no room for it
        """End the session: the client starts over."""
        self.end()

    def _rest(self) -> None:
        """Wait for the client's next poll, for a while."""
        if not self._is_over:
            loop = asyncio.get_running_loop()
            if self._end is not None:
                self._end.cancel()
            self._end = loop.call_later(PATIENCE * self._window, self.end)

    def _wake(self) -> None:
        if self._waiting is not None:
            _wake(self._waiting)


class Polls:
    """Hold the long-poll sessions of a server.

    Args:
        endpoint: runs what the server hosts.
        relay: leads to what kernels host.
        window: seconds that a poll waits for a frame.
    """

    def __init__(self, endpoint: Endpoint, relay: Relay, window: float = WINDOW) -> None:
        self.window = window
        self.observer = relay.observer
        self.limits = endpoint.limits
        self._visits = Visits(self.limits.polls_per_user)
        self._endpoint = endpoint
        self._relay = relay
        self._polls: dict[str, Poll] = {}

    def open(self, visitor: Visitor) -> Poll | None:
        """Begin a session; None where too many are open."""
        if len(self._polls) >= self.limits.polls or not self._visits.begin(visitor.principal):
            return None
        poll = Poll(self._endpoint, self._relay, visitor, self.window, self._ended)
        self._polls[poll.token] = poll
        return poll

    def find(self, token: str | None, principal: str) -> Poll | None:
        """Return the session that a token of this principal names, if it goes on."""
        poll = None if token is None else self._polls.get(token)
        return poll if poll is not None and poll.principal == principal else None

    def close(self) -> None:
        """End all sessions."""
        for poll in list(self._polls.values()):
            poll.end()

    def _ended(self, poll: Poll) -> None:
        if self._polls.pop(poll.token, None) is not None:
            self._visits.end(poll.principal)


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)

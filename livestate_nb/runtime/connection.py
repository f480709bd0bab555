"""One client's connection: frames in, frames out, and the sessions it has joined.

The transport feeds it and carries what it sends. It must not know channels' states, nor how a
transport works.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import (
    Action,
    Deliver,
    Join,
    Leave,
    Message,
    Reject,
    Send,
    Socket,
    Start,
    Stop,
)
from livestate_nb.protocol.message import ERROR, TRY_AGAIN_LATER, closing
from livestate_nb.protocol.serializer import Serializer
from livestate_nb.runtime.failure import cut, undeliverable
from livestate_nb.runtime.joining import Finder, Joining
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Refusal, username
from livestate_nb.runtime.note import note
from livestate_nb.runtime.session import Seated, Session

_log = logging.getLogger("livestate_nb")


class Transport(Protocol):
    """Carry frames to one client; it knows neither channels nor states."""

    def send(self, frame: str | bytes) -> None:
        """Send a frame, in order; nothing happens where the client has gone."""

    @property
    def is_congested(self) -> bool:
        """Whether so much waits to be sent that updates should rather be skipped.

        A transport that says so calls `Connection.drained` when it is over.
        """

    def close(self, code: int, reason: str) -> None:
        """Close the way to the client.

        Args:
            code: WebSocket close code.
            reason: UTF-8 text of at most 123 bytes.
        """


class Registry(Finder, Protocol):
    """What an endpoint offers to its connections."""

    def disconnected(self, connection: "Connection") -> None:
        """Note that a connection has ended."""


class Connection:
    """Run one client's socket; implements `livestate_nb.runtime.joining.Door`.

    All of it belongs to the endpoint's loop.

    Args:
        endpoint: where the channels are.
        transport: the way to the client.
        serializer: the version of the wire that the client speaks.
        user: who the transport authenticated; None where it knows nobody.
        is_local: whether the client belongs to this kernel: it may join a cell's session, and
            sees its author's errors in full.
        principal: names who resume tokens are bound to.
        assigns: what the assigns of its members begin with.
        serves: which of the topics are there for it.
        name: names it in the log.
        frame_bytes: bytes of one frame that the way from the client carries; None for any.
    """

    def __init__(
        self,
        endpoint: Registry,
        transport: Transport,
        serializer: Serializer,
        *,
        user: Any,
        is_local: bool,
        principal: str,
        assigns: dict[str, Json],
        serves: Callable[[str], bool],
        name: str,
        frame_bytes: int | None,
    ) -> None:
        self.name = name
        self.user = user
        self.is_local = is_local
        self._serves = serves
        self.last_seen = endpoint.clock()
        self.is_closed = False
        self._is_pushing = False
        self._since = time.perf_counter()
        self._endpoint = endpoint
        self._transport = transport
        self._serializer = serializer
        self._socket = Socket(serves, endpoint.limits)
        self._members: dict[Join, tuple[Session, JoinedMember]] = {}
        self._joining = Joining(
            self, endpoint, principal=principal, assigns=assigns, frame_bytes=frame_bytes
        )

    # for the transport

    def feed(self, frame: str | bytes) -> None:
        """Take a frame from the client; it returns at once, whatever the channels do.

        A frame that breaks the protocol closes the connection, with a reason.

        Args:
            frame: str for a text frame, bytes for a binary one.
        """
        if self.is_closed:
            return
        self.last_seen = self._endpoint.clock()
        try:
            self._perform(self._socket.receive(self._serializer.decode(frame)))
        except ProtocolError as error:
            _log.warning("closing a connection (%s): %s", error.code, error)
            self.refused(Refusal.FRAME, "")
            self.close(error.code, str(error))

    def lost(self) -> None:
        """Note that the client has gone: nothing is sent, and its members leave or are absent.

        It makes no difference why: what ends a place is leaving, and what ends the channel.
        Where the transport closes as it is pushed an event, others are pushed that first, and
        what the loss leads to afterwards.
        """
        if self.is_closed:
            return
        self.is_closed = True
        seconds = time.perf_counter() - self._since
        note(logging.DEBUG, "disconnected", connection=self.name, seconds=seconds)
        self._endpoint.disconnected(self)
        self._joining.give_up_all()
        members, self._members = list(self._members.values()), {}
        if self._is_pushing:
            asyncio.get_running_loop().call_soon(self._lose_late, members)
            return
        for session, member in members:
            session.lose(member)

    def close(self, code: int, reason: str) -> None:
        """Close the connection from this side.

        Args:
            code: WebSocket close code; never 1000, after which phoenix.js stays away.
            reason: why, for people; cut to what fits into a close frame.
        """
        if not self.is_closed:
            self.lost()
            self._transport.close(code, closing(reason))

    def drained(self) -> None:
        """Note that the client has caught up: it gets the states that it missed."""
        for session, member in list(self._members.values()):
            if member.is_behind:
                session.send_whole(member)

    def turn_out(self) -> None:
        """End the channels of topics that are there for the client no longer: it is told.

        It does not join again; a join that waits for its answer is refused.
        """
        for join, (session, member) in list(self._members.items()):
            if not self._serves(join.topic):
                session.dismiss(member)
        self._joining.refuse_unserved(self._serves)

    @property
    def has_joined(self) -> bool:
        """Whether the client has joined a topic."""
        return bool(self._members)

    # for joins

    @property
    def topics(self) -> Iterator[str]:
        """The topics that are joined."""
        return (join.topic for join in self._members)

    def accept(self, join: Join, session: Session, member: JoinedMember, greeting: Json) -> None:
        """Let a client in that has become a member."""
        self._members[join] = session, member
        self._perform(self._socket.accept(join, greeting))

    def refuse(self, join: Join, kind: Refusal, response: Json) -> None:
        """Answer a join with an error."""
        self.refused(kind, join.topic)
        self._perform(self._socket.refuse(join, response))

    # for members

    @property
    def is_congested(self) -> bool:
        """Whether the client reads more slowly than it is sent to."""
        return self._transport.is_congested

    def push(self, join: Join, outgoing: Outgoing, ref: Json = None) -> None:
        """Send an event to a joined channel's client, or an error where it has no frame for it."""
        if join not in self._members:
            return
        message = self._socket.push(join, outgoing.event, outgoing.payload, ref)
        self._is_pushing = True
        try:
            self._send(message)
        except ProtocolError as error:
            _log.warning("%s has no frame for %s: %s", cut(join.topic), cut(message.event), error)
            told = undeliverable(outgoing.event, error)
            self._send(self._socket.push(join, ERROR, told))
        finally:
            self._is_pushing = False

    def reply(self, join: Join, ref: Json, status: str, response: Json) -> None:
        """Answer a message of a joined channel's client."""
        if join in self._members:
            self._send(self._socket.reply(join, ref, status, response))

    def left(self, join: Join, ref: Json) -> None:
        """Tell the client that it has left."""
        if self._members.pop(join, None) is not None:
            self._perform(self._socket.left(join, ref))

    def closed(self, join: Join) -> None:
        """Tell the client that its channel has ended for good."""
        if self._members.pop(join, None) is not None:
            self._perform(self._socket.closed(join))

    def crashed(self, join: Join, reason: str) -> None:
        """Tell the client that its channel has crashed."""
        if self._members.pop(join, None) is not None:
            self._perform(self._socket.crashed(join, reason))

    def refused(self, refusal: Refusal, topic: Json) -> None:
        """Tell who measures that something was refused to the client.

        Args:
            refusal: what was.
            topic: what it was about, as the client named it.
        """
        topic, user = topic if isinstance(topic, str) else "", username(self.user)
        note(
            logging.DEBUG,
            "refused",
            refusal=refusal,
            connection=self.name,
            user=user,
            topic=topic,
        )
        self._endpoint.meter.refused(refusal, self.name, user, topic)

    def shut_out(self, topic: str, what: str, reason: str) -> None:
        """Close the connection of a client that goes on with what is refused as too much.

        Args:
            topic: what it was about.
            what: what the client does, for the log.
            reason: why it is closed, for the client.
        """
        self.refused(Refusal.LIMIT, topic)
        _log.warning("closing the connection of a client that %s", what)
        self.close(TRY_AGAIN_LATER, reason)

    # inside

    def _send(self, message: Message) -> None:
        self._transport.send(self._serializer.encode(message))

    def _lose_late(self, members: list[Seated]) -> None:
        """Lose members, but for those that have gone, or are back already."""
        for session, member in members:
            if member.line is self and member in session.joined:
                session.lose(member)

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(message):
                    self._send(message)
                case Reject(message, is_limit):
                    self._send(message)
                    self.refused(Refusal.LIMIT if is_limit else Refusal.UNMATCHED, message.topic)
                case Deliver(join, message):
                    if entry := self._members.get(join):  # what came before may have ended it
                        session, member = entry
                        session.intake.deliver(member, message)
                case Join():
                    self._joining.begin(action)
                case Start(join):
                    if entry := self._members.get(join):  # the answer may have been too much
                        session, member = entry
                        session.attach(member)
                case Leave(join, ref):
                    if entry := self._members.get(join):
                        session, member = entry
                        session.intake.leave(member, ref)
                case Stop(join):
                    self._stop(join)

    def _stop(self, join: Join) -> None:
        self._joining.give_up(join)
        if entry := self._members.pop(join, None):
            session, member = entry
            session.lose(member)

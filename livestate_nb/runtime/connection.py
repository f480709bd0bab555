"""One client's connection: frames in, frames out, and the sessions it has joined.

The transport feeds it and carries what it sends. It must not know channels' states, nor how a
transport works.
"""

import asyncio
import copy
import logging
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final, Protocol

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError, Refuse
from livestate_nb.protocol import (
    Action,
    Deliver,
    Join,
    Leave,
    Message,
    Send,
    Socket,
    Start,
    Stop,
)
from livestate_nb.protocol.message import (
    ERROR,
    GRACE,
    MAX_BYTES,
    MAX_VERSION,
    PHX_REPLY,
    RECEIVED,
    RESERVED_KEY,
    RESUME,
    RESUMED,
    SESSION,
    TOKEN,
    TOO_DEEP,
    TRY_AGAIN_LATER,
    closing,
)
from livestate_nb.protocol.serializer import Serializer
from livestate_nb.protocol.socket import TOO_MANY_JOINED, UNMATCHED
from livestate_nb.runtime.failure import brief, cut, refusal, too_deep, undeliverable
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.meter import Refusal, username
from livestate_nb.runtime.note import note
from livestate_nb.runtime.places import Claim, Owner
from livestate_nb.runtime.rate import Rates
from livestate_nb.runtime.session import Ground, Seated, Session

_log = logging.getLogger("livestate_nb")

TOO_FAST: Final = "too many events"
TOO_OFTEN: Final = "too many joins"


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


class Registry(Ground, Protocol):
    """What an endpoint offers to its connections."""

    def session(self, topic: str, key: str | None) -> Session:
        """Return the session that a join belongs to."""

    def disconnected(self, connection: "Connection") -> None:
        """Note that a connection has ended."""


class Connection:
    """Run one client's socket; implements `livestate_nb.runtime.member.Line`.

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
        self._principal = principal
        self._assigns = assigns
        self._frame_bytes = frame_bytes
        self._serves = serves
        self.last_seen = endpoint.clock()
        self.is_closed = False
        self._since = time.perf_counter()
        self._endpoint = endpoint
        self._transport = transport
        self._serializer = serializer
        self._socket = Socket(serves, endpoint.limits)
        self._members: dict[Join, tuple[Session, JoinedMember]] = {}
        self._joining: dict[Join, asyncio.Task[None]] = {}
        self._rates = None if is_local else Rates(endpoint.limits)
        """The notebook's own clients may send at any speed: what they sent while a cell ran comes
        at once."""

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
        """
        if self.is_closed:
            return
        self.is_closed = True
        seconds = time.perf_counter() - self._since
        note(logging.DEBUG, "disconnected", connection=self.name, seconds=seconds)
        self._endpoint.disconnected(self)
        joining, self._joining = list(self._joining.values()), {}
        for task in joining:
            task.cancel()
        members, self._members = list(self._members.values()), {}
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
        for join in list(self._joining):
            if not self._serves(join.topic):
                self._joining.pop(join).cancel()
                self._perform(self._socket.refuse(join, UNMATCHED))

    @property
    def has_joined(self) -> bool:
        """Whether the client has joined a topic."""
        return bool(self._members)

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
        try:
            self._send(message)
        except ProtocolError as error:
            _log.warning("%s has no frame for %s: %s", cut(join.topic), cut(message.event), error)
            told = undeliverable(outgoing.event, error)
            self._send(self._socket.push(join, ERROR, told))

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

    def flooded(self, topic: str) -> None:
        """Close the connection of a client that goes on to send what is refused as too fast."""
        self._shut_out(topic, f"floods {cut(topic)}", TOO_FAST)

    # inside

    def _shut_out(self, topic: str, what: str, reason: str) -> None:
        self.refused(Refusal.LIMIT, topic)
        _log.warning("closing the connection of a client that %s", what)
        self.close(TRY_AGAIN_LATER, reason)

    def _send(self, message: Message) -> None:
        self._transport.send(self._serializer.encode(message))

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(message):
                    self._send(message)
                    if message.event == PHX_REPLY and message.payload["status"] == "error":
                        self.refused(_kind_of(message.payload["response"]), message.topic)
                case Deliver(join, message):
                    if entry := self._members.get(join):  # what came before may have ended it
                        session, member = entry
                        session.intake.deliver(member, message)
                case Join():
                    self._begin(action)
                case Start(join):
                    session, member = self._members[join]
                    session.attach(member)
                case Leave(join, ref):
                    if entry := self._members.get(join):
                        session, member = entry
                        session.intake.leave(member, ref)
                case Stop(join):
                    self._stop(join)

    def _stop(self, join: Join) -> None:
        if task := self._joining.pop(join, None):
            task.cancel()
        if entry := self._members.pop(join, None):
            session, member = entry
            session.lose(member)

    def _begin(self, join: Join) -> None:
        """Ask the channel whether the client may join, unless it joins too often."""
        rate = None if self._rates is None else self._rates.joins
        if rate is None or rate.take():
            self._joining[join] = self._endpoint.spawn(self._join(join))
        elif rate.is_flood:
            self._shut_out(join.topic, f"joins {cut(join.topic)} again and again", TOO_OFTEN)
        else:
            self._perform(self._socket.refuse(join, {"reason": TOO_OFTEN}))

    async def _join(self, join: Join) -> None:
        begun = time.perf_counter()
        session: Session | None = None
        try:
            owner = Owner(self._principal, self.is_local, join.topic)
            session, client, claim = self._admit(join, owner)
            session.hold()
            refused = await self._refusal(session, client)
            if self._joining.pop(join, None) is None:
                return  # given up: the client has gone, or another join took the place
            if refused is not None:
                self._perform(self._socket.refuse(join, refused))
                return
            member = session.welcome(client, owner, claim)
            self._members[join] = session, member
            if self._rates is not None and member.rate is not None:
                self._rates.bring(join.topic, member.rate)
            user, seconds = username(self.user), time.perf_counter() - begun
            note(
                logging.DEBUG,
                "joined",
                topic=join.topic,
                connection=self.name,
                user=user,
                seconds=seconds,
            )
            self._endpoint.meter.joined(self.name, user, join.topic)
            greeting = self._greeting(session, member, is_resumed=member is not client)
            self._perform(self._socket.accept(join, greeting))
        except Refuse as error:
            self._joining.pop(join, None)
            self._perform(self._socket.refuse(join, refusal(error, "reason")))
        finally:
            if session is not None:
                session.release()

    async def _refusal(self, session: Session, member: JoinedMember) -> Json:
        """Return what a client that may not join is told; None where it may."""
        topic = cut(member.join.topic)
        try:
            await session.authorize(member)
        except Refuse as error:
            note(
                logging.INFO,
                "refused a join",
                topic=member.join.topic,
                connection=self.name,
                user=username(self.user),
                reason=brief(error),
            )
            return refusal(error, "reason")
        except BaseException as error:
            if member.join not in self._joining:
                raise  # given up
            _log.error("a join of %s failed", topic, exc_info=error)
            return {"reason": "join crashed"}
        return None

    def _admit(
        self, join: Join, owner: Owner
    ) -> tuple[Session, JoinedMember, Claim[Seated] | None]:
        """Return the session that a join belongs to, its client, and the place that it claims."""
        params = {} if join.payload is None else join.payload
        if params is TOO_DEEP:
            raise Refuse(too_deep(self._endpoint.limits))
        if not isinstance(params, dict):
            raise Refuse("expected the join params to be an object")
        ours = params.get(RESERVED_KEY)
        asked = ours if isinstance(ours, dict) else {}
        key = asked.get(SESSION) if self.is_local else None
        claim = self._claim(asked.get(RESUME), owner)
        if claim is not None and key in (None, claim.holder[0].key):
            session = claim.holder[0]
        else:
            claim = None
            session = self._endpoint.session(join.topic, key if isinstance(key, str) else None)
        client = JoinedMember(
            self,
            join,
            {name: value for name, value in params.items() if name != RESERVED_KEY},
            is_own=isinstance(ours, dict),
            limits=self._endpoint.limits,
            rate=None if self._rates is None else self._rates.of(join.topic, self._topics),
            post=self._endpoint.post,
        )
        earlier = {} if claim is None else claim.holder[1].assigns  # it may yet be refused
        client.assigns = {**earlier, **copy.deepcopy(self._assigns)}
        return session, client, claim

    @property
    def _topics(self) -> Iterator[str]:
        """The topics that are joined, or about to be."""
        return (join.topic for join in chain(self._members, self._joining))

    def _claim(self, resume: Json, owner: Owner) -> Claim[Seated] | None:
        if not isinstance(resume, dict):
            return None
        return self._endpoint.places.claim(resume.get(TOKEN), owner, resume.get(RECEIVED))

    def _greeting(self, session: Session, member: JoinedMember, *, is_resumed: bool) -> Json:
        """Return the answer to a join: empty, as the original's, but for our own client."""
        if not member.is_own:
            return {}
        options = session.ledger.options
        terms: dict[str, Json] = {MAX_VERSION: options.max_version}
        if self._frame_bytes is not None:
            terms[MAX_BYTES] = self._frame_bytes
        if member.place is not None:
            terms |= {
                TOKEN: self._endpoint.places.token(member.place),
                GRACE: options.grace,
                RESUMED: is_resumed,
                RECEIVED: member.sent,
            }
        return {RESERVED_KEY: terms}


def _kind_of(response: Json) -> Refusal:
    """Return what a message was refused for, by the answer to it."""
    if response == UNMATCHED:
        return Refusal.UNMATCHED
    is_limit = response in (TOO_MANY_JOINED, {"reason": TOO_OFTEN})
    return Refusal.LIMIT if is_limit else Refusal.JOIN

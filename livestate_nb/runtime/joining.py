"""Take a join from its frame to a member, or say why not.

It must not know frames, nor what becomes of a member.
"""

import asyncio
import copy
import logging
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, Protocol

from livestate_nb.codec import Json
from livestate_nb.errors import Refuse
from livestate_nb.protocol import Join
from livestate_nb.protocol.message import (
    GRACE,
    MAX_BYTES,
    MAX_VERSION,
    RECEIVED,
    RESERVED_KEY,
    RESUME,
    RESUMED,
    SESSION,
    TOKEN,
    TOO_DEEP,
)
from livestate_nb.protocol.socket import UNMATCHED
from livestate_nb.runtime.failure import brief, cut, refusal, too_deep
from livestate_nb.runtime.member import JoinedMember, Line
from livestate_nb.runtime.meter import Refusal, username
from livestate_nb.runtime.note import note
from livestate_nb.runtime.places import Claim, Owner
from livestate_nb.runtime.rate import Rates
from livestate_nb.runtime.session import Ground, Seated, Session

_log = logging.getLogger("livestate_nb")

TOO_OFTEN: Final = "too many joins"


class Unserved(Refuse):
    """Say that no channel serves a topic any more."""

    def __init__(self) -> None:
        super().__init__(UNMATCHED)


class Finder(Ground, Protocol):
    """What an endpoint offers to joins."""

    def session(self, topic: str, key: str | None) -> Session:
        """Return the session that a join belongs to.

        Raises:
            Unserved: no channel serves the topic.
            Refuse: there is no session with that key.
        """


class Door(Line, Protocol):
    """What a connection offers to joins: who asks, and the way of the answer."""

    @property
    def topics(self) -> Iterator[str]:
        """The topics that are joined."""

    def accept(self, join: Join, session: Session, member: JoinedMember, greeting: Json) -> None:
        """Let a client in that has become a member."""

    def refuse(self, join: Join, kind: Refusal, response: Json) -> None:
        """Answer a join with an error."""


class Joining:
    """Ask channels whether one connection's client may join, and make it a member.

    Args:
        door: the connection.
        endpoint: where the channels are.
        principal: names who resume tokens are bound to.
        assigns: what the assigns of its members begin with.
        frame_bytes: bytes of one frame that the way from the client carries; None for any.
    """

    def __init__(
        self,
        door: Door,
        endpoint: Finder,
        *,
        principal: str,
        assigns: dict[str, Json],
        frame_bytes: int | None,
    ) -> None:
        self._door = door
        self._endpoint = endpoint
        self._principal = principal
        self._assigns = assigns
        self._frame_bytes = frame_bytes
        self._asking: dict[Join, asyncio.Task[None]] = {}
        self._rates = None if door.is_local else Rates(endpoint.limits)
        """The notebook's own clients may send at any speed: what they sent while a cell ran comes
        at once."""

    def begin(self, join: Join) -> None:
        """Ask the channel whether the client may join, unless it joins too often."""
        rate = None if self._rates is None else self._rates.joins
        if rate is None or rate.take():
            self._asking[join] = self._endpoint.spawn(self._ask(join))
        elif rate.is_flood:
            what = f"joins {cut(join.topic)} again and again"
            self._door.shut_out(join.topic, what, TOO_OFTEN)
        else:
            self._door.refuse(join, Refusal.LIMIT, {"reason": TOO_OFTEN})

    def give_up(self, join: Join) -> None:
        """Give up a join, if it waits for its answer: another one took its place."""
        if task := self._asking.pop(join, None):
            task.cancel()

    def refuse_unserved(self, serves: Callable[[str], bool]) -> None:
        """Refuse the joins that wait for their answer and whose topics are served no longer."""
        for join in [one for one in self._asking if not serves(one.topic)]:
            self.give_up(join)
            self._door.refuse(join, Refusal.UNMATCHED, UNMATCHED)

    def give_up_all(self) -> None:
        """Give up all that wait for their answer: the client has gone."""
        asking, self._asking = list(self._asking.values()), {}
        for task in asking:
            task.cancel()

    async def _ask(self, join: Join) -> None:
        begun = time.perf_counter()
        session: Session | None = None
        try:
            owner = Owner(self._principal, self._door.is_local, join.topic)
            session, client, claim = self._admit(join, owner)
            session.hold()
            refused = await self._refusal(session, client)
            if self._asking.pop(join, None) is None:
                return  # given up
            if refused is not None:
                self._door.refuse(join, Refusal.JOIN, refused)
                return
            member = session.welcome(client, owner, claim)
            if self._rates is not None and member.rate is not None:
                self._rates.bring(join.topic, member.rate)
            user, seconds = username(self._door.user), time.perf_counter() - begun
            note(
                logging.DEBUG,
                "joined",
                topic=join.topic,
                connection=self._door.name,
                user=user,
                seconds=seconds,
            )
            self._endpoint.meter.joined(self._door.name, user, join.topic)
            greeting = self._greeting(session, member, is_resumed=member is not client)
            self._door.accept(join, session, member, greeting)
        except Refuse as error:
            self._asking.pop(join, None)
            kind = Refusal.UNMATCHED if isinstance(error, Unserved) else Refusal.JOIN
            self._door.refuse(join, kind, refusal(error, "reason"))
        except BaseException as error:
            if self._asking.pop(join, None) is None:
                raise  # given up
            _log.error("a join of %s failed", cut(join.topic), exc_info=error)
            self._door.refuse(join, Refusal.JOIN, {"reason": "join crashed"})
        finally:
            if session is not None:
                session.release()

    async def _refusal(self, session: Session, member: JoinedMember) -> Json:
        """Return what a client that may not join is told; None where it may."""
        try:
            await session.authorize(member)
        except Refuse as error:
            note(
                logging.INFO,
                "refused a join",
                topic=member.join.topic,
                connection=self._door.name,
                user=username(self._door.user),
                reason=brief(error),
            )
            return refusal(error, "reason")
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
        key = asked.get(SESSION) if self._door.is_local else None
        claim = self._claim(asked.get(RESUME), owner)
        if claim is not None and key in (None, claim.holder[0].key):
            session = claim.holder[0]
        else:
            claim = None
            session = self._endpoint.session(join.topic, key if isinstance(key, str) else None)
        topics = chain(self._door.topics, (asking.topic for asking in self._asking))
        client = JoinedMember(
            self._door,
            join,
            {name: value for name, value in params.items() if name != RESERVED_KEY},
            is_own=isinstance(ours, dict),
            limits=self._endpoint.limits,
            rate=None if self._rates is None else self._rates.of(join.topic, topics),
            post=self._endpoint.post,
        )
        if claim is not None:
            client.inherit(claim.holder[1].assigns)
        client.assigns |= copy.deepcopy(self._assigns)
        return session, client, claim

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

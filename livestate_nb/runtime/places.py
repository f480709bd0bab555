"""The places of clients that may come back: tokens that claim them, and how long they are kept.

It must not know what is kept at a place, nor how a token travels.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from livestate_nb.codec import dumps
from livestate_nb.runtime.deadline import Deadline

_MAX_TOKEN: Final = 200
_MAX_DIGITS: Final = 16

Holder = TypeVar("Holder")


@dataclass(frozen=True, slots=True)
class Owner:
    """Say who a token is bound to: in other hands it claims nothing.

    Args:
        principal: names who the transport authenticated.
        is_local: whether the client belongs to this kernel.
        topic: the topic that it joined.
    """

    principal: str
    is_local: bool
    topic: str


@dataclass(slots=True, eq=False)
class Place:
    """Stand for what a client finds again.

    A token names a place and how often it was taken. The join reply that brings a new token may
    be lost with its connection, so an older one holds until its client has shown that it got a
    newer one.

    Args:
        number: names the place; never used twice.
        owner: who may claim it.
        issued: the newest token.
        confirmed: the oldest token that still holds.
        taken: the number of the claim that took it last.
        expiry: when it is given up, while its client is absent.
    """

    number: int
    owner: Owner
    issued: int = 1
    confirmed: int = 1
    taken: int = 0
    expiry: Deadline | None = None

    @property
    def is_uncertain(self) -> bool:
        """Whether its client came back, but may not know that yet."""
        return self.confirmed < self.issued

    def confirm(self) -> None:
        """Note that the client has the newest token."""
        self.confirmed = self.issued


@dataclass(frozen=True, slots=True)
class Claim(Generic[Holder]):
    """Hold what a token that is right asks for.

    Args:
        place: the place that it names.
        holder: what is kept there.
        issue: which of the place's tokens it is.
        received: how many messages of the session its client has.
        number: counts the claims.
    """

    place: Place
    holder: Holder
    issue: int
    received: int
    number: int


class Places(Generic[Holder]):
    """Keep the places of an endpoint's clients.

    A token is an HMAC with a key that no other process has: nothing is stored for it, and none
    outlives the endpoint.

    Args:
        most: how many are kept for clients whose connection is lost; then the oldest one of the
            principal that has most is given up.
        clock: gives seconds.

    Example:
        >>> places: Places[str] = Places(10, lambda: 0.0)
        >>> ann = Owner("ann", False, "room:1")
        >>> token = places.token(places.open(ann, "her seat"))
        >>> claim = places.claim(token, ann, 0)
        >>> claim.holder
        'her seat'
        >>> places.claim(token, Owner("bob", False, "room:1"), 0)
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._count = self._claims = 0
        self._open: dict[int, tuple[Place, Holder]] = {}
        self._absent: dict[tuple[str, bool], dict[Place, None]] = {}
        """By principal, since nobody may push out another's."""
        self._absent_count = 0

    def open(self, owner: Owner, holder: Holder) -> Place:
        """Return a new place for a client that has joined."""
        self._count += 1
        place = Place(self._count, owner)
        self._open[self._count] = place, holder
        return place

    def token(self, place: Place) -> str:
        """Return the newest token of a place."""
        return self._token(place.number, place.issued, place.owner)

    def claim(self, token: object, owner: Owner, received: object) -> Claim[Holder] | None:
        """Return what a client claims, None where its token does not hold (any more).

        Args:
            token: what the client sent: anything.
            owner: who sent it.
            received: how many messages it says to have: anything.
        """
        if not isinstance(token, str) or len(token) > _MAX_TOKEN or not token.isascii():
            return None
        digits = token.split(".")[:2]
        if not all(part.isdecimal() and len(part) <= _MAX_DIGITS for part in digits):
            return None
        number, issue = int(digits[0]), int(digits[-1])
        if not hmac.compare_digest(token, self._token(number, issue, owner)):
            return None
        place, holder = self._open.get(number, (None, None))
        if place is None or holder is None or not place.confirmed <= issue <= place.issued:
            return None
        count = received if isinstance(received, int) and received >= 0 else 0
        self._claims += 1
        return Claim(place, holder, issue, count, self._claims)

    def retake(self, claim: Claim[Holder]) -> bool:
        """Give a place back to its client, and rotate its token.

        Returns:
            False if the claim does not hold any more: the place was given up, or a newer token
            has been used, or the client has asked again since, and has it.
        """
        place = claim.place
        is_over = claim.issue < place.confirmed or claim.number < place.taken
        if place.number not in self._open or is_over:
            return False
        place.taken = claim.number
        self._come(place)
        place.confirmed = claim.issue
        place.issued += 1
        return True

    def keep(self, place: Place, seconds: float, give_up: Callable[[], object]) -> None:
        """Keep the place of a client whose connection is lost.

        Args:
            place: the place.
            seconds: how long.
            give_up: called when the time is over, or too many are absent; it closes the place.
        """
        place.expiry = Deadline(self._clock, seconds, give_up)
        self._absent.setdefault(_who(place), {})[place] = None
        self._absent_count += 1
        if self._absent_count > self._most:
            owner = max(self._absent, key=lambda who: len(self._absent[who]))
            oldest = next(iter(self._absent[owner]))
            if oldest.expiry is not None:
                oldest.expiry.now()

    def close(self, place: Place) -> None:
        """Give a place up: its tokens claim nothing any more."""
        self._come(place)
        self._open.pop(place.number, None)

    def _come(self, place: Place) -> None:
        absent = self._absent.get(_who(place), {})
        if place in absent:
            del absent[place]
            self._absent_count -= 1
            if not absent:
                del self._absent[_who(place)]
        if place.expiry is not None:
            place.expiry.cancel()
            place.expiry = None

    def _token(self, number: int, issue: int, owner: Owner) -> str:
        text = dumps([number, issue, owner.principal, owner.is_local, owner.topic])
        proof = urlsafe_b64encode(hmac.digest(self._key, text, "sha256")).decode()
        return f"{number}.{issue}.{proof}"


def _who(place: Place) -> tuple[str, bool]:
    return place.owner.principal, place.owner.is_local

"""Shares: what an author opened to outsiders, until when, and for pages of which origins.

A record on disk stands for each share, and a token opens only what has its record: other processes
revoke by removing it. It must not know requests, connections or kernels.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jupyter_core.paths import jupyter_data_dir

from livestate_nb.declaration import check_tag, matches
from livestate_nb.errors import DeclarationError, ShareError
from livestate_nb.lifetime import seconds_of
from livestate_nb.transports.uplink_wire import ALL
from livestate_nb_server.errors import Altered, Expired, ForeignOrigin, Revoked
from livestate_nb_server.origins import NULL, allows, is_origin
from livestate_nb_server.records import Records, new_id
from livestate_nb_server.tokens import MAX_TOKEN, Claims, Keys, read, sign

MAX_NAMES: Final = 100
"""Topics, events or origins of one share, at most; the token must hold them all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold what is to be shared.

    Args:
        topics: topics, and patterns such as ``"todos:*"``.
        events: the names of the events that may be dispatched; ``"*"`` for all.
        origins: of the pages that may use it; see `livestate_nb_server.origins.allows`.
        lifetime: how long it is to hold; see `livestate_nb.lifetime.seconds_of`.
        tag: of the element that the pages get; None for none.
    """

    topics: Sequence[str]
    events: Sequence[str] | Literal["*"]
    origins: Sequence[str]
    lifetime: str | float
    tag: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """Hold one share.

    Args:
        id: names it; it opens nothing by itself.
        key: the key that its token is signed by.
        topics: as `Wish` says.
        events: as `Wish` says.
        origins: as `Wish` says.
        expires: until when it holds, in seconds since the epoch.
        created: when it was made, in seconds since the epoch.
        kernel_id: the kernel that made it; None for who has the command line.
        tag: as `Wish` says.
    """

    id: str
    key: str
    topics: tuple[str, ...]
    events: tuple[str, ...] | Literal["*"]
    origins: tuple[str, ...]
    expires: int
    created: float
    kernel_id: str | None
    tag: str | None

    @property
    def claims(self) -> Claims:
        """What its token says."""
        return Claims(self.id, self.key, self.topics, self.events, self.origins, self.expires)

    def opens(self, topic: str) -> bool:
        """Return whether its holder may join a topic."""
        return any(matches(pattern, topic) for pattern in self.topics)

    def takes(self, event: str) -> bool:
        """Return whether its holder may dispatch an event."""
        return self.events == ALL or event in self.events


class Shares:
    """Keep the shares of a user's servers, and tell what a token opens.

    Args:
        directory: where they are kept, with their keys; `default_directory` in production.
        revoked: the names of shares that do not hold, whatever is kept.
        clock: gives seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        revoked: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = Records(directory / "shares", Share)
        self.keys = Keys(directory / "keys", clock)
        self._revoked = frozenset(revoked)
        self._clock = clock

    def make(self, wish: Wish, kernel_id: str | None = None) -> tuple[Share, str]:
        """Make a share and return it with its token, which is kept nowhere.

        Args:
            wish: what is to be shared.
            kernel_id: the kernel that asks for it.

        Raises:
            ShareError: there can be no such share.
            OSError: it cannot be kept.
        """
        _check(wish)
        now = self._clock()
        key = self.keys.newest()
        share = Share(
            new_id(),
            key.id,
            tuple(wish.topics),
            ALL if wish.events == ALL else tuple(wish.events),
            tuple(wish.origins),
            math.ceil(now + seconds_of(wish.lifetime)),
            now,
            kernel_id,
            wish.tag,
        )
        token = sign(share.claims, key)
        if len(token) > MAX_TOKEN:
            raise ShareError(
                "a token names all topics, events and origins: expected fewer or shorter ones, "
                f"got {len(token)} characters, {MAX_TOKEN} are possible"
            )
        for old in self._records.all():
            if old.expires <= now:
                self._records.drop(old.id)
        self._records.keep(share)
        return share, token

    def open(self, token: str, origin: str | None) -> Share:
        """Return the share of a token.

        Args:
            token: what a client brought: any text.
            origin: of its page; None for a client that sends none.

        Raises:
            ShareRefused: the token is altered or signed by an unknown key; or its share has
                expired, was revoked, or is not for pages of this origin.
        """
        claims = read(token, self.keys.find)
        if claims.expires <= self._clock():
            raise Expired
        share = self.find(claims.id)
        if share is None:
            raise Revoked
        if share.claims != claims:
            raise Altered
        if not allows(share.origins, origin):
            raise ForeignOrigin
        return share

    def find(self, name: str) -> Share | None:
        """Return a share that holds now; None where there is none of that name."""
        share = None if name in self._revoked else self._records.find(name)
        return share if share is not None and share.expires > self._clock() else None

    def all(self) -> list[Share]:
        """Return the shares that hold now, the oldest first."""
        now = self._clock()
        held = (
            share
            for share in self._records.all()
            if share.expires > now and share.id not in self._revoked
        )
        return sorted(held, key=lambda share: share.created)

    def revoke(self, name: str) -> bool:
        """End a share; return whether there was one.

        Raises:
            OSError: it cannot be removed.
        """
        return self._records.drop(name)


def default_directory() -> Path:
    """Return where the servers of this user keep their shares, and the command line as well."""
    return Path(jupyter_data_dir()) / "livestate"


def _check(wish: Wish) -> None:
    """Refuse what cannot be shared.

    Raises:
        ShareError: something in it is none of what it may be.
    """
    _check_names("topics such as 'todos:me' or, the star last, 'todos:*'", wish.topics)
    for topic in wish.topics:
        if "*" in topic.removesuffix("*"):
            raise ShareError(f"expected the star of a topic's pattern at its end, got {topic!r}")
    if wish.events != ALL:
        _check_names("names of events, or '*' for all", wish.events, least=0)
    _check_names("origins of pages such as 'https://example.org'", wish.origins)
    for origin in wish.origins:
        if origin != ALL and not is_origin(origin):
            raise ShareError(
                "expected an origin as browsers send it, such as 'https://example.org' or "
                "'http://localhost:8000' (in lower case, without a path and without the port that "
                f"is the default), '{NULL}' or '*', got {origin!r}"
            )
    try:
        if wish.tag is not None:
            check_tag(str(wish.tag))
    except DeclarationError as error:
        raise ShareError(str(error)) from error


def _check_names(expected: str, names: object, least: int = 1) -> None:
    if (
        not isinstance(names, list | tuple)
        or not least <= len(names) <= MAX_NAMES
        or not all(isinstance(name, str) and name and _is_text(name) for name in names)
    ):
        raise ShareError(f"expected {least} to {MAX_NAMES} {expected}, got {names!r}")


def _is_text(name: str) -> bool:
    """Return whether a text can be written; one with a lone surrogate cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

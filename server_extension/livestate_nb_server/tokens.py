"""The tokens of shares: signed texts that say what they open, and the keys that sign them.

``lvs.<key>.<claims>.<proof>``: the key's name, the claims as base64url of JSON, and an HMAC-SHA256
over all before it, by itsdangerous. There is one kind of signature and one spelling of a token. It
must not know who brings a token, nor whether its share still holds.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from livestate_nb.lifetime import LONGEST
from livestate_nb_server.errors import Altered, UnknownKey
from livestate_nb_server.records import Records, new_id

PREFIX: Final = "lvs."
"""What each token begins with: scanners find it where it should not be."""

MAX_TOKEN: Final = 6_000
"""Characters of a token: it must fit into the headers of a request."""

KEY_LIFE: Final = 90 * 86_400.0
"""Seconds that a key signs; then the next share is signed by a new one."""

_SALT: Final = b"livestate_nb share"
_PARTS: Final = 2
"""The parts of a token between its prefix and its proof."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Hold what a token says.

    Args:
        id: of the share.
        key: the key that signs it.
        topics: topics, and patterns such as ``"todos:*"``.
        events: the names of the events that may be dispatched; ``"*"`` for all.
        origins: the origins of the pages that may use it; see `livestate_nb_server.origins`.
        expires: until when it holds, in seconds since the epoch.
    """

    id: str
    key: str
    topics: tuple[str, ...]
    events: tuple[str, ...] | Literal["*"]
    origins: tuple[str, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class Key:
    """Hold what signs tokens.

    Args:
        id: names it in tokens.
        secret: hex digits.
        created: when, in seconds since the epoch.
    """

    id: str
    secret: str = field(repr=False)
    created: float


class Keys:
    """Keep the keys of a server: the newest one signs, all of them verify.

    Args:
        directory: where they lie.
        clock: gives seconds since the epoch.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._records = Records(directory, Key)
        self._clock = clock

    def find(self, name: str) -> Key | None:
        """Return a key; None where this server has none of that name."""
        return self._records.find(name)

    def newest(self) -> Key:
        """Return the key that signs now: a new one where there is none, or none young enough.

        Raises:
            OSError: it cannot be kept.
        """
        newest = max(self._records.all(), key=lambda key: key.created, default=None)
        if newest is None or newest.created + KEY_LIFE <= self._clock():
            return self.rotate()
        return newest

    def rotate(self) -> Key:
        """Make a new key, and drop those that no token can need any more.

        Raises:
            OSError: it cannot be kept.
        """
        now = newest = self._clock()
        for key in self._records.all():
            newest = max(newest, key.created + 1)  # whatever the clock says
            if key.created + KEY_LIFE + LONGEST < now:
                self._records.drop(key.id)
        key = Key(new_id(), secrets.token_hex(32), newest)
        self._records.keep(key)
        return key


def sign(claims: Claims, key: Key) -> str:
    """Return the token that says these claims.

    Args:
        claims: with the key's name in them.
        key: signs it.
    """
    told = base64_encode(msgspec.json.encode(claims)).decode()
    return _signer(key).sign(f"{PREFIX}{key.id}.{told}").decode()


def read(token: str, find: Callable[[str], Key | None]) -> Claims:
    """Return what a token says, whose signature is right.

    Args:
        token: what a client sent: any text.
        find: returns a key by its name.

    Raises:
        UnknownKey: it names none of ours.
        Altered: it is no token, or not exactly one that `sign` returned.
    """
    if len(token) > MAX_TOKEN or not token.isascii() or not token.startswith(PREFIX):
        raise Altered
    signed, _, _ = token.rpartition(".")
    parts = signed.removeprefix(PREFIX).split(".")
    if len(parts) != _PARTS:
        raise Altered
    key = find(parts[0])
    if key is None:
        raise UnknownKey
    signer = _signer(key)
    try:
        signer.unsign(token)
        claims = msgspec.json.decode(base64_decode(parts[1]), type=Claims)
    except (BadData, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Altered from error
    if not hmac.compare_digest(signer.sign(signed), token.encode()):
        raise Altered  # base64 has several spellings of the same proof
    if claims.key != key.id:
        raise Altered  # who has an old key does not sign for a newer one
    return claims


def _signer(key: Key) -> Signer:
    return Signer(
        bytes.fromhex(key.secret), _SALT, key_derivation="hmac", digest_method=hashlib.sha256
    )

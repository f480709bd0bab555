"""What kernel and server say to each other on an uplink; both ends import it.

An uplink is one WebSocket, dialled by the kernel over loopback. Every message on it is
``<kind><number>:<body>``: one letter, the number of the client (or of the request) that it is
about, and a body. Frames of clients are the body as they stand, text in a text message and binary
in a binary one; other bodies are JSON. First both ends prove that they know the key in the kernel's
connection file:

====  ================  =====================================================================
kind  from              body
====  ================  =====================================================================
H     server            ``{"nonce", "proof"}``; the proof is over the nonce in the request
H     kernel            ``{"proof"}``, over the server's nonce
d     kernel            ``{"channels": [pattern], "published": {pattern: time}, "elements": {tag:
                        pattern}}``: all it has now; elements are those of published channels
d     server            the answer: ``{"refused": {pattern: why}}``
o     server            a client: ``{"vsn", "user", "is_local", "principal", "assigns",
                        "has_binary", "frame_bytes"}``
f     both              a frame of a client
x     server            a client has gone: no body
x     kernel            ``{"code", "reason"}``: a client's connection is to be closed
s     server            a client reads too slowly for updates: no body
r     server            it has caught up: no body
t     server            ``{"patterns"}``: all published ones whose new joins others take now
e     server            ``{"tag"}``: asks for the source of an element
e     kernel            the answer: ``{"source"}``, null where it has no such element any more
w     server            asks for the widgets that it shows: no body
w     kernel            the answer: ``{"file", "models": {id: traits}}``; the file shows them, it is
                        among the modules that a server gives to pages
k     kernel            ``{"ask": "share", "topics": [pattern], "events": [name] | "*",
                        "origins": [origin], "expires": seconds from now, "tag": tag | null}``:
                        asks for a token that opens topics it has published to outsiders
k     server            the answer: ``{"token", "id", "expires": seconds since the epoch, "mount":
                        path of the public mount, "script": path of the element | null}``
k     kernel            ``{"ask": "shares"}``: asks for all that it has shared
k     server            the answer: ``{"shares": [{"id", "topics", "events", "origins", "expires",
                        "tag"}]}``
k     kernel            ``{"ask": "revoke", "id"}``: ends one of its shares, ``"*"`` all of them
k     server            the answer: ``{"revoked": [id]}``
k     server            in the place of each of these answers: ``{"error": why}``
====  ================  =====================================================================

From then on each end counts what it sends, and writes ``<count> `` in front: where one is lost,
comes twice or overtakes another, the other end hangs up, and the kernel dials again.

It must not know sockets, relays or endpoints.
"""

import hmac
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from livestate_nb.codec import Json, dumps, loads, read
from livestate_nb.protocol.message import MAX_REASON

URL_VARIABLE: Final = "LIVESTATE_NB_UPLINK_URL"
SECRET_VARIABLE: Final = "LIVESTATE_NB_UPLINK_SECRET"  # noqa: S105 - a name, no secret
SECRET_HEADER: Final = "X-LiveState-Secret"  # noqa: S105 - a name, no secret
NONCE_HEADER: Final = "X-LiveState-Nonce"

HELLO: Final = "H"
DECLARE: Final = "d"
OPEN: Final = "o"
FRAME: Final = "f"
CLOSE: Final = "x"
SLOW: Final = "s"
READY: Final = "r"
TAKEN: Final = "t"
ELEMENT: Final = "e"
WIDGETS: Final = "w"
ASK: Final = "k"

SHARE: Final = "share"
SHARES: Final = "shares"
REVOKE: Final = "revoke"
"""What a kernel may ask the server for, in the body of an `ASK`."""

ALL: Final = "*"
"""Stands for all events in rights, for all origins, and for all shares of a kernel."""

SERVER: Final = "server"
KERNEL: Final = "kernel"

MAX_MESSAGE: Final = 64_000_000
"""Bytes of one message on an uplink, at most."""

_MAX_COUNT: Final = 20
"""Bytes of a message's count with its blank: more than a process will ever send."""

_MAX_HEADER: Final = 24
"""Bytes of a message's tag."""

MAX_FRAME: Final = MAX_MESSAGE - _MAX_COUNT - _MAX_HEADER
"""Bytes of one frame of a client, at most."""

_UTF8: Final = 4
"""Bytes of a character, at most."""

_CODES: Final = range(1000, 5000)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Proof:
    """Hold the body of a kernel's `HELLO`."""

    proof: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """Hold the body of a kernel's `DECLARE`."""

    channels: list[str]
    published: dict[str, float]
    elements: dict[str, str]


@dataclass(frozen=True, slots=True)
class Closing:
    """Hold the body of a kernel's `CLOSE`.

    Raises:
        ValueError: no close frame can carry it (RFC 6455 sections 5.5 and 7.4.2).
    """

    code: int
    reason: str

    def __post_init__(self) -> None:
        if self.code not in _CODES or len(self.reason.encode()) > MAX_REASON:
            raise ValueError(f"expected a close code and a short reason, got {self.code}")


@dataclass(frozen=True, slots=True)
class Source:
    """Hold the body of a kernel's `ELEMENT`."""

    source: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold the body of a kernel's `WIDGETS`."""

    file: str = ""
    models: dict[str, dict[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Hold one message of an uplink.

    Args:
        kind: one of the letters above.
        number: which client or request it is about.
        body: a frame, or JSON text, or nothing.
    """

    kind: str
    number: int
    body: str | bytes

    @property
    def json(self) -> Any:
        """The body's JSON value.

        Raises:
            ValueError: it is not JSON.
        """
        return loads(self.body)

    def read(self, kind: type[T]) -> T:
        """Return the body as what it is to be.

        Raises:
            ValueError: it is not JSON, or another thing.
        """
        return read(self.body, kind)


def carries(frame: str | bytes) -> bool:
    """Return whether an uplink carries a frame: whether it has `MAX_FRAME` bytes at most.

    Example:
        >>> carries("[null]"), carries(bytes(MAX_MESSAGE))
        (True, False)
    """
    size = len(frame)
    if isinstance(frame, bytes) or frame.isascii() or size * _UTF8 <= MAX_FRAME:
        return size <= MAX_FRAME
    return size <= MAX_FRAME and len(frame.encode()) <= MAX_FRAME


def pack(kind: str, number: int, body: str | bytes = "") -> str | bytes:
    """Return the message with this tag: str for a text message, bytes for a binary one.

    Example:
        >>> pack(FRAME, 7, "[null]")
        'f7:[null]'
    """
    if isinstance(body, bytes):
        return f"{kind}{number}:".encode() + body
    return f"{kind}{number}:{body}"


def pack_json(kind: str, number: int, body: object) -> str:
    """Return the text message with this tag and a JSON body."""
    return f"{kind}{number}:{dumps(body).decode()}"


def unpack(message: str | bytes) -> Tagged:
    """Return what a message holds.

    Raises:
        ValueError: it has no such tag.

    Example:
        >>> unpack("f7:[null]")
        Tagged(kind='f', number=7, body='[null]')
    """
    start = message[:_MAX_HEADER]
    header = start if isinstance(start, str) else start.decode("latin-1")
    tag, colon, _ = header.partition(":")
    number = tag[1:]
    if not (colon and number.isascii() and number.isdigit()):
        raise ValueError("expected <kind><number>:<body>")
    return Tagged(tag[0], int(number), message[len(tag) + 1 :])


class Turns:
    """Number the messages that go one way after the proofs, or check those that come.

    When one was not the next, none is any more: what comes behind a gap would make sense by chance.

    Example:
        >>> sending, receiving = Turns(), Turns()
        >>> first, second = sending.stamp("f7:[null]"), sending.stamp(b"f7:bytes")
        >>> first, second
        ('1 f7:[null]', b'2 f7:bytes')
        >>> receiving.check(first)
        'f7:[null]'
        >>> receiving.check(first)
        Traceback (most recent call last):
        ValueError: expected message 2 of the uplink, got '1 f7:[null]'
        >>> receiving.check(second)
        Traceback (most recent call last):
        ValueError: the uplink is broken
    """

    def __init__(self) -> None:
        self._count = 0
        self._is_broken = False

    def stamp(self, message: str | bytes) -> str | bytes:
        """Return the next message as it is sent."""
        self._count += 1
        if isinstance(message, bytes):
            return f"{self._count} ".encode() + message
        return f"{self._count} {message}"

    def check(self, message: str | bytes) -> str | bytes:
        """Return a message as it was before `stamp`.

        Raises:
            ValueError: it is not the next one, or one before it was not.
        """
        if self._is_broken:
            raise ValueError("the uplink is broken")
        self._count += 1
        stamp = f"{self._count} "
        is_next = (
            message.startswith(stamp)
            if isinstance(message, str)
            else message.startswith(stamp.encode())
        )
        if not is_next:
            self._is_broken = True
            start = message[:_MAX_HEADER]
            raise ValueError(f"expected message {self._count} of the uplink, got {start!r}")
        return message[len(stamp) :]


def proof(key: bytes, side: str, kernel_id: str, nonce: str) -> str:
    """Return what proves that a side knows a kernel's key, hex digits.

    Args:
        key: the key in the kernel's connection file.
        side: `SERVER` or `KERNEL`: whose proof it is.
        kernel_id: the kernel.
        nonce: what the other side made up for this connection.
    """
    return hmac.digest(key, f"livestate {side} {kernel_id} {nonce}".encode(), "sha256").hex()

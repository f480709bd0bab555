"""The limits: how much a client, a user and a kernel may ask for, each with its default.

Whoever keeps one finds it here, on the endpoint. It must not know who that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Final, Self

from livestate_nb.errors import LimitError

_MOST: Final = 10**12
"""Where nothing is to be bounded, this is enough."""

OF_KERNELS: Final = (
    "frame_depth",
    "joins",
    "waiting_for_join",
    "events_per_second",
    "events_at_once",
    "waiting_per_client",
    "waiting_per_session",
    "generators",
    "absent_clients",
    "resume_messages",
    "resume_bytes",
    "unread",
    "unread_most",
)
"""The limits that an endpoint keeps, so that kernels have them too; all others are the server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold the limits of a server or a kernel: numbers, all of them greater than 0.

    What a client sees that meets one is in the documentation, on the page The server.

    Args:
        frame_bytes: bytes of one frame of a client.
        frame_depth: arrays and objects in one another, in what a client sends.
        joins: channels that one socket may have joined, and joins of one topic that may replace
            one another before one of them is answered (phoenix socket.ex, 100 channels).
        waiting_for_join: messages of one channel that may wait for the answer to its join.
        sockets_per_user: WebSockets of one user who logged in.
        outsiders: connections of who brings a share, a tenth of them from one address.
        polls: long-poll sessions.
        polls_per_user: long-poll sessions of one user who logged in.
        events_per_second: messages of one client to one session, in the long run; and a tenth as
            many joins of one socket, when it has made twice as many as it may have joined.
        events_at_once: messages by which it may be ahead of that.
        waiting_per_client: messages of one client that may wait in a session; of as many events
            that failed a session remembers how.
        waiting_per_session: messages that may wait in a session.
        generators: generators of one client that may run in a session.
        absent_clients: clients whose places are kept while their connection is lost.
        resume_messages: messages that a session keeps for clients that come back.
        resume_bytes: bytes of payload that they may have together, and so may what one client was
            told of the events of its that failed.
        unread: characters that wait for one client, or in a kernel for its server, from which on
            no updates are sent but, later, the state.
        unread_most: characters that wait for one client at which its connection is closed; in a
            kernel also those that may wait for its server for some seconds.
        uplinks: connections of kernels.
        kernel_topics: topics (or patterns) that one kernel may declare.
        kernel_held: characters of one client's joins that may wait for a kernel.
        kernel_unread: characters that may wait for one kernel to read.
        kernel_unread_per_client: characters of one client among them.

    Raises:
        LimitError: a value is no such number.

    Example:
        >>> Limits(joins=10).joins
        10
        >>> Limits(joins=0)
        Traceback (most recent call last):
        livestate_nb.errors.LimitError: expected joins to be a whole number above 0, \
1000000000000 at most, got 0
    """

    frame_bytes: int = 8_000_000
    frame_depth: int = 100
    joins: int = 100
    waiting_for_join: int = 1_000
    sockets_per_user: int = 1_000
    outsiders: int = 1_000
    polls: int = 1_000
    polls_per_user: int = 100
    events_per_second: float = 200.0
    events_at_once: int = 1_000
    waiting_per_client: int = 1_000
    waiting_per_session: int = 10_000
    generators: int = 100
    absent_clients: int = 10_000
    resume_messages: int = 256
    resume_bytes: int = 64_000
    unread: int = 1_000_000
    unread_most: int = 64_000_000
    uplinks: int = 1_000
    kernel_topics: int = 1_000
    kernel_held: int = 1_000_000
    kernel_unread: int = 64_000_000
    kernel_unread_per_client: int = 16_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name), is_whole=type(field.default) is int)

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Return the limits that config names, and the default of those that it does not.

        Args:
            values: by name.

        Raises:
            LimitError: there is no limit of a name, or a value is no number that it can have.

        Example:
            >>> Limits.of({"event_per_second": 5})
            Traceback (most recent call last):
            livestate_nb.errors.LimitError: there is no limit 'event_per_second': did you mean \
'events_per_second'?
        """
        _check_names(values, [field.name for field in fields(cls)])
        return cls(**values)  # type: ignore[arg-type]  # each is checked

    @classmethod
    def of_kernel(cls, values: Mapping[str, object]) -> Self:
        """Return the limits that the config of a kernel names, and the defaults of the others.

        Args:
            values: by name.

        Raises:
            LimitError: as for `of`, or a name is that of a limit which only servers have.

        Example:
            >>> Limits.of_kernel({"polls": 5})
            Traceback (most recent call last):
            livestate_nb.errors.LimitError: 'polls' is a limit of the server: set it as \
c.LiveStateApp.limits
        """
        for name in values:
            if name not in OF_KERNELS and any(name == field.name for field in fields(cls)):
                raise LimitError(
                    f"{name!r} is a limit of the server: set it as c.LiveStateApp.limits"
                )
        _check_names(values, OF_KERNELS)
        return cls(**values)  # type: ignore[arg-type]  # each is checked


def _check_names(names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise LimitError(f"there is no limit {name!r}: {hint}")


def _check(name: str, value: object, *, is_whole: bool) -> None:
    is_number = type(value) is int or (type(value) is float and not is_whole)
    if not (is_number and 0 < value <= _MOST):  # type: ignore[operator]  # it is one
        what = "a whole number" if is_whole else "a number"
        raise LimitError(f"expected {name} to be {what} above 0, {_MOST} at most, got {value!r}")

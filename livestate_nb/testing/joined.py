"""One joined topic: its state as a client has it, what else came, and assertions on both.

It must not know endpoints, nor how frames are read.
"""

from collections.abc import Callable
from typing import Any, Never, Protocol
from unittest.mock import ANY

from livestate_nb.codec import Json
from livestate_nb.errors import Refuse
from livestate_nb.protocol.message import (
    ERROR,
    EVENT_PREFIX,
    LAST,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    REFRESH,
    RESERVED_KEY,
    SYNC,
)
from livestate_nb.protocol.socket import UNMATCHED
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH
from livestate_nb.testing.inbox import Inbox
from livestate_nb.testing.view import ENDINGS, Push, View, shown


class Pushing(Protocol):
    """Send a message; `AsyncClient.push` does."""

    def __call__(
        self, topic: str, event: str, payload: Json = None, *, ref: str | None = None
    ) -> str:
        """Send it and return its ref."""


class AsyncJoined:
    """Hold one joined topic; `AsyncClient.join` returns it.

    Each assertion looks at what no assertion has taken yet, in the order it came, waits for more
    where need be, and takes the first that fits. Expected values are compared by ``==``;
    ``unittest.mock.ANY`` stands for what does not matter.

    Args:
        topic: the topic.
        params: the join params.
        first: the event that brings the first state.
        inbox: where the client's frames come.
        push: sends messages.
    """

    def __init__(
        self, topic: str, params: dict[str, Json], first: str, inbox: Inbox, push: Pushing
    ) -> None:
        self.topic = topic
        self._params = params
        self._first = first
        self._inbox = inbox
        self._push = push
        self._view = View(topic, "", inbox.frames)
        self._taken: set[Push] = set()
        self._unanswered: dict[str, tuple[str, Json]] = {}
        self._waiting: list[tuple[str, Json]] = []
        """Events that are sent when there is a connection again."""

    # what has come

    @property
    def state(self) -> Json:
        """The state as a client has it now, the last whole one with the patches since.

        Raises:
            AssertionError: none has come.
        """
        if self._view.read().version is None:
            self._fail("a state")
        return self._view.state

    @property
    def version(self) -> int:
        """The version of `state`.

        Raises:
            AssertionError: none has come.
        """
        version = self._view.read().version
        if version is None:
            self._fail("a version")
        return version

    @property
    def versions(self) -> list[int]:
        """The versions of all whole states and patches that came, in order."""
        return [one.payload["version"] for one in self._pushes if one.is_update]

    @property
    def events(self) -> list[tuple[str, Json]]:
        """The (name, detail) of all events that the channel pushed or replied, in order.

        What it told of failures is among them, as ``error``, and so is what a message builder of
        its own told of the state, where that is neither ``state:change`` nor ``state:patch``.
        """
        return [
            (one.event, one.payload)
            for one in self._pushes
            if not (one.is_update or one.event in ENDINGS)
        ]

    @property
    def is_joined(self) -> bool:
        """Whether the channel has neither ended nor crashed, nor the connection closed."""
        return not self.has_ended and self._inbox.is_open

    @property
    def has_ended(self) -> bool:
        """Whether the channel has ended or crashed; a lost connection does not end it."""
        return self._view.read().has_ended

    @property
    def is_resumed(self) -> bool:
        """Whether the last join found the place that the client had before it lost its connection.

        False after the first join, and after one that began afresh.
        """
        return self._view.read().is_resumed

    # what the client does

    def send_event(self, event: str, payload: Json = None) -> None:
        """Dispatch an event to the channel; assert what it leads to, or `settle`.

        Without a connection it waits for `AsyncClient.reconnect`.

        Args:
            event: the event's name.
            payload: any JSON value, or bytes; nothing means ``{}``.

        Raises:
            ProtocolError: the payload is bytes, and topic or event have more than 255.
        """
        if not self._inbox.is_open:
            self._waiting.append((event, payload))
            return
        ref = self._push(self.topic, EVENT_PREFIX + event, payload)
        self._unanswered[ref] = event, payload

    async def settle(self) -> None:
        """Wait until all events that were sent are handled, generators to their end.

        Raises:
            AssertionError: they are not in time, or the channel has ended, also before they
                were sent.
        """
        __tracebackhide__ = True

        def is_settled() -> bool:
            self._forget_answered()
            return not (self._unanswered or self._waiting)

        await self._until(is_settled, "answers to all events")

    def refresh(self) -> None:
        """Ask for the whole state, which comes as a ``state:change``."""
        self._push(self.topic, REFRESH, None)

    async def leave(self) -> None:
        """Leave the topic; return when what was sent before is handled.

        Raises:
            AssertionError: that is not in time, or the channel has ended.
        """
        __tracebackhide__ = True
        await self._answer(self._push(self.topic, PHX_LEAVE, None))

    # assertions

    async def assert_state_change(self, state: Any = ANY, *, version: Any = ANY) -> Json:
        """Wait for a whole state (``state:change``) and return it.

        Args:
            state: what it is to be.
            version: its version.

        Raises:
            AssertionError: no such state came in time; the message says what did.
        """
        __tracebackhide__ = True
        expected = {"state": state, "version": version}
        return (await self._take(STATE_CHANGE, _payload(expected), expected)).state

    async def assert_state_patch(
        self, patch: Any = ANY, *, state: Any = ANY, version: Any = ANY
    ) -> list[Json]:
        """Wait for a patch (``state:patch``) and return its operations.

        Args:
            patch: the RFC 6902 operations that it is to have. Several patches lead from one
                state to another; `state` is what most tests mean.
            state: what it is to lead to.
            version: the version that it leads to.

        Raises:
            AssertionError: no such patch came in time; the message says what did.
        """
        __tracebackhide__ = True
        fits = _payload({"patch": patch, "version": version})
        expected = {"patch": patch, "state": state, "version": version}
        found = await self._take(
            STATE_PATCH, lambda one: fits(one) and one.state == state, expected
        )
        operations: list[Json] = found.payload["patch"]
        return operations

    async def assert_event(self, name: str, detail: Any = ANY) -> Json:
        """Wait for an event that the channel pushes or replies, and return its detail.

        Args:
            name: the event's name; ``"error"`` tells of failures.
            detail: what its detail is to be.

        Raises:
            AssertionError: no such event came in time; the message says what did.
        """
        __tracebackhide__ = True
        return (
            await self._take(name, lambda one: one.payload == detail, {"detail": detail})
        ).payload

    async def assert_close(self) -> None:
        """Wait until the channel has ended for good (``phx_close``).

        Raises:
            AssertionError: it has not in time, or it crashed.
        """
        __tracebackhide__ = True
        await self._take(PHX_CLOSE, lambda _: True, {})

    async def assert_crash(self) -> Json:
        """Wait until the channel has crashed (``phx_error``), and return what is told of it.

        Raises:
            AssertionError: it has not in time, or it ended otherwise.
        """
        __tracebackhide__ = True
        return (await self._take(PHX_ERROR, lambda _: True, {})).payload

    # for the client

    async def join(self) -> None:
        """Join, with the place that there was; return when there is a state, or what came instead.

        Then events are sent that wait, or that a server which knows them has not answered.

        Raises:
            Refuse: the join was refused; ``reason`` is the object that the client was told.
            AssertionError: nothing came in time.
        """
        __tracebackhide__ = True
        before = len(self._pushes)
        claim = self._view.claim
        ref = self._push(self.topic, PHX_JOIN, {**self._params, RESERVED_KEY: claim})
        self._view.follow(ref)
        status, response = await self._answer(ref)
        if status != "ok":
            raise Refuse(response)
        if not self.is_resumed:
            self._unanswered.clear()
            firsts = (self._first, ERROR, *ENDINGS)
            await self._until(
                lambda: any(one.event in firsts for one in self._pushes[before:]),
                f"the first state ({self._first})",
            )
        self._forget_answered()
        for ref, (event, payload) in self._unanswered.items():
            self._push(self.topic, EVENT_PREFIX + event, payload, ref=ref)
        if (
            self.is_resumed
        ):  # our client says that it knows; a leave before that is one that timed out
            self._push(self.topic, SYNC, {LAST: "0"})
        waiting, self._waiting = self._waiting, []
        for event, payload in waiting:
            self.send_event(event, payload)

    # inside

    def _forget_answered(self) -> None:
        for ref, (_, response) in self._view.read().answers.items():
            if response != UNMATCHED:  # no session had it
                self._unanswered.pop(ref, None)

    async def _answer(self, ref: str) -> tuple[str, Json]:
        """Wait for the (status, response) that answers a message."""
        __tracebackhide__ = True
        await self._until(lambda: ref in self._view.read().answers, "an answer")
        return self._view.answers[ref]

    @property
    def _pushes(self) -> list[Push]:
        return self._view.read().pushes

    async def _take(
        self, event: str, fits: Callable[[Push], bool], expected: dict[str, Any]
    ) -> Push:
        __tracebackhide__ = True
        found: list[Push] = []

        def is_here() -> bool:
            found[:] = [
                one
                for one in self._pushes
                if one.event == event and one not in self._taken and fits(one)
            ]
            return bool(found)

        said = ", ".join(
            f"{name}={shown(value)}" for name, value in expected.items() if value is not ANY
        )
        await self._until(is_here, f"{event} with {said}" if said else event)
        self._taken.add(found[0])
        return found[0]

    async def _until(self, condition: Callable[[], bool], wanted: str) -> None:
        """Wait for a condition, but not for what an ended channel will not send."""
        __tracebackhide__ = True
        is_met = False

        def is_decided() -> bool:
            nonlocal is_met
            is_met = condition()
            return is_met or not self.is_joined

        try:
            await self._inbox.until(is_decided)
        except TimeoutError:
            self._fail(f"{wanted} within {self._inbox.timeout:g} s")
        if not is_met:
            self._fail(wanted)

    def _fail(self, wanted: str) -> Never:
        __tracebackhide__ = True
        came = [f"\n  {one}" for one in self._view.pushes if one not in self._taken]
        told = "".join(came) if came else " nothing that no assertion has taken"
        message = f"expected {wanted} on {self.topic!r}, got{':' * bool(came)}{told}"
        if self._inbox.closed is not None:
            code, reason = self._inbox.closed
            message += f"\nthe connection was closed: {code} {reason}"
        elif not self._inbox.is_open:
            message += "\nthe client has closed its connection: reconnect it"
        raise AssertionError(message)


def _payload(expected: dict[str, Any]) -> Callable[[Push], bool]:
    """Return whether a push updates the state, with these members in its payload."""
    return lambda one: one.is_update and {name: one.payload[name] for name in expected} == expected

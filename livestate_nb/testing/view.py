"""What a client makes of the frames of a topic: a state that patches change, and what else came.

Patches are applied by ``jsonpatch``, which knows nothing of ours. It must not know how anybody
waits.
"""

from dataclasses import dataclass
from typing import Any, Final

from livestate_nb.codec import Json
from livestate_nb.protocol import Message
from livestate_nb.protocol.message import (
    MAX_VERSION,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_REPLY,
    RECEIVED,
    RESERVED_KEY,
    RESUME,
    RESUMED,
    TOKEN,
)
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH
from livestate_nb.testing.frames import decode

ENDINGS: Final = (PHX_CLOSE, PHX_ERROR)

_CONTENTS: Final[dict[str, dict[str, type]]] = {
    STATE_CHANGE: {"state": object, "version": int},
    STATE_PATCH: {"patch": list, "version": int},
}
"""What updates of the state have; a builder of one's own may send anything by their names."""

_SHOWN: Final = 400
"""Characters of a value in a message."""


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """Hold what was pushed.

    Args:
        event: its name.
        payload: any JSON value, or bytes.
        state: the state when it had come.
        is_update: whether it changed the state; else it is an event, whatever its name.
    """

    event: str
    payload: Json
    state: Json
    is_update: bool

    def __str__(self) -> str:
        return f"{self.event} {shown(self.payload)}"


class View:
    """Read what has come for one join and those that resume it, each frame once, when asked.

    Args:
        topic: the topic.
        join_ref: the ref of the join.
        frames: what the client was sent, which grows.

    Attributes:
        state: the state as the client has it now; None before the first.
        version: its version; None before the first.
        max_version: the version that is followed by 0; None where nobody said.
        pushes: all pushes, in order.
        answers: ref -> (status, response).
        has_ended: whether the channel has ended or crashed.
        is_resumed: whether the last join found the place that the client had.
    """

    def __init__(self, topic: str, join_ref: str, frames: list[str | bytes]) -> None:
        self.state: Json = None
        self.version: int | None = None
        self.max_version: int | None = None
        self.pushes: list[Push] = []
        self.answers: dict[Json, tuple[str, Json]] = {}
        self.has_ended = False
        self.is_resumed = False
        self._token: str | None = None
        self._received = 0
        self._topic = topic
        self._join_ref = join_ref
        self._frames = frames
        self._position = 0

    @property
    def claim(self) -> Json:
        """What the next join says under our own client's key: the place that it had, if it had one.

        All that has come must be read.
        """
        if self._token is None:
            return {}
        return {RESUME: {TOKEN: self._token, RECEIVED: self._received}}

    def follow(self, join_ref: str) -> None:
        """Read on with another join of the topic."""
        self._join_ref = join_ref

    def read(self) -> "View":
        """Read the frames that have come since, and return the view.

        Raises:
            AssertionError: a patch does not follow what came before.
        """
        while self._position < len(self._frames):
            message = decode(self._frames[self._position])
            self._position += 1
            if message.topic == self._topic and message.join_ref in (self._join_ref, None):
                self._receive(message)  # a join of what nobody serves is answered without one
        return self

    def _receive(self, message: Message) -> None:
        event, payload = message.event, message.payload
        if event == PHX_REPLY:
            self.answers[message.ref] = payload["status"], payload["response"]
            if message.ref == self._join_ref and payload["status"] == "ok":
                self._take_place(payload["response"].get(RESERVED_KEY, {}))
            return
        is_update = event in _CONTENTS and _has(payload, _CONTENTS[event])
        if is_update and event == STATE_CHANGE:
            self.state, self.version = payload["state"], payload["version"]
        elif is_update:
            self._apply(payload["patch"], payload["version"])
        if event in ENDINGS:
            self.has_ended = True
        else:
            self._received += 1
        self.pushes.append(Push(event, payload, self.state, is_update))

    def _take_place(self, terms: Json) -> None:
        self.max_version = terms.get(MAX_VERSION)
        self.is_resumed = terms.get(RESUMED, False)
        self._token, self._received = terms.get(TOKEN), terms.get(RECEIVED, 0)

    def _apply(self, patch: list[Json], version: int) -> None:
        before = self.version
        due = None if before is None else 0 if before == self.max_version else before + 1
        if version != due:
            raise AssertionError(
                f"expected a patch to version {due} on {self._topic!r}, got one to {version}"
            )
        self.state, self.version = _jsonpatch().apply_patch(self.state, patch), version


def _has(payload: Json, members: dict[str, type]) -> bool:
    """Return whether a payload has these members, of these types."""
    return isinstance(payload, dict) and all(
        name in payload and isinstance(payload[name], kind) for name, kind in members.items()
    )


def _jsonpatch() -> Any:
    try:
        import jsonpatch  # noqa: PLC0415 - an extra, which only this kit needs
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'patches are applied with jsonpatch: pip install "livestate_nb[testing]"'
        ) from error
    return jsonpatch


def shown(value: object) -> str:
    """Return a value as it stands in the message of a failed assertion, cut short."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""What a client makes of the frames of one join: a state that patches change, and what else came.

Patches are applied by ``jsonpatch``, which knows nothing of ours. It must not know how anybody
waits.
"""

from dataclasses import dataclass
from typing import Any, Final

from livestate_nb.codec import Json
from livestate_nb.protocol import Message
from livestate_nb.protocol.message import PHX_CLOSE, PHX_ERROR, PHX_REPLY
from livestate_nb.runtime.failure import cut
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH
from livestate_nb.testing.frames import decode

ENDINGS: Final = (PHX_CLOSE, PHX_ERROR)
UPDATES: Final = (STATE_CHANGE, STATE_PATCH)

_SHOWN: Final = 400
"""Characters of a payload in a message."""


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """Hold what was pushed.

    Args:
        event: its name.
        payload: any JSON value, or bytes.
        state: the state when it had come.
    """

    event: str
    payload: Json
    state: Json

    def __str__(self) -> str:
        return f"{self.event} {cut(self.payload, _SHOWN)}"


class View:
    """Read what has come for one join, each frame once, when asked.

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
    """

    def __init__(self, topic: str, join_ref: str, frames: list[str | bytes]) -> None:
        self.state: Json = None
        self.version: int | None = None
        self.max_version: int | None = None
        self.pushes: list[Push] = []
        self.answers: dict[Json, tuple[str, Json]] = {}
        self.has_ended = False
        self._topic = topic
        self._join_ref = join_ref
        self._frames = frames
        self._position = 0

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
            return
        if event == STATE_CHANGE:
            self.state, self.version = payload["state"], payload["version"]
        elif event == STATE_PATCH:
            self._apply(payload["patch"], payload["version"])
        self.has_ended = self.has_ended or event in ENDINGS
        self.pushes.append(Push(event, payload, self.state))

    def _apply(self, patch: list[Json], version: int) -> None:
        before = self.version
        due = None if before is None else 0 if before == self.max_version else before + 1
        if version != due:
            raise AssertionError(
                f"expected a patch to version {due} on {self._topic!r}, got one to {version}"
            )
        self.state, self.version = _jsonpatch().apply_patch(self.state, patch), version


def _jsonpatch() -> Any:
    try:
        import jsonpatch  # noqa: PLC0415 - an extra, which only this kit needs
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'patches are applied with jsonpatch: pip install "livestate_nb[testing]"'
        ) from error
    return jsonpatch

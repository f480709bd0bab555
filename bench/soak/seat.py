"""One joined topic as a client of the soak follows it: its document, and what it waits for.

It holds what comes against what the client did, and notes each difference. It must not know
sockets.
"""

from collections.abc import Callable
from typing import Any, Final

import jsonpatch
import jsonpointer

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

VERSIONS: Final = 1000
"""The version that is followed by 0, where the server does not say."""

PATCHES: Final = {"steps": 3}
"""Patches of the events that have more than one."""

ECHOES: Final = {"ask": "told", "blob": "blob"}
"""The events that are answered with one of their own."""

FAILING: Final = "fail"


class Seat:
    """Follow a topic through its joins.

    Args:
        topic: the topic.
        is_own: whether the client joins as our own does: it gets answers, and comes back.
        is_alone: whether nobody else changes the state.
        may_skip: whether updates may be left out for it, since it is sent more than it reads.
        fault: called with what is not as it should be.
    """

    def __init__(
        self,
        topic: str,
        *,
        is_own: bool,
        is_alone: bool,
        may_skip: bool,
        fault: Callable[[str], None],
    ) -> None:
        self.topic = topic
        self.is_own = is_own
        self.document: Any = None
        self.version: int | None = None
        self.is_joined = False
        self.is_leaving = False
        self.asked = 0
        """Whole states that it has asked for and not got."""
        self.compared = 0
        """How often its document was held against the server's."""
        self.unanswered: dict[str, tuple[str, Any]] = {}
        self._again: dict[str, tuple[str, Any]] = {}
        """Events that were sent once more: their first answer may have been on its way then."""
        self._is_alone = is_alone
        self._may_skip = may_skip
        self._fault = fault
        self._join_ref = ""
        self._versions = VERSIONS
        self._token: str | None = None
        self._received = 0
        self._takes_whole = True
        """Whether the next whole state may be another than the document: after a join."""
        self._gets_first = True
        """Whether that comes unasked."""
        self._stray = 0
        """Whole states that may come though nothing waits for them: asked for on a lost line."""
        self._due = 0
        """Patches, by what was sent."""
        self._handled = 0
        self._echoes = 0

    # what the client does

    def joining(self, ref: str) -> None:
        """Note that a join is sent, and that what was asked for before is lost."""
        self._join_ref = ref
        self._stray += self.asked
        self.is_joined, self._takes_whole, self.asked = False, True, 0

    @property
    def params(self) -> dict[str, Any]:
        """The params of the next join."""
        if not self.is_own:
            return {}
        claim = {TOKEN: self._token, RECEIVED: self._received}
        return {RESERVED_KEY: {} if self._token is None else {RESUME: claim}}

    def sent(self, ref: str, event: str, payload: Any) -> None:
        """Note that an event is sent for the first time."""
        if self.is_own:
            self.unanswered[ref] = event, payload
        self._due += PATCHES.get(event, 1)
        self._handled += event != FAILING
        self._echoes += event in ECHOES

    def send_again(self) -> list[tuple[str, str, Any]]:
        """Return (ref, event, payload) of what has no answer, and must be sent once more."""
        self._again |= self.unanswered
        return [(ref, event, payload) for ref, (event, payload) in self.unanswered.items()]

    @property
    def is_settled(self) -> bool:
        """Whether all has come that must come, each thing as often as it should."""
        if not self.is_joined or self.asked or self.unanswered or self.version is None:
            return False
        return not self._is_alone or (
            self.version == self._due % (self._versions + 1)
            and self.document["handled"] == self._handled
            and self._echoes == 0
        )

    def __str__(self) -> str:
        handled = self.document and self.document["handled"]
        return (
            f"{self.topic}: joined {self.is_joined}, asked {self.asked}, "
            f"unanswered {self.unanswered}, version {self.version} of {self._due}, "
            f"handled {handled} of {self._handled}, echoes due {self._echoes}"
        )

    # what comes

    def take(self, message: Message) -> None:
        """Take a message of the topic; what belongs to an earlier join is nobody's."""
        if message.join_ref != self._join_ref:
            return
        event, payload = message.event, message.payload
        if event == PHX_REPLY:
            self._answered(str(message.ref), payload["status"], payload["response"])
            return
        if event == PHX_CLOSE and self.is_leaving:
            self.is_joined = False
            return
        self._received += 1
        if event == STATE_CHANGE:
            self._whole(payload["state"], payload["version"])
        elif event == STATE_PATCH:
            self._patch(payload["patch"], payload["version"])
        elif event in ECHOES.values():
            self._echoes -= 1
            if self._echoes < 0:
                self._fault(f"{self.topic}: {event} came once more than it was asked for")
        elif event in (PHX_CLOSE, PHX_ERROR) or payload["event"] != FAILING:
            self._fault(f"{self.topic}: {event} {payload}")

    def _answered(self, ref: str, status: str, response: Any) -> None:
        if ref == self._join_ref:
            terms = response.get(RESERVED_KEY, {})
            if status != "ok" or (self._token and not terms[RESUMED]):
                self._fault(f"{self.topic}: joined with {status} {response}")
            self.is_joined = True
            self._gets_first = not terms.get(RESUMED, False)
            self._stray += not self._gets_first  # who has missed too much gets one
            self._versions = terms.get(MAX_VERSION, VERSIONS)
            self._token, self._received = terms.get(TOKEN), terms.get(RECEIVED, 0)
        elif not self.is_leaving and self.is_own:
            answered = self.unanswered.pop(ref, None) or self._again.pop(ref, None)
            event, _ = answered or ("nothing", None)
            if event == "nothing" or (status == "ok") == (event == FAILING):
                self._fault(f"{self.topic}: {status} {response} for {event} ({ref})")

    def _whole(self, state: Any, version: int) -> None:
        if self._takes_whole or self._may_skip:
            self.document, self.version = state, version
        elif (self.document, self.version) != (state, version):
            self._fault(f"{self.topic}: version {self.version} is not the server's {version}")
        else:
            self.compared += 1
        if self._gets_first:
            self._gets_first = False
        elif self.asked:
            self.asked -= 1
        elif self._stray:
            self._stray -= 1
        elif not self._may_skip:
            self._fault(f"{self.topic}: a whole state that nobody asked for")
        self._takes_whole = False

    def _patch(self, patch: list[Any], version: int) -> None:
        due = None if self.version is None else (self.version + 1) % (self._versions + 1)
        if version != due:
            self._fault(f"{self.topic}: expected version {due}, got {version}")
        self._takes_whole = False
        try:
            self.document = jsonpatch.apply_patch(self.document, patch, in_place=True)
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            self._fault(f"{self.topic}: {patch} does not apply: {error}")
        self.version = version

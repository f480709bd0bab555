"""The ways of players to the endpoint, in the second version of the wire or the first one.

Players write and read the second; the first is translated on the way. They must not know players.
"""

from livestate_nb.codec import dumps, loads
from livestate_nb.protocol import Message
from livestate_nb.protocol.message import PHX_CLOSE, PHX_ERROR, PHX_JOIN, PHX_REPLY
from livestate_nb.runtime.drain import GOING_AWAY
from livestate_nb.testing.frames import decode, encode
from livestate_nb.testing.inbox import Inbox


class Tongue:
    """Speak the second version of the wire, as players do."""

    vsn = "2.0.0"

    def says(self, frame: str | bytes, *, tells: bool = False) -> str | bytes:
        """Return what goes to the server for a frame of the second version.

        Args:
            frame: the frame.
            tells: whether it says in any case which join it belongs to.
        """
        return frame

    def hears(self, frame: str | bytes) -> str | bytes:
        """Return the frame of the second version for what came from the server, as it comes."""
        return frame


class FirstTongue(Tongue):
    """Speak the first version, whose server does not say which join a frame is for.

    Args:
        tells: whether the client says its own joins' refs, as few do.
    """

    vsn = "1.0.0"

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells
        self._joins: dict[str, str] = {}
        self._replaced: dict[str, list[str]] = {}
        """By topic the joins whose place a later one took, and whose ends are to be told."""

    def says(self, frame: str | bytes, *, tells: bool = False) -> str | bytes:
        join_ref, ref, topic, event, payload = decode(frame)
        if event == PHX_JOIN:
            if topic in self._joins:
                self._replaced.setdefault(topic, []).append(self._joins[topic])
            self._joins[topic] = join_ref
        told = {"join_ref": join_ref} if tells or self._tells else {}
        fields = {"topic": topic, "event": event, "payload": payload, "ref": ref, **told}
        return dumps(fields).decode()

    def hears(self, frame: str | bytes) -> str | bytes:
        assert isinstance(frame, str), "bytes came to who cannot read them"
        fields = loads(frame)
        assert set(fields) == {"topic", "event", "payload", "ref"}
        topic, event, payload = fields["topic"], fields["event"], fields["payload"]
        join_ref = self._joins.get(topic)
        is_refusal = event == PHX_REPLY and payload["status"] == "error"
        if event == PHX_CLOSE and self._replaced.get(topic):
            join_ref = self._replaced[topic].pop(0)
        elif event in (PHX_CLOSE, PHX_ERROR) or (is_refusal and fields["ref"] == join_ref):
            assert join_ref is not None, f"the end of what was not joined: {frame}"
            del self._joins[topic]
        return encode(Message(join_ref, fields["ref"], topic, event, payload))


class Way:
    """Carry frames to a client until it is cut: implements `livestate_nb.runtime.Transport`."""

    def __init__(self, inbox: Inbox, tongue: Tongue) -> None:
        self.is_congested = False
        self.is_cut = False
        self._inbox = inbox
        self._tongue = tongue

    def send(self, frame: str | bytes) -> None:
        if not self.is_cut:
            self._inbox.send(self._tongue.hears(frame))

    def close(self, code: int, reason: str) -> None:
        assert code == GOING_AWAY, f"a well-made client was closed: {code} {reason}"

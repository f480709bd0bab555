"""The client's end of V2 frames: what it writes, and how it reads what a server writes.

Text frames are the same both ways and the real serializer's; a binary push has a ref only on the
way to the server. It must not know what a message means.
"""

from typing import Final

from livestate_nb.codec import Json
from livestate_nb.protocol import Message, SerializerV2, pack, pushed
from livestate_nb.protocol.message import PHX_JOIN

_serializer: Final = SerializerV2()


def encode(message: Message) -> str | bytes:
    r"""Return the frame that sends a message to a server, binary where its payload is bytes.

    Raises:
        ProtocolError: a binary frame has no room for its topic or event.

    Example:
        >>> encode(Message("1", "2", "todo:all", "lvs_evt:image", b"\x89PNG"))
        b'\x00\x01\x01\x08\r12todo:alllvs_evt:image\x89PNG'
    """
    if not isinstance(message.payload, bytes):
        return _serializer.encode(message)
    texts = [str(text or "").encode() for text in message[:4]]
    return pack(texts, message.payload)


def decode(frame: str | bytes) -> Message:
    r"""Return the message in a frame from a server.

    Example:
        >>> decode(b"\x00\x01\x08\x051todo:allimage\x89PNG")
        Message(join_ref='1', ref=None, topic='todo:all', event='image', payload=b'\x89PNG')
    """
    return _serializer.decode(frame) if isinstance(frame, str) else pushed(frame)


class Writer:
    """Write the frames of one client: number its messages, and say which join they belong to.

    Attributes:
        last: the number of the last message.

    Example:
        >>> writer = Writer()
        >>> writer.write("todo:all", "phx_join", {})
        ('1', '["1","1","todo:all","phx_join",{}]')
        >>> writer.write("todo:all", "lvs_refresh", {})
        ('2', '["1","2","todo:all","lvs_refresh",{}]')
    """

    def __init__(self) -> None:
        self.last = 0
        self._joins: dict[str, str] = {}

    def write(
        self, topic: str, event: str, payload: Json, ref: str | None = None
    ) -> tuple[str, str | bytes]:
        """Return the ref and the frame of a message.

        Args:
            topic: the topic, joined but for ``phx_join``.
            event: the event's name on the wire.
            payload: any JSON value, or bytes.
            ref: the one that it had, if it is sent again.
        """
        if ref is None:
            self.last += 1
            ref = str(self.last)
        if event == PHX_JOIN:
            self._joins[topic] = ref
        return ref, encode(Message(self._joins.get(topic), ref, topic, event, payload))

"""Phoenix Channels V2, without IO: messages, their frames, and what a frame means for a socket.

It must not know asyncio, tornado, a clock, channels or states.
"""

from livestate_nb.protocol.message import Message
from livestate_nb.protocol.serializer import (
    SerializerV1,
    SerializerV2,
    pack,
    pushed,
    serializer_for,
)
from livestate_nb.protocol.socket import (
    Action,
    Deliver,
    Join,
    Leave,
    Reject,
    Send,
    Socket,
    Start,
    Stop,
)

__all__ = [
    "Action",
    "Deliver",
    "Join",
    "Leave",
    "Message",
    "Reject",
    "Send",
    "SerializerV1",
    "SerializerV2",
    "Socket",
    "Start",
    "Stop",
    "pack",
    "pushed",
    "serializer_for",
]

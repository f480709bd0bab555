"""Fuzz by coverage: atheris changes bytes until they reach what no bytes before them reached.

``python -m tests.fuzz.guided -runs=1000000`` (and libFuzzer's other options). It ends with an error
at the first input that raises what is not declared. It must not know sessions or sockets.
"""

import sys
from collections.abc import Callable
from typing import Final

import atheris

with atheris.instrument_imports(include=["livestate_nb", "livestate_nb_server"]):
    from livestate_nb.codec import dumps
    from livestate_nb.errors import ProtocolError
    from livestate_nb.limits import Limits
    from livestate_nb.protocol import Join, Message, Socket, pushed, serializer_for
    from livestate_nb.protocol.head import Head, head_of
    from livestate_nb.runtime.places import Owner, Places
    from livestate_nb.transports import uplink_wire as wire
    from livestate_nb_server.params import auth_token, connect_params

_OWNER: Final = Owner("ann", False, "t:1")


def frames(vsn: str, data: bytes) -> None:
    """Read one frame, binary or text, and let a socket and a relay look at it."""
    serializer = serializer_for(vsn)
    for frame in (data, data.decode("utf-8", "replace")):
        try:
            message = serializer.decode(frame)
        except ProtocolError:
            continue
        assert head_of(frame, serializer) == Head(*message[:4])
        if not isinstance(message.payload, bytes):
            serializer.encode(message)
        socket = Socket(lambda topic: topic.startswith("t:"), Limits())
        for _ in range(2):
            actions = socket.receive(message)
            if actions and isinstance(actions[-1], Join):
                socket.accept(actions[-1], {})


def first_version(data: bytes) -> None:
    """Read a frame of V1."""
    frames("1.0.0", data)


def second_version(data: bytes) -> None:
    """Read a frame of V2."""
    frames("2.0.0", data)


def server_frame(data: bytes) -> None:
    """Read a binary frame of a server."""
    try:
        message = pushed(data)
    except ProtocolError:
        return
    assert isinstance(message, Message)


def uplink_message(data: bytes) -> None:
    """Read a message of a kernel, and its body as each of what it may be."""
    for message in (data, data.decode("utf-8", "replace")):
        try:
            tagged = wire.unpack(message)
        except ValueError:
            continue
        for kind in (wire.Declaration, wire.Closing, wire.Source, wire.Proof):
            try:
                tagged.read(kind)
            except ValueError:
                continue


def token(data: bytes) -> None:
    """Claim a place."""
    places: Places[str] = Places(10, lambda: 0.0)
    places.open(_OWNER, "a seat")
    assert places.claim(data.decode("utf-8", "replace"), _OWNER, 0) is None


def query(data: bytes) -> None:
    """Read connect params, and an authToken."""
    text = data.decode("utf-8", "replace")
    for read in (connect_params, auth_token):
        try:
            dumps(read(text))
        except ValueError:
            continue


TARGETS: Final[list[Callable[[bytes], None]]] = [
    first_version,
    second_version,
    server_frame,
    uplink_message,
    token,
    query,
]


def one_input(data: bytes) -> None:
    """Try one input on the target that its first byte names."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()

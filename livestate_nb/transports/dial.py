"""Open an uplink: dial the server's side listener, and prove which kernel this is.

It must not know what travels on an uplink afterwards.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from livestate_nb.errors import HostError
from livestate_nb.transports import uplink_wire as wire

_PATIENCE: Final = 5.0
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class Address:
    """Say where a kernel's server is and how the kernel proves which one it is.

    Args:
        url: of the server's side listener, ``ws://127.0.0.1:port/kernel/``.
        secret: what the server gave to its kernels.
        kernel_id: this kernel.
        key: the key in its connection file.
    """

    url: str
    secret: str = field(repr=False)
    kernel_id: str
    key: bytes = field(repr=False)


async def dial(address: Address) -> WebSocketClientConnection:
    """Return a socket to the server, which knows now that we are the kernel we say.

    Raises:
        HostError: that server is not this kernel's, and will not be.
        OSError: it cannot be reached (`tornado.httpclient.HTTPError`, TimeoutError: the same).
    """
    nonce = secrets.token_hex(16)
    request = HTTPRequest(
        address.url + address.kernel_id,
        headers={wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: nonce},
        connect_timeout=_PATIENCE,
        request_timeout=_PATIENCE,
    )
    try:
        socket = await websocket_connect(request, max_message_size=wire.MAX_MESSAGE)
    except HTTPClientError as error:
        if error.code != _FORBIDDEN:
            raise
        raise HostError("what listens there gave its secret to other kernels") from error
    try:
        async with asyncio.timeout(_PATIENCE):
            await _prove(socket, address, nonce)
    except BaseException:
        socket.close()
        raise
    if socket.protocol is not None:
        socket.protocol.set_nodelay(True)  # tornado takes it back when the request is sent
    return socket


async def _prove(socket: WebSocketClientConnection, address: Address, nonce: str) -> None:
    """Let each side prove that it knows this kernel's key."""
    key, kernel_id = address.key, address.kernel_id
    message = await socket.read_message()
    if message is None:
        raise HostError("the Jupyter server that started this process does not run this kernel")
    hello = wire.unpack(message).json
    if not hmac.compare_digest(hello["proof"], wire.proof(key, wire.SERVER, kernel_id, nonce)):
        raise HostError("what listens there does not know this kernel's key")
    ours = wire.proof(key, wire.KERNEL, kernel_id, hello["nonce"])
    await socket.write_message(wire.pack_json(wire.HELLO, 0, {"proof": ours}))

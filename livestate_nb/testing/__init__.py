"""Test channels: clients of an endpoint in the test's process, or of a running server.

`Rig` and `connect` are for plain tests, `AsyncRig` and `connect_async` for async ones. The pytest
plugin `livestate_nb.fixtures` has them as fixtures.
"""

from livestate_nb.testing.blocking import Client, Joined, Rig, connect
from livestate_nb.testing.client import AsyncClient
from livestate_nb.testing.joined import AsyncJoined
from livestate_nb.testing.remote import connect_async
from livestate_nb.testing.rig import AsyncRig
from livestate_nb.testing.server import Server, serving

__all__ = [
    "AsyncClient",
    "AsyncJoined",
    "AsyncRig",
    "Client",
    "Joined",
    "Rig",
    "Server",
    "connect",
    "connect_async",
    "serving",
]

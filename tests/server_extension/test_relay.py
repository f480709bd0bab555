"""Channels of real kernels through a real server: bound sockets, published topics, kernels' ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server_extension.kernels import SETUP, Bind, CellError, Kernel, soon
from tests.server_extension.web import Connect, status

Start = Callable[[], Awaitable[Kernel]]


async def test_a_socket_bound_to_a_kernel_reaches_what_its_cells_declared(
    kernels: Start, bind: Bind
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    web = await bind(kernel.id)
    assert (await web.join("cells:a"))["state"] == {"n": 0}
    await web.dispatch("cells:a", "inc")
    patch = await web.wait("state:patch")
    assert patch["patch"] == [{"op": "replace", "path": "/n", "value": 1}]

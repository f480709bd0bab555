"""An endpoint for each test of the runtime."""

from collections.abc import AsyncIterator

import pytest_asyncio

from livestate_nb.runtime import Endpoint


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    await endpoint.close()

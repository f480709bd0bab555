"""An endpoint for each test of the runtime; a test names limits of its own with parametrize."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest_asyncio.fixture
async def endpoint(limits: Limits) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(limits=limits)
    yield endpoint
    await endpoint.close()

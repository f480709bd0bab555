"""One server and one client's program for all that harms neither for good."""

from collections.abc import Iterator

import pytest

from tests.faults.page import Program, bundle
from tests.faults.site import site
from tests.servers import Server


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Return our client's program for node."""
    return bundle(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that outlives what is done to it."""
    with site(tmp_path_factory.mktemp("site")) as server:
        yield server

"""The pytest plugin: the testing kit as fixtures.

pytest imports it in every project of its environment: it must import nothing until a fixture is
used.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from livestate_nb.testing import Rig, Server


@pytest.fixture
def livestate() -> "Iterator[Rig]":
    """Run channels in this process: ``livestate.declare(Todos)``, ``livestate.join(topic)``."""
    from livestate_nb.testing import Rig  # noqa: PLC0415 - see above

    with Rig() as rig:
        yield rig


@pytest.fixture(scope="session")
def livestate_modules() -> list[str]:
    """Name the modules whose channels `livestate_server` hosts: define your own to do so."""
    return []


@pytest.fixture(scope="session")
def livestate_server(livestate_modules: list[str]) -> "Iterator[Server]":
    """Run a Jupyter server that hosts the channels of `livestate_modules`."""
    from livestate_nb.testing import serving  # noqa: PLC0415 - see above

    with serving(*livestate_modules) as server:
        yield server

"""What an author is told of sessions."""

from typing import Any

import pytest

from livestate_nb import Channel, User, report
from livestate_nb.runtime import Endpoint
from tests.clients import Client

pytestmark = pytest.mark.asyncio


class Room(Channel, topic="room", shared=True):
    def init(self, params: Any) -> Any:
        return {}


async def test_the_overview_names_who_is_joined_and_counts_who_is_away() -> None:
    endpoint = Endpoint()
    endpoint.declare(Room)
    ann, bob = Client(endpoint, user=User("ann")), Client(endpoint, user=User("bob"))
    for client in (ann, bob):
        await client.join("room", {"livestate": {}})
    bob.connection.lost()
    text = report.overview(endpoint.channels, endpoint.sessions, [], [], {})
    assert "1 joined, 1 away: ann" in text
    await endpoint.close()

"""The kit in plain tests: the same, with calls that block."""

import asyncio
import threading
from typing import Any, ClassVar

import pytest

from livestate_nb import Channel, Refuse, User, on
from livestate_nb.testing import Rig
from tests.clients import PATIENCE
from tests.testing.channels import Fragile, Room, Tally


def test_a_plain_test_joins_sends_and_asserts(livestate: Rig) -> None:
    livestate.declare(Tally)
    tally = livestate.join("tally:a", {"start": 1})
    assert tally.assert_state_change({"n": 1}, version=0) == {"n": 1}
    tally.send_event("add")
    tally.assert_state_patch([{"op": "replace", "path": "/n", "value": 2}], version=1)
    tally.send_event("tell")
    assert tally.assert_event("told") == {"n": 2}
    tally.send_event("climb")
    tally.settle()
    assert (tally.topic, tally.state, tally.version) == ("tally:a", {"n": 4}, 1)
    assert tally.versions == [0, 1, 2, 3, 0, 1]
    assert tally.events == [("told", {"n": 2}), ("told", {"again": True})]
    tally.refresh()
    tally.assert_state_change({"n": 4})
    tally.leave()
    tally.assert_close()
    assert not tally.is_joined


def test_several_clients_share_a_room(livestate: Rig) -> None:
    livestate.declare(Room)
    client = livestate.connect(User("ann"))
    ann, bob = client.join("room:1"), livestate.join("room:1", user=User("bob"))
    ann.send_event("say", {"text": "hello"})
    bob.assert_state_patch(state={"said": [["ann", "hello"]]})
    client.close()
    livestate.broadcast("news", "rain")
    bob.assert_state_patch(state={"said": [["ann", "hello"], ["news", "rain"]]})
    assert ann.versions == [0, 1]


def test_what_is_refused_or_crashes_is_told(livestate: Rig) -> None:
    livestate.declare(Tally, Fragile)
    with pytest.raises(Refuse, match="not with a secret"):
        livestate.join("tally:a", {"secret": "x"})
    fragile = livestate.join("fragile")
    fragile.send_event("drop")
    assert fragile.assert_crash() == {"reason": "channel_crash"}


def test_a_rig_ends_its_clients_and_its_thread() -> None:
    before = {*threading.enumerate()}
    with Rig(Tally) as rig:
        client = rig.connect()
        client.join("tally:a")
    assert client.closed == (1012, "the server is going away")
    for thread in {*threading.enumerate()} - before:
        thread.join(PATIENCE)  # one that ran a handler ends soon after
        assert not thread.is_alive()


def test_a_rig_may_be_closed_twice() -> None:
    with Rig(Tally) as rig:
        rig.close()


class Lobby(Channel, topic="lobby:*"):
    told: ClassVar[list[str]] = []

    def init(self, params: Any) -> Any:
        return {"n": 0}

    def left(self, state: Any) -> None:
        self.told.append("left")

    async def ended(self, state: Any) -> None:
        self.told.append("ended")

    @on("hang")
    async def hang(self, payload: Any, state: Any) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("way", ["leaves", "loses its connection"])
def test_a_test_waits_for_what_a_channel_does_at_the_end(livestate: Rig, way: str) -> None:
    class Hasty(Lobby, topic="lobby:*", grace=0):
        """Keeps no place."""

    Lobby.told.clear()
    livestate.declare(Hasty)
    client = livestate.connect()
    lobby = client.join("lobby:1")
    if way == "leaves":
        lobby.leave()
    else:
        client.close()
    livestate.settle()
    assert Lobby.told == ["left", "ended"]


def test_a_rig_that_is_closed_ends_its_sessions() -> None:
    Lobby.told.clear()
    with Rig(Lobby) as rig:
        rig.join("lobby:1")
    assert Lobby.told == ["ended"]


def test_what_never_ends_is_not_waited_for_without_end() -> None:
    with Rig(Lobby, timeout=0.5) as rig:
        rig.connect().join("lobby:1").send_event("hang")
        with pytest.raises(AssertionError, match=r"nothing left to do within 0\.5 s"):
            rig.settle()

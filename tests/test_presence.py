from typing import Any

from livestate_nb.codec import loads
from livestate_nb.presence import Presence, Presences


class Room:
    """Presences of one topic, and the changes that it told."""

    def __init__(self) -> None:
        self.presences = Presences()
        self.told: list[Any] = []
        self.presences.listen("room", lambda topic, diff: self.told.append(loads(diff)))

    def track(self, holder: str, key: str, **meta: Any) -> None:
        self.presences.track("room", holder, Presence(key, meta))

    def refs(self) -> list[str]:
        state = self.presences.state("room")
        return [meta["phx_ref"] for entry in state.values() for meta in entry["metas"]]


def test_who_comes_and_goes_is_told_as_phoenix_does() -> None:
    room = Room()
    room.track("tab 1", "ann", color="red")
    [ref] = room.refs()
    entry = {"ann": {"metas": [{"color": "red", "phx_ref": ref}]}}
    assert room.presences.state("room") == entry
    room.presences.untrack("room", "tab 1")
    assert room.presences.state("room") == {}
    assert room.told == [{"joins": entry, "leaves": {}}, {"joins": {}, "leaves": entry}]


def test_two_holders_with_one_key_are_one_presence_with_two_metas() -> None:
    room = Room()
    room.track("tab 1", "ann", tab=1)
    room.track("tab 2", "ann", tab=2)
    assert [meta["tab"] for meta in room.presences.metas("room")["ann"]] == [1, 2]
    room.presences.untrack("room", "tab 1")
    assert [meta["tab"] for meta in room.presences.metas("room")["ann"]] == [2]
    assert [meta["tab"] for meta in room.told[-1]["leaves"]["ann"]["metas"]] == [1]


def test_an_update_leaves_and_joins_with_the_ref_before() -> None:
    room = Room()
    room.track("tab", "ann", typing=False)
    [before] = room.refs()
    room.track("tab", "ann", typing=True)
    [now] = room.refs()
    assert room.told[-1] == {
        "joins": {"ann": {"metas": [{"typing": True, "phx_ref": now, "phx_ref_prev": before}]}},
        "leaves": {"ann": {"metas": [{"typing": False, "phx_ref": before}]}},
    }


def test_another_key_is_another_presence() -> None:
    room = Room()
    room.track("tab", "ann")
    room.track("tab", "bob")
    assert list(room.presences.metas("room")) == ["bob"]
    assert "phx_ref_prev" not in room.presences.metas("room")["bob"][0]
    assert list(room.told[-1]["leaves"]) == ["ann"]


def test_topics_are_apart_and_who_was_not_there_does_not_leave() -> None:
    room = Room()
    room.presences.track("other", "tab", Presence("ann", {}))
    room.presences.untrack("room", "tab")
    room.presences.untrack("nowhere", "tab")
    assert room.told == []
    assert room.presences.is_present("other", "tab")
    assert not room.presences.is_present("room", "tab")


def test_refs_are_never_used_twice_by_two_runs_of_a_server() -> None:
    rooms = Room(), Room()
    for room in rooms:
        room.track("tab", "ann")
    assert rooms[0].refs() != rooms[1].refs()


def test_what_was_told_does_not_change_with_what_its_reader_does() -> None:
    room = Room()
    room.track("tab", "ann", at=[1, 2])
    room.presences.metas("room")["ann"][0]["at"].append(3)
    assert room.presences.metas("room")["ann"][0]["at"] == [1, 2]


def test_a_listener_may_stop_listening() -> None:
    presences, told = Presences(), list[Any]()

    def listener(topic: str, diff: Any) -> None:
        told.append(topic)

    presences.listen("room", listener)
    presences.track("room", "tab", Presence("ann", {}))
    presences.ignore("room", listener)
    presences.untrack("room", "tab")
    assert told == ["room"]

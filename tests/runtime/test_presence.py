"""Presence as clients meet it: joins, leaves, metas, lost connections, sessions on one topic."""

from typing import Any

import pytest

from livestate_nb import Channel, Refuse, User, on
from livestate_nb.errors import ChannelError, EncodeError
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio

EVENTS = ("presence_state", "presence_diff")


class Chat(Channel, topic="chat:*", shared=True, presence=True):
    def init(self, params: Any) -> Any:
        if params.get("refuse"):
            raise Refuse("closed")
        return {"messages": []}

    def joined(self, params: Any, state: Any) -> None:
        if "name" in params:
            self.track({"typing": False}, key=params["name"])

    @on("typing")
    def typing(self, payload: Any, state: Any) -> None:
        self.track({"typing": payload["on"]})

    @on("hide")
    async def hide(self, payload: Any, state: Any) -> None:
        self.untrack()

    @on("who")
    def who(self, payload: Any, state: Any) -> Any:
        return {"messages": sorted(self.presences)}

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")


class Alone(Chat, topic="alone:*", shared=False):
    pass


class Early(Channel, topic="early:*", presence=True):
    def init(self, params: Any) -> Any:
        self.track({"typing": False}, key=params["name"])
        return {}


class Crashing(Chat, topic="crashing:*", on_error="crash"):
    pass


class Present:
    """Who is present, as a client that follows the events knows it: {key: [typing, ...]}."""

    def __init__(self, client: Client) -> None:
        self.metas: dict[str, dict[str, Any]] = {}
        for event, payload in client.payloads(*EVENTS):
            if event == "presence_state":
                self.metas = dict(_flat(payload))
                continue
            for ref, _ in _flat(payload["leaves"]):
                self.metas.pop(ref, None)  # what it missed may have brought it
            self.metas |= dict(_flat(payload["joins"]))

    @property
    def now(self) -> dict[str, list[Any]]:
        now: dict[str, list[Any]] = {}
        for key, meta in self.metas.values():
            now.setdefault(key, []).append(meta["typing"])
        return now


def _flat(entries: Any) -> list[tuple[str, Any]]:
    return [
        (meta["phx_ref"], (key, meta)) for key, entry in entries.items() for meta in entry["metas"]
    ]


async def sees(client: Client, **expected: list[Any]) -> None:
    await client.until(lambda: Present(client).now == expected)


@pytest.fixture(params=[Chat, Alone])
def channel(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def topic(channel: Any) -> str:
    return f"{channel._options.topic[:-1]}1"


async def test_all_members_see_who_comes_and_goes(
    endpoint: Endpoint, channel: Any, topic: str
) -> None:
    endpoint.declare(channel)
    ann, bob, eve = Client(endpoint), Client(endpoint), Client(endpoint)
    await ann.join(topic, {"name": "ann"})
    await sees(ann, ann=[False])
    await bob.join(topic, {"name": "bob"})
    await eve.join(topic)
    for client in (ann, bob, eve):
        await sees(client, ann=[False], bob=[False])
    bob.push(topic, "phx_leave")
    for client in (ann, eve):
        await sees(client, ann=[False])
    ann.connection.lost()
    await sees(eve)


async def test_the_state_comes_first_then_who_is_present_then_what_changes(
    endpoint: Endpoint, channel: Any, topic: str
) -> None:
    client = await join(endpoint, channel, topic, {"name": "ann"})
    await client.wait("state:patch", 1)
    assert [frame[0] for frame in client.payloads("state:change", *EVENTS)] == [
        "state:change",
        "presence_state",
        "presence_diff",
    ]
    assert client.received("presence_state")[0][4] == {}


async def test_a_member_may_be_present_from_init_on(endpoint: Endpoint) -> None:
    endpoint.declare(Early)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("early:1", {"name": "ann"})
    await sees(ann, ann=[False])
    await bob.join("early:1", {"name": "bob"})
    for client in (ann, bob):
        await sees(client, ann=[False], bob=[False])
    ann.push("early:1", "phx_leave")
    await sees(bob, bob=[False])


async def test_a_second_tab_is_a_second_meta(endpoint: Endpoint, channel: Any, topic: str) -> None:
    endpoint.declare(channel)
    ann, tab = Client(endpoint), Client(endpoint)
    await ann.join(topic, {"name": "ann"})
    await tab.join(topic, {"name": "ann"})
    await sees(ann, ann=[False, False])
    tab.dispatch(topic, "typing", {"on": True})
    await sees(ann, ann=[False, True])
    tab.connection.lost()
    await sees(ann, ann=[False])


async def test_a_member_may_change_and_hide(endpoint: Endpoint, channel: Any, topic: str) -> None:
    endpoint.declare(channel)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join(topic, {"name": "ann"})
    await bob.join(topic, {"name": "bob"})
    ann.dispatch(topic, "typing", {"on": True})
    await sees(bob, ann=[True], bob=[False])
    ann.dispatch(topic, "hide")
    await sees(bob, bob=[False])
    bob.dispatch(topic, "who")
    await bob.settle(topic)
    told = [f[4]["patch"][0]["value"] for f in bob.received("state:patch") if f[4]["patch"]]
    assert told == ["bob"]


async def test_topics_are_apart(endpoint: Endpoint) -> None:
    endpoint.declare(Chat)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("chat:1", {"name": "ann"})
    await bob.join("chat:2", {"name": "bob"})
    await sees(ann, ann=[False])
    await sees(bob, bob=[False])


async def test_a_crash_ends_all_presences_of_its_session(endpoint: Endpoint) -> None:
    client = await join(endpoint, Crashing, "crashing:1", {"name": "ann"})
    await sees(client, ann=[False])
    client.dispatch("crashing:1", "boom")
    await client.wait("phx_error", 1)
    assert endpoint.presences.metas("crashing:1") == {}
    again = Client(endpoint)
    await again.join("crashing:1", {"name": "ann"})
    await sees(again, ann=[False])


async def test_who_is_refused_by_init_is_told_nothing(endpoint: Endpoint) -> None:
    endpoint.declare(Alone)
    ann, refused = Client(endpoint), Client(endpoint)
    await ann.join("alone:1", {"name": "ann"})
    refused.push("alone:1", "phx_join", {"name": "eve", "refuse": True})
    await refused.wait("error", 1)
    ann.dispatch("alone:1", "typing", {"on": True})
    await sees(ann, ann=[True])
    assert refused.payloads(*EVENTS) == []


async def rejoin(endpoint: Endpoint, lost: Client, topic: str, received: int) -> Client:
    token = lost.received("phx_reply")[0][4]["response"]["livestate"]["token"]
    client = Client(endpoint)
    resume = {"token": token, "received": received}
    client.push(topic, "phx_join", {"livestate": {"resume": resume}})
    await client.wait("phx_reply", 1)
    return client


async def test_a_lost_connection_leaves_and_its_client_comes_back_as_it_was(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Chat)
    ann, bob = Client(endpoint), Client(endpoint)
    await bob.join("chat:1", {"name": "bob"})
    await ann.join("chat:1", {"name": "ann", "livestate": {}})
    ann.dispatch("chat:1", "typing", {"on": True})
    await sees(bob, ann=[True], bob=[False])
    await sees(ann, ann=[True], bob=[False])
    await ann.settle("chat:1")
    ann.connection.lost()
    await sees(bob, bob=[False])
    bob.dispatch("chat:1", "typing", {"on": True})
    await sees(bob, bob=[True])
    received = len([frame for frame in ann.frames if "phx_reply" not in str(frame)])
    again = await rejoin(endpoint, ann, "chat:1", received)
    await sees(bob, ann=[True], bob=[True])
    again.frames[:0] = ann.frames  # what the page had before its connection was lost
    await sees(again, ann=[True], bob=[True])
    assert len(again.received("presence_state")) == 1


class Unread(Client):
    """A client that reads nothing any more when it is told to: the next change is one too many."""

    is_stuck = False

    def send(self, frame: str | bytes) -> None:
        if self.is_stuck and "presence_diff" in str(frame):
            self.connection.close(1013, "too slow a reader")
        else:
            super().send(frame)


@pytest.mark.parametrize("params", [{}, {"livestate": {}}], ids=["phoenix", "our own"])
async def test_a_reader_that_is_closed_as_it_is_sent_a_change_leaves_behind_that_change(
    endpoint: Endpoint, channel: Any, topic: str, params: Any
) -> None:
    endpoint.declare(channel)
    ann, bob, eve = Client(endpoint), Unread(endpoint), Client(endpoint)
    for client, name in ((ann, "ann"), (bob, "bob"), (eve, "eve")):
        await client.join(topic, {"name": name, **params})
    for client in (ann, bob, eve):
        await sees(client, ann=[False], bob=[False], eve=[False])
    bob.is_stuck = True
    bob.dispatch(topic, "typing", {"on": True})
    for client in (ann, eve):
        await client.until(lambda client=client: "bob" not in Present(client).now)  # type: ignore[misc]
        await client.settle(topic)
        await sees(client, ann=[False], eve=[False])
    assert ann.payloads("presence_diff")[-2:] == eve.payloads("presence_diff")[-2:]


async def test_a_client_that_missed_too_much_is_told_who_is_present(endpoint: Endpoint) -> None:
    endpoint.declare(Chat)
    ann, bob = Client(endpoint), Client(endpoint)
    await bob.join("chat:1", {"name": "bob"})
    await ann.join("chat:1", {"name": "ann", "livestate": {}})
    await sees(ann, ann=[False], bob=[False])
    ann.connection.lost()
    for number in range(300):
        bob.dispatch("chat:1", "typing", {"on": number})
    await bob.until(lambda: len(bob.frames) > 600)  # a patch and a diff for each
    await sees(bob, bob=[299])
    again = await rejoin(endpoint, ann, "chat:1", 1)
    await sees(again, ann=[False], bob=[299])
    await sees(bob, ann=[False], bob=[299])


async def test_a_client_that_does_not_come_back_stays_away(endpoint: Endpoint) -> None:
    class Brief(Chat, topic="brief", grace=0.01):
        pass

    endpoint.declare(Brief)
    ann, bob = Client(endpoint), Client(endpoint)
    await bob.join("brief", {"name": "bob"})
    await ann.join("brief", {"name": "ann", "livestate": {}})
    await sees(bob, ann=[False], bob=[False])
    ann.connection.lost()
    [session] = endpoint.sessions
    await until(lambda: len(session.receivers) == 1)
    await sees(bob, bob=[False])


async def test_the_key_is_the_users_name_where_the_server_knows_it(endpoint: Endpoint) -> None:
    class Known(Channel, topic="known", presence=True):
        def joined(self, params: Any, state: Any) -> None:
            self.track({"typing": False})

    endpoint.declare(Known)
    ann, nobody = Client(endpoint, user=User("ann")), Client(endpoint)
    await ann.join("known")
    await sees(ann, ann=[False])
    await nobody.join("known")
    [error] = await nobody.wait("error", 1)
    assert error[4]["type"] == "raised"
    await sees(nobody, ann=[False])


async def test_tracking_needs_a_member_and_a_class_that_says_so(endpoint: Endpoint) -> None:
    raised: list[Exception] = []

    class Silent(Channel, topic="silent"):
        @on("track")
        async def do_track(self, payload: Any, state: Any) -> None:
            for meta, key in ({}, "ann"), ([], "ann"), ({}, 1), ({}, "__proto__"):
                try:
                    self.track(meta, key=key)  # type: ignore[arg-type]  # the test's point
                except (ChannelError, EncodeError) as error:
                    raised.append(error)

    class Loud(Silent, topic="loud", presence=True):
        pass

    for channel in (Silent, Loud):
        endpoint.declare(channel)
    client = Client(endpoint)
    for topic in ("silent", "loud"):
        client.push(topic, "phx_join", {})
        client.dispatch(topic, "track")
    await client.wait("state:patch", 2)
    assert [type(error) for error in raised] == [
        *[ChannelError] * 5,  # the first class tells nobody, then a meta is no object
        *[EncodeError] * 2,  # and a key is none that JSON has, or none that a browser takes
    ]
    session = await endpoint.open(Loud, "loud", "a", {})
    await session.dispatch("track", {}, frozenset())
    assert "there is no member" in str(raised[-1])


async def test_a_class_that_begins_to_tell_who_is_present_tells_its_live_sessions(
    endpoint: Endpoint,
) -> None:
    class Before(Chat, topic="changing", presence=False):
        def joined(self, params: Any, state: Any) -> None: ...

    class After(Chat, topic="changing"):
        pass

    endpoint.declare(Before)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("changing", {"name": "ann"})
    assert ann.payloads(*EVENTS) == []
    endpoint.declare(After)
    await ann.wait("presence_state", 1)
    await bob.join("changing", {"name": "bob"})
    await sees(ann, bob=[False])
    endpoint.declare(Before)
    await bob.settle("changing")
    assert endpoint.presences.metas("changing") == {}

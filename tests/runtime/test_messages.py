"""What pubsub brings to channels: from handlers, threads and other sessions, on any backend."""

import asyncio
import threading
from typing import Any

import pytest

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.errors import TopicError
from livestate_nb.pubsub import LocalPubSub
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until
from tests.test_pubsub import QueuedPubSub

pytestmark = pytest.mark.asyncio


class Reader(Channel, topic="reader:*"):
    def init(self, params: Any) -> Any:
        for topic in params.get("topics", ()):
            self.subscribe(topic)
        return {"got": []}

    @on("say")
    def say(self, payload: Any, state: Any) -> None:
        self.broadcast(payload["topic"], payload["text"])

    @on("stop")
    def stop(self, payload: Any, state: Any) -> None:
        self.unsubscribe(payload["topic"])

    def handle_message(self, message: Any, state: Any) -> None:
        state["got"].append([self.message_topic, message])


def whole(client: Client) -> Any:
    return client.received("state:change")[-1][4]["state"]


async def test_a_message_says_on_which_topic_it_came(endpoint: Endpoint) -> None:
    client = await join(endpoint, Reader, "reader:1", {"topics": ["room:*", "room:1", "news"]})
    for topic in ("room:1", "lobby", "news", "room:2"):
        endpoint.broadcast(topic, topic.upper())
    await client.settle("reader:1")
    assert whole(client)["got"] == [["room:1", "ROOM:1"], ["news", "NEWS"], ["room:2", "ROOM:2"]]


async def test_outside_a_message_there_is_no_topic_of_it(endpoint: Endpoint) -> None:
    class Asked(Channel, topic="asked"):
        @on("ask")
        async def ask(self, payload: Any, state: Any) -> Any:
            return {"topic": self.message_topic}

    client = await join(endpoint, Asked, "asked")
    client.dispatch("asked", "ask")
    await client.settle("asked")
    assert whole(client) == {"topic": None}


async def test_unsubscribing_takes_one_subscription_back(endpoint: Endpoint) -> None:
    client = await join(endpoint, Reader, "reader:1", {"topics": ["room:*", "news"]})
    client.dispatch("reader:1", "stop", {"topic": "room:*"})
    await client.wait("state:patch", 1)
    endpoint.broadcast("room:1", 1)
    endpoint.broadcast("news", 2)
    await client.settle("reader:1")
    assert whole(client)["got"] == [["news", 2]]


async def test_a_session_that_has_ended_hears_nothing_of_its_patterns(endpoint: Endpoint) -> None:
    client = await join(endpoint, Reader, "reader:1", {"topics": ["room:*"]})
    client.connection.lost()
    await until(lambda: endpoint.sessions == [])
    subscribers: Any = endpoint.pubsub
    assert subscribers._patterns == {}


async def test_nobody_joins_a_pattern(endpoint: Endpoint) -> None:
    endpoint.declare(Reader)
    client = Client(endpoint)
    client.push("reader:*", "phx_join", {})
    [reply] = await client.wait("phx_reply", 1)
    assert reply[4] == {"status": "error", "response": {"reason": "unmatched topic"}}


async def test_replies_to_a_message_go_to_all_members_before_its_patch(endpoint: Endpoint) -> None:
    class Room(Channel, topic="room", shared=True):
        def init(self, params: Any) -> Any:
            self.subscribe("news")
            return {"n": 0}

        def handle_message(self, message: Any, state: Any) -> Any:
            return Reply({"n": message}, Event("told", {"n": message}))

    endpoint.declare(Room)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("room")
    await bob.join("room")
    endpoint.broadcast("news", 7)
    for client in (ann, bob):
        await client.wait("state:patch", 1)
        assert [event for event, _ in client.payloads("told", "state:patch")] == [
            "told",
            "state:patch",
        ]


async def test_drafts_are_broadcast_as_they_are_now(endpoint: Endpoint) -> None:
    class Sharing(Channel, topic="sharing"):
        def init(self, params: Any) -> Any:
            return {"rows": [{"n": 1}]}

        @on("share")
        def give(self, payload: Any, state: Any) -> None:
            state["rows"][0]["n"] = 2
            self.broadcast("rows", state["rows"])
            state["rows"][0]["n"] = 3

    endpoint.declare(Sharing)
    got: list[Any] = []
    endpoint.pubsub.subscribe("rows", lambda topic, message: got.append(message))
    client = Client(endpoint)
    await client.join("sharing")
    client.dispatch("sharing", "share")
    await client.wait("state:patch", 1)
    assert got == [[{"n": 2}]]
    assert type(got[0]) is list


async def test_any_thread_may_broadcast(endpoint: Endpoint) -> None:
    client = await join(endpoint, Reader, "reader:1", {"topics": ["news"]})
    thread = threading.Thread(target=endpoint.broadcast, args=("news", "from a thread"))
    thread.start()
    await client.wait("state:patch", 1)
    await asyncio.to_thread(thread.join)
    await client.settle("reader:1")
    assert whole(client)["got"] == [["news", "from a thread"]]


async def test_a_pattern_is_no_topic_to_broadcast_to(endpoint: Endpoint) -> None:
    with pytest.raises(TopicError, match="one topic"):
        endpoint.broadcast("room:*", 1)


@pytest.mark.parametrize("backend", [LocalPubSub, QueuedPubSub])
async def test_sessions_work_on_any_backend(endpoint: Endpoint, backend: Any) -> None:
    endpoint.pubsub = backend()
    endpoint.declare(Reader)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("reader:ann", {"topics": ["room:*"]})
    await bob.join("reader:bob", {"topics": ["room:1"]})
    ann.dispatch("reader:ann", "say", {"topic": "room:1", "text": "hello"})
    await ann.wait("state:patch", 2)
    await bob.wait("state:patch", 1)
    assert [frame[4]["patch"] == [] for frame in ann.received("state:patch")] == [True, False]
    if isinstance(endpoint.pubsub, QueuedPubSub):
        await asyncio.to_thread(endpoint.pubsub.close)

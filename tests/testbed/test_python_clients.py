"""Phoenix clients from PyPI, as they are, against the testbed."""

import asyncio
import queue
from collections.abc import Iterator
from typing import Any

import phxsocket
import pytest
from phoenix_channels_python_client import PhoenixChannelsProtocolVersion, PHXChannelsClient
from phoenix_channels_python_client.exceptions import PHXTopicError
from phoenix_channels_python_client.utils import make_message
from phxsocket.channel import ChannelConnectError
from realtime import AsyncRealtimeClient, RealtimeSubscribeStates
from realtime._async.channel import AsyncRealtimeChannel

from tests.testbed.starting import Testbed, run_testbed

PATIENCE = 20.0
State = Any


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with run_testbed(tmp_path_factory.mktemp("testbed") / "log") as running:
        yield running


# phxsocket: the first version, refs that are integers from 0, in a thread


class Threaded:
    """A phxsocket client and what its channel receives."""

    def __init__(self, url: str) -> None:
        self.client = phxsocket.Client(f"{url}/websocket")
        self.client.connect()

    def join(self, topic: str, params: Any = None) -> "tuple[Any, queue.Queue[Any]]":
        channel = self.client.channel(topic, params or {})
        came: queue.Queue[Any] = queue.Queue()
        channel.on_message = lambda _socket, event, payload: came.put((event, payload))
        channel.join()
        return channel, came


@pytest.fixture
def threaded(server: Testbed) -> Iterator[Threaded]:
    one = Threaded(server.url)
    yield one
    one.client.close()


def test_phxsocket_joins_and_gets_patches(threaded: Threaded) -> None:
    todo, came = threaded.join("todo:all")
    assert came.get(timeout=PATIENCE) == ("state:change", {"state": {"todos": []}, "version": 0})
    todo.push("lvs_evt:add_todo_with_one_reply", {"description": "Hello"})
    assert came.get(timeout=PATIENCE) == ("reply_event", {"foo": "bar"})
    added = {"op": "add", "path": "/todos/0", "value": {"description": "Hello"}}
    assert came.get(timeout=PATIENCE) == ("state:patch", {"patch": [added], "version": 1})


def test_phxsocket_is_told_why_it_may_not_join(threaded: Threaded) -> None:
    with pytest.raises(ChannelConnectError, match="Go away!"):
        threaded.join("authorized:all")
    with pytest.raises(ChannelConnectError, match="unmatched topic"):
        threaded.join("nobody:1")
    _, came = threaded.join("authorized:1", {"password": "secret"})
    assert came.get(timeout=PATIENCE)[1]["state"] == {"authorized": True}


def test_phxsocket_lives_through_crashes_and_bytes(threaded: Threaded) -> None:
    crash, came = threaded.join("crash:1")
    came.get(timeout=PATIENCE)
    crash.push("lvs_evt:boom", {})
    assert came.get(timeout=PATIENCE) == ("phx_error", {"reason": "channel_crash"})
    crash.join()
    assert came.get(timeout=PATIENCE)[1] == {"state": {"n": 0}, "version": 0}
    heartbeat = threaded.client.push("phoenix", "heartbeat", {}, reply=True)
    assert heartbeat.wait_for_response() == {"status": "ok", "response": {}}


# phoenix-channels-python-client: both versions, frames in the order of the protocol


class Topic:
    """A topic of the client that is subscribed to, and what it receives."""

    def __init__(self, client: PHXChannelsClient, name: str) -> None:
        self.came: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._client = client
        self._name = name

    async def subscribe(self) -> "Topic":
        async def take(message: Any) -> None:
            await self.came.put((str(message.event), message.payload))

        await self._client.subscribe_to_topic(self._name, take)
        return self

    async def push(self, event: str, payload: Any) -> None:
        subscription = self._client.get_current_subscriptions()[self._name]
        message = make_message(
            topic=self._name, event=event, payload=payload, ref="x", join_ref=subscription.join_ref
        )
        await self._client.get_protocol_handler().send_message(self._client.connection, message)

    async def next(self) -> tuple[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self.came.get()


VERSIONS = list(PhoenixChannelsProtocolVersion)


def phoenix(server: Testbed, version: Any, **options: Any) -> PHXChannelsClient:
    return PHXChannelsClient(
        f"{server.url}/websocket", "a key", protocol_version=version, **options
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_phoenix_channels_client_joins_and_gets_patches(
    server: Testbed, version: Any
) -> None:
    async with phoenix(server, version, heartbeat_interval_s=0.05) as client:
        room = await Topic(client, "shared:python").subscribe()
        assert await room.next() == ("state:change", {"state": {"messages": []}, "version": 0})
        await room.push("lvs_evt:say", {"text": "hi"})
        assert await room.next() == ("state:patch", {"patch": [], "version": 1})
        event, patch = await room.next()
        assert (event, patch["patch"][0]["value"]) == ("state:patch", "hi")
        await client.unsubscribe_from_topic("shared:python")
        again = await Topic(client, "shared:python").subscribe()
        assert (await again.next())[1]["version"] == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_phoenix_channels_client_comes_back_after_a_crash(
    server: Testbed, version: Any
) -> None:
    async with phoenix(server, version) as client:
        crash = await Topic(client, "crash:python").subscribe()
        await crash.next()
        await crash.push("lvs_evt:inc", {})
        assert (await crash.next())[1]["version"] == 1
        await crash.push("lvs_evt:boom", {})
        event = ""
        while event != "state:change":
            event, payload = await crash.next()
        assert payload == {"state": {"n": 0}, "version": 0}


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_phoenix_channels_client_is_told_why_it_may_not_join(
    server: Testbed, version: Any
) -> None:
    async with phoenix(server, version) as client:
        with pytest.raises(PHXTopicError, match="Go away!"):
            await client.subscribe_to_topic("authorized:all")
        await client.subscribe_to_topic("todo:after")


# Supabase's realtime: the first version with join_refs, a heartbeat whose ref is null


@pytest.mark.asyncio
async def test_realtime_joins_pushes_and_leaves(server: Testbed) -> None:
    watcher = Threaded(server.url)
    _, came = watcher.join("shared:supabase")
    client = AsyncRealtimeClient(server.url, token="a token")
    # its own API puts "realtime:" in front of topics
    room = client.channels["shared:supabase"] = AsyncRealtimeChannel(client, "shared:supabase")
    states: list[Any] = []
    await room.subscribe(lambda state, error: states.append((state, error)))
    assert states == [(RealtimeSubscribeStates.SUBSCRIBED, None)]
    await room.push("lvs_evt:say", {"text": "from supabase"})
    assert (await asyncio.to_thread(came.get, timeout=PATIENCE))[0] == "state:change"
    event, patch = await asyncio.to_thread(came.get, timeout=PATIENCE)
    assert (event, patch["patch"][0]["value"]) == ("state:patch", "from supabase")
    await room.unsubscribe()
    assert client.is_connected
    await client.close()
    await asyncio.to_thread(watcher.client.close)


@pytest.mark.asyncio
@pytest.mark.parametrize("topic", ["authorized:all", "authorized:map", "realtime:nobody"])
async def test_realtime_is_told_why_it_may_not_join(server: Testbed, topic: str) -> None:
    client = AsyncRealtimeClient(server.url, auto_reconnect=False)
    refused = client.channels[topic] = AsyncRealtimeChannel(client, topic)
    states: list[Any] = []
    await refused.subscribe(lambda state, error: states.append((state, str(error))))
    assert [state for state, _ in states] == [RealtimeSubscribeStates.CHANNEL_ERROR]
    assert any(reason in states[0][1] for reason in ("Go away!", "unauthorized", "unmatched topic"))
    await client.close()

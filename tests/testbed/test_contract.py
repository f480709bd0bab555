"""What the testbed promises to whoever tries a client against it."""

import signal
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from livestate_nb import Refuse, User
from livestate_nb.channel import options_of
from livestate_nb.runtime import Endpoint
from tests.clients import Client
from tests.testbed.channels import CHANNELS, connect
from tests.testbed.starting import run_testbed


def test_it_says_when_it_is_ready_and_ends_on_sigterm(tmp_path: Path) -> None:
    with run_testbed(tmp_path / "log") as running:
        assert running.url.startswith("ws://127.0.0.1:")
        assert running.url.endswith("/livestate")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0


def test_it_hosts_exactly_the_channels_of_its_contract_which_crash_as_the_original_s() -> None:
    assert [options_of(channel).topic for channel in CHANNELS] == [
        *["todo:*", "patch:*", "join_params", "init_error:*", "authorized:*", "counter:*"],
        *["shared:*", "crash:*", "replies", "encoder", "echo:*", "connect_params"],
    ]
    assert {options_of(channel).on_error for channel in CHANNELS} == {"crash"}
    [patch] = [channel for channel in CHANNELS if channel.serves("patch:1")]
    assert options_of(patch).max_version == 10


class Tried:
    """A client of the testbed's channels, and the state that it has by its patches."""

    def __init__(self, client: Client, topic: str) -> None:
        self.state: Any = None
        self._client = client
        self._topic = topic
        self._seen = 0

    async def join(self, params: Any = None) -> Any:
        self.state = (await self._client.join(self._topic, params))["state"]
        self._seen = len(self._client.frames)
        return self.state

    async def dispatch(self, event: str, payload: Any = None, patches: int = 1) -> list[Any]:
        """Dispatch an event, follow its patch, and return the events that came before it."""
        self._client.dispatch(self._topic, event, payload)
        came: list[Any] = []
        while patches:
            await self._client.until(lambda: len(self._client.frames) > self._seen)
            [frame] = self._client.decoded(self._seen)
            self._seen += 1
            if frame[3] == "state:patch":
                self.state = jsonpatch.apply_patch(self.state, frame[4]["patch"])
                patches -= 1
            else:
                came.append((frame[3], frame[4]))
        return came


async def tried(endpoint: Endpoint, topic: str, **more: Any) -> Tried:
    for channel in CHANNELS:
        endpoint.declare(channel)
    return Tried(Client(endpoint, **more), topic)


@pytest.mark.asyncio
async def test_todo() -> None:
    endpoint = Endpoint()
    todo = await tried(endpoint, "todo:1")
    assert await todo.join() == {"todos": []}
    assert await todo.dispatch("add_todo", {"description": "one"}) == []
    assert await todo.dispatch("add_todo_with_one_reply", "two") == [
        ("reply_event", {"foo": "bar"})
    ]
    assert await todo.dispatch("add_todo_with_two_replies", [3]) == [
        ("reply_event1", {"foo": "bar"}),
        ("reply_event2", {"bing": "baz"}),
    ]
    assert await todo.dispatch("noop") == []
    assert todo.state == {"todos": [[3], "two", {"description": "one"}]}
    assert await todo.dispatch("remove_todo", {"i": 1}) == []
    assert todo.state == {"todos": [[3], {"description": "one"}]}
    await endpoint.close()


@pytest.mark.asyncio
async def test_patch_and_join_params() -> None:
    endpoint = Endpoint()
    patch, params = await tried(endpoint, "patch:1"), await tried(endpoint, "join_params")
    assert await patch.join() == {"foo": "bar"}
    await patch.dispatch("change_foo", {"foo": None})
    assert patch.state == {"foo": None}
    assert await params.join({"api_key": "my_key"}) == {"result": "my_key"}
    assert await (await tried(endpoint, "join_params")).join() == {"result": None}
    await endpoint.close()


@pytest.mark.asyncio
async def test_replies() -> None:
    endpoint = Endpoint()
    replies = await tried(endpoint, "replies")
    assert await replies.join() == {"count": 0}
    assert await replies.dispatch("one") == [("first", {"n": 1})]
    assert await replies.dispatch("two") == [("first", {"n": 2}), ("second", {"n": 2})]
    assert await replies.dispatch("unchanged") == [("first", {"n": 2})]
    assert await replies.dispatch("echo", [1]) == [("echoed", {"payload": [1]})]
    assert await replies.dispatch("ns:sub:echo", 7) == [("ns:echoed", {"payload": 7})]
    assert await replies.dispatch("sleep", {"ms": 1}) == []
    assert await replies.dispatch("binary", b"\x01\x02") == [("binary_echo", b"\x01\x02\x03\x04")]
    assert replies.state == {"count": 3}
    await endpoint.close()


@pytest.mark.asyncio
async def test_encoder() -> None:
    endpoint = Endpoint()
    encoder = await tried(endpoint, "encoder")
    assert await encoder.join() == {
        "dt": "2024-03-16T17:02:19Z",
        "naive": "2024-03-16T17:02:19",
        "date": "2024-03-16",
        "time": "12:00:00",
        "thing": {"baz": "baz", "bing": "bing"},
        "things": [{"baz": "1", "bing": "2"}],
    }
    await encoder.dispatch("change_baz", {"baz": "other"})
    await encoder.dispatch("tick")
    await encoder.dispatch("add_thing")
    assert encoder.state == {
        "dt": "2024-03-16T17:02:20Z",
        "naive": "2024-03-16T17:02:19",
        "date": "2024-03-17",
        "time": "12:00:00",
        "thing": {"baz": "other", "bing": "bing"},
        "things": [{"baz": "1", "bing": "2"}, {"baz": "3", "bing": "4"}],
    }
    await endpoint.close()


@pytest.mark.asyncio
async def test_counter() -> None:
    endpoint = Endpoint()
    counter = await tried(endpoint, "counter:1")
    state = await counter.join({"rows": 2})
    assert state["count"] == 0
    assert [(row["id"], row["name"], row["done"]) for row in state["rows"]] == [
        (0, "row 0", False),
        (1, "row 1", False),
    ]
    assert [len(row["note"]) for row in state["rows"]] == [40, 40]
    await counter.dispatch("inc")
    await counter.dispatch("toggle", {"i": 1})
    await counter.dispatch("bump_first")
    assert counter.state["count"] == 1
    assert [(row["id"], row["done"]) for row in counter.state["rows"]] == [
        (2, False),
        (0, False),
        (1, True),
    ]
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_room_gives_what_one_said_to_all_the_sender_too() -> None:
    endpoint = Endpoint()
    one, two = await tried(endpoint, "shared:1"), await tried(endpoint, "shared:1")
    await one.join()
    await two.join()
    await one.dispatch("say", {"text": "hi"}, patches=2)
    await two.dispatch("say", {"text": "ho"}, patches=3)
    assert one.state == {"messages": ["hi"]}
    assert two.state == {"messages": ["hi", "ho"]}
    await endpoint.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("params", [{"exit_init": True}, {"exit_init": "true"}])
async def test_crash_in_init(params: Any) -> None:
    endpoint = Endpoint()
    await tried(endpoint, "crash:1")
    client = Client(endpoint)
    client.push("crash:1", "phx_join", params)
    await client.wait("phx_error", 1)
    assert [event for event, _ in client.payloads("phx_reply", "state:change", "phx_error")] == [
        "phx_reply",
        "phx_error",
    ]
    await endpoint.close()


@pytest.mark.asyncio
async def test_echo_takes_any_object_as_its_state() -> None:
    endpoint = Endpoint()
    echo = await tried(endpoint, "echo:1")
    assert await echo.join({"l": [1, None]}) == {"l": [1, None]}
    await echo.dispatch("set", {"l": {}})
    assert echo.state == {"l": {}}
    await endpoint.close()


@pytest.mark.asyncio
async def test_connect_params_are_what_the_callback_gave() -> None:
    given = connect({"user_id": "7"}, User("ann"), "secret")
    endpoint = Endpoint()
    told = await tried(endpoint, "connect_params", assigns=given)
    assert await told.join() == {"user_id": "7", "auth_token": "secret"}
    given = connect({}, User("ann"), None)
    nothing = await tried(endpoint, "connect_params", assigns=given)
    assert await nothing.join() == {"user_id": None, "auth_token": None}
    with pytest.raises(Refuse):
        connect({"reject": "true"}, User("ann"), None)
    await endpoint.close()

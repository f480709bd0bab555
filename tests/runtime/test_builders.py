"""Message builders: every way out of a session passes the one that its class names."""

import json
import logging
from typing import Any

import pytest

from livestate_nb import Channel, MessageBuilder, WholeStates, on
from livestate_nb.errors import DeclarationError
from livestate_nb.runtime import Endpoint
from livestate_nb.state.change import Change
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


class Quiet(MessageBuilder):
    """Names other events, and counts what it built."""

    def new_state_message(self, document: Any, version: int) -> tuple[str, Any]:
        return "whole", {"all": document, "v": version}

    def update_state_message(self, change: Change, version: int) -> tuple[str, Any]:
        return "step", {"count": len(change.operations), "v": version}


class Picky(MessageBuilder):
    """Fails where the state says so."""

    def new_state_message(self, document: Any, version: int) -> tuple[str, Any]:
        if document["fail"] == "whole":
            raise RuntimeError("raised on purpose")
        return super().new_state_message(document, version)

    def update_state_message(self, change: Change, version: int) -> tuple[str, Any]:
        match change.new_document["fail"]:
            case "always":
                raise RuntimeError("raised on purpose")
            case "once" if change.operations:
                raise RuntimeError("raised on purpose")
            case "nonsense":
                return "state:patch", 7  # type: ignore[return-value]  # the test's point
        return super().update_state_message(change, version)


class Users(Channel, topic="users:*", shared=True):
    def init(self, params: Any) -> Any:
        return {"users": [{"name": "ann", "password": "p4ss"}], "n": 0, "fail": params.get("fail")}

    @on("add")
    def add(self, payload: Any, state: Any) -> None:
        state["users"].append({"name": payload["name"], "password": "p4ss"})

    @on("password")
    def password(self, payload: Any, state: Any) -> None:
        state["users"][0]["password"] = payload

    @on("replace")
    async def replace(self, payload: Any, state: Any) -> Any:
        return {"users": [{"name": "bob", "password": "p4ss"}], "n": 1}

    @on("fail")
    def fail(self, payload: Any, state: Any) -> None:
        state["fail"] = payload

    @on("inc")
    def inc(self, payload: Any, state: Any) -> Any:
        for _ in range(3):
            state["n"] += 1
            yield

    @on("bad")
    def bad(self, payload: Any, state: Any) -> None:
        state["n"] = float("nan")


class Hiding(Users, topic="hiding:*", message_builder=MessageBuilder(ignored=("password",))):
    pass


class Whole(Users, topic="whole:*", message_builder=WholeStates):
    pass


class Renamed(Users, topic="renamed:*", message_builder=Quiet()):
    pass


class Failing(Users, topic="failing:*", message_builder=Picky):
    pass


async def test_ignored_keys_reach_nobody_by_any_way(endpoint: Endpoint) -> None:
    endpoint.declare(Hiding)
    ann, late = Client(endpoint), Client(endpoint)
    await ann.join("hiding:1")
    for event, payload in [("add", {"name": "eve"}), ("password", "s3cret"), ("replace", None)]:
        ann.dispatch("hiding:1", event, payload)
    await ann.wait("state:patch", 3)
    await ann.settle("hiding:1")
    await late.join("hiding:1")
    assert ann.received("state:patch")[1][4]["patch"] == []
    for client in (ann, late):
        told = "".join(map(str, client.frames))
        assert "p4ss" not in told
        assert "s3cret" not in told
        assert "password" not in told
    [session] = endpoint.sessions
    assert session.ledger.snapshot()["users"][0]["password"] == "p4ss"


async def test_ignored_keys_reach_no_slow_reader_either(endpoint: Endpoint) -> None:
    client = await join(endpoint, Hiding, "hiding:1")
    client.is_congested = True
    client.dispatch("hiding:1", "add", {"name": "eve"})
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 1)
    client.is_congested = False
    client.connection.drained()
    [_, state] = await client.wait("state:change", 2)
    assert state[4]["state"]["users"] == [{"name": "ann"}, {"name": "eve"}]


async def test_whole_states_come_with_each_version(endpoint: Endpoint) -> None:
    client = await join(endpoint, Whole, "whole:1")
    client.dispatch("whole:1", "inc")
    await client.wait("state:change", 5)
    assert [(f[4]["state"]["n"], f[4]["version"]) for f in client.received("state:change")] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (3, 4),
    ]
    client.dispatch("whole:1", "bad")
    [error] = await client.wait("error", 1)
    assert error[4]["type"] == "bad_state"
    state = (await client.wait("state:change", 6))[-1][4]
    assert (state["state"]["n"], state["version"]) == (3, 5)


async def test_a_builder_of_ones_own_says_all_that_is_told(endpoint: Endpoint) -> None:
    endpoint.declare(Renamed)
    client = Client(endpoint)
    client.push("renamed:1", "phx_join", {})
    client.push("renamed:1", "lvs_refresh")
    await client.wait("whole", 2)
    client.dispatch("renamed:1", "add", {"name": "eve"})
    [step] = await client.wait("step", 1)
    assert step[4] == {"count": 1, "v": 1}
    assert client.received("whole")[-1][4]["v"] == 0
    assert client.received("state:change") == client.received("state:patch") == []


async def test_a_client_that_comes_back_gets_what_the_builder_said(endpoint: Endpoint) -> None:
    endpoint.declare(Renamed)
    first = Client(endpoint)
    first.push("renamed:1", "phx_join", {"livestate": {}})
    await first.wait("whole", 1)
    token = first.received("phx_reply")[0][4]["response"]["livestate"]["token"]
    first.connection.lost()
    [session] = endpoint.sessions
    await session.dispatch("add", {"name": "eve"}, frozenset())
    again = Client(endpoint)
    resume = {"token": token, "received": 1}
    again.push("renamed:1", "phx_join", {"livestate": {"resume": resume}})
    [step] = await again.wait("step", 1)
    assert step[4] == {"count": 1, "v": 1}
    assert again.received("whole") == []


async def test_updates_that_are_held_back_pass_the_builder(endpoint: Endpoint) -> None:
    class Held(Users, topic="held", message_builder=WholeStates, fps=20):
        pass

    client = await join(endpoint, Held, "held")
    client.dispatch("held", "inc")
    await client.until(lambda: client.received("state:change")[-1][4]["state"]["n"] == 3)
    versions = [frame[4]["version"] for frame in client.received("state:change")]
    assert versions == list(range(len(versions)))
    assert client.received("state:patch") == []


async def test_an_update_that_cannot_be_built_leaves_the_state(endpoint: Endpoint) -> None:
    client = await join(endpoint, Failing, "failing:1")
    for payload in ("once", "nonsense"):
        client.dispatch("failing:1", "fail", payload)
    await client.wait("state:patch", 2)
    assert [frame[4]["type"] for frame in client.received("error")] == ["raised", "bad_return"]
    await client.settle("failing:1")
    assert client.received("state:change")[-1][4]["state"]["fail"] is None


async def test_an_update_that_cannot_be_built_leaves_what_is_held_back(endpoint: Endpoint) -> None:
    class Held(Users, topic="held", message_builder=Picky, fps=0.01):
        def init(self, params: Any) -> Any:
            self.subscribe("numbers")
            return super().init(params)

        def handle_message(self, message: Any, state: Any) -> None:
            state["n"] = message

    client = await join(endpoint, Held, "held")
    [session] = endpoint.sessions
    for number in (1, 2):
        endpoint.broadcast("numbers", number)
    await until(lambda: session.ledger.is_ahead)
    client.dispatch("held", "fail", "always")
    [error] = await client.wait("error", 1)
    assert error[4]["type"] == "raised"
    await client.settle("held")
    state = client.received("state:change")[-1][4]["state"]
    assert (state["n"], state["fail"]) == (2, None)
    assert client.received("phx_error") == []


async def test_a_state_that_cannot_be_told_any_more_ends_its_session_alone(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.declare(Failing)
    client, other = Client(endpoint), Client(endpoint)
    await client.join("failing:1")
    await other.join("failing:2")
    client.dispatch("failing:1", "fail", "whole")
    await client.wait("state:patch", 1)
    with caplog.at_level(logging.ERROR, "livestate_nb"):
        late = Client(endpoint)
        late.push("failing:1", "phx_join", {})
        await late.wait("phx_error", 1)
    await client.wait("phx_error", 1)
    assert "message builder" in caplog.text
    other.dispatch("failing:2", "inc")
    await other.wait("state:patch", 4)


async def test_a_first_state_that_cannot_be_told_ends_the_join(endpoint: Endpoint) -> None:
    endpoint.declare(Failing)
    client = Client(endpoint)
    client.push("failing:1", "phx_join", {"fail": "whole"})
    await client.wait("phx_error", 1)


async def test_a_class_with_another_builder_tells_its_live_sessions_the_whole_state(
    endpoint: Endpoint,
) -> None:
    client = await join(endpoint, Hiding, "hiding:1")

    class Showing(Users, topic="hiding:*"):
        pass

    endpoint.declare(Showing)
    [_, state] = await client.wait("state:change", 2)
    assert state[4]["state"]["users"] == [{"name": "ann", "password": "p4ss"}]
    assert state[4]["version"] == 0
    client.dispatch("hiding:1", "password", "s3cret")
    [patch] = await client.wait("state:patch", 1)
    assert patch[4]["patch"][0]["path"] == "/users/0/password"
    endpoint.declare(Hiding)
    await client.wait("state:change", 3)
    assert "password" not in json.dumps(client.received("state:change")[-1])


async def test_a_class_with_the_same_builder_tells_nothing(endpoint: Endpoint) -> None:
    client = await join(endpoint, Hiding, "hiding:1")

    class Again(Users, topic="hiding:*", message_builder=MessageBuilder(ignored=["password"])):
        pass

    endpoint.declare(Again)
    client.dispatch("hiding:1", "add", {"name": "eve"})
    await client.wait("state:patch", 1)
    assert len(client.received("state:change")) == 1


async def test_what_is_no_builder_cannot_be_declared() -> None:
    with pytest.raises(DeclarationError, match="message_builder"):

        class Wrong(Channel, topic="wrong", message_builder=dict):  # type: ignore[arg-type]
            pass

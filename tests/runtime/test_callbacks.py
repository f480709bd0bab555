"""Callbacks beside `init` and handlers with a name: handle_event, joined, annotated payloads."""

import logging
from dataclasses import dataclass
from typing import Any

import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.errors import DeclarationError, InvalidPayload
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


@dataclass
class NewTodo:
    title: str


class Todos(Channel, topic="todos:*"):
    def init(self, params: Any) -> Any:
        return {"items": []}

    @on("add")
    def add(self, payload: NewTodo, state: Any) -> None:
        state["items"].append(payload.title)


class Crashing(Todos, topic="crashing", on_error="crash"):
    pass


async def test_a_handler_gets_what_its_annotation_names(endpoint: Endpoint) -> None:
    client = await join(endpoint, Todos, "todos:1")
    client.dispatch("todos:1", "add", {"title": "Hello"})
    [patch] = await client.wait("state:patch", 1)
    assert patch[4]["patch"] == [{"op": "add", "path": "/items/0", "value": "Hello"}]


async def test_a_payload_that_does_not_fit_is_told_to_its_sender_alone(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    class Shared(Todos, topic="shared", shared=True):
        pass

    endpoint.declare(Shared)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("shared", {"livestate": {}})
    await bob.join("shared")
    with caplog.at_level(logging.DEBUG, "livestate_nb"):
        ref = ann.dispatch("shared", "add", {"title": ["a secret"]})
        await bob.wait("state:patch", 1)
    told = {
        "type": "invalid_payload",
        "event": "add",
        "message": "Expected `str`, got `array` at '/title'",
        "path": "/title",
    }
    assert ann.payloads("error", "state:patch") == [
        ("error", told),
        ("state:patch", {"patch": [], "version": 1}),
    ]
    assert ann.received("phx_reply")[-1][1] == ref
    assert ann.received("phx_reply")[-1][4] == {"status": "error", "response": told}
    assert bob.received("error") == []
    assert "a secret" not in caplog.text
    ann.dispatch("shared", "add", {"title": "Hello"})
    await bob.wait("state:patch", 2)


async def test_a_payload_that_does_not_fit_crashes_a_channel_that_asks_for_it(
    endpoint: Endpoint,
) -> None:
    client = await join(endpoint, Crashing, "crashing")
    client.dispatch("crashing", "add", {})
    await client.wait("phx_error", 1)
    assert client.received("error") == []


async def test_python_gets_the_error_of_a_payload_that_does_not_fit(endpoint: Endpoint) -> None:
    endpoint.declare(Todos)
    session = await endpoint.open(Todos, "todos:1", "a", {})
    with pytest.raises(InvalidPayload) as caught:
        await session.dispatch("add", {"title": 1}, frozenset())
    assert caught.value.path == "/title"
    await session.dispatch("add", {"title": "Hello"}, frozenset())
    assert session.ledger.snapshot() == {"items": ["Hello"]}


class Taking(Channel, topic="any:*"):
    def init(self, params: Any) -> Any:
        return {"log": []}

    @on("named")
    def named(self, payload: Any, state: Any) -> None:
        state["log"].append("named")

    async def handle_event(self, event: str, payload: Any, state: Any) -> Any:
        state["log"].append([event, payload])
        return Reply(None, Event("handled", {"event": event}))


async def test_handle_event_takes_what_no_handler_names(endpoint: Endpoint) -> None:
    client = await join(endpoint, Taking, "any:1")
    client.dispatch("any:1", "named", 1)
    client.dispatch("any:1", "other", [2])
    client.dispatch("any:1", "", 3)
    await client.wait("state:patch", 3)
    await client.settle("any:1")
    assert client.received("state:change")[-1][4]["state"]["log"] == [
        "named",
        ["other", [2]],
        ["", 3],
    ]
    assert [frame[4] for frame in client.received("handled")] == [{"event": "other"}, {"event": ""}]


async def test_what_is_no_event_reaches_no_handle_event(endpoint: Endpoint) -> None:
    client = await join(endpoint, Taking, "any:1")
    client.push("any:1", "other", {})
    [error] = await client.wait("error", 1)
    assert error[4]["type"] == "unknown_event"


async def test_handle_event_may_be_a_generator_with_a_payload_that_is_checked(
    endpoint: Endpoint,
) -> None:
    class Steps(Channel, topic="steps"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        def handle_event(self, event: str, payload: NewTodo, state: Any) -> Any:
            state["n"] += 1
            yield
            state["n"] += len(payload.title)

    client = await join(endpoint, Steps, "steps")
    client.dispatch("steps", "go", {"title": "four"})
    await client.wait("state:patch", 2)
    client.dispatch("steps", "go", {"title": 4})
    [error] = await client.wait("error", 1)
    assert error[4]["event"] == "go"
    await client.settle("steps")
    assert client.received("state:change")[-1][4]["state"] == {"n": 5}


async def test_handle_event_with_other_parameters_cannot_be_declared() -> None:
    with pytest.raises(DeclarationError, match=r"handle_event\(self, event, payload, state\)"):

        class Wrong(Channel, topic="wrong"):
            def handle_event(self, payload: Any, state: Any) -> None: ...


class Guests(Channel, topic="guests:*", shared=True):
    def init(self, params: Any) -> Any:
        if params.get("refuse"):
            raise Refuse("closed")
        return {"guests": []}

    def joined(self, params: Any, state: Any) -> Any:
        if params.get("fail"):
            raise RuntimeError("raised on purpose")
        assert self.member is not None
        self.member.assigns["name"] = params["name"]
        state["guests"].append(params["name"])
        return Reply(None, Event("welcome", {"name": params["name"]}))

    @on("who")
    def who(self, payload: Any, state: Any) -> Any:
        assert self.member is not None
        return Reply(None, Event("you", {"name": self.member.assigns["name"]}))


async def test_joined_runs_for_each_member_after_its_state(endpoint: Endpoint) -> None:
    endpoint.declare(Guests)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("guests:1", {"name": "ann"})
    await ann.wait("state:patch", 1)
    await bob.join("guests:1", {"name": "bob"})
    await bob.wait("state:patch", 1)
    await ann.wait("state:patch", 2)
    assert [event for event, _ in bob.payloads("state:change", "welcome", "state:patch")] == [
        "state:change",
        "welcome",
        "state:patch",
    ]
    assert [frame[4] for frame in ann.received("welcome")] == [{"name": "ann"}]
    bob.dispatch("guests:1", "who")
    [you] = await bob.wait("you", 1)
    assert you[4] == {"name": "bob"}


async def test_joined_runs_once_for_a_client_that_comes_back(endpoint: Endpoint) -> None:
    first = await join(endpoint, Guests, "guests:1", {"name": "ann", "livestate": {}})
    await first.wait("state:patch", 1)
    token = first.received("phx_reply")[0][4]["response"]["livestate"]["token"]
    first.connection.lost()
    again = Client(endpoint)
    resume = {"token": token, "received": 0}
    await again.join("guests:1", {"name": "ann", "livestate": {"resume": resume}})
    again.dispatch("guests:1", "who")
    await again.wait("you", 1)
    await again.settle("guests:1")
    assert again.received("state:change")[-1][4]["state"] == {"guests": ["ann"]}


async def test_a_joined_that_fails_is_told_to_its_member_alone(endpoint: Endpoint) -> None:
    endpoint.declare(Guests)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("guests:1", {"name": "ann"})
    await ann.wait("state:patch", 1)
    await bob.join("guests:1", {"name": "bob", "fail": True, "livestate": {}})
    [error] = await bob.wait("error", 1)
    assert error[4] == {"type": "raised", "message": "the handler of joined failed"}
    await bob.settle("guests:1")
    assert ann.received("error") == []
    assert bob.received("state:change")[-1][4]["state"] == {"guests": ["ann"]}
    assert len(bob.received("phx_reply")) == 1


async def test_a_joined_that_fails_crashes_a_channel_that_asks_for_it(endpoint: Endpoint) -> None:
    class Fragile(Guests, topic="fragile", on_error="crash"):
        pass

    endpoint.declare(Fragile)
    client = Client(endpoint)
    client.push("fragile", "phx_join", {"name": "ann", "fail": True})
    await client.wait("phx_error", 1)


async def test_no_message_reaches_a_channel_whose_init_refused(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    class Closed(Channel, topic="closed", on_error="crash"):
        def init(self, params: Any) -> Any:
            self.subscribe("news")
            raise Refuse("closed today")

        def handle_message(self, message: Any, state: Any) -> None:
            state["news"] = message

    endpoint.declare(Closed)
    client = Client(endpoint)
    client.push("closed", "phx_join")
    await client.wait("error", 1)
    endpoint.broadcast("news", "rain")
    await client.settle("closed")
    assert client.payloads("error", "phx_error") == [("error", {"message": "closed today"})]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_nobody_has_joined_where_init_refused(endpoint: Endpoint) -> None:
    endpoint.declare(Guests)
    client = Client(endpoint)
    client.push("guests:1", "phx_join", {"name": "ann", "refuse": True})
    [error] = await client.wait("error", 1)
    assert error[4] == {"message": "closed"}
    client.push("guests:1", "phx_leave")
    await client.wait("phx_close", 1)
    assert len(client.received("error")) == 1
    await until(lambda: endpoint.sessions == [])

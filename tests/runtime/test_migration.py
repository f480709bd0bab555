"""A class that takes over live sessions, and brings their states into its own shape."""

import asyncio
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.errors import TopicError
from livestate_nb.runtime import Endpoint
from tests.clients import Client, until


class First(Channel, topic="list"):
    def init(self, params: Any) -> Any:
        return {"items": ["milk"]}

    @on("add")
    def add(self, payload: Any, state: Any) -> None:
        state["items"].append(payload)


class Second(Channel, topic="list"):
    ran = 0

    def migrate(self, state: Any) -> Any:
        type(self).ran += 1
        return {"todos": [{"title": title} for title in state["items"]]}

    @on("add")
    def add(self, payload: Any, state: Any) -> None:
        state["todos"].append({"title": payload})


def again(channel: type[Channel]) -> type[Channel]:
    """Return what running the class's cell again gives."""
    names = ("init", "migrate", "add", "ran")
    body = {name: value for name, value in vars(channel).items() if name in names}
    return type(channel.__name__, (Channel,), body, topic="list")  # type: ignore[call-overload, no-any-return]  # typeshed knows no keywords


@pytest.mark.asyncio
async def test_migrate_runs_once_and_its_state_is_one_patch() -> None:
    endpoint = Endpoint()
    endpoint.declare(First)
    page = Client(endpoint)
    await page.join("list")
    endpoint.declare(again(Second))
    [patch] = await page.wait("state:patch", 1)
    assert patch[4]["version"] == 1
    endpoint.declare(again(Second))
    page.dispatch("list", "add", "bread")
    assert (await page.wait("state:patch", 2))[1][4]["patch"] == [
        {"op": "add", "path": "/todos/1", "value": {"title": "bread"}}
    ]
    assert page.received("phx_close") == page.received("phx_error") == []
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_session_that_began_in_the_new_shape_is_not_migrated() -> None:
    class Begun(Second, topic="list"):
        def init(self, params: Any) -> Any:
            return {"todos": []}

    endpoint = Endpoint()
    endpoint.declare(Begun)
    page = Client(endpoint)
    await page.join("list")
    endpoint.declare(again(Second))
    page.dispatch("list", "add", "bread")
    assert (await page.wait("state:patch", 1))[0][4]["version"] == 1
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_migrate_that_raises_keeps_the_class_and_the_state(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Channel, topic="list"):
        def migrate(self, state: Any) -> Any:
            state["items"].append("half done")
            raise KeyError("todos")

        @on("drop")
        def drop(self, payload: Any, state: Any) -> None: ...

    endpoint = Endpoint()
    endpoint.declare(First)
    page = Client(endpoint)
    await page.join("list")
    endpoint.declare(Broken)
    page.dispatch("list", "add", "bread")
    assert (await page.wait("state:patch", 1))[0][4] == {
        "patch": [{"op": "add", "path": "/items/1", "value": "bread"}],
        "version": 1,
    }
    assert "keeps its class and state, since migrate failed" in caplog.text
    await endpoint.close()


@pytest.mark.asyncio
async def test_an_event_that_the_new_class_has_not_is_unknown() -> None:
    class Without(Channel, topic="list"):
        @on("other")
        def other(self, payload: Any, state: Any) -> None: ...

    endpoint = Endpoint()
    endpoint.declare(First)
    page = Client(endpoint)
    await page.join("list")
    endpoint.declare(Without)
    page.dispatch("list", "add", "bread")
    [error] = await page.wait("error", 1)
    assert error[4]["type"] == "unknown_event"
    await endpoint.close()


def test_a_method_that_autoreload_puts_into_a_class_handles_its_event() -> None:
    class Live(First, topic="list"): ...

    @on("late")
    def late(self: Any, payload: Any, state: Any) -> None: ...

    setattr(Live, "late", late)  # noqa: B010 - as autoreload does
    assert Live.events() == ["add", "late"]


@pytest.mark.asyncio
async def test_what_is_withdrawn_closes_its_sessions_and_nothing_else() -> None:
    class Other(Channel, topic="other"): ...

    endpoint = Endpoint()
    endpoint.declare(First)
    endpoint.declare(Other)
    page = Client(endpoint)
    await page.join("list")
    page.push("other", "phx_join")
    await page.wait("state:change", 2)
    ended = endpoint.withdraw("list")
    assert [session.topic for session in ended] == ["list"]
    assert [frame[2] for frame in page.received("phx_close")] == ["list"]
    assert [session.topic for session in endpoint.sessions] == ["other"]
    page.push("list", "phx_join")
    assert (await page.wait("phx_reply", 3))[2][4]["response"] == {"reason": "unmatched topic"}
    with pytest.raises(TopicError, match="'other'"):
        endpoint.withdraw("list")
    await endpoint.close()


@pytest.mark.asyncio
async def test_a_generator_finishes_on_its_old_code_and_goes_on_with_the_new_state() -> None:
    class Slow(First, topic="list"):
        @on("count")
        async def count(self, payload: Any, state: Any) -> Any:
            while "todos" not in state:
                state["items"].append("x")
                yield
                await asyncio.sleep(0.001)
            state["by"] = "old code"

    endpoint = Endpoint()
    endpoint.declare(Slow)
    page = Client(endpoint)
    await page.join("list")
    page.dispatch("list", "count")
    await page.wait("state:patch", 1)
    endpoint.declare(again(Second))
    [session] = endpoint.sessions
    await until(lambda: "by" in session.ledger.state)
    assert session.ledger.state["by"] == "old code"
    await endpoint.close()

"""A class that takes over live sessions, and brings their states into its own shape."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Channel, Refuse, on
from livestate_nb.errors import TopicError
from livestate_nb.testing import AsyncRig


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


@pytest_asyncio.fixture
async def rig() -> AsyncIterator[AsyncRig]:
    async with AsyncRig(First) as rig:
        yield rig


@pytest.mark.asyncio
async def test_migrate_runs_once_and_its_state_is_one_patch(rig: AsyncRig) -> None:
    page = await rig.join("list")
    rig.declare(again(Second))
    await page.assert_state_patch(version=1)
    rig.declare(again(Second))
    page.send_event("add", "bread")
    await page.assert_state_patch(
        [{"op": "add", "path": "/todos/1", "value": {"title": "bread"}}], version=2
    )
    assert page.is_joined


@pytest.mark.asyncio
async def test_a_session_that_began_in_the_new_shape_is_not_migrated(rig: AsyncRig) -> None:
    class Begun(Second, topic="list"):
        def init(self, params: Any) -> Any:
            return {"todos": []}

    rig.declare(Begun)
    page = await rig.join("list")
    rig.declare(again(Second))
    page.send_event("add", "bread")
    await page.assert_state_patch(version=1, state={"todos": [{"title": "bread"}]})


@pytest.mark.asyncio
async def test_a_migrate_that_raises_keeps_the_class_and_the_state(
    rig: AsyncRig, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Channel, topic="list"):
        def migrate(self, state: Any) -> Any:
            state["items"].append("half done")
            raise KeyError("todos")

        @on("drop")
        def drop(self, payload: Any, state: Any) -> None: ...

    page = await rig.join("list")
    rig.declare(Broken)
    page.send_event("add", "bread")
    await page.assert_state_patch([{"op": "add", "path": "/items/1", "value": "bread"}], version=1)
    assert "keeps its class and state, since migrate failed" in caplog.text


@pytest.mark.asyncio
async def test_an_event_that_the_new_class_has_not_is_unknown(rig: AsyncRig) -> None:
    class Without(Channel, topic="list"):
        @on("other")
        def other(self, payload: Any, state: Any) -> None: ...

    page = await rig.join("list")
    rig.declare(Without)
    page.send_event("add", "bread")
    assert (await page.assert_event("error"))["type"] == "unknown_event"


def test_a_method_that_autoreload_puts_into_a_class_handles_its_event() -> None:
    class Live(First, topic="list"): ...

    @on("late")
    def late(self: Any, payload: Any, state: Any) -> None: ...

    setattr(Live, "late", late)  # noqa: B010 - as autoreload does
    assert Live.events() == ["add", "late"]


@pytest.mark.asyncio
async def test_what_is_withdrawn_closes_its_sessions_and_nothing_else(rig: AsyncRig) -> None:
    class Other(Channel, topic="other"): ...

    rig.declare(Other)
    client = rig.connect()
    page, other = await client.join("list"), await client.join("other")
    ended = rig.endpoint.withdraw("list")
    assert [session.topic for session in ended] == ["list"]
    await page.assert_close()
    assert other.is_joined
    assert [session.topic for session in rig.endpoint.sessions] == ["other"]
    with pytest.raises(Refuse, match="unmatched topic"):
        await client.join("list")
    with pytest.raises(TopicError, match="'other'"):
        rig.endpoint.withdraw("list")


@pytest.mark.asyncio
async def test_a_generator_finishes_on_its_old_code_and_goes_on_with_the_new_state(
    rig: AsyncRig,
) -> None:
    class Slow(First, topic="list"):
        @on("count")
        async def count(self, payload: Any, state: Any) -> Any:
            while "todos" not in state:
                state["items"].append("x")
                yield
                await asyncio.sleep(0.001)
            state["by"] = "old code"

    rig.declare(Slow)
    page = await rig.join("list")
    page.send_event("count")
    await page.assert_state_patch()
    rig.declare(again(Second))
    await page.settle()
    assert page.state["by"] == "old code"

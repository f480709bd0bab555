"""The lives of a held session: what one has begun never reaches the next."""

import asyncio
from typing import Any

import pytest

from livestate_nb import Channel, MessageBuilder, on
from livestate_nb.runtime import Endpoint, Session
from tests.clients import Client, until

pytestmark = pytest.mark.asyncio


class Frail(Channel, topic="frail", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    async def boom(self, payload: Any, state: Any) -> None:
        raise ValueError("raised on purpose")

    @on("stream")
    def stream(self, payload: Any, state: Any) -> Any:
        while True:
            yield

    @on("stream_async")
    async def stream_async(self, payload: Any, state: Any) -> Any:
        while True:
            yield
            await asyncio.sleep(0)


class Tidy(Frail, topic="tidy"):
    def init(self, params: Any) -> Any:
        self.may_tidy = asyncio.Event()
        self.is_tidy = False
        return {"n": 0}

    @on("stream")
    async def stream(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                yield
                await asyncio.sleep(0)
        finally:
            await self.may_tidy.wait()
            self.subscribe("news")
            self.push("tidied")
            self.members_then = len(self.members)
            self.is_tidy = True


async def held(endpoint: Endpoint, channel: type[Channel], topic: str) -> Session:
    endpoint.declare(channel)
    return await endpoint.open(channel, topic, "a", {})


async def joined(endpoint: Endpoint, session: Session) -> tuple[Client, Any]:
    """Return a page that shows a session, and the params that it joins with."""
    page = Client(endpoint, is_local=True)
    params = {"livestate": {"session": session.key}}
    await page.join(session.topic, params)
    return page, params


async def crash(session: Session) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        await session.dispatch("boom", {}, frozenset())


@pytest.mark.parametrize("stream", ["stream", "stream_async"])
async def test_events_after_a_crash_that_ended_a_generator_are_handled(
    endpoint: Endpoint, stream: str
) -> None:
    session = await held(endpoint, Frail, "frail")
    page, params = await joined(endpoint, session)
    page.dispatch("frail", stream)
    await page.wait("state:patch", 3)
    await crash(session)
    for _ in range(5):
        assert await session.dispatch("inc", {}, frozenset()) == []
    page.push("frail", "phx_join", params)
    state = (await page.wait("state:change", 2))[1][4]
    assert state == {"state": {"n": 5}, "version": 5}
    assert len(page.received("phx_error")) == 1


async def test_a_generator_that_takes_its_time_to_end_leaves_the_next_life_alone(
    endpoint: Endpoint,
) -> None:
    session = await held(endpoint, Tidy, "tidy")
    page, params = await joined(endpoint, session)
    old = session.channel
    assert isinstance(old, Tidy)
    page.dispatch("tidy", "stream")
    await page.wait("state:patch", 2)
    page.dispatch("tidy", "boom")
    await page.wait("phx_error", 1)
    page.push("tidy", "phx_join", params)
    await page.wait("state:change", 2)
    for _ in range(3):
        await session.dispatch("inc", {}, frozenset())
    old.may_tidy.set()
    await until(lambda: old.is_tidy)
    endpoint.pubsub.publish("news", "the next life has not asked for it")
    await session.dispatch("inc", {}, frozenset())
    await page.settle("tidy")
    assert page.received("state:change")[-1][4] == {"state": {"n": 4}, "version": 4}
    assert len(page.received("phx_error")) == 1
    assert page.received("tidied") == []
    assert old.members_then == 0
    assert len(session.members) == 1


class Fragile(MessageBuilder):
    """Fail on a state that says so, when all of it or a change of it is told."""

    def new_state_message(self, state: Any, version: int) -> Any:
        if state.get("is_bad"):
            raise ValueError("raised on purpose")
        return super().new_state_message(state, version)

    def update_state_message(self, change: Any, version: int) -> Any:
        if change.new_document.get("is_worse"):
            raise ValueError("raised on purpose")
        return super().update_state_message(change, version)


class Old(Channel, topic="moved", message_builder=Fragile):
    def init(self, params: Any) -> Any:
        self.subscribe("news")
        return {"n": 0}

    @on("set")
    async def set_(self, payload: Any, state: Any) -> None:
        state.update(payload)

    async def handle_message(self, message: Any, state: Any) -> None:
        state.update(message)


async def test_a_session_that_crashes_while_it_migrates_goes_on_with_the_new_class(
    endpoint: Endpoint,
) -> None:
    migrating, may_end, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class New(Old, topic="moved"):
        async def migrate(self, state: Any) -> Any:
            migrating.set()
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                await may_end.wait()
            is_over.set()
            return {"n": 100}

    session = await held(endpoint, Old, "moved")
    page, params = await joined(endpoint, session)
    page.dispatch("moved", "set", {"is_bad": True})
    await page.wait("state:patch", 1)
    endpoint.declare(New)
    await migrating.wait()
    other = Client(endpoint, is_local=True)
    other.push("moved", "phx_join", params)
    await other.wait("phx_error", 1)
    page.push("moved", "phx_join", params)
    assert (await page.wait("state:change", 2))[1][4] == {"state": {"n": 0}, "version": 0}
    may_end.set()
    await is_over.wait()
    await page.settle("moved")
    assert len(page.received("state:patch")) == 1
    assert type(session.channel) is New


async def test_a_session_that_crashes_as_its_class_changes_does_not_migrate(
    endpoint: Endpoint,
) -> None:
    migrated: list[Any] = []

    class Paced(Old, topic="moved", fps=0.001):
        """Holds all back but the first."""

    class New(Paced, topic="moved", fps=0.001):
        def migrate(self, state: Any) -> Any:
            migrated.append(state)

    session = await held(endpoint, Paced, "moved")
    page, _ = await joined(endpoint, session)
    for message in ({"n": 1}, {"is_worse": True}):
        endpoint.broadcast("news", message)
    await until(lambda: session.ledger.is_ahead)
    endpoint.declare(New)
    await page.wait("phx_error", 1)
    await endpoint.settle()
    assert migrated == []
    assert type(session.channel) is New

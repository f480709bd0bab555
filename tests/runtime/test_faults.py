"""What goes wrong in handlers, joins and mailboxes, and what of it others notice: nothing."""

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import jsonpatch
import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.errors import (
    ChannelError,
    DeclarationError,
    Overloaded,
    ReturnError,
    SessionClosed,
)
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


def state_of(client: Client) -> Any:
    """Return the state that a client makes of the last whole state and the patches behind it."""
    state: Any = None
    for event, payload in client.payloads("state:change", "state:patch"):
        if event == "state:change":
            state = payload["state"]
        else:
            state = jsonpatch.apply_patch(state, payload["patch"])
    return state


async def served(client: Client, topic: str) -> Any:
    """Return the state that the server has, when all that was sent before is handled."""
    await client.settle(topic)
    return client.received("state:change")[-1][4]["state"]


def replies(client: Client) -> dict[str, Any]:
    """Return the answers by the ref of what they answer."""
    return {frame[1]: frame[4] for frame in client.received("phx_reply")}


async def answer(client: Client, ref: str) -> Any:
    await client.until(lambda: ref in replies(client))
    return replies(client)[ref]


# time-outs and task groups around a yield


class Budget(Channel, topic="budget", shared=True):
    def init(self, params: Any) -> Any:
        self.release = asyncio.Event()
        return {"n": 0, "others": 0, "end": ""}

    @on("train")
    async def train(self, payload: Any, state: Any) -> Any:
        try:
            async with asyncio.timeout(None) as self.budget:
                while True:
                    state["n"] += 1
                    yield
                    await asyncio.sleep(0.001)
        except TimeoutError:
            state["end"] = "over"

    @on("overrun")
    async def overrun(self, payload: Any, state: Any) -> Any:
        async with asyncio.timeout(None) as self.budget:
            while True:
                state["n"] += 1
                yield
                await asyncio.sleep(0.001)

    @on("group")
    async def group(self, payload: Any, state: Any) -> Any:
        async def fail() -> None:
            await self.release.wait()
            raise OSError("a child failed")

        self.budget = asyncio.timeout(None)
        try:
            async with asyncio.TaskGroup() as group:
                self.child = group.create_task(fail())
                while True:
                    state["n"] += 1
                    yield
                    await asyncio.sleep(0.001)
        except* OSError:
            state["end"] = "a child failed"

    @on("other")
    async def other(self, payload: Any, state: Any) -> None:
        state["others"] += 1

    @on("end_it_meanwhile")
    async def end_it_meanwhile(self, payload: Any, state: Any) -> None:
        """Let the budget end while the other handler's turn has not come."""
        state["others"] += 1
        self.budget.reschedule(0)
        while not self.budget.expired():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        assert state["end"] == ""

    @on("fail_child_meanwhile")
    async def fail_child_meanwhile(self, payload: Any, state: Any) -> None:
        state["others"] += 1
        self.release.set()
        await asyncio.wait([self.child])
        await asyncio.sleep(0)
        assert state["end"] == ""


@pytest.mark.parametrize(
    ("event", "end_it", "end"),
    [
        ("train", "end_it_meanwhile", "over"),
        ("group", "fail_child_meanwhile", "a child failed"),
    ],
)
async def test_a_cancel_scope_around_a_yield_ends_its_own_handler_and_no_other(
    endpoint: Endpoint, event: str, end_it: str, end: str
) -> None:
    endpoint.declare(Budget)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("budget", {"livestate": {}})
    await bob.join("budget", {"livestate": {}})
    train = ann.dispatch("budget", event)
    await ann.wait("state:patch", 2)
    assert (await answer(bob, bob.dispatch("budget", "other")))["status"] == "ok"
    assert (await answer(bob, bob.dispatch("budget", end_it)))["status"] == "ok"
    assert (await answer(ann, train))["status"] == "ok"
    assert (await answer(bob, bob.dispatch("budget", "other")))["status"] == "ok"
    state = await served(bob, "budget")
    assert (state["others"], state["end"]) == (3, end)
    assert state_of(ann) == state
    assert ann.received("error") == bob.received("error") == []


async def test_a_timeout_that_a_handler_lets_out_is_its_failure(endpoint: Endpoint) -> None:
    client = await join(endpoint, Budget, "budget", {"livestate": {}}, is_local=True)
    overrun = client.dispatch("budget", "overrun")
    await client.wait("state:patch", 2)
    client.dispatch("budget", "end_it_meanwhile")
    told = await answer(client, overrun)
    assert told["response"]["message"].startswith("TimeoutError")
    assert (await answer(client, client.dispatch("budget", "other")))["status"] == "ok"


# joins that are let in too late


class Doors(Channel, topic="doors:*", shared=True, grace=0):
    def __init__(self) -> None:
        self.is_open = asyncio.Event()

    async def authorize(self, params: Any) -> Any:
        if params.get("is_slow"):
            late.append(self)
            await self.is_open.wait()
        return True

    async def init(self, params: Any) -> Any:
        if self.topic == "doors:broken":
            raise OSError("the database is down")
        return {"n": 0}


late: list[Doors] = []


async def test_a_join_let_in_after_its_session_ended_is_told(endpoint: Endpoint) -> None:
    late.clear()
    endpoint.declare(Doors)
    client = Client(endpoint)
    client.push("doors:1", "phx_join", {"is_slow": True})
    await until(lambda: len(late) == 1)
    endpoint.sessions[0].close()
    late[0].is_open.set()
    [error] = await client.wait("phx_error", 1)
    assert error[4] == {"reason": "channel_crash"}
    assert endpoint.sessions == []
    assert (await client.join("doors:1"))["state"] == {"n": 0}


async def test_a_join_let_in_after_anothers_init_failed_is_told(endpoint: Endpoint) -> None:
    late.clear()
    endpoint.declare(Doors)
    ann, bob = Client(endpoint), Client(endpoint)
    bob.push("doors:broken", "phx_join", {"is_slow": True})
    await until(lambda: len(late) == 1)
    ann.push("doors:broken", "phx_join")
    await ann.wait("phx_error", 1)
    late[0].is_open.set()
    await bob.wait("phx_error", 1)
    await until(lambda: endpoint.sessions == [])


async def test_a_join_of_a_cell_that_is_let_in_after_its_end_is_told(endpoint: Endpoint) -> None:
    class Cell(Doors, topic="cell", shared=False):
        pass

    late.clear()
    endpoint.declare(Cell)
    session = await endpoint.open(Cell, "cell", "a", {})
    page = Client(endpoint, is_local=True)
    params = {"is_slow": True, "livestate": {"session": session.key}}
    page.push("cell", "phx_join", params)
    await until(lambda: len(late) == 1)
    session.close()
    late[0].is_open.set()
    await page.wait("phx_error", 1)
    rejoin = page.push("cell", "phx_join", params)
    told = await answer(page, rejoin)
    assert told["status"] == "error"
    assert "run the cell again" in told["response"]["reason"]


async def test_a_session_stays_while_a_join_is_authorized(endpoint: Endpoint) -> None:
    late.clear()
    endpoint.declare(Doors)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("doors:1")
    [session] = endpoint.sessions
    bob.push("doors:1", "phx_join", {"is_slow": True})
    await until(lambda: len(late) == 1)
    ann.push("doors:1", "phx_leave")
    await ann.wait("phx_close", 1)
    late[0].is_open.set()
    await bob.wait("state:change", 1)
    assert endpoint.sessions == [session]
    bob.push("doors:1", "phx_leave")
    await bob.wait("phx_close", 1)
    await until(lambda: endpoint.sessions == [])


async def test_an_authorize_that_swallows_its_end_answers_no_other_join(
    endpoint: Endpoint,
) -> None:
    class Stubborn(Channel, topic="stubborn"):
        async def authorize(self, params: Any) -> Any:
            if params["key"] == "wrong":
                waits.append(True)
                await decide.wait()
                return False
            try:
                waits.append(True)
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(True)
            return True

    waits: list[bool] = []
    swallowed: list[bool] = []
    decide = asyncio.Event()
    endpoint.declare(Stubborn)
    client = Client(endpoint)
    client.push("stubborn", "phx_join", {"key": "right"})
    await until(lambda: len(waits) == 1)
    second = client.push("stubborn", "phx_join", {"key": "wrong"})
    await until(lambda: bool(swallowed) and len(waits) == 2)
    await until(lambda: len(endpoint.sessions) == 1)
    assert client.payloads("phx_reply", "phx_close", "state:change") == []
    decide.set()
    told = await answer(client, second)
    assert told == {"status": "error", "response": {"reason": "unauthorized"}}
    assert client.received("state:change") == []
    await until(lambda: endpoint.sessions == [])


async def test_a_client_that_joins_again_is_one_member(endpoint: Endpoint) -> None:
    endpoint.declare(Doors)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("doors:1")
    await bob.join("doors:1")
    [session] = endpoint.sessions
    bob.push("doors:1", "phx_join")
    await bob.wait("state:change", 2)
    assert len(session.joined) == 2
    bob.connection.lost()
    assert len(session.joined) == 1


async def test_a_key_opens_its_own_topic_alone(endpoint: Endpoint) -> None:
    class Own(Channel, topic="own:*"):
        def init(self, params: Any) -> Any:
            return {"topic": self.topic}

    endpoint.declare(Own)
    session = await endpoint.open(Own, "own:1", "a", {})
    page = Client(endpoint, is_local=True)
    ref = page.push("own:2", "phx_join", {"livestate": {"session": session.key}})
    assert (await answer(page, ref))["status"] == "error"
    assert session.joined == []


# states that are no dict


@dataclass
class Count:
    n: int = 0


@dataclass
class Basket:
    items: list[str]


@dataclass(frozen=True)
class FrozenBasket:
    items: list[str]


class Model(Channel, topic="model"):
    def init(self, params: Any) -> Any:
        self.count = Count()
        return self.count

    @on("inc")
    def inc(self, payload: Any, state: Any) -> Any:
        self.count.n += 1
        return self.count

    @on("inc_twice")
    def inc_twice(self, payload: Any, state: Any) -> Any:
        for _ in range(2):
            self.count.n += 1
            yield self.count

    @on("fail")
    def fail(self, payload: Any, state: Any) -> Any:
        self.count.n += 100
        state.n = 50
        raise RuntimeError

    @on("go_back")
    def go_back(self, payload: Any, state: Any) -> Any:
        self.count = Count(state.n)
        return None


class Kept(Channel, topic="kept"):
    def init(self, params: Any) -> Any:
        return Basket(["first"])

    @on("add")
    def add(self, payload: Any, state: Basket) -> None:
        state.items.append("added")
        self.kept = state

    @on("fail")
    def fail(self, payload: Any, state: Basket) -> None:
        self.kept.items.append("by the kept one")
        state.items.append("by the failed one")
        raise RuntimeError

    @on("generate")
    async def generate(self, payload: Any, state: Basket) -> Any:
        state.items.append("before")
        kept = state
        state = yield
        kept.items.append("too late")
        state.items.append("after")
        yield state


class Frozen(Channel, topic="frozen"):
    def init(self, params: Any) -> Any:
        return FrozenBasket([])

    @on("add")
    def add(self, payload: Any, state: FrozenBasket) -> None:
        state.items.append("added")

    @on("fail")
    async def fail(self, payload: Any, state: FrozenBasket) -> None:
        state.items.append("trace")
        raise RuntimeError


class Turned(Channel, topic="turned"):
    def init(self, params: Any) -> Any:
        return Count()

    @on("to_dict")
    def to_dict(self, payload: Any, state: Any) -> Any:
        self.own = {"n": 1, "items": [[]]}
        return self.own

    @on("touch")
    def touch(self, payload: Any, state: Any) -> None:
        self.own["n"] = 99

    @on("to_object")
    def to_object(self, payload: Any, state: Any) -> Any:
        return Count(7)


@pytest.mark.parametrize(
    ("channel", "events", "expected"),
    [
        (Model, ["inc", "inc", "inc_twice", "inc"], {"n": 5}),
        (Model, ["inc", "fail", "go_back", "inc"], {"n": 2}),
        (Kept, ["add", "fail", "add"], {"items": ["first", "added", "added"]}),
        (Kept, ["generate", "add"], {"items": ["first", "before", "after", "added"]}),
        (Frozen, ["add", "fail", "add", "fail"], {"items": ["added", "added"]}),
        (Turned, ["to_dict", "touch"], {"n": 1, "items": [[]]}),
        (Turned, ["to_dict", "to_object", "to_dict"], {"n": 1, "items": [[]]}),
    ],
)
async def test_patches_always_lead_to_the_servers_state(
    endpoint: Endpoint, channel: type[Channel], events: list[str], expected: Any
) -> None:
    topic = str(channel._options.topic)
    client = await join(endpoint, channel, topic, {"livestate": {}})
    for event in events:
        await answer(client, client.dispatch(topic, event))
    followed = state_of(client)
    assert followed == await served(client, topic) == expected


# handlers that end badly


class Messy(Channel, topic="messy:*"):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("fine")
    async def fine(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("exit_async")
    async def exit_async(self, payload: Any, state: Any) -> Any:
        try:
            yield 7  # no state
        finally:
            sys.exit("cleaning up")

    @on("exit_plain")
    def exit_plain(self, payload: Any, state: Any) -> Any:
        try:
            yield 7
        finally:
            sys.exit("cleaning up")

    @on("raise_async")
    async def raise_async(self, payload: Any, state: Any) -> Any:
        try:
            yield 7
        finally:
            raise RuntimeError("cleaning up")

    @on("raise_plain")
    def raise_plain(self, payload: Any, state: Any) -> Any:
        try:
            yield 7
        finally:
            raise RuntimeError("cleaning up")

    @on("never_ends")
    async def never_ends(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                yield
                await asyncio.sleep(0.001)
        finally:
            raise KeyboardInterrupt

    @on("never_ends_plain")
    def never_ends_plain(self, payload: Any, state: Any) -> Any:
        try:
            while True:
                yield
        finally:
            sys.exit("cleaning up")


@pytest.mark.parametrize("event", ["exit_async", "exit_plain", "raise_async", "raise_plain"])
async def test_a_finally_that_raises_ends_nothing(endpoint: Endpoint, event: str) -> None:
    endpoint.declare(Messy)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("messy:1", {"livestate": {}})
    await bob.join("messy:2", {"livestate": {}})
    failed = await answer(ann, ann.dispatch("messy:1", event))
    assert failed["response"]["type"] == "bad_return"
    assert len(ann.received("error")) == 1
    for client, topic in ((ann, "messy:1"), (bob, "messy:2")):
        assert (await answer(client, client.dispatch(topic, "fine")))["status"] == "ok"
        assert await served(client, topic) == {"n": 1}


@pytest.mark.parametrize("event", ["never_ends", "never_ends_plain"])
async def test_a_finally_that_raises_as_its_session_ends_ends_no_other(
    endpoint: Endpoint, event: str
) -> None:
    endpoint.declare(Messy)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("messy:1")
    await bob.join("messy:2")
    ann.dispatch("messy:1", event)
    await ann.wait("state:patch", 2)
    ann.push("messy:1", "phx_leave")
    await ann.wait("phx_close", 1)
    await until(lambda: len(endpoint.sessions) == 1)
    bob.dispatch("messy:2", "fine")
    assert await served(bob, "messy:2") == {"n": 1}


# refusals and errors that cannot say what they are


class Mute(Exception):
    def __str__(self) -> str:
        return str(self.args[3])


REASONS: dict[str, Any] = {
    "exception": ValueError("an exception"),
    "object": {"reason": "no", "message": "no", "until": object()},
    "nan": {"until": float("nan")},
    "surrogate": "file \udcff",
    "surrogate_in_a_dict": {"message": "file \udcff", "reason": "file \udcff"},
    "empty": {},
}


class Refusing(Channel, topic="refusing"):
    def authorize(self, params: Any) -> bool:
        if "join" in params:
            raise Refuse(REASONS[params["join"]])
        return True

    def init(self, params: Any) -> Any:
        if "init" in params:
            raise Refuse(REASONS[params["init"]])
        return {"n": 0}

    @on("refuse")
    def refuse(self, payload: Any, state: Any) -> None:
        raise Refuse(REASONS[payload])

    @on("mute")
    def mute(self, payload: Any, state: Any) -> None:
        raise Mute

    @on("surrogate")
    def surrogate(self, payload: Any, state: Any) -> None:
        raise ValueError("file \udcff")

    @on("surrogate_in_the_state")
    def surrogate_in_the_state(self, payload: Any, state: Any) -> None:
        state["n"] = "\udcff"

    @on("surrogate_in_a_reply")
    def surrogate_in_a_reply(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("file", {"name": "\udcff"}))

    @on("surrogate_in_an_events_name")
    def surrogate_in_an_events_name(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("\udcff"))

    @on("fine")
    def fine(self, payload: Any, state: Any) -> None:
        state["n"] = 1


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize("reason", list(REASONS))
async def test_every_refusal_reaches_the_client_once(
    endpoint: Endpoint, reason: str, *, is_local: bool
) -> None:
    endpoint.declare(Refusing)
    client = Client(endpoint, is_local=is_local)
    first = await answer(client, client.push("refusing", "phx_join", {"join": reason}))
    assert first["status"] == "error"
    assert isinstance(first["response"], dict)
    client = Client(endpoint, is_local=is_local)
    client.push("refusing", "phx_join", {"init": reason})
    [init] = await client.wait("error", 1)
    assert isinstance(init[4], dict)
    client = Client(endpoint, is_local=is_local)
    await client.join("refusing", {"livestate": {}})
    refused = await answer(client, client.dispatch("refusing", "refuse", reason))
    assert refused["status"] == "error"
    assert (refused["response"]["type"], refused["response"]["event"]) == ("refused", "refuse")
    assert [frame[4] for frame in client.received("error")] == [refused["response"]]
    if reason == "exception":
        assert first["response"] == {"reason": "an exception"}
        assert init[4] == {"message": "an exception"}
        assert refused["response"]["message"] == "an exception"
    if reason == "object":
        assert "until" in first["response"]["reason"]
    assert (await answer(client, client.dispatch("refusing", "fine")))["status"] == "ok"
    assert client.closed is None


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize(
    "event",
    [
        *["mute", "surrogate", "surrogate_in_the_state", "surrogate_in_a_reply"],
        "surrogate_in_an_events_name",
    ],
)
async def test_every_failure_reaches_the_client_once(
    endpoint: Endpoint, event: str, *, is_local: bool
) -> None:
    client = await join(endpoint, Refusing, "refusing", {"livestate": {}}, is_local=is_local)
    failed = await answer(client, client.dispatch("refusing", event))
    assert failed["status"] == "error"
    assert failed["response"]["message"]
    assert [frame[4] for frame in client.received("error")] == [failed["response"]]
    fine = await answer(client, client.dispatch("refusing", "fine"))
    assert fine["status"] == "ok"
    assert await served(client, "refusing") == {"n": 1}
    assert client.closed is None


class Rows(Channel, topic="rows"):
    """Reads a stream of rows that has ended."""

    async def rows(self) -> AsyncIterator[int]:
        for row in ():
            yield row

    @on("coroutine")
    async def coroutine(self, payload: Any, state: Any) -> None:
        state["n"] = await anext(self.rows())

    @on("plain")
    def plain(self, payload: Any, state: Any) -> None:
        state["n"] = 1
        raise StopAsyncIteration

    @on("generator")
    def generator(self, payload: Any, state: Any) -> Any:
        yield
        state["n"] = 1
        raise StopAsyncIteration

    @on("async_generator")
    async def async_generator(self, payload: Any, state: Any) -> Any:
        yield
        state["n"] = await anext(self.rows())


@pytest.mark.parametrize("event", Rows.events())
async def test_a_stream_that_has_ended_fails_the_handler_that_asks_it_for_more(
    endpoint: Endpoint, event: str
) -> None:
    client = await join(endpoint, Rows, "rows", {"livestate": {}})
    failed = await answer(client, client.dispatch("rows", event))
    assert failed["status"] == "error"
    assert failed["response"]["type"] == "raised"
    assert await served(client, "rows") == {}


async def test_a_refusal_reaches_python_too(endpoint: Endpoint) -> None:
    endpoint.declare(Refusing)
    session = await endpoint.open(Refusing, "refusing", "a", {})
    for reason in REASONS:
        with pytest.raises(Refuse):
            await session.dispatch("refuse", reason, frozenset())
    with pytest.raises(Refuse, match="an exception"):
        await endpoint.open(Refusing, "refusing", "b", {"init": "exception"})
    await until(lambda: len(endpoint.sessions) == 1)


async def test_the_log_shows_an_error_from_the_users_code_on(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    client = await join(endpoint, Refusing, "refusing", {"livestate": {}})
    await answer(client, client.dispatch("refusing", "surrogate"))
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    traceback = record.exc_info[2]
    assert traceback is not None
    assert traceback.tb_frame.f_code.co_name == "surrogate"


# plain handlers that never return

NEVER = """
import asyncio, threading
from livestate_nb import Channel, on
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint

class Stuck(Channel, topic="stuck"):
    @on("stick")
    def stick(self, payload, state):
        begun.set()
        threading.Event().wait()

begun = threading.Event()

loop = asyncio.new_event_loop()

async def main():
    endpoint = Endpoint()
    endpoint.declare(Stuck)
    session = await endpoint.open(Stuck, "stuck", "a", {})
    await session.dispatch("stick", {}, frozenset())

def serve():
    asyncio.set_event_loop(loop)
    loop.create_task(main())
    loop.run_forever()

threading.Thread(target=serve, daemon=True).start()  # as a kernel does
begun.wait()
print("main has ended", flush=True)
"""


async def test_a_plain_handler_that_never_returns_does_not_keep_the_process() -> None:
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "ignore", "-c", NEVER],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == "main has ended\n", ended.stderr
    assert ended.returncode == 0


# too much


class Busy(Channel, topic="busy", shared=True):
    def init(self, params: Any) -> Any:
        self.release = asyncio.Event()
        self.subscribe("news")
        return {"heard": 0, "begun": 0}

    @on("wait")
    async def wait(self, payload: Any, state: Any) -> None:
        state["begun"] += 1
        await self.release.wait()

    @on("release")
    def unused(self, payload: Any, state: Any) -> None:
        pass

    async def handle_message(self, message: Any, state: Any) -> None:
        state["heard"] += 1


FEW = Limits(waiting_per_session=100, waiting_per_client=10)


@pytest.mark.parametrize("limits", [FEW], ids=["few may wait"])
async def test_a_mailbox_that_is_full_takes_no_more(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.declare(Busy)
    session = await endpoint.open(Busy, "busy", "a", {})
    assert isinstance(session.channel, Busy)
    client = Client(endpoint)
    await client.join("busy")
    waits = asyncio.create_task(session.dispatch("wait", {}, frozenset()))
    await asyncio.sleep(0)
    for _ in range(FEW.waiting_per_session + 20):
        endpoint.pubsub.publish("news", 1)
    dropped = [r for r in caplog.records if "are dropped" in r.getMessage()]
    assert [record.levelno for record in dropped] == [logging.WARNING]
    with pytest.raises(Overloaded):
        await session.dispatch("wait", {}, frozenset())
    client.dispatch("busy", "wait")
    [told] = await client.wait("phx_error", 1)
    assert told[4] == {"reason": "too many messages waiting"}
    session.channel.release.set()
    assert await waits == []
    await until(lambda: session.ledger.snapshot()["heard"] == FEW.waiting_per_session)
    assert await session.dispatch("wait", {}, frozenset()) == []
    assert session.ledger.snapshot() == {"heard": FEW.waiting_per_session, "begun": 2}


@pytest.mark.parametrize("limits", [FEW], ids=["few may wait"])
async def test_a_flooder_that_joins_again_piles_nothing_up(endpoint: Endpoint) -> None:
    endpoint.declare(Busy)
    session = await endpoint.open(Busy, "busy", "a", {})
    assert isinstance(session.channel, Busy)
    flooder = Client(endpoint)
    rounds = FEW.waiting_per_session // FEW.waiting_per_client + 1
    for number in range(1, rounds + 1):
        flooder.push("busy", "phx_join")
        await flooder.wait("state:change", number)
        for _ in range(FEW.waiting_per_client + 1):
            flooder.dispatch("busy", "wait")
        await flooder.wait("phx_error", number)
    other = Client(endpoint)
    await other.join("busy")
    other.dispatch("busy", "wait")
    session.channel.release.set()
    state = await served(other, "busy")
    assert state["begun"] == 2  # the flooder's first, and the other's


# classes that are defined again


class Versions(Channel, topic="versions"):
    def init(self, params: Any) -> Any:
        self.release = asyncio.Event()
        self.begun = False
        return {"said": []}

    @on("say")
    async def say(self, payload: Any, state: Any) -> None:
        self.begun = True
        await self.release.wait()
        state["said"].append(self.word())

    def word(self) -> str:
        return "old"


class OtherLayout(Channel, topic="versions"):
    __slots__ = ("word",)


def newer() -> type[Channel]:
    class NewVersions(Channel, topic="versions", max_version=2):
        @on("say")
        def say(self, payload: Any, state: Any) -> None:
            state["said"].append(self.new_word())

        def new_word(self) -> str:
            return "new"

    return NewVersions


async def test_a_running_handler_keeps_its_class_until_it_has_ended(endpoint: Endpoint) -> None:
    client = await join(endpoint, Versions, "versions")
    client.dispatch("versions", "say")
    channel: Any = endpoint.sessions[0].channel
    await until(lambda: channel.begun)
    endpoint.declare(newer())
    client.dispatch("versions", "say")
    channel.release.set()
    assert await served(client, "versions") == {"said": ["old", "new"]}


async def test_max_version_follows_the_class(endpoint: Endpoint) -> None:
    client = await join(endpoint, Versions, "versions")
    endpoint.declare(newer())
    for _ in range(4):
        client.dispatch("versions", "say")
    await client.wait("state:patch", 4)
    assert [frame[4]["version"] for frame in client.received("state:patch")] == [1, 2, 0, 1]


async def test_a_class_of_another_layout_is_refused_and_the_old_goes_on(
    endpoint: Endpoint,
) -> None:
    client = await join(endpoint, Versions, "versions")
    with pytest.raises(DeclarationError, match="__slots__"):
        endpoint.declare(OtherLayout)
    assert endpoint.match("versions") is Versions
    channel: Any = endpoint.sessions[0].channel
    channel.release.set()
    client.dispatch("versions", "say")
    assert await served(client, "versions") == {"said": ["old"]}
    newcomer = Client(endpoint)
    assert (await newcomer.join("versions"))["state"] == {"said": []}


# whose turn it is

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


class Tenants(Channel, topic="tenants", shared=True):
    def init(self, params: Any) -> Any:
        return {"seen": []}

    @on("set")
    async def set_it(self, payload: Any, state: Any) -> None:
        tenant.set(payload)

    @on("set_plain")
    def set_plain(self, payload: Any, state: Any) -> None:
        tenant.set(payload)

    @on("set_and_wait")
    async def set_and_wait(self, payload: Any, state: Any) -> Any:
        tenant.set(payload)
        yield
        state["seen"].append(tenant.get())

    @on("see")
    async def see(self, payload: Any, state: Any) -> None:
        state["seen"].append(tenant.get())

    @on("see_plain")
    def see_plain(self, payload: Any, state: Any) -> None:
        state["seen"].append(tenant.get())

    @on("outlive")
    async def outlive(self, payload: Any, state: Any) -> None:
        assert self.member is not None
        self.go = asyncio.Event()
        self.seen: list[Any] = []
        self.task = asyncio.create_task(self._later())

    async def _later(self) -> None:
        self.seen.append(self.member)
        await self.go.wait()
        self.seen.append(self.member)


async def test_no_member_sees_anothers_context(endpoint: Endpoint) -> None:
    endpoint.declare(Tenants)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("tenants", {"livestate": {}})
    await bob.join("tenants")
    tenant.set("whoever feeds the frames")
    for event in ("set", "set_plain", "set_and_wait"):
        ref = ann.dispatch("tenants", event, "ann's")
        for see in ("see", "see_plain"):
            bob.dispatch("tenants", see)
        await answer(ann, ref)
    seen = (await served(bob, "tenants"))["seen"]
    assert sorted(seen) == ["ann's", *["nobody"] * 6]


async def test_what_outlives_its_handler_has_no_member(endpoint: Endpoint) -> None:
    client = await join(endpoint, Tenants, "tenants")
    client.dispatch("tenants", "outlive")
    await client.wait("state:patch", 1)
    channel: Any = endpoint.sessions[0].channel
    channel.go.set()
    await channel.task
    assert channel.seen[-1] is None


# what leaves a handler


class Parts(Channel, topic="parts", shared=True):
    def init(self, params: Any) -> Any:
        self.subscribe("parts")
        return {"items": [{"title": "milk"}], "heard": []}

    @on("reply")
    def reply(self, payload: Any, state: Any) -> Any:
        state["items"].append({"title": payload})
        return Reply(None, Event("added", {"item": state["items"][-1], "all": state["items"]}))

    @on("tell")
    def tell(self, payload: Any, state: Any) -> None:
        self.broadcast("parts", {"item": state["items"][0]})
        self.push("pushed", {"item": state["items"][0]})
        state["items"].clear()

    def handle_message(self, message: Any, state: Any) -> None:
        state["heard"].append(message["item"]["title"])


async def test_parts_of_a_state_may_leave_the_handler(endpoint: Endpoint) -> None:
    endpoint.declare(Parts)
    session = await endpoint.open(Parts, "parts", "a", {})
    client = Client(endpoint)
    await client.join("parts")
    [event] = await session.dispatch("reply", "tea", frozenset())
    both = [{"title": "milk"}, {"title": "tea"}]
    assert event == Event("added", {"item": both[1], "all": both})
    assert event.detail["item"]["title"] == "tea"
    client.dispatch("parts", "reply", "jam")
    [added] = await client.wait("added", 1)
    assert added[4]["item"] == {"title": "jam"}
    client.dispatch("parts", "tell")
    assert (await client.wait("pushed", 1))[0][4] == {"item": {"title": "milk"}}
    assert await served(client, "parts") == {"items": [], "heard": ["milk"]}
    assert event.detail["all"] == both


async def test_handlers_of_every_base_are_inherited(endpoint: Endpoint) -> None:
    class First(Channel):
        @on("a")
        def a(self, payload: Any, state: Any) -> None:
            state["by"] = "First.a"

        @on("c")
        def first_c(self, payload: Any, state: Any) -> None:
            state["by"] = "First.c"

    class Second(Channel):
        @on("b")
        def b(self, payload: Any, state: Any) -> None:
            state["by"] = "Second.b"

        @on("c")
        def second_c(self, payload: Any, state: Any) -> None:
            state["by"] = "Second.c"

    class Mixin:
        @on("m")
        def m(self, payload: Any, state: Any) -> None:
            state["by"] = "Mixin.m"

    class All(Mixin, First, Second, topic="all"):
        pass

    assert All.events() == ["a", "b", "c", "m"]
    client = await join(endpoint, All, "all")
    for event, by in [("a", "First.a"), ("b", "Second.b"), ("m", "Mixin.m"), ("c", "First.c")]:
        client.dispatch("all", event)
        assert await served(client, "all") == {"by": by}


@pytest.mark.parametrize("name", ["push", "show", "events", "topic", "init", "authorize"])
async def test_a_handler_has_a_name_of_its_own(name: str) -> None:
    @on("x")
    def handler(self: Any, payload: Any, state: Any) -> None:
        pass

    with pytest.raises(DeclarationError, match=name):
        type("Shadow", (Channel,), {name: handler}, topic="shadow")


# sessions that are held


class Cell(Channel, topic="cell", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"n": params.get("n", 0)}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        state["n"] = 99
        raise ValueError("x")


async def test_a_held_session_that_crashes_starts_afresh_under_its_key(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Cell)
    session = await endpoint.open(Cell, "cell", "a", {"n": 5})
    page = Client(endpoint, is_local=True)
    params = {"livestate": {"session": session.key}}
    assert (await page.join("cell", params))["state"] == {"n": 5}
    page.dispatch("cell", "inc")
    page.dispatch("cell", "boom")
    [crash] = await page.wait("phx_error", 1)
    assert crash[4] == {"reason": "channel_crash"}
    page.push("cell", "phx_join", params)
    assert (await page.wait("state:change", 2))[1][4] == {"state": {"n": 5}, "version": 0}
    page.dispatch("cell", "inc")
    assert await served(page, "cell") == {"n": 6}
    assert await session.dispatch("inc", {}, frozenset()) == []
    assert endpoint.sessions == [session]
    assert await endpoint.open(Cell, "cell", "a", {"n": 5}) is session


async def test_a_join_is_answered_where_the_channel_cannot_be_made(endpoint: Endpoint) -> None:
    class Locked(Channel, topic="locked"):
        def __init__(self) -> None:
            raise OSError("database is locked")

    endpoint.declare(Locked)
    client = Client(endpoint)
    client.push("locked", "phx_join")
    [reply] = await client.wait("phx_reply", 1)
    assert reply[4] == {"status": "error", "response": {"reason": "join crashed"}}
    assert endpoint.sessions == []


async def test_a_held_session_that_cannot_begin_afresh_ends(endpoint: Endpoint) -> None:
    class Locked(Cell, topic="locked", on_error="crash"):
        is_locked = False

        def __init__(self) -> None:
            if Locked.is_locked:
                raise OSError("database is locked")

    endpoint.declare(Locked)
    session = await endpoint.open(Locked, "locked", "a", {"n": 5})
    page = Client(endpoint, is_local=True)
    params = {"livestate": {"session": session.key}}
    await page.join("locked", params)
    Locked.is_locked = True
    page.dispatch("locked", "boom")
    await page.wait("phx_error", 1)
    assert endpoint.sessions == []
    rejoin = page.push("locked", "phx_join", params)
    await page.until(lambda: any(f[1] == rejoin for f in page.received("phx_reply")))
    assert page.received("phx_reply")[-1][4]["status"] == "error"


async def test_a_refused_init_is_told_to_who_asked(endpoint: Endpoint) -> None:
    class Picky(Channel, topic="picky", shared=True):
        def init(self, params: Any) -> Any:
            raise Refuse(f"not for {params['who']}")

    endpoint.declare(Picky)
    clients = {who: Client(endpoint) for who in ("ann", "bob")}
    for who, client in clients.items():
        client.push("picky", "phx_join", {"who": who})
        await client.wait("error", 1)
    for who, client in clients.items():
        await client.settle("picky")
        assert [f[4] for f in client.received("error")] == [{"message": f"not for {who}"}]


async def test_an_init_that_fails_with_on_error_crash_tells_nothing_of_it(
    endpoint: Endpoint,
) -> None:
    class Broken(Channel, topic="broken", on_error="crash"):
        def init(self, params: Any) -> Any:
            raise OSError("the database is down")

    endpoint.declare(Broken)
    client = Client(endpoint, is_local=True)
    client.push("broken", "phx_join")
    await client.wait("phx_error", 1)
    assert client.received("error") == []


async def test_a_failed_open_leaves_no_session(endpoint: Endpoint) -> None:
    class Moody(Channel, topic="moody"):
        def init(self, params: Any) -> Any:
            if params.get("fails"):
                raise OSError("the database is down")
            return {}

    endpoint.declare(Moody)
    with pytest.raises(OSError, match="database"):
        await endpoint.open(Moody, "moody", "a", {"fails": True})
    await until(lambda: endpoint.sessions == [])
    assert (await endpoint.open(Moody, "moody", "a", {})).ledger.snapshot() == {}


async def test_cells_of_a_shared_channel_show_one_session_and_of_others_their_own(
    endpoint: Endpoint,
) -> None:
    class Rooms(Channel, topic="room:*", shared=True):
        def init(self, params: Any) -> Any:
            return {"of": type(self).__name__}

    class Vip(Rooms, topic="room:vip"):
        pass

    class Own(Rooms, topic="own:*", shared=False):
        pass

    class OwnVip(Own, topic="own:vip"):
        pass

    for channel in (Rooms, Vip, Own, OwnVip):
        endpoint.declare(channel)
    for one, other, topic in ((Rooms, Vip, "room:vip"), (Own, OwnVip, "own:vip")):
        sessions = [await endpoint.open(which, topic, "a", {}) for which in (one, other)]
        assert [s.ledger.snapshot()["of"] for s in sessions] == [one.__name__, other.__name__]
    rooms = [await endpoint.open(Rooms, "room:1", name, {}) for name in "ab"]
    assert rooms[0] is rooms[1]
    own = [await endpoint.open(Own, "own:1", name, {}) for name in "aba"]
    assert own[0] is own[2] is not own[1]
    client = Client(endpoint)
    await client.join("room:1")
    assert len(rooms[0].joined) == 1


# the end


async def test_subscriptions_end_with_the_session(endpoint: Endpoint) -> None:
    class Listener(Channel, topic="listener"):
        def init(self, params: Any) -> Any:
            self.subscribe("news")
            return {}

        @on("late")
        def late(self, payload: Any, state: Any) -> None:
            begun.set()
            go.wait(5)
            self.subscribe("news")
            self.subscribe("more news")
            done.set()

        def handle_message(self, message: Any, state: Any) -> None:
            heard.append(message)

    begun, go, done = threading.Event(), threading.Event(), threading.Event()
    heard: list[object] = []
    client = await join(endpoint, Listener, "listener")
    [session] = endpoint.sessions
    client.dispatch("listener", "late")
    await until(begun.is_set)
    session.close()
    go.set()
    await until(done.is_set)
    subscribers: Any = endpoint.pubsub
    await until(lambda: subscribers._subscribers == {})
    endpoint.pubsub.publish("news", 1)
    client.push("listener", "phx_join")
    await client.wait("state:change", 2)
    client.connection.lost()
    await until(lambda: endpoint.sessions == [])
    await until(lambda: subscribers._subscribers == {})
    assert heard == []


async def test_nothing_is_committed_after_the_end(endpoint: Endpoint) -> None:
    class Slow(Channel, topic="slow:*"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("plain")
        def plain(self, payload: Any, state: Any) -> Any:
            begun.set()
            go.wait(5)
            try:
                state["n"] = 1
            finally:
                ended.set()
            return Reply(state, Event("late"))

        @on("stubborn")
        async def stubborn(self, payload: Any, state: Any) -> Any:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                state["n"] = 1
                ended.set()
            return Reply(state, Event("late"))

    endpoint.declare(Slow)
    for event in ("plain", "stubborn"):
        begun, go, ended = threading.Event(), threading.Event(), threading.Event()
        client = Client(endpoint)
        topic = f"slow:{event}"
        await client.join(topic, {"livestate": {}})
        [session] = endpoint.sessions
        client.dispatch(topic, event)
        await until(begun.is_set)
        session.close()
        count = len(client.frames)
        go.set()
        await until(ended.is_set)
        await until(lambda: len(asyncio.all_tasks()) <= 2)  # this test, and the endpoint's own
        assert len(client.frames) == count
        assert session.ledger.snapshot() == {"n": 0}
        assert session.ledger.version == 0


async def test_a_closed_endpoint_has_ended_all_that_it_began(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Running(Channel, topic="running:*", shared=True):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("wait")
        async def wait(self, payload: Any, state: Any) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.01)
                ended.append("wait")

        @on("generate")
        async def generate(self, payload: Any, state: Any) -> Any:
            try:
                while True:
                    yield
                    await asyncio.sleep(0.001)
            finally:
                await asyncio.sleep(0.01)
                ended.append("generate")

        @on("plain")
        def plain(self, payload: Any, state: Any) -> None:
            begun.set()
            go.wait(5)
            ended.append("plain")

    ended: list[str] = []
    begun, go = threading.Event(), threading.Event()
    endpoint = Endpoint()
    endpoint.declare(Running)
    clients = [Client(endpoint) for _ in range(4)]
    for number, event in enumerate(["wait", "generate", "plain"]):
        await clients[number].join(f"running:{number}")
        clients[number].dispatch(f"running:{number}", event)
    await clients[1].wait("state:patch", 2)
    await until(begun.is_set)
    asyncio.get_running_loop().call_later(0.05, go.set)
    await endpoint.close()
    assert sorted(ended) == ["generate", "plain", "wait"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert endpoint.sessions == []
    assert {client.closed for client in clients} == {(1012, "the server is going away")}
    with pytest.raises(SessionClosed):
        Client(endpoint)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_callbacks_with_one_answer_must_not_yield(endpoint: Endpoint) -> None:
    class Yielding(Channel, topic="yielding:*"):
        def authorize(self, params: Any) -> Any:
            if "authorize" in params:
                return self._generator()
            return True

        def init(self, params: Any) -> Any:
            yield {"n": 0}

        async def _generator(self) -> Any:
            yield True

    endpoint.declare(Yielding)
    with pytest.raises(ReturnError, match="must not yield"):
        await endpoint.open(Yielding, "yielding:1", "a", {})
    client = Client(endpoint)
    refused = client.push("yielding:1", "phx_join", {"authorize": True})
    assert (await answer(client, refused))["response"] == {"reason": "join crashed"}
    client.push("yielding:1", "phx_join")
    await client.wait("phx_error", 1)
    assert client.received("state:change") == []


async def test_a_generator_that_keeps_its_state_is_not_followed(endpoint: Endpoint) -> None:
    class Keeping(Channel, topic="keeping"):
        def init(self, params: Any) -> Any:
            return Basket([])

        @on("go")
        def go(self, payload: Any, state: Basket) -> Any:
            state.items.append("one")
            yield state
            state.items.append("two")
            yield state
            state.items.append("lost")
            raise RuntimeError

    client = await join(endpoint, Keeping, "keeping", {"livestate": {}})
    await answer(client, client.dispatch("keeping", "go"))
    followed = state_of(client)
    assert followed == await served(client, "keeping") == {"items": ["one", "two"]}


async def test_a_session_without_a_state_says_so(endpoint: Endpoint) -> None:
    class Refusing(Channel, topic="stateless"):
        def init(self, params: Any) -> Any:
            raise Refuse("not today")

        @on("x")
        def x(self, payload: Any, state: Any) -> None:
            pass

    endpoint.declare(Refusing)
    client = Client(endpoint)
    client.push("stateless", "phx_join")
    await client.wait("error", 1)
    with pytest.raises(ChannelError, match="no state"):
        await endpoint.sessions[0].dispatch("x", {}, frozenset())

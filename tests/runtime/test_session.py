"""Channels as clients meet them: joins, events, replies, errors, versions, sharing."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


def patches(client: Client) -> list[Any]:
    return [frame[4]["patch"] for frame in client.received("state:patch")]


def versions(client: Client) -> list[int]:
    return [frame[4]["version"] for frame in client.received("state:patch")]


async def test_all_four_kinds_of_handlers_change_the_state(endpoint: Endpoint) -> None:
    class Counter(Channel, topic="counter"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("plain")
        def plain(self, payload: Any, state: Any) -> None:
            state["n"] += 1

        @on("async")
        async def asynchronous(self, payload: Any, state: Any) -> None:
            await asyncio.sleep(0)
            state["n"] += 1

        @on("generator")
        def generator(self, payload: Any, state: Any) -> Any:
            for _ in range(2):
                state["n"] += 1
                yield

        @on("async_generator")
        async def async_generator(self, payload: Any, state: Any) -> Any:
            for _ in range(2):
                state["n"] += 1
                yield
                await asyncio.sleep(0)

    client = await join(endpoint, Counter, "counter")
    for event, count in [("plain", 1), ("async", 2), ("generator", 5), ("async_generator", 8)]:
        client.dispatch("counter", event)
        await client.wait("state:patch", count)
    assert versions(client) == list(range(1, 9))
    assert [patch[0]["value"] if patch else None for patch in patches(client)] == [
        1,
        2,
        *[3, 4, None],
        *[5, 6, None],
    ]


async def test_a_handler_returns_nothing_a_state_or_a_reply(endpoint: Endpoint) -> None:
    class Shapes(Channel, topic="shapes"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

        @on("state")
        def state(self, payload: Any, state: Any) -> Any:
            return {"n": 1}

        @on("draft")
        def draft(self, payload: Any, state: Any) -> Any:
            state["n"] = 2
            return state

        @on("reply")
        def reply(self, payload: Any, state: Any) -> Any:
            return Reply({**state, "n": 3}, Event("first", {"n": 3}), Event("second"))

        @on("reply_none")
        def reply_none(self, payload: Any, state: Any) -> Any:
            state["n"] = 4
            return Reply(None, Event("third"))

    client = await join(endpoint, Shapes, "shapes")
    for count, event in enumerate(["state", "draft", "reply", "reply_none"], 1):
        client.dispatch("shapes", event)
        await client.wait("state:patch", count)
    assert [patch[0]["value"] for patch in patches(client)] == [1, 2, 3, 4]
    assert client.payloads("first", "second", "third", "state:patch")[2:6] == [
        ("first", {"n": 3}),
        ("second", {}),
        ("state:patch", {"patch": [{"op": "replace", "path": "/n", "value": 3}], "version": 3}),
        ("third", {}),
    ]


class Faulty(Channel, topic="faulty:*"):
    def init(self, params: Any) -> Any:
        return {"items": ["whole"]}

    @on("fine")
    def fine(self, payload: Any, state: Any) -> None:
        state["items"].append("fine")

    @on("raises")
    def raises(self, payload: Any, state: Any) -> None:
        state["items"].clear()
        raise ValueError("internal detail")

    @on("raises_async")
    async def raises_async(self, payload: Any, state: Any) -> None:
        state["items"].clear()
        raise ValueError("internal detail")

    @on("raises_late")
    async def raises_late(self, payload: Any, state: Any) -> Any:
        state["items"].append("committed")
        yield
        state["items"].clear()
        raise ValueError("internal detail")

    @on("exits")
    def exits(self, payload: Any, state: Any) -> None:
        raise SystemExit(3)

    @on("exits_async")
    async def exits_async(self, payload: Any, state: Any) -> None:
        raise KeyboardInterrupt

    @on("cancels_itself")
    async def cancels_itself(self, payload: Any, state: Any) -> None:
        raise asyncio.CancelledError

    @on("stops_iteration")
    def stops_iteration(self, payload: Any, state: Any) -> None:
        state["items"].clear()
        next(iter([]))

    @on("bad_return")
    def bad_return(self, payload: Any, state: Any) -> Any:
        return 7

    @on("bad_state")
    def bad_state(self, payload: Any, state: Any) -> None:
        state["items"].append({1, 2})
        state["items"].append(float("nan"))

    @on("bad_detail")
    def bad_detail(self, payload: Any, state: Any) -> Any:
        state["items"].clear()
        return Reply(state, Event("fine"), Event("bad", [1]))

    @on("refuses")
    def refuses(self, payload: Any, state: Any) -> None:
        state["items"].clear()
        raise Refuse("the shop is closed")

    @on("refuses_with_map")
    def refuses_with_map(self, payload: Any, state: Any) -> None:
        raise Refuse({"message": "closed", "until": 9})


FAILURES = [
    ("raises", "raised"),
    ("raises_async", "raised"),
    ("exits", "raised"),
    ("exits_async", "raised"),
    ("cancels_itself", "raised"),
    ("stops_iteration", "raised"),
    ("bad_return", "bad_return"),
    ("bad_state", "bad_state"),
    ("bad_detail", "bad_state"),
    ("refuses", "refused"),
    ("no_such_event", "unknown_event"),
]


@pytest.mark.parametrize(("event", "kind"), FAILURES)
async def test_a_failing_event_is_told_releases_its_sender_and_leaves_no_trace(
    endpoint: Endpoint, event: str, kind: str
) -> None:
    client = await join(endpoint, Faulty, "faulty:1")
    client.dispatch("faulty:1", event)
    client.dispatch("faulty:1", "fine")
    await client.wait("state:patch", 2)
    [error] = client.received("error")
    assert (error[4]["type"], error[4]["event"]) == (kind, event)
    assert "internal detail" not in error[4]["message"]
    assert client.payloads("state:patch", "fine", "bad") == [
        ("state:patch", {"patch": [], "version": 1}),
        (
            "state:patch",
            {"patch": [{"op": "add", "path": "/items/1", "value": "fine"}], "version": 2},
        ),
    ]


@pytest.mark.parametrize(("event", "kind"), FAILURES)
async def test_with_on_error_crash_a_failing_event_ends_the_session(
    endpoint: Endpoint, event: str, kind: str
) -> None:
    class Crashing(Faulty, topic="crashing:*", on_error="crash"):
        pass

    client = await join(endpoint, Crashing, "crashing:1")
    client.dispatch("crashing:1", event)
    if kind == "refused":  # a refusal is no failure
        assert (await client.wait("error", 1))[0][4]["message"] == "the shop is closed"
        return
    [crash] = await client.wait("phx_error", 1)
    assert crash[4] == {"reason": "channel_crash"}
    assert client.received("error") == client.received("state:patch") == []
    assert endpoint.sessions == []
    client.push("crashing:1", "phx_join")
    assert (await client.wait("state:change", 2))[1][4]["state"] == {"items": ["whole"]}


async def test_an_exception_after_a_yield_keeps_what_was_committed(endpoint: Endpoint) -> None:
    client = await join(endpoint, Faulty, "faulty:1")
    client.dispatch("faulty:1", "raises_late")
    await client.wait("state:patch", 2)
    await client.settle("faulty:1")
    assert client.received("state:change")[-1][4]["state"] == {"items": ["whole", "committed"]}


async def test_a_refusal_with_a_map_adds_its_keys(endpoint: Endpoint) -> None:
    client = await join(endpoint, Faulty, "faulty:1")
    client.dispatch("faulty:1", "refuses_with_map")
    [error] = await client.wait("error", 1)
    assert error[4] == {
        "type": "refused",
        "event": "refuses_with_map",
        "message": "closed",
        "until": 9,
    }


async def test_who_holds_the_kernel_sees_the_errors_own_text(endpoint: Endpoint) -> None:
    author = await join(endpoint, Faulty, "faulty:1", is_local=True)
    author.dispatch("faulty:1", "raises")
    [error] = await author.wait("error", 1)
    assert error[4]["message"] == "ValueError: internal detail"


async def test_a_message_that_is_no_event_is_an_error_without_a_patch(endpoint: Endpoint) -> None:
    client = await join(endpoint, Faulty, "faulty:1")
    client.push("faulty:1", "fine")
    client.dispatch("faulty:1", "fine")
    await client.wait("state:patch", 1)
    assert [frame[4]["type"] for frame in client.received("error")] == ["unknown_event"]
    assert versions(client) == [1]


async def test_our_own_client_gets_a_reply_to_each_event_behind_its_patch(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Faulty)
    own, other = Client(endpoint), Client(endpoint)
    await own.join("faulty:1", {"livestate": {}, "a": 1})
    await other.join("faulty:1", {"a": 1})
    for client in (own, other):
        fine = client.dispatch("faulty:1", "fine")
        failed = client.dispatch("faulty:1", "raises")
        await client.wait("state:patch", 2)
    assert [f[4]["response"] for f in other.received("phx_reply")] == [{}]
    join, first, second = await own.wait("phx_reply", 3)
    terms = join[4]["response"]["livestate"]
    assert terms.pop("token")
    assert terms == {"max_version": 1000, "grace": 60, "resumed": False, "received": 0}
    assert (first[0], first[1], first[4]) == ("1", fine, {"status": "ok", "response": {}})
    assert (second[1], second[4]["status"]) == (failed, "error")
    assert second[4]["response"]["type"] == "raised"
    kinds = [event for event, _ in own.payloads("state:patch", "error", "phx_reply")]
    assert kinds == ["phx_reply", "state:patch", "phx_reply", "error", "state:patch", "phx_reply"]


class Counted(Channel, topic="counted:*", shared=True):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("count")
    def count(self, payload: Any, state: Any) -> Iterator[None]:
        for n in range(payload["to"]):
            state["n"] = n
            yield
        state["n"] = payload["to"]


async def test_the_last_patch_of_an_event_has_its_ref_for_our_own_client_that_sent_it(
    endpoint: Endpoint,
) -> None:
    endpoint.declare(Counted)
    own, witness, other = Client(endpoint), Client(endpoint), Client(endpoint)
    for client, params in [(own, {"livestate": {}}), (witness, {"livestate": {}}), (other, {})]:
        await client.join("counted:1", params)
    ref = own.dispatch("counted:1", "count", {"to": 2})
    await own.wait("phx_reply", 2)
    other.dispatch("counted:1", "count", {"to": 0})
    refs = [[f[1] for f in await client.wait("state:patch", 4)] for client in (own, witness, other)]
    # the pushes to our own client are numbered, the first state is the first
    assert refs == [["#2", "#3", f"#4 {ref}", "#5"], ["#2", "#3", "#4", "#5"], [None] * 4]


async def test_params_reach_authorize_and_init_without_the_reserved_key(
    endpoint: Endpoint,
) -> None:
    seen = []

    class Seen(Channel, topic="seen"):
        async def authorize(self, params: Any) -> bool:
            seen.append(params)
            return True

        async def init(self, params: Any) -> Any:
            seen.append(params)
            return {"user": self.member.user if self.member else None}

    endpoint.declare(Seen)
    client = Client(endpoint, user="ann")
    first = await client.join("seen", {"livestate": {"session": "x"}, "a": [1]})
    assert seen == [{"a": [1]}, {"a": [1]}]
    assert first["state"] == {"user": "ann"}


@pytest.mark.parametrize("params", [[1], "text", 7, False])
async def test_join_params_that_are_no_object_are_refused(endpoint: Endpoint, params: Any) -> None:
    endpoint.declare(Faulty)
    client = Client(endpoint)
    client.push("faulty:1", "phx_join", params)
    [reply] = await client.wait("phx_reply", 1)
    assert "to be an object" in reply[4]["response"]["reason"]


@pytest.mark.parametrize(
    ("result", "reason"),
    [(False, "unauthorized"), ("yes", "join crashed"), (None, "join crashed")],
)
async def test_authorize_allows_by_true_alone(
    endpoint: Endpoint, result: object, reason: str
) -> None:
    class Guarded(Channel, topic="guarded"):
        def authorize(self, params: Any) -> Any:
            return result

    endpoint.declare(Guarded)
    client = Client(endpoint)
    client.push("guarded", "phx_join")
    [reply] = await client.wait("phx_reply", 1)
    assert reply[4] == {"status": "error", "response": {"reason": reason}}
    await until(lambda: endpoint.sessions == [])


async def test_each_join_has_a_state_of_its_own(endpoint: Endpoint) -> None:
    endpoint.declare(Faulty)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("faulty:1")
    await bob.join("faulty:1")
    ann.dispatch("faulty:1", "fine")
    await ann.wait("state:patch", 1)
    await bob.settle("faulty:1")
    assert bob.received("state:change")[-1][4] == {"state": {"items": ["whole"]}, "version": 0}


class Room(Channel, topic="room:*", shared=True, grace=0):
    inits = 0

    def authorize(self, params: Any) -> bool:
        return params.get("key") == "right"

    def init(self, params: Any) -> Any:
        Room.inits += 1
        assert self.member is None
        return {"said": []}

    @on("say")
    def say(self, payload: Any, state: Any) -> Any:
        assert self.member is not None
        self.member.assigns["count"] = self.member.assigns.get("count", 0) + 1
        state["said"].append([self.member.user, self.member.assigns["count"], payload])
        self.push("heard", {"of": self.member.user})
        return Reply(state, Event("thanks", {"members": len(self.members)}))

    @on("whisper")
    async def whisper(self, payload: Any, state: Any) -> None:
        for member in self.members:
            if member.user == payload["to"]:
                member.push("whispered", {"by": self.member.user if self.member else None})


async def test_members_of_a_shared_topic_have_one_state(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    Room.inits = 0
    ann, bob = Client(endpoint, user="ann"), Client(endpoint, user="bob")
    await ann.join("room:1", {"key": "right"})
    ann.dispatch("room:1", "say", "hello")
    await ann.wait("state:patch", 1)
    first = await bob.join("room:1", {"key": "right"})
    assert first == {"state": {"said": [["ann", 1, "hello"]]}, "version": 1}
    bob.dispatch("room:1", "say", "hi")
    for client in (ann, bob):
        await client.until(lambda client=client: 2 in versions(client))  # type: ignore[misc]
        assert patches(client)[-1] == [{"op": "add", "path": "/said/1", "value": ["bob", 1, "hi"]}]
    assert Room.inits == 1
    assert [frame[4] for frame in ann.received("thanks")] == [{"members": 1}]
    assert [frame[4] for frame in bob.received("thanks")] == [{"members": 2}]
    assert [frame[4]["of"] for frame in ann.received("heard")] == ["ann", "bob"]
    bob.dispatch("room:1", "whisper", {"to": "ann"})
    assert (await ann.wait("whispered", 1))[0][4] == {"by": "bob"}
    assert bob.received("whispered") == []


async def test_joins_that_are_refused_do_not_keep_an_empty_session(endpoint: Endpoint) -> None:
    class Lounge(Room, topic="lounge", shared=True, grace=0.3): ...

    endpoint.declare(Lounge)
    ann, stranger = Client(endpoint), Client(endpoint)
    await ann.join("lounge", {"key": "right"})
    [session] = endpoint.sessions
    ann.push("lounge", "phx_leave")
    async with asyncio.timeout(5):
        while not session.is_closed:
            stranger.push("lounge", "phx_join", {"key": "wrong"})
            await asyncio.sleep(0.05)


async def test_who_joins_in_the_grace_time_gives_it_back(endpoint: Endpoint) -> None:
    class Lounge(Room, topic="lounge", shared=True, grace=2): ...

    endpoint.declare(Lounge)
    leaves, comes = Client(endpoint), Client(endpoint)
    await leaves.join("lounge", {"key": "right"})
    [session] = endpoint.sessions
    for _ in range(2):
        leaves.push("lounge", "phx_leave")
        await asyncio.sleep(1.2)
        await comes.join("lounge", {"key": "right"})
        leaves, comes = comes, leaves
    assert endpoint.sessions == [session]


async def test_async_handlers_of_one_session_do_not_overlap(endpoint: Endpoint) -> None:
    class Tally(Channel, topic="tally", shared=True):
        running = 0

        def init(self, params: Any) -> Any:
            return {"n": 0, "rows": [], "user": {"n": 0}}

        @on("add")
        async def add(self, payload: Any, state: Any) -> None:
            self.running += 1
            n, rows, user = state["n"], state["rows"], state["user"]
            for _ in range(5):
                await asyncio.sleep(0)
                assert self.running == 1
            rows.append(payload)
            user["n"] += 1
            state["n"] = n + 1
            self.running -= 1

    endpoint.declare(Tally)
    ann, bob = Client(endpoint), Client(endpoint)
    for client in (ann, bob):
        await client.join("tally")
    for number in range(5):
        ann.dispatch("tally", "add", ["ann", number])
        bob.dispatch("tally", "add", ["bob", number])
    for client in (ann, bob):
        await client.until(lambda client=client: 10 in versions(client))  # type: ignore[misc]
    assert not ann.received("error")
    assert (await Client(endpoint).join("tally"))["state"] == {
        "n": 10,
        "rows": [[name, number] for number in range(5) for name in ("ann", "bob")],
        "user": {"n": 10},
    }


async def test_each_member_of_a_shared_topic_is_authorized_by_itself(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("room:1", {"key": "right"})
    bob.push("room:1", "phx_join", {"key": "wrong"})
    [reply] = await bob.wait("phx_reply", 1)
    assert reply[4]["response"] == {"reason": "unauthorized"}
    assert [len(session.joined) for session in endpoint.sessions] == [1]


async def test_a_payload_is_encoded_once_for_all_members(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    clients = [Client(endpoint) for _ in range(3)]
    for number, client in enumerate(clients):
        client.writer.last = number * 10  # join_refs of their own
        await client.join("room:1", {"key": "right"})
    clients[0].dispatch("room:1", "say", "hello")
    for client in clients:
        await client.wait("state:patch", 1)
    assert {client.received("state:patch")[0][0] for client in clients} == {"1", "11", "21"}


async def test_the_last_member_ends_a_shared_session(endpoint: Endpoint) -> None:
    endpoint.declare(Room)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("room:1", {"key": "right"})
    await bob.join("room:1", {"key": "right"})
    ann.dispatch("room:1", "say", "hello")
    await ann.wait("state:patch", 1)
    ann.push("room:1", "phx_leave")
    await ann.wait("phx_close", 1)
    assert len(endpoint.sessions) == 1
    bob.connection.lost()
    await until(lambda: endpoint.sessions == [])
    carol = Client(endpoint)
    assert (await carol.join("room:1", {"key": "right"}))["state"] == {"said": []}


async def test_what_was_sent_before_a_leave_or_a_disconnect_is_handled(endpoint: Endpoint) -> None:
    done = []

    class Slow(Channel, topic="slow"):
        @on("note")
        async def note(self, payload: Any, state: Any) -> None:
            await asyncio.sleep(0.02)
            done.append(payload)

    endpoint.declare(Slow)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("slow")
    await bob.join("slow")
    for number in range(3):
        ann.dispatch("slow", "note", number)
        bob.dispatch("slow", "note", number + 10)
    ann.push("slow", "phx_leave")
    bob.connection.lost()
    await ann.wait("phx_close", 1)
    assert len(ann.received("state:patch")) == 3
    await until(lambda: endpoint.sessions == [])
    assert sorted(done) == [0, 1, 2, 10, 11, 12]
    assert len(bob.received("state:patch")) == 0


async def test_events_that_wait_are_handled_between_a_generators_steps(endpoint: Endpoint) -> None:
    class Training(Channel, topic="training"):
        def init(self, params: Any) -> Any:
            return {"epoch": 0, "is_stopped": False, "log": []}

        @on("train")
        async def train(self, payload: Any, state: Any) -> Any:
            log = state["log"]
            for epoch in range(1000):
                if state["is_stopped"]:
                    return
                state["epoch"] = epoch
                log.append(epoch) if epoch == 0 else state["log"].append(epoch)
                yield
                await asyncio.sleep(0.001)

        @on("stop")
        def stop(self, payload: Any, state: Any) -> None:
            state["is_stopped"] = True
            state["log"].append("stop")

    client = await join(endpoint, Training, "training", {"livestate": {}})
    train = client.dispatch("training", "train")
    await client.wait("state:patch", 3)
    client.dispatch("training", "stop")
    await client.until(lambda: train in [f[1] for f in client.received("phx_reply")])
    await client.settle("training")
    state = client.received("state:change")[-1][4]["state"]
    assert state["is_stopped"]
    assert state["log"] == [*range(state["epoch"] + 1), "stop"]
    assert versions(client) == list(range(1, len(versions(client)) + 1))


async def test_a_yield_gives_the_state_as_it_is_then(endpoint: Endpoint) -> None:
    @dataclass(frozen=True)
    class Count:
        n: int = 0

    class Frozen(Channel, topic="frozen"):
        def init(self, params: Any) -> Any:
            return Count()

        @on("twice")
        def twice(self, payload: Any, state: Count) -> Any:
            state = yield replace(state, n=state.n + 1)
            return replace(state, n=state.n + 1)

        @on("ten")
        async def ten(self, payload: Any, state: Count) -> Count:
            return replace(state, n=state.n + 10)

    client = await join(endpoint, Frozen, "frozen")
    client.dispatch("frozen", "twice")
    client.dispatch("frozen", "ten")
    await client.wait("state:patch", 3)
    assert [patch[0]["value"] for patch in patches(client)] == [1, 11, 12]


async def test_a_mutable_object_as_state_is_whole_after_an_exception(endpoint: Endpoint) -> None:
    @dataclass
    class Basket:
        items: list[str]

    class Shop(Channel, topic="shop"):
        def init(self, params: Any) -> Any:
            return Basket(["apple"])

        @on("add")
        def add(self, payload: Any, state: Basket) -> None:
            state.items.append(payload)

        @on("spill")
        def spill(self, payload: Any, state: Basket) -> None:
            state.items.clear()
            raise RuntimeError("spilled")

    client = await join(endpoint, Shop, "shop")
    client.dispatch("shop", "spill")
    client.dispatch("shop", "add", "pear")
    await client.wait("state:patch", 2)
    assert patches(client) == [[], [{"op": "add", "path": "/items/1", "value": "pear"}]]


async def test_closing_a_session_closes_its_generators(endpoint: Endpoint) -> None:
    closed: list[str] = []

    class Endless(Channel, topic="endless:*"):
        @on("async")
        async def asynchronous(self, payload: Any, state: Any) -> Any:
            try:
                while True:
                    yield
                    await asyncio.sleep(0.001)
            finally:
                closed.append("async")

        @on("plain")
        def plain(self, payload: Any, state: Any) -> Any:
            try:
                while True:
                    yield
            finally:
                closed.append("plain")

    endpoint.declare(Endless)
    leaver, loser = Client(endpoint), Client(endpoint)
    for client in (leaver, loser):
        await client.join("endless:1")
        client.dispatch("endless:1", "async")
        client.dispatch("endless:1", "plain")
        await client.wait("state:patch", 4)
    leaver.push("endless:1", "phx_leave")
    await leaver.wait("phx_close", 1)
    loser.connection.lost()
    await until(lambda: sorted(closed) == ["async", "async", "plain", "plain"])
    await until(lambda: endpoint.sessions == [])


async def test_a_broadcast_to_the_own_topic_comes_behind_the_own_patch(endpoint: Endpoint) -> None:
    class Chat(Channel, topic="chat:*"):
        def init(self, params: Any) -> Any:
            self.subscribe(self.topic)
            self.subscribe(self.topic)
            return {"said": []}

        @on("say")
        def say(self, payload: Any, state: Any) -> None:
            self.broadcast(self.topic, payload)

        def handle_message(self, message: Any, state: Any) -> Any:
            assert self.member is None
            state["said"].append(message)

    endpoint.declare(Chat)
    ann, bob = Client(endpoint), Client(endpoint)
    await ann.join("chat:1")
    await bob.join("chat:1")
    ann.dispatch("chat:1", "say", "hello")
    add = [{"op": "add", "path": "/said/0", "value": "hello"}]
    await ann.wait("state:patch", 2)
    await bob.wait("state:patch", 1)
    assert patches(ann) == [[], add]
    assert patches(bob) == [add]


async def test_a_message_without_handle_message_is_told_to_the_members(endpoint: Endpoint) -> None:
    class Deaf(Channel, topic="deaf"):
        def init(self, params: Any) -> Any:
            self.subscribe("news")
            return {}

    client = await join(endpoint, Deaf, "deaf", is_local=True)
    endpoint.pubsub.publish("news", "hello")
    [error] = await client.wait("error", 1)
    assert "define handle_message" in error[4]["message"]
    client.dispatch("deaf", "x")
    assert versions(client) == []


async def test_a_failing_init_is_told_and_the_client_joins_again(endpoint: Endpoint) -> None:
    attempts = []

    class Flaky(Channel, topic="flaky"):
        def init(self, params: Any) -> Any:
            attempts.append(1)
            if len(attempts) == 1:
                raise OSError("the database is down")
            return {"ok": True}

    endpoint.declare(Flaky)
    client = Client(endpoint, is_local=True)
    client.push("flaky", "phx_join")
    await client.wait("phx_error", 1)
    assert [frame[4]["message"] for frame in client.received("error")] == [
        "OSError: the database is down"
    ]
    assert (await client.join("flaky"))["state"] == {"ok": True}


async def test_a_refused_init_leaves_a_channel_without_state(endpoint: Endpoint) -> None:
    class Picky(Channel, topic="picky"):
        def init(self, params: Any) -> Any:
            raise Refuse("not today")

        @on("x")
        def x(self, payload: Any, state: Any) -> None:
            pass

    endpoint.declare(Picky)
    client = Client(endpoint)
    client.push("picky", "phx_join")
    client.push("picky", "lvs_refresh")
    client.dispatch("picky", "x")
    await client.wait("error", 2)
    assert client.payloads("error", "state:change", "state:patch") == [
        ("error", {"message": "not today"}),
        ("state:change", {"state": None, "version": None}),
        (
            "error",
            {"type": "raised", "event": "x", "message": "the handler of the event 'x' failed"},
        ),
    ]


@pytest.mark.parametrize("limits", [Limits(waiting_per_client=100)], ids=["100 may wait"])
async def test_a_client_that_floods_a_mailbox_loses_its_channel_alone(endpoint: Endpoint) -> None:
    release = asyncio.Event()

    class Stuck(Channel, topic="stuck", shared=True):
        @on("wait")
        async def wait(self, payload: Any, state: Any) -> None:
            await release.wait()

    endpoint.declare(Stuck)
    flooder, other = Client(endpoint), Client(endpoint)
    await flooder.join("stuck")
    await other.join("stuck")
    for _ in range(101):
        flooder.dispatch("stuck", "wait")
    [crash] = await flooder.wait("phx_error", 1)
    assert crash[4] == {"reason": "too many messages waiting"}
    other.dispatch("stuck", "wait")
    release.set()
    await other.wait("state:patch", 2)  # of the flooder's messages only the first was begun
    assert other.received("phx_error") == []


async def test_handlers_may_push_from_threads_of_their_own(endpoint: Endpoint) -> None:
    class Threads(Channel, topic="threads"):
        @on("go")
        def go(self, payload: Any, state: Any) -> None:
            thread = threading.Thread(target=self.push, args=("news", {"n": 1}))
            thread.start()
            thread.join()

    client = await join(endpoint, Threads, "threads")
    client.dispatch("threads", "go")
    assert (await client.wait("news", 1))[0][4] == {"n": 1}


async def test_what_a_caller_keeps_of_a_state_changes_nothing(endpoint: Endpoint) -> None:
    kept: dict[str, Any] = {"items": []}

    class Keeper(Channel, topic="keeper"):
        def init(self, params: Any) -> Any:
            return kept

        @on("touch")
        def touch(self, payload: Any, state: Any) -> None:
            kept["items"].append("from outside")

    client = await join(endpoint, Keeper, "keeper")
    client.dispatch("keeper", "touch")
    await client.wait("state:patch", 1)
    await client.settle("keeper")
    assert client.received("state:change")[-1][4]["state"] == {"items": []}


class Training(Channel, topic="training"):
    def init(self, params: Any) -> Any:
        return {"epoch": 0, "is_stopped": False}

    @on("train")
    async def train(self, payload: Any, state: Any) -> Any:
        while not state["is_stopped"]:
            state["epoch"] += 1
            yield
            await asyncio.sleep(0.01)

    @on("stop")
    def stop(self, payload: Any, state: Any) -> None:
        state["is_stopped"] = True


async def test_an_event_stops_a_generator_that_would_go_on_for_long() -> None:
    endpoint = Endpoint()
    client = await join(endpoint, Training, "training")
    client.dispatch("training", "train")
    await client.wait("state:patch", 3)
    client.dispatch("training", "stop")
    [session] = endpoint.sessions
    await until(lambda: not session.mailbox._begun)
    assert session.ledger.state["is_stopped"]
    await endpoint.close()

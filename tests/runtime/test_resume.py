"""Clients that lose their connection and come back: what they find, and what they do not."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal

import pytest

from livestate_nb import Channel, Event, Refuse, Reply, on
from livestate_nb.codec import Json, dumps, loads
from livestate_nb.errors import DeclarationError
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint, ledger
from livestate_nb.state.builder import MessageBuilder
from livestate_nb.state.change import Change
from tests.clients import Client, join, until

pytestmark = pytest.mark.asyncio


class Own(Client):
    """Our own client on one topic: it numbers its events over all of its connections."""

    def __init__(self, endpoint: Endpoint, topic: str, before: "Own | None" = None, **who: Any):
        super().__init__(endpoint, **who)
        self.topic = topic
        if before is not None:
            self.writer.last = before.writer.last
            self._base, self.token = before.has, before.token
        else:
            self._base, self.token = 0, ""

    async def open(self, params: Json = None, *, token: str | None = None) -> dict[str, Any]:
        """Join, with the token there is; return the terms that the reply brings."""
        token = self.token if token is None else token
        asked = {"resume": {"token": token, "received": self._base}} if token else {}
        self.push(self.topic, "phx_join", {**(params or {}), "livestate": asked})
        [reply, *_] = await self.wait("phx_reply", 1)
        assert reply[4]["status"] == "ok", reply
        terms: dict[str, Any] = reply[4]["response"]["livestate"]
        self._base, self.token = terms.get("received", 0), terms.get("token", "")
        return terms

    async def start(self, params: Json = None) -> Json:
        """Join afresh and return the first state."""
        await self.open(params)
        return (await self.wait("state:change", 1))[0][4]["state"]

    @property
    def heard(self) -> list[tuple[str, Json]]:
        """What came on this connection but replies: (event, payload)."""
        frames = [loads(frame) for frame in self.frames]
        return [(frame[3], frame[4]) for frame in frames if not frame[3].startswith("phx_")]

    @property
    def has(self) -> int:
        """How many messages came since the first join."""
        return self._base + len(self.heard)

    def send(self, frame: str | bytes) -> None:
        if not self.connection_is_dead:
            super().send(frame)
        if self.breaks_at is not None and self.breaks_at in str(frame):
            self.connection.lost()

    connection_is_dead = False
    breaks_at: str | None = None
    """Part of the frame that is the last one that the connection carries."""

    def again(self, ref: str, event: str, payload: Json = None) -> None:
        """Send an event with the ref that it had."""
        self.writer.last, kept = int(ref) - 1, self.writer.last
        self.dispatch(self.topic, event, payload)
        self.writer.last = kept

    def answers(self, ref: str) -> list[tuple[str, Json]]:
        """Return the answers to a ref: (status, response)."""
        replies = [frame[4] for frame in self.received("phx_reply") if frame[1] == ref]
        return [(reply["status"], reply["response"]) for reply in replies]


class Count(Channel, topic="count:*"):
    inits = 0

    def authorize(self, params: Any) -> bool:
        assert self.member is not None
        if params.get("key") == "wrong":
            raise Refuse("no longer")
        self.member.assigns["joins"] = self.member.assigns.get("joins", 0) + 1
        return True

    def init(self, params: Any) -> Any:
        Count.inits += 1
        return {"n": 0, "who": None}

    @on("add")
    async def add(self, payload: Any, state: Any) -> Any:
        assert self.member is not None
        state["n"] += payload.get("by", 1)
        state["who"] = [self.member.user, self.member.params, dict(self.member.assigns)]
        return Reply(state, Event("added", {"n": state["n"]}))

    @on("slow")
    async def slow(self, payload: Any, state: Any) -> None:
        await gates["slow"].wait()
        state["n"] += 1

    @on("steps")
    async def steps(self, payload: Any, state: Any) -> Any:
        for _ in range(2):
            state["n"] += 1
            yield
            await gates["steps"].wait()

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        raise ValueError("no")

    @on("tell")
    async def tell(self, payload: Any, state: Any) -> None:
        assert self.member is not None
        self.member.push("told", {"n": 1})
        self.push("told", {"n": 2})


class Hall(Count, topic="hall:*", shared=True):
    """The same, shared."""


class Paced(Count, topic="paced:*", shared=True, fps=0.001):
    """The same, shared, and what is broadcast waits for its time."""

    def init(self, params: Any) -> Any:
        self.subscribe("news")
        return super().init(params)

    def handle_message(self, message: Any, state: Any) -> None:
        state["n"] += message


class Brief(Count, topic="brief:*", grace=0.1):
    """The same, for a short time."""


class Never(Count, topic="never:*", grace=0):
    """The same, without a grace time."""


gates: dict[str, asyncio.Event] = {}


@pytest.fixture(autouse=True)
def declared(endpoint: Endpoint) -> None:
    gates.update(slow=asyncio.Event(), steps=asyncio.Event())
    for channel in (Count, Hall, Brief, Never):
        endpoint.declare(channel)


async def lose(client: Own, endpoint: Endpoint, **who: Any) -> Own:
    """Cut a client's connection; return the client with its next one, not yet joined."""
    client.connection.lost()
    return Own(endpoint, client.topic, client, **who)


async def test_a_client_finds_its_session_and_gets_only_what_it_missed(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    client = await lose(client, endpoint)
    terms = await client.open()
    assert terms["resumed"] is True
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    assert [event for event, _ in client.heard] == ["added", "state:patch"]
    assert client.heard[1][1]["version"] == 2
    assert len(endpoint.sessions) == 1


async def test_what_was_sent_while_it_was_away_comes_in_order(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    for event in ("slow", "add", "tell", "fail"):
        client.dispatch("count:1", event)
    client = await lose(client, endpoint)
    gates["slow"].set()
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 4)
    assert (await client.open())["resumed"]
    await client.wait("state:patch", 4)
    events = [
        *["state:patch", "added", "state:patch", "told", "told", "state:patch"],
        *["error", "state:patch"],
    ]
    assert [event for event, _ in client.heard] == events
    versions = [payload["version"] for event, payload in client.heard if event == "state:patch"]
    assert versions == [1, 2, 3, 4]


async def test_what_was_sent_into_a_dead_connection_comes_again(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.connection_is_dead = True
    for _ in range(3):
        client.dispatch("count:1", "add")
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 3)
    client = await lose(client, endpoint)
    await client.open()
    await client.wait("state:patch", 3)
    assert [event for event, _ in client.heard] == ["added", "state:patch"] * 3


async def test_a_patch_that_comes_again_has_the_ref_of_its_event(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.connection_is_dead = True
    ref = client.dispatch("count:1", "add")
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 1)
    client = await lose(client, endpoint)
    await client.open()
    [patch] = await client.wait("state:patch", 1)
    assert patch[1] == f"#3 {ref}"


async def test_a_client_that_missed_too_much_gets_the_whole_state(endpoint: Endpoint) -> None:
    client = Own(endpoint, "hall:1")
    await client.start()
    other = Own(endpoint, "hall:1")
    await other.start()
    client = await lose(client, endpoint)
    too_many = endpoint.limits.resume_messages + 1
    for _ in range(too_many):
        other.dispatch("hall:1", "add")
    await other.wait("state:patch", too_many)
    assert (await client.open())["resumed"]
    await client.wait("state:change", 1)
    assert [(event, payload["version"]) for event, payload in client.heard] == [
        ("state:change", too_many)
    ]
    client = await lose(client, endpoint)
    other.dispatch("hall:1", "add")
    await client.open()
    await client.wait("state:patch", 1)
    assert [payload["version"] for _, payload in client.heard] == [too_many + 1]


@pytest.mark.parametrize("limits", [Limits(resume_messages=1)])
async def test_who_missed_too_much_gets_no_patch_before_the_whole_state(endpoint: Endpoint) -> None:
    endpoint.declare(Paced)
    client, other = Own(endpoint, "paced:1"), Own(endpoint, "paced:1")
    await client.start()
    await other.start()
    client = await lose(client, endpoint)
    for count in (1, 2):
        other.dispatch("paced:1", "add")
        await other.wait("state:patch", count)
    [session] = endpoint.sessions
    endpoint.broadcast("news", 1)
    await until(lambda: session.ledger.is_ahead)  # it is held back
    await client.open()
    await client.wait("state:change", 1)
    assert [(event, payload["version"]) for event, payload in client.heard] == [("state:change", 3)]
    await other.wait("state:patch", 3)
    other.dispatch("paced:1", "add")
    await client.wait("state:patch", 1)
    client.push("paced:1", "lvs_sync", {"last": "0"})
    [_, synced] = await client.wait("phx_reply", 2)
    assert synced[4]["response"] == {"sent": client.has, "open": 0}


@pytest.mark.parametrize("limits", [Limits(resume_messages=1)])
async def test_a_whole_state_that_was_lost_behind_the_answer_comes_again(
    endpoint: Endpoint,
) -> None:
    client, other = Own(endpoint, "hall:1"), Own(endpoint, "hall:1")
    await client.start()
    await other.start()
    client = await lose(client, endpoint)
    for count in (1, 2):
        other.dispatch("hall:1", "add")
        await other.wait("state:patch", count)
    client.breaks_at = "phx_reply"
    await client.open()
    assert client.heard == []
    client = await lose(client, endpoint)
    await client.open()
    await client.wait("state:change", 1)
    assert [(event, payload["version"]) for event, payload in client.heard] == [("state:change", 2)]


async def test_events_come_before_the_whole_state_that_stands_for_the_patches(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    has = client.has
    client.push("count:1", "lvs_refresh")
    client.dispatch("count:1", "add")
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 2)
    client = await lose(client, endpoint)
    client._base = has
    terms = await client.open()
    await client.wait("state:change", 1)
    assert [event for event, _ in client.heard] == ["added", "added", "state:change"]
    assert terms["received"] == has + 3  # the whole state and two patches do not come any more
    client = await lose(client, endpoint)
    await client.open()
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    assert [event for event, _ in client.heard] == ["added", "state:patch"]


async def test_missed_events_come_again_until_they_arrive(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.open()
    for _ in range(3):
        client.dispatch("count:1", "add")
    await client.wait("state:patch", 3)
    for has, events in [(0, 3), (0, 3), (2, 1), (1, 0)]:
        first, received = client.token, client._base + has if has else 0
        client = await lose(client, endpoint)
        client._base = received
        await client.open(token=first)
        await client.wait("state:change", 1)
        assert [event for event, _ in client.heard] == ["added"] * events + ["state:change"]
        if not has:
            client.token = first


async def test_a_client_that_read_too_slowly_gets_the_whole_state(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.is_congested = True
    client.dispatch("count:1", "add")
    await client.wait("added", 1)
    client = await lose(client, endpoint)
    await client.open()
    [[*_, payload]] = await client.wait("state:change", 1)
    assert payload["version"] == 1


async def test_a_client_that_read_too_slowly_loses_no_event(endpoint: Endpoint) -> None:
    client, other = Own(endpoint, "hall:1"), Own(endpoint, "hall:1")
    await client.start()
    await other.start()
    client.is_congested = True
    other.dispatch("hall:1", "add")
    await other.wait("state:patch", 1)
    client.connection_is_dead = True
    other.dispatch("hall:1", "tell")  # one of its two events is for all
    await other.wait("state:patch", 2)
    client = await lose(client, endpoint)
    [session] = endpoint.sessions
    session.push("told", {"n": 3})
    await until(lambda: session.receivers[1].sent == 3)
    await client.open()
    await client.wait("state:change", 1)
    assert [payload.get("n") for _, payload in client.heard] == [2, 3, None]
    client = await lose(client, endpoint)
    await client.open()
    other.dispatch("hall:1", "add")
    await client.wait("state:patch", 1)
    assert [payload["version"] for _, payload in client.heard] == [3]


async def test_what_a_slow_reader_was_sent_before_it_caught_up_is_not_lost(
    endpoint: Endpoint,
) -> None:
    client, other = Own(endpoint, "hall:1"), Own(endpoint, "hall:1")
    await client.start()
    await other.start()
    client.is_congested = client.connection_is_dead = True  # nothing arrives any more
    for _ in range(2):
        other.dispatch("hall:1", "add")
        other.dispatch("hall:1", "tell")
    await other.wait("state:patch", 4)
    client.is_congested = False
    client.connection.drained()
    other.dispatch("hall:1", "add")
    await other.wait("state:patch", 5)
    client = await lose(client, endpoint)
    await client.open()
    await client.wait("state:change", 1)
    assert [(event, payload.get("n")) for event, payload in client.heard] == [
        ("told", 2),
        ("told", 2),
        ("state:change", None),
    ]


@pytest.mark.parametrize("limits", [Limits(resume_messages=4)])
async def test_whole_states_of_others_push_out_nothing(endpoint: Endpoint) -> None:
    client, other = Own(endpoint, "hall:1"), Own(endpoint, "hall:1")
    await client.start()
    await other.start()
    client = await lose(client, endpoint)
    other.dispatch("hall:1", "add")
    for count in range(2, 12):
        other.push("hall:1", "lvs_refresh")
        await other.wait("state:change", count)
    await client.open()
    await client.wait("state:patch", 1)
    assert [event for event, _ in client.heard] == ["state:patch"]
    client.dispatch("hall:1", "add")
    await other.wait("state:patch", 2)
    other = await lose(other, endpoint)
    other._base -= 3  # of its last messages the patch and two whole states were lost
    await other.open()
    await other.wait("state:change", 1)
    assert [event for event, _ in other.heard] == ["state:change"]


async def test_a_count_that_cannot_be_right_gives_the_whole_state(endpoint: Endpoint) -> None:
    for received in (99, -1, None, "1", 1.5):
        client = Own(endpoint, f"count:{received}")
        await client.start()
        client = await lose(client, endpoint)
        client._base = received  # type: ignore[assignment]  # what a faulty client may send
        assert (await client.open())["resumed"]
        await client.wait("state:change", 1)


# events


async def test_an_event_that_is_sent_again_is_handled_once_and_answered(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.connection_is_dead = True
    added = client.dispatch("count:1", "add")
    failed = client.dispatch("count:1", "fail")
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 2)
    client = await lose(client, endpoint)
    await client.open()
    client.again(added, "add")
    client.again(failed, "fail")
    fresh = client.dispatch("count:1", "add")
    await client.until(lambda: bool(client.answers(fresh)))
    assert client.answers(added) == [("ok", {})]
    [(status, response)] = client.answers(failed)
    assert (status, response["type"]) == ("error", "raised")
    assert session.ledger.snapshot()["n"] == 2


async def test_an_event_that_never_came_is_handled_when_it_is_sent_again(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.writer.last += 1
    lost = str(client.writer.last)
    client = await lose(client, endpoint)
    await client.open()
    # the join took the next ref: an event that was sent before it is new all the same
    client.again(lost, "add")
    await client.until(lambda: bool(client.answers(lost)))
    assert client.answers(lost) == [("ok", {})]
    assert endpoint.sessions[0].ledger.snapshot()["n"] == 1


@pytest.mark.parametrize("event", ["slow", "steps"])
async def test_an_event_in_progress_is_not_begun_again(endpoint: Endpoint, event: str) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    ref = client.dispatch("count:1", event)
    client = await lose(client, endpoint)
    await client.open()
    client.again(ref, event)
    assert client.answers(ref) == []
    gates[event].set()
    await client.until(lambda: bool(client.answers(ref)))
    assert client.answers(ref) == [("ok", {})]
    assert endpoint.sessions[0].ledger.snapshot()["n"] == {"slow": 1, "steps": 2}[event]


# who may come back


async def test_the_member_is_the_same_with_the_user_and_params_of_now(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1", user="ann")
    await client.start({"as": 1})
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    client = await lose(client, endpoint, user="ann again")
    await client.open({"as": 2})
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    assert endpoint.sessions[0].ledger.snapshot()["who"] == ["ann again", {"as": 2}, {"joins": 2}]


async def test_the_absent_are_no_members(endpoint: Endpoint) -> None:
    clients = [Own(endpoint, "hall:1") for _ in range(2)]
    for client in clients:
        await client.start()
    [session] = endpoint.sessions
    back = await lose(clients[0], endpoint)
    assert len(session.members) == 1
    await back.open()
    assert len(session.members) == 2


async def test_authorize_may_refuse_who_comes_back(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client = await lose(client, endpoint)
    resume = {"token": client.token, "received": client._base}
    ref = client.push("count:1", "phx_join", {"key": "wrong", "livestate": {"resume": resume}})
    await client.until(lambda: bool(client.answers(ref)))
    assert client.answers(ref) == [("error", {"reason": "no longer"})]
    client = await lose(client, endpoint)
    assert (await client.open({"key": "right"}, token=resume["token"]))["resumed"]


def spoil(token: str) -> str:
    return token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")


@pytest.mark.parametrize(
    ("alter", "who"),
    [
        (spoil, {}),
        (lambda token: "9" + token, {}),
        (lambda token: token.replace(".", ".9", 1), {}),
        (lambda _: "no token", {}),
        (lambda _: "é" * 20, {}),
        (lambda _: "1.1." + "A" * 1000, {}),
        (lambda token: token, {"principal": "bob"}),
        (lambda token: token, {"is_local": True}),
    ],
)
async def test_a_wrong_or_foreign_token_is_a_fresh_join(
    endpoint: Endpoint, alter: Callable[[str], str], who: Any
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    back = await lose(client, endpoint, **who)
    terms = await back.open(token=alter(client.token))
    assert terms["resumed"] is False
    [[*_, payload]] = await back.wait("state:change", 1)
    assert payload["state"]["n"] == 0
    assert (await (await lose(client, endpoint)).open())["resumed"]  # the place was not harmed


async def test_a_token_is_good_for_its_topic_only(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    back = await lose(client, endpoint)
    back.topic = "count:2"
    assert (await back.open())["resumed"] is False


async def test_an_older_join_does_not_take_the_place_of_a_newer_one(endpoint: Endpoint) -> None:
    class Slow(Count, topic="slow:*"):
        async def authorize(self, params: Any) -> bool:
            if params.get("waits"):
                await gates["slow"].wait()
            return True

    endpoint.declare(Slow)
    client = Own(endpoint, "slow:1")
    await client.start()
    older, newer = [await lose(client, endpoint) for _ in range(2)]
    opening = asyncio.ensure_future(older.open({"waits": True}))
    await asyncio.sleep(0)
    assert (await newer.open())["resumed"] is True
    gates["slow"].set()
    assert (await opening)["resumed"] is False
    newer.dispatch("slow:1", "add")
    await newer.wait("state:patch", 1)
    assert newer.received("phx_close") == []


async def test_a_token_is_not_good_twice(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    first = client.token
    client = await lose(client, endpoint)
    await client.open()
    assert client.token != first
    client.dispatch("count:1", "add")  # says that the newer token has come
    await client.wait("state:patch", 1)
    thief = Own(endpoint, "count:1")
    assert (await thief.open(token=first))["resumed"] is False
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 2)


async def test_a_token_holds_while_its_successor_may_be_lost(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    has, first = client.has, client.token
    for _ in range(3):  # three join replies in a row do not arrive
        client = await lose(client, endpoint)
        client._base = has
        assert (await client.open(token=first))["resumed"]
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    assert [payload.get("version") for _, payload in client.heard] == [None, 2]


async def test_a_client_is_back_before_its_old_connection_is_known_to_be_dead(
    endpoint: Endpoint,
) -> None:
    old = Own(endpoint, "count:1")
    await old.start()
    ref = old.dispatch("count:1", "slow")
    new = Own(endpoint, "count:1", old)
    assert (await new.open())["resumed"]
    assert old.received("phx_close")
    gates["slow"].set()
    await new.until(lambda: bool(new.answers(ref)))
    late = old.dispatch("count:1", "add")  # what was still on its way
    await old.until(lambda: bool(old.answers(late)))
    assert old.answers(late) == [("error", {"reason": "unmatched topic"})]
    old.connection.lost()
    new.again(late, "add")
    await new.until(lambda: bool(new.answers(late)))
    [session] = endpoint.sessions
    assert session.ledger.snapshot()["n"] == 2
    assert len(session.members) == 1


async def test_a_client_that_gives_up_waiting_for_its_join_comes_back_once_more(
    endpoint: Endpoint,
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    first, has = client.token, client.has
    client = await lose(client, endpoint)
    await client.open()
    client.push("count:1", "phx_leave")  # as phoenix.js when the answer to its join is late
    await client.wait("phx_close", 1)
    again = Own(endpoint, "count:1", client)
    again._base = has
    assert (await again.open(token=first))["resumed"]


async def test_a_client_that_knows_that_it_is_back_leaves_for_good(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"]
    client.push("count:1", "lvs_sync", {"last": "0"})
    client.push("count:1", "phx_leave")
    await until(lambda: endpoint.sessions == [])


class Choking:
    """A client whose connection is closed by the first frame that it is sent: it reads nothing."""

    is_congested = False

    def __init__(self, endpoint: Endpoint) -> None:
        self.connection = endpoint.connect(self, vsn="2.0.0")
        self.is_closed = False

    def send(self, frame: str | bytes) -> None:
        self.connection.close(1013, "too slow a reader")

    def close(self, code: int, reason: str) -> None:
        self.is_closed = True


async def test_a_client_that_cannot_read_the_answer_to_its_join_leaves_nothing(
    endpoint: Endpoint,
) -> None:
    client = Choking(endpoint)
    client.connection.feed('["1","1","count:1","phx_join",{"livestate":{}}]')
    await until(lambda: client.is_closed)
    await until(lambda: endpoint.sessions == [])
    assert endpoint.places._open == {}


async def test_a_client_that_cannot_read_the_answer_comes_back_once_more(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    token, has = client.token, client.has
    client = await lose(client, endpoint)
    [session] = endpoint.sessions

    async def change(state: Any) -> None:
        state["n"] = 1

    await session.exclusively(change)
    resume = {"resume": {"token": token, "received": has}}
    choking = Choking(endpoint)
    join_frame = dumps(["1", "1", "count:1", "phx_join", {"livestate": resume}])
    choking.connection.feed(join_frame.decode())
    await until(lambda: choking.is_closed)
    assert session.away == 1
    back = Own(endpoint, "count:1", client)
    back._base = has
    assert (await back.open(token=token))["resumed"]
    [patch] = await back.wait("state:patch", 1)
    assert patch[4]["version"] == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_handlers_assign_while_a_client_comes_back_stays(endpoint: Endpoint) -> None:
    is_asked, may_join = asyncio.Event(), asyncio.Event()
    may_join.set()

    class Guarded(Channel, topic="guarded"):
        async def authorize(self, params: Any) -> bool:
            is_asked.set()
            await may_join.wait()
            assert self.member is not None
            self.member.assigns["by"] = params.get("by")
            self.member.assigns.pop("old", None)
            return True

        @on("run")
        async def run(self, payload: Any, state: Any) -> Any:
            assert self.member is not None
            self.member.assigns |= {"old": 1, "step": 1}
            yield
            await gates["steps"].wait()
            self.member.assigns["step"] = 2
            state["step"] = 2

    endpoint.declare(Guarded)
    client = Own(endpoint, "guarded")
    await client.start({"by": "ann"})
    client.dispatch("guarded", "run")
    await client.wait("state:patch", 1)
    client = await lose(client, endpoint)
    is_asked.clear()
    may_join.clear()
    opening = asyncio.ensure_future(client.open({"by": "bob"}))
    await is_asked.wait()
    gates["steps"].set()
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 2)
    may_join.set()
    assert (await opening)["resumed"]
    assert session.members[0].assigns == {"by": "bob", "step": 2}


async def test_a_client_that_comes_back_does_not_leave(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    ref = client.dispatch("count:1", "slow")
    client.push("count:1", "phx_leave")
    new = Own(endpoint, "count:1", client)
    assert (await new.open())["resumed"]
    gates["slow"].set()
    await new.until(lambda: bool(new.answers(ref)))
    new.dispatch("count:1", "add")
    await new.wait("state:patch", 2)
    assert new.received("phx_close") == []


async def test_a_client_that_joins_again_on_its_connection_goes_on(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "add")
    await client.wait("state:patch", 1)
    resume = {"token": client.token, "received": client.has}
    ref = client.push("count:1", "phx_join", {"livestate": {"resume": resume}})
    await client.until(lambda: bool(client.answers(ref)))
    [(_, response)] = client.answers(ref)
    assert response["livestate"]["resumed"] is True
    assert len(endpoint.sessions) == 1


# how long


async def test_a_client_that_stays_away_is_given_up(endpoint: Endpoint) -> None:
    client = Own(endpoint, "brief:1")
    await client.start()
    client = await lose(client, endpoint)
    assert len(endpoint.sessions) == 1
    await until(lambda: endpoint.sessions == [])
    assert (await client.open())["resumed"] is False


async def test_seconds_are_the_endpoints(endpoint: Endpoint) -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    still = Endpoint(clock=clock)
    still.declare(Brief)
    client = Own(still, "brief:1")
    await client.start()
    await lose(client, still)
    await asyncio.sleep(0.2)  # a time in which nothing must happen
    assert len(still.sessions) == 1
    clock.now = 0.2
    await until(lambda: still.sessions == [])
    await still.close()


async def test_a_client_that_leaves_is_gone_at_once(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.push("count:1", "phx_leave")
    await until(lambda: endpoint.sessions == [])
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False


async def test_a_channel_without_grace_gives_no_token(endpoint: Endpoint) -> None:
    client = Own(endpoint, "never:1")
    assert await client.open() == {"max_version": 1000}
    await client.wait("state:change", 1)
    client.connection.lost()
    await until(lambda: endpoint.sessions == [])


async def test_unmodified_clients_see_nothing_of_it(endpoint: Endpoint) -> None:
    client = Client(endpoint)
    await client.join("count:1")
    assert client.received("phx_reply")[0][4] == {"status": "ok", "response": {}}
    client.connection.lost()
    await until(lambda: endpoint.sessions == [])


async def test_a_crash_ends_the_place(endpoint: Endpoint) -> None:
    class Fragile(Count, topic="fragile", on_error="crash"):
        """It crashes."""

    endpoint.declare(Fragile)
    client = Own(endpoint, "fragile")
    await client.start()
    client.dispatch("fragile", "fail")
    await client.wait("phx_error", 1)
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False


class Late(Channel, topic="late"):
    async def init(self, params: Any) -> Any:
        await gates["slow"].wait()
        if params.get("is_refused"):
            raise Refuse("no state for you")
        return {"n": 0}

    @on("add")
    async def add(self, payload: Any, state: Any) -> None:
        state["n"] += 1


@pytest.mark.parametrize("is_back_before", [True, False])
async def test_a_client_may_lose_its_connection_before_there_is_a_state(
    endpoint: Endpoint, is_back_before: bool
) -> None:
    endpoint.declare(Late)
    client = Own(endpoint, "late")
    await client.open()
    ref = client.dispatch("late", "add")
    client = await lose(client, endpoint)
    if not is_back_before:
        gates["slow"].set()
        await until(lambda: endpoint.sessions[0].ledger.version == 1)
    assert (await client.open())["resumed"]
    gates["slow"].set()
    client.again(ref, "add")
    await client.until(lambda: bool(client.answers(ref)))
    expected = (
        [("state:change", 0), ("state:patch", 1)] if is_back_before else [("state:change", 1)]
    )
    assert [(event, payload["version"]) for event, payload in client.heard] == expected


@pytest.mark.parametrize("is_lost_before", [True, False])
async def test_there_is_nothing_to_come_back_to_where_init_refused(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, is_lost_before: bool
) -> None:
    caplog.set_level(logging.INFO)
    endpoint.declare(Late)
    client = Own(endpoint, "late")
    await client.open({"is_refused": True})
    if is_lost_before:
        client.connection.lost()
    gates["slow"].set()
    await until(lambda: "init of 'late' refused" in caplog.text)
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False
    await client.wait("state:change", 1)
    assert len(endpoint.sessions) == 1


@pytest.mark.parametrize("on_error", ["keep", "crash"])
async def test_who_has_no_place_any_more_joins_afresh_when_it_asks(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, on_error: Literal["keep", "crash"]
) -> None:
    class Picky(Late, topic="picky", shared=True, on_error=on_error):
        pass

    endpoint.declare(Picky)
    client, other = Own(endpoint, "picky"), Own(endpoint, "picky")
    await client.open({"is_refused": True})
    gates["slow"].set()
    await client.wait("error", 1)
    await other.start()
    await client.wait("state:change", 1)
    client.push("picky", "lvs_sync", {"last": "0"})
    await client.wait("phx_error", 1)
    assert other.received("phx_error") == []
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False
    await client.wait("state:change", 1)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("is_back", [True, False], ids=["comes back", "is new"])
@pytest.mark.parametrize("limits", [Limits(resume_messages=1)])
async def test_who_joins_as_the_session_crashes_joins_again(
    endpoint: Endpoint, *, is_back: bool
) -> None:
    class Breaks(MessageBuilder):
        def update_state_message(self, change: Change, version: int) -> tuple[str, Json]:
            if change.new_document["n"] == 3:
                raise ValueError("no")
            return super().update_state_message(change, version)

    class Breaking(Paced, topic="paced:*", shared=True, fps=0.001, message_builder=Breaks()):
        pass

    endpoint.declare(Breaking)
    client, other = Own(endpoint, "paced:1"), Own(endpoint, "paced:1")
    await other.start()
    if is_back:
        await client.start()
        client = await lose(client, endpoint)
    for count in (1, 2):
        other.dispatch("paced:1", "add")
        await other.wait("state:patch", count)
    [session] = endpoint.sessions
    endpoint.broadcast("news", 1)
    await until(lambda: session.ledger.is_ahead)
    await client.open()
    await client.wait("phx_error", 1)
    await other.wait("phx_error", 1)
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False
    await client.wait("state:change", 1)
    assert [one.topic for one in endpoint.sessions] == ["paced:1"]
    assert len(endpoint.sessions[0].joined) == 1


async def test_a_client_comes_back_to_the_class_of_now(endpoint: Endpoint) -> None:
    class First(Channel, topic="reloaded"):
        def init(self, params: Any) -> Any:
            return {"n": 0}

    class Second(Channel, topic="reloaded", grace=30):
        @on("add")
        def add(self, payload: Any, state: Any) -> None:
            state["n"] += 1

    endpoint.declare(First)
    client = Own(endpoint, "reloaded")
    await client.start()
    client = await lose(client, endpoint)
    endpoint.declare(Second)
    terms = await client.open()
    assert (terms["resumed"], terms["grace"]) == (True, 30)
    client.dispatch("reloaded", "add")
    [frame] = await client.wait("state:patch", 1)
    assert frame[4]["version"] == 1


async def test_an_error_of_a_message_reaches_the_absent_too(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    class Deaf(Channel, topic="deaf"):
        def init(self, params: Any) -> Any:
            self.subscribe("news")
            return {}

    endpoint.declare(Deaf)
    client = Own(endpoint, "deaf")
    await client.start()
    client = await lose(client, endpoint)
    endpoint.pubsub.publish("news", "hello")
    await until(lambda: "failed on a message" in caplog.text)
    await client.open()
    await client.wait("error", 1)


async def test_an_overloading_client_does_not_come_back(endpoint: Endpoint) -> None:
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "slow")
    for _ in range(1001):
        client.dispatch("count:1", "add")
    await client.wait("phx_error", 1)
    client = await lose(client, endpoint)
    assert (await client.open())["resumed"] is False


@pytest.mark.parametrize("limits", [Limits(absent_clients=2)], ids=["2 absent"])
async def test_the_longest_absent_goes_when_too_many_are(endpoint: Endpoint) -> None:
    clients = [Own(endpoint, f"count:{number}") for number in range(3)]
    for client in clients:
        await client.start()
    back = [await lose(client, endpoint) for client in clients]
    assert [(await client.open())["resumed"] for client in back] == [False, True, True]


async def test_a_shared_session_stays_for_a_time_when_all_have_left(endpoint: Endpoint) -> None:
    class Hut(Count, topic="hut", shared=True, grace=0.3):
        """A shared one, for a short time."""

    ann = await join(endpoint, Hut, "hut")
    ann.dispatch("hut", "add")
    await ann.wait("state:patch", 1)
    ann.push("hut", "phx_leave")
    await ann.wait("phx_close", 1)
    bob = Client(endpoint)
    assert (await bob.join("hut"))["state"]["n"] == 1
    await asyncio.sleep(0.4)  # a time in which nothing must happen
    assert len(endpoint.sessions) == 1
    bob.connection.lost()
    await until(lambda: endpoint.sessions == [])


@pytest.mark.parametrize("grace", [-1, "60", None, float("nan"), float("inf")])
async def test_grace_is_checked(grace: Any) -> None:
    with pytest.raises(DeclarationError, match="expected grace as seconds"):

        class Wrong(Channel, topic="wrong", grace=grace):
            """It cannot be declared."""


# what it costs, and what it tells


async def test_one_change_is_encoded_once_however_many_are_joined(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [Own(endpoint, "hall:1") for _ in range(200)]
    for client in clients:
        await client.start()
    absent = [await lose(client, endpoint) for client in clients[150:]]
    counted: list[str] = []
    encode, make = ledger.outgoing, Change.__init__

    def outgoing(event: str, payload: Json) -> Any:
        counted.append(event)
        return encode(event, payload)

    def diff(*args: Any, **options: Any) -> None:
        counted.append("diff")
        make(*args, **options)

    monkeypatch.setattr(ledger, "outgoing", outgoing)
    monkeypatch.setattr(Change, "__init__", diff)
    clients[0].dispatch("hall:1", "add")
    for client in clients[:150]:
        await client.wait("state:patch", 1)
    for client in absent:
        await client.open()
        await client.wait("state:patch", 1)
    assert sorted(counted) == ["added", "diff", "state:patch"]


async def test_no_token_gets_into_a_log(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Own(endpoint, "count:1")
    await client.start()
    client.dispatch("count:1", "fail")
    client = await lose(client, endpoint)
    await client.open()
    await (await lose(client, endpoint)).open(token=spoil(client.token))
    assert client.token
    assert client.token.rpartition(".")[2] not in caplog.text


# messages that are lost on the way, come twice, or overtake each other


async def test_an_event_behind_a_lost_one_is_not_handled_before_it(endpoint: Endpoint) -> None:
    endpoint.declare(Count)
    client = Own(endpoint, "count:1")
    await client.start()

    def send(number: int, previous: int) -> None:
        ref, payload = f"{number}:{previous}", {"by": number}
        client.feed(client.writer.write("count:1", "lvs_evt:add", payload, ref)[1])

    send(10, 0)
    send(10, 0)
    send(12, 11)  # 11 is lost, or on its way
    send(11, 10)
    await client.wait("phx_error", 1)
    [session] = endpoint.sessions
    assert session.joined == []
    assert session.ledger.snapshot()["n"] == 10
    assert client.answers("10:0") == [("ok", {})] * 2
    client = Own(endpoint, "count:1", client)
    assert (await client.open())["resumed"]
    send(11, 0)
    send(12, 11)
    await until(lambda: session.ledger.snapshot()["n"] == 33)


async def test_a_sync_says_what_the_client_should_have(endpoint: Endpoint) -> None:
    gates["slow"] = asyncio.Event()
    endpoint.declare(Count)
    client = Own(endpoint, "count:1")
    await client.start()
    _, first = client.writer.write("count:1", "lvs_evt:add", {}, "10:0")
    _, second = client.writer.write("count:1", "lvs_evt:slow", {}, "11:10")
    client.feed(first)
    client.feed(second)
    await client.until(lambda: client.answers("10:0") == [("ok", {})])
    ref = client.push("count:1", "lvs_sync", {"last": "11"})
    assert client.answers(ref) == [("ok", {"sent": client.has, "open": 1})]
    gates["slow"].set()
    await client.until(lambda: client.answers("11:10") == [("ok", {})])
    ref = client.push("count:1", "lvs_sync", {"last": "11"})
    assert client.answers(ref) == [("ok", {"sent": client.has, "open": 0})]


@pytest.mark.parametrize("asked", [{"last": "12"}, {"last": "0"}, {"last": 10}, {}, [], None, 7])
async def test_a_sync_of_a_client_whose_last_event_is_lost_lets_it_join_again(
    endpoint: Endpoint, asked: Json
) -> None:
    endpoint.declare(Count)
    client = Own(endpoint, "count:1")
    await client.start()
    client.feed(client.writer.write("count:1", "lvs_evt:add", {}, "10:0")[1])
    client.feed(client.writer.write("count:1", "lvs_sync", asked)[1])
    await client.wait("phx_error", 1)
    client = Own(endpoint, "count:1", client)
    assert (await client.open())["resumed"]
    ref = client.push("count:1", "lvs_sync", {"last": "0"})
    assert client.answers(ref) == [("ok", {"sent": client.has, "open": 0})]


async def test_refs_of_another_form_are_refs_of_new_events(endpoint: Endpoint) -> None:
    endpoint.declare(Count)
    client = Own(endpoint, "count:1")
    await client.start()
    for ref in ("", ":", "1:", ":1", "x:1", "1:x", "1:2:3", "-1:0", "9" * 17, "1:" + "9" * 17):
        _, frame = client.writer.write("count:1", "lvs_evt:add", {}, ref)
        for _ in range(2):
            client.feed(frame)
    [session] = endpoint.sessions
    await until(lambda: session.ledger.version == 19)  # "1:" is the number 1
    assert client.received("phx_error") == []

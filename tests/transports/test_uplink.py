"""Uplinks between kernels and a relay, over a real socket of this machine."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from livestate_nb import Channel, on
from livestate_nb.codec import Json
from livestate_nb.errors import HostError, ShareError
from livestate_nb.limits import Limits
from livestate_nb.roles import User
from livestate_nb.runtime import Endpoint
from livestate_nb.testing.frames import Writer, decode
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.dial import dial
from livestate_nb.transports.uplink import Uplink
from livestate_nb_server.admission import Visitor
from livestate_nb_server.client import Client as ServedClient
from tests.clients import PATIENCE, until
from tests.relays import Dialled, Gallery, Place
from tests.sockets import nodelays, nodelays_of_clients

pytestmark = pytest.mark.asyncio


class Counter(Channel, topic="cells:*", shared=True, grace=0):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("pad")
    async def pad(self, payload: Any, state: Any) -> None:
        state["pad"] = "x" * payload["size"]


class Hosted(Channel, topic="hosted:*"):
    pass


class Who(Channel, topic="who"):
    def init(self, params: Any) -> Any:
        user = self.member.user if self.member else None
        assert isinstance(user, User)
        return {"username": user.username, "name": user.name}


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    place = Place(Hosted)
    yield place
    await place.close()


# letting in


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "null", ""])
async def test_a_browser_is_refused_whatever_it_knows(place: Place, origin: str) -> None:
    address = place.address("k1")
    headers = {wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: "n", "Origin": origin}
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(f"{address.url}k1", headers=headers))
    assert refused.value.code == 403


@pytest.mark.parametrize("secret", [None, "", "wrong", "ü"])
async def test_who_does_not_know_the_secret_is_refused(place: Place, secret: str | None) -> None:
    address = place.address("k1")
    headers = {} if secret is None else {wire.SECRET_HEADER: secret}
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(f"{address.url}k1", headers=headers))
    assert refused.value.code == 403


async def test_a_kernel_that_does_not_know_its_key_or_is_not_run_stays_outside(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "livestate_nb")
    address = place.address("k1")
    strangers = [
        replace(address, kernel_id="k2"),
        replace(address, key=b"another key"),
        replace(address, secret="wrong"),
    ]
    for stranger in strangers:
        changes: list[bool] = []
        uplink = Uplink(Endpoint(), stranger, changes.append, Gallery())
        await until(lambda changes=changes: changes == [False])  # type: ignore[misc]
        assert not uplink.is_open
        await uplink.close()
    assert place.visit("k1").guest is not None
    for secret in (address.secret, address.key.decode(), "another key", "wrong"):
        assert secret not in caplog.text


async def test_a_proof_for_one_kernel_is_none_for_another(place: Place) -> None:
    one, other = place.address("k1"), place.address("k2")
    headers = {wire.SECRET_HEADER: other.secret, wire.NONCE_HEADER: "n"}
    socket = await websocket_connect(HTTPRequest(f"{other.url}k2", headers=headers))
    hello = wire.unpack(str(await socket.read_message())).json
    proof = wire.proof(one.key, wire.KERNEL, "k1", hello["nonce"])
    await socket.write_message(wire.pack_json(wire.HELLO, 0, {"proof": proof}))
    assert await socket.read_message() is None
    assert socket.close_code == 4403
    socket.close()


async def test_nothing_but_a_proof_is_taken_first(place: Place) -> None:
    address = place.address("k1")
    headers = {wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: "n"}
    for message in (wire.pack_json(wire.DECLARE, 1, {"channels": ["x"], "published": {}}), "?"):
        socket = await websocket_connect(HTTPRequest(f"{address.url}k1", headers=headers))
        await socket.read_message()
        await socket.write_message(message)
        assert await socket.read_message() is None
        socket.close()
    assert not place.is_connected("k1")


# clients


async def test_a_bound_client_joins_dispatches_and_leaves(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    client = place.visit("k1")
    assert await client.join("cells:a") == {"state": {"n": 0}, "version": 0}
    client.dispatch("cells:a", "inc")
    await client.wait("state:patch", 1)
    client.push("cells:a", "phx_leave")
    await client.wait("phx_close", 1)
    await until(lambda: kernel.endpoint.sessions == [])


async def test_a_change_for_many_clients_takes_few_turns_of_the_servers_loop(place: Place) -> None:
    await place.dial("k1", Counter)
    visitors = [place.visit("k1") for _ in range(100)]
    for visitor in visitors:
        await visitor.join("cells:a")
    before = came = sum(len(visitor.frames) for visitor in visitors)
    visitors[0].dispatch("cells:a", "inc")
    turns = 0
    async with asyncio.timeout(PATIENCE):
        while came < before + len(visitors):
            await asyncio.sleep(0)
            now = sum(len(visitor.frames) for visitor in visitors)
            turns += now > came
            came = now
    assert turns < 50


async def test_small_messages_are_sent_at_once_both_ways(place: Place) -> None:
    await place.dial("k1", Counter)
    port = int(place.listener.url.split(":")[2].split("/")[0])
    assert nodelays(port) == nodelays_of_clients(port) == [True]


async def test_the_server_answers_heartbeats_itself_and_once(place: Place) -> None:
    await place.dial("k1", Counter)
    client = place.visit("k1")
    await client.join("cells:a")
    ref = client.push("phoenix", "heartbeat")
    await client.settle("cells:a")
    answers = [frame for frame in client.received("phx_reply") if frame[1] == ref]
    assert len(answers) == 1


async def test_a_topic_that_the_kernel_lacks_is_refused_as_phoenix_does(place: Place) -> None:
    await place.dial("k1", Counter)
    assert await place.visit("k1").refusal("nothing:here") == {"reason": "unmatched topic"}


async def test_a_kernel_that_the_server_does_not_run_is_gone(place: Place) -> None:
    assert await place.visit("k9").refusal("cells:a") == {"reason": "kernel gone"}


async def test_a_member_s_user_crosses_the_relay(place: Place) -> None:
    await place.dial("k1", Who)
    state = await place.visit("k1").join("who")
    assert state["state"] == {"username": "ann", "name": "Ann"}


async def test_a_client_that_has_gone_leaves(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    client, other = place.visit("k1"), place.visit("k1")
    await client.join("cells:a")
    await other.join("cells:b")
    await client.gone()
    await until(lambda: len(kernel.endpoint.sessions) == 1)
    other.dispatch("cells:b", "inc")
    await other.wait("state:patch", 1)


async def test_a_frame_that_breaks_the_protocol_closes_its_client_alone(place: Place) -> None:
    await place.dial("k1", Counter)
    bad, good = place.visit("k1"), place.visit("k1")
    await bad.join("cells:a")
    await good.join("cells:a")
    bad.feed("not JSON")
    assert bad.closed is not None
    assert bad.closed[0] == 1011
    good.dispatch("cells:a", "inc")
    await good.wait("state:patch", 1)


@pytest_asyncio.fixture
async def roomy() -> AsyncIterator[Place]:
    place = Place(Hosted, limits=Limits(frame_bytes=80_000_000))
    yield place
    await place.close()


@pytest.mark.parametrize(
    ("topic", "event"), [("cells:a", "lvs_evt:inc"), ("cells:b", "phx_join"), ("phoenix", "hb")]
)
@pytest.mark.parametrize("character", ["x", "\u00e4"])
async def test_a_frame_that_is_too_large_for_an_uplink_closes_its_client_alone(
    roomy: Place, topic: str, event: str, character: str
) -> None:
    await roomy.dial("k1", Counter)
    bad, good = roomy.visit("k1"), roomy.visit("k1")
    await bad.join("cells:a")
    await good.join("cells:a")
    text = character * (wire.MAX_FRAME // len(character.encode()))
    bad.feed(f'["1","9","{topic}","{event}",{{"text":"{text}"}}]')
    assert bad.closed == (1009, "a frame is too large for the uplink")
    good.dispatch("cells:a", "inc")
    await good.wait("state:patch", 1)
    assert good.received("phx_error") == []


async def test_a_frame_as_large_as_our_client_is_told_is_handled(roomy: Place) -> None:
    await roomy.dial("k1", Counter)
    client = roomy.visit("k1")
    await client.join("cells:a", {"livestate": {}})
    [joined] = client.received("phx_reply")
    most = joined[4]["response"]["livestate"]["max_bytes"]
    head, tail = '["1","2","cells:a","lvs_evt:inc",{"text":"', '"}]'
    client.feed(head + "x" * (most - len(head) - len(tail)) + tail)
    await client.wait("state:patch", 1)


async def test_an_update_that_is_too_large_for_an_uplink_closes_its_client_alone(
    place: Place,
) -> None:
    await place.dial("k1", Counter)
    bad, good = place.visit("k1"), place.visit("k1")
    await bad.join("cells:a")
    await good.join("cells:b")
    bad.dispatch("cells:a", "pad", {"size": wire.MAX_FRAME})
    await bad.until(lambda: bad.closed is not None)
    assert bad.closed == (1009, "a frame is too large for the uplink")
    good.dispatch("cells:b", "inc")
    await good.wait("state:patch", 1)


async def test_a_session_s_key_is_for_bound_clients_only(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    session = await kernel.endpoint.open(Counter, "cells:a", "a cell", {})
    await kernel.uplink.publish("cells:*")
    key = {"livestate": {"session": "no such key"}}
    assert "run the cell again" in (await place.visit("k1").refusal("cells:a", key))["reason"]
    assert (await place.visit().join("cells:a", key))["version"] == 0  # it is not looked at
    session.release()


# published topics


async def test_a_topic_is_reached_by_others_only_when_it_is_published(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    client = place.visit()
    assert await client.refusal("cells:a") == {"reason": "unmatched topic"}
    await kernel.uplink.publish("cells:*")
    assert (await client.join("cells:a"))["version"] == 0
    bound = place.visit("k1")
    await bound.join("cells:a")
    client.dispatch("cells:a", "inc")
    assert (await bound.wait("state:patch", 1))[0][4]["version"] == 1


async def test_a_published_pattern_opens_no_narrower_channel(place: Place) -> None:
    class Admin(Channel, topic="cells:admin"):
        pass

    kernel = await place.dial("k1", Counter, Admin)
    await kernel.uplink.publish("cells:*")
    client = place.visit()
    assert await client.refusal("cells:admin") == {"reason": "unmatched topic"}
    await client.join("cells:a")
    assert [session.topic for session in kernel.endpoint.sessions] == ["cells:a"]
    await kernel.uplink.publish("cells:admin")
    await client.join("cells:admin")


async def test_what_is_withdrawn_must_be_published_anew(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    client = place.visit()
    await client.join("cells:a")
    kernel.withdraw("cells:*")
    await client.wait("phx_close", 1)
    kernel.declare(Counter)
    assert kernel.uplink.published == []
    await until(lambda: place.publisher("cells:a") is None)
    await place.visit("k1").join("cells:a")  # so that the declaration has come
    assert await client.refusal("cells:a") == {"reason": "unmatched topic"}


async def test_what_is_unpublished_ends_for_others_and_goes_on_for_the_kernel_s_own(
    place: Place,
) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    own, other, resumable = place.visit("k1"), place.visit(), place.visit()
    await own.join("cells:a")
    await other.join("cells:a")
    await resumable.join("cells:a", {"livestate": {}})
    kernel.uplink.unpublish("cells:*")
    await other.wait("phx_close", 1)
    await resumable.wait("phx_close", 1)
    assert kernel.uplink.published == []
    [session] = kernel.endpoint.sessions
    assert len(session.members) == 1
    assert session.away == 0
    own.dispatch("cells:a", "inc")
    await own.wait("state:patch", 1)
    await until(lambda: place.publisher("cells:a") is None)
    assert await other.refusal("cells:a") == {"reason": "unmatched topic"}
    await kernel.uplink.publish("cells:*")
    assert (await place.visit().join("cells:a"))["state"] == {"n": 1}


async def test_who_is_turned_out_by_unpublishing_has_left(place: Place) -> None:
    class Watched(Counter, topic="watched"):
        def left(self, state: Any) -> None:
            state["n"] -= 1

    kernel = await place.dial("k1", Watched)
    await kernel.uplink.publish("watched")
    own, other = place.visit("k1"), place.visit()
    await own.join("watched")
    await other.join("watched")
    kernel.uplink.unpublish("watched")
    await other.wait("phx_close", 1)
    patch = [{"op": "replace", "path": "/n", "value": -1}]
    assert (await own.wait("state:patch", 1))[0][4]["patch"] == patch


async def test_a_join_that_is_being_decided_is_refused_when_its_topic_is_unpublished(
    place: Place,
) -> None:
    decided, is_asked = asyncio.Event(), asyncio.Event()

    class Slow(Channel, topic="slow"):
        async def authorize(self, params: Any) -> bool:
            is_asked.set()
            await decided.wait()
            return True

    kernel = await place.dial("k1", Slow)
    await kernel.uplink.publish("slow")
    client = place.visit()
    refusal = asyncio.create_task(client.refusal("slow"))
    async with asyncio.timeout(PATIENCE):
        await is_asked.wait()
    kernel.uplink.unpublish("slow")
    assert await refusal == {"reason": "unmatched topic"}
    decided.set()
    await until(lambda: kernel.endpoint.sessions == [])


async def test_a_publication_that_got_no_answer_is_none(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    publishing = asyncio.ensure_future(kernel.uplink.publish("cells:*"))
    await asyncio.sleep(0)
    place.cut("k1")
    with pytest.raises(HostError):
        await publishing
    assert kernel.uplink.published == []


async def test_a_burst_makes_no_slow_reader_of_quick_clients(place: Place) -> None:
    await place.dial("k1", Counter)
    clients = [place.visit("k1") for _ in range(100)]
    for client in clients:
        await client.join("cells:a")
    clients[0].dispatch("cells:a", "pad", {"size": 12_000})
    for client in clients:
        await client.wait("state:patch", 1)
        assert len(client.received("state:change")) == 1


@pytest.mark.parametrize("pattern", ["hosted:*", "hosted:1", "hosted:a:*"])
async def test_what_the_server_hosts_cannot_be_taken_over(place: Place, pattern: str) -> None:
    class Mine(Channel, topic=pattern):
        pass

    kernel = await place.dial("k1", Mine)
    with pytest.raises(HostError, match=r"the server itself hosts 'hosted:\*'"):
        await kernel.uplink.publish(pattern)
    assert kernel.uplink.published == []
    topic = pattern.replace("*", "x")
    place.visit().push(topic, "phx_join")
    await until(lambda: len(place.endpoint.sessions) == 1)
    assert kernel.endpoint.sessions == []


async def test_the_newest_kernel_takes_new_joins_and_existing_ones_stay(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "livestate_nb")
    first, second = await place.dial("k1", Counter), await place.dial("k2", Counter)
    await first.uplink.publish("cells:*")
    early, late = place.visit(), place.visit()
    await early.join("cells:a")
    await second.uplink.publish("cells:*")
    await late.join("cells:a")
    assert [len(one.endpoint.sessions) for one in (first, second)] == [1, 1]
    early.dispatch("cells:a", "inc")
    await early.wait("state:patch", 1)
    assert late.received("state:patch") == []
    await until(lambda: "another kernel takes new joins of cells:*" in caplog.text)
    assert first.uplink.taken == {"cells:*"}
    await first.uplink.publish("cells:*")  # takes them back
    assert first.uplink.taken == set()
    await place.visit().join("cells:a")
    assert [len(one.endpoint.sessions) for one in (first, second)] == [1, 1]
    assert len(first.endpoint.sessions[0].joined) == 2


async def test_a_publication_outlives_a_lost_uplink_and_keeps_its_rank(place: Place) -> None:
    first, second = await place.dial("k1", Counter), await place.dial("k2", Counter)
    await first.uplink.publish("cells:*")
    await second.uplink.publish("cells:*")
    first.changes.clear()
    place.cut("k1")
    await until(lambda: True in first.changes)
    await place.visit().join("cells:a")
    assert [len(one.endpoint.sessions) for one in (first, second)] == [0, 1]
    del place.manager["k2"]
    await second.close()
    await until(lambda: place.publisher("cells:a") == "k1")
    await place.visit().join("cells:a")
    assert len(first.endpoint.sessions) == 1


async def test_a_held_join_of_another_client_waits_until_its_topic_is_published_again(
    place: Place,
) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    client = place.visit()
    await client.join("cells:a")
    place.cut("k1")
    await client.wait("phx_error", 1)
    await kernel.close()
    client.push("cells:a", "phx_join")
    again = await place.dial("k1", Counter)
    await place.visit("k1").join("cells:b")
    assert len(client.received("state:change")) == 1
    await again.uplink.publish("cells:*")
    await client.wait("state:change", 2)


# lost kernels


async def test_the_clients_of_a_lost_uplink_are_told_and_rejoin_when_it_is_back(
    place: Place,
) -> None:
    kernel = await place.dial("k1", Counter)
    client = place.visit("k1")
    await client.join("cells:a")
    place.cut("k1")
    [error] = await client.wait("phx_error", 1)
    assert error[4] == {"reason": "kernel lost"}
    client.push("cells:a", "phx_join")  # held, if the kernel is not back already
    await client.wait("state:change", 2)
    await until(lambda: len(kernel.endpoint.sessions) == 1)
    assert client.closed is None


async def test_a_way_that_breaks_after_many_attempts_is_lost_after_as_many_again_as_ever() -> None:
    place = Place(limits=Limits(uplinks=1))
    first = await place.dial("k1")
    kernel = place.start("k2")
    await until(lambda: kernel.changes == [False])
    await first.close()
    await until(lambda: kernel.changes == [False, True])
    uplink: Any = place.relay.kernel("k2").uplink  # type: ignore[union-attr]  # it is there
    await uplink.write_message("no message of an uplink")
    await until(lambda: not kernel.uplink.is_open)
    await place.listener.close()
    await until(lambda: kernel.changes[-1] is False)
    await place.close()


async def test_a_join_is_held_until_a_restarted_kernel_declares_its_topic_again(
    place: Place,
) -> None:
    kernel = await place.dial("k1", Counter)
    client, impatient = place.visit("k1"), place.visit("k1")
    await client.join("cells:a")
    place.manager["k1"].shutting_down = True
    place.cut("k1")
    [error] = await client.wait("phx_error", 1)
    assert error[4] == {"reason": "kernel restarting"}
    await kernel.close()
    client.push("cells:a", "phx_join")
    client.push("cells:a", "phx_join")  # the latest is what counts
    impatient.push("cells:b", "phx_join")
    impatient.push("cells:b", "phx_leave")
    await impatient.wait("phx_reply", 1)
    again = Dialled(place.address("k1"), ())
    await until(lambda: True in again.changes)
    await client.wait("phx_error", 1)
    assert len(client.received("phx_reply")) == 1
    again.declare(Counter)
    await client.wait("state:change", 2)
    assert client.received("phx_reply")[-1][1] == "3"
    assert len(again.endpoint.sessions) == 1
    await again.close()


async def test_the_joins_that_wait_for_a_kernel_are_bounded(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.close()
    await until(lambda: not place.is_connected("k1"))
    client = place.visit("k1")
    client.push("cells:a", "phx_join", {"pad": "x" * 600_000})
    refused = await client.refusal("cells:b", {"pad": "x" * 600_000})
    assert refused == {"reason": "too much waits for the kernel"}
    client.push("cells:c", "phx_join")
    assert len(client.received("phx_reply")) == 1


async def test_joins_that_wait_for_a_kernel_that_ends_are_refused(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    client = place.visit("k1")
    await client.join("cells:a")
    place.manager["k1"].shutting_down = True
    await kernel.close()
    await until(lambda: not place.is_connected("k1"))
    client.push("cells:a", "phx_join")
    del place.manager["k1"]
    reply = (await client.wait("phx_reply", 2))[-1]
    assert reply[4] == {"status": "error", "response": {"reason": "kernel gone"}}
    assert client.closed is None


async def test_a_kernel_that_dials_again_takes_the_place_of_its_old_uplink(place: Place) -> None:
    old = await place.dial("k1", Counter)
    client = place.visit("k1")
    await client.join("cells:a")
    await place.dial("k1", Counter)
    assert (await client.wait("phx_error", 1))[0][4] == {"reason": "kernel lost"}
    await old.close()


# many clients, slow clients


async def test_a_slow_client_is_told_to_the_kernel_and_gets_the_state_later(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    slow, quick = place.visit("k1"), place.visit("k1")
    await slow.join("cells:a")
    await quick.join("cells:a")
    slow.guest.paced(is_slow=True)
    for count in range(1, 6):
        quick.dispatch("cells:a", "inc")
        await quick.wait("state:patch", count)
    seen = len(slow.received("state:patch"))
    slow.guest.paced(is_slow=False)
    [_, whole] = await slow.wait("state:change", 2)
    assert whole[4] == {"state": {"n": 5}, "version": 5}
    assert seen == 0
    assert len(kernel.endpoint.sessions) == 1


class Reader:
    """The way to a client that reads when the test says so: implements `runtime.Transport`."""

    def __init__(self, place: Place) -> None:
        self.frames: list[str | bytes] = []
        user = User("ann")
        visitor = Visitor("2.0.0", user, "ann", {})
        limits = replace(place.endpoint.limits, unread=1_000)
        self.client = ServedClient(place.endpoint, place.relay, self, visitor, limits=limits)
        self.writer = Writer()

    @property
    def is_congested(self) -> bool:
        return self.client.is_congested

    def send(self, frame: str | bytes) -> None:
        self.frames.append(frame)
        self.client.wait(len(frame))

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(f"closed: {code} {reason}")

    def read(self, size: int) -> None:
        self.client.took(size)

    def read_all(self) -> None:
        while self.client.unsent:
            self.read(self.client.unsent)

    def push(self, topic: str, event: str, payload: Any) -> None:
        _, frame = self.writer.write(topic, event, payload)
        self.client.feed(frame)

    def events(self, topic: str) -> list[Any]:
        messages = [decode(frame) for frame in self.frames]
        return [one.event for one in messages if one.topic == topic]


async def test_a_client_that_what_it_missed_makes_slow_again_stays_so_for_kernels(
    place: Place,
) -> None:
    class Wide(Counter, topic="wide:*", shared=True, grace=0):
        pass

    place.endpoint.declare(Wide)
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    reader, quick = Reader(place), place.visit()
    for topic in ("wide:a", "cells:a"):
        reader.push(topic, "phx_join", {})
        await quick.join(topic)
        await until(lambda topic=topic: "state:change" in reader.events(topic))  # type: ignore[misc]
        reader.read_all()
    reader.client.wait(1_500)
    quick.dispatch("wide:a", "pad", {"size": 1_200})
    await quick.wait("state:patch", 1)
    reader.read(1_000)
    await until(lambda: reader.events("wide:a").count("state:change") == 2)
    assert reader.is_congested
    quick.dispatch("cells:a", "inc")
    await quick.wait("state:patch", 2)
    quick.dispatch("cells:a", "inc")
    await quick.wait("state:patch", 3)
    assert "state:patch" not in reader.events("cells:a")
    reader.read_all()
    await until(lambda: reader.events("cells:a").count("state:change") == 2)
    reader.client.lost()


async def test_two_hundred_clients_of_a_shared_topic_see_every_change(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    clients = [place.visit() for _ in range(200)]
    await asyncio.gather(*(client.join("cells:a") for client in clients))
    clients[0].dispatch("cells:a", "inc")
    for client in clients:
        assert (await client.wait("state:patch", 1))[0][4]["version"] == 1
    assert len(kernel.endpoint.sessions) == 1


async def test_a_socket_has_a_bounded_number_of_topics(place: Place) -> None:
    place.address("k1")  # runs, but has not dialled
    client = place.visit("k1")
    for number in range(100):
        client.push(f"cells:{number}", "phx_join")
    assert await client.refusal("cells:too-many") == {"reason": "too many channels joined"}


# what a review found


class Wide(Channel, topic="room:*"):
    def init(self, params: Any) -> Any:
        return {"who": "wide"}


class Narrow(Channel, topic="room:admin"):
    def init(self, params: Any) -> Any:
        return {"who": "narrow"}


async def test_a_kernel_itself_refuses_others_what_it_has_not_published(place: Place) -> None:
    kernel = await place.dial("k1", Wide)
    await kernel.uplink.publish("room:*")
    kernel.endpoint.declare(Narrow)  # which the server has not heard of
    assert await place.visit().refusal("room:admin") == {"reason": "unmatched topic"}
    assert (await place.visit().join("room:1"))["state"] == {"who": "wide"}
    assert (await place.visit("k1").join("room:admin"))["state"] == {"who": "narrow"}


async def test_a_wider_topic_does_not_take_the_joins_of_one_that_is_awaited(place: Place) -> None:
    kernel = await place.dial("k1", Wide, Narrow)
    client = place.visit("k1")
    await client.join("room:admin")
    place.cut("k1")
    await kernel.close()
    again = await place.dial("k1", Wide)
    client.push("room:admin", "phx_join")
    await place.visit("k1").join("room:1")
    again.declare(Narrow)
    [_, state] = await client.wait("state:change", 2)
    assert state[4]["state"] == {"who": "narrow"}


async def test_a_publication_that_is_given_up_is_taken_back_at_the_server(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    publishing = asyncio.create_task(kernel.uplink.publish("cells:*"))
    await asyncio.sleep(0)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    await place.visit("k1").join("cells:b")  # comes after what the uplink has said
    assert await place.visit().refusal("cells:a") == {"reason": "unmatched topic"}
    assert kernel.uplink.published == []


async def test_a_publication_that_fails_leaves_the_earlier_and_others_as_they_were(
    place: Place,
) -> None:
    kernel = await place.dial("k1", Counter, Wide)
    await kernel.uplink.publish("cells:*")
    publishing = asyncio.create_task(kernel.uplink.publish("cells:*"))
    await asyncio.sleep(0)
    other = asyncio.create_task(kernel.uplink.publish("room:*"))
    await asyncio.sleep(0)
    publishing.cancel()
    await other
    assert kernel.uplink.published == ["cells:*", "room:*"]
    await place.visit().join("cells:a")


async def test_a_held_join_goes_to_another_kernel_that_publishes_its_topic(place: Place) -> None:
    first = await place.dial("k1", Counter)
    await first.uplink.publish("cells:*")
    place.manager["k1"].shutting_down = True
    await first.close()
    await until(lambda: not place.is_connected("k1"))
    client = place.visit()
    client.push("cells:a", "phx_join")
    second = await place.dial("k2", Counter)
    await second.uplink.publish("cells:*")
    await client.wait("state:change", 1)
    assert len(second.endpoint.sessions) == 1


async def test_a_kernel_knows_what_another_takes_and_when_it_does_no_longer(place: Place) -> None:
    first, second = await place.dial("k1", Counter), await place.dial("k2", Counter)
    await first.uplink.publish("cells:*")
    await second.uplink.publish("cells:*")
    await until(lambda: first.uplink.taken == {"cells:*"})
    first.changes.clear()
    place.cut("k1")
    await until(lambda: True in first.changes and first.uplink.taken == {"cells:*"})
    assert second.uplink.taken == set()
    await second.close()
    await until(lambda: first.uplink.taken == set())


@pytest.mark.parametrize("body", ["7", "[]", '{"proof": 7}', '{"proof": null}'])
async def test_a_proof_that_is_no_text_is_turned_away(place: Place, body: str) -> None:
    address = place.address("k1")
    headers = {wire.SECRET_HEADER: address.secret, wire.NONCE_HEADER: "n"}
    socket = await websocket_connect(HTTPRequest(f"{address.url}k1", headers=headers))
    await socket.read_message()
    await socket.write_message(wire.pack(wire.HELLO, 0, body))
    assert await socket.read_message() is None
    assert not place.is_connected("k1")
    socket.close()


@pytest.mark.parametrize(
    "body",
    [
        {"channels": [], "published": [], "elements": {}},
        {"channels": [], "published": {}},
    ],
)
async def test_a_message_of_a_wrong_shape_ends_its_uplink_alone(place: Place, body: Json) -> None:
    socket = await dial(place.address("k1"))
    await socket.write_message(wire.Turns().stamp(wire.pack_json(wire.DECLARE, 1, body)))
    assert await socket.read_message() is None
    assert socket.close_code == 1002
    socket.close()


async def test_what_a_kernel_declares_in_a_wrong_shape_is_not_kept(place: Place) -> None:
    first = await place.dial("k1", Counter)
    await first.uplink.publish("cells:*")
    await first.close()
    socket = await dial(place.address("k2"))
    body = {"channels": ["cells:*"], "published": {"cells:*": "soon"}, "elements": {}}
    await socket.write_message(wire.Turns().stamp(wire.pack_json(wire.DECLARE, 1, body)))
    assert await socket.read_message() is None
    socket.close()
    client = place.visit()
    client.push("cells:a", "phx_join")  # waits for the first kernel
    again = await place.dial("k1", Counter)
    await again.uplink.publish("cells:*")
    await client.wait("state:change", 1)


async def test_a_kernel_cannot_close_the_clients_of_another(place: Place) -> None:
    await place.dial("k1", Counter)
    client = place.visit("k1")
    await client.join("cells:a")
    socket = await dial(place.address("k2"))
    closing = {"code": 1011, "reason": "begone"}
    close = wire.pack_json(wire.CLOSE, client.guest.number, closing)
    declare, turns = {"channels": [], "published": {}, "elements": {}}, wire.Turns()
    await socket.write_message(turns.stamp(close))
    await socket.write_message(turns.stamp(wire.pack_json(wire.DECLARE, 1, declare)))
    assert await socket.read_message() is not None  # both are read
    assert client.closed is None
    client.dispatch("cells:a", "inc")
    await client.wait("state:patch", 1)
    socket.close()


@pytest.mark.parametrize(
    "closing",
    [
        {"code": "soon", "reason": ""},
        {"code": 70_000, "reason": ""},
        {"code": 1011, "reason": "é" * 100},
    ],
)
async def test_a_closing_that_no_frame_can_carry_ends_its_uplink_alone(
    place: Place, closing: Any
) -> None:
    socket = await dial(place.address("k1"))
    await until(lambda: place.is_connected("k1"))
    client = place.visit("k1")
    client.push("cells:a", "phx_join")
    close = wire.pack_json(wire.CLOSE, client.guest.number, closing)
    await socket.write_message(wire.Turns().stamp(close))
    while await socket.read_message() is not None:
        pass
    assert socket.close_code == 1002
    socket.close()
    await client.wait("phx_error", 1)
    assert client.closed is None


async def test_an_ask_that_the_server_does_not_grant_says_why(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    with pytest.raises(ShareError, match="this server shares nothing"):
        await kernel.uplink.ask("shares")


async def test_an_ask_without_a_way_to_the_server_fails_at_once(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    asking = asyncio.create_task(kernel.uplink.ask("shares"))
    await asyncio.sleep(0)
    place.cut("k1")
    with pytest.raises(HostError, match="was lost"):
        await asking
    with pytest.raises(HostError, match="cannot be reached"):
        await kernel.uplink.ask("shares")

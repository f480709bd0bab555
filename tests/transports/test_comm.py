"""Comms as pages meet them: tags, comms that come and go, and contents that are none of ours."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.codec import dumps, loads
from livestate_nb.runtime import Endpoint
from livestate_nb.transports.comm import CommHub
from livestate_nb.transports.order import MAX_HELD
from tests.clients import until

pytestmark = pytest.mark.asyncio


class Counter(Channel, topic="counter", shared=True, grace=0):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("echo")
    async def echo(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("echoed", payload + b"!"))


class Comm:
    """One comm as a page has it: what is sent on it, until it is gone."""

    def __init__(self) -> None:
        self.contents: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.is_gone = False

    def send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if self.is_gone:
            raise RuntimeError("the comm is closed")
        self.contents.append(content)
        self.buffers += buffers

    def of(self, tag: str) -> list[dict[str, Any]]:
        return [content for content in self.contents if content["connection"] == tag]

    def events(self, tag: str) -> list[str]:
        """Return the events of the frames that came for a tag."""
        return [loads(c["frame"])[3] for c in self.of(tag) if c["livestate"] == "frame"]


def frame(tag: str, event: str, ref: int) -> dict[str, Any]:
    text = dumps(["1", str(ref), "counter", event, {}]).decode()
    return {"livestate": "frame", "connection": tag, "number": ref - 1, "frame": text}


def opening(tag: str, vsn: object = "2.0.0") -> dict[str, Any]:
    return {"livestate": "open", "connection": tag, "vsn": vsn}


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.declare(Counter)
    yield endpoint
    await endpoint.close()


@pytest.fixture
def hub(endpoint: Endpoint) -> CommHub:
    return CommHub(endpoint)


async def join(hub: CommHub, tag: str, comm: Comm) -> None:
    hub.receive(opening(tag), [], comm.send)
    hub.receive(frame(tag, "phx_join", 1), [], comm.send)
    await until(lambda: "state:change" in comm.events(tag))


async def test_frames_go_to_the_comm_that_last_brought_one(hub: CommHub) -> None:
    first, second = Comm(), Comm()
    await join(hub, "page", first)
    hub.receive(frame("page", "lvs_evt:inc", 2), [], second.send)
    await until(lambda: second.events("page") == ["state:patch"])
    assert first.events("page") == ["phx_reply", "state:change"]
    hub.receive(frame("page", "lvs_evt:inc", 3), [], first.send)
    await until(lambda: first.events("page")[2:] == ["state:patch"])
    assert second.events("page") == ["state:patch"]


async def test_an_unknown_version_of_the_wire_is_closed_with_a_reason(
    hub: CommHub, endpoint: Endpoint
) -> None:
    comm = Comm()
    versions: list[object] = ["3.0.0", None, {}]
    for vsn in versions:
        comm.contents.clear()
        hub.receive(opening("page", vsn), [], comm.send)
        [closed] = comm.contents
        assert (closed["livestate"], closed["connection"]) == ("close", "page")
        assert isinstance(closed["code"], int)
        assert closed["reason"]
    comm.contents.clear()
    hub.receive(frame("page", "phx_join", 1), [], comm.send)
    assert [content["code"] for content in comm.contents] == [1001]
    assert endpoint.sessions == []


async def test_a_tag_that_opens_again_has_a_connection_of_its_own(
    hub: CommHub, endpoint: Endpoint
) -> None:
    first, second = Comm(), Comm()
    await join(hub, "page", first)
    [session] = endpoint.sessions
    await join(hub, "page", second)
    await until(lambda: len(session.joined) <= 1)
    assert sum(len(session.joined) for session in endpoint.sessions) == 1
    assert second.of("page")[0]["livestate"] == "open"
    hub.receive(frame("page", "lvs_evt:inc", 2), [], second.send)
    await until(lambda: "state:patch" in second.events("page"))
    assert first.events("page") == ["phx_reply", "state:change"]


@pytest.mark.parametrize(
    "content",
    [
        *[None, 7, "open", [], {}, {"livestate": "open"}, {"connection": "page"}],
        *[{"livestate": "open", "connection": 7}, {"livestate": [], "connection": "page"}],
        {"livestate": "frame", "connection": "page"},
        {"livestate": "frame", "connection": "page", "frame": "[]"},
        {"livestate": "frame", "connection": "page", "number": "1", "frame": "[]"},
        {"livestate": "frame", "connection": "page", "number": -1, "frame": "[]"},
        {"livestate": "close", "connection": "nobody"},
        {"method": "custom", "connection": "page", "livestate": "else"},
    ],
)
async def test_contents_that_are_none_of_ours_are_ignored(hub: CommHub, content: object) -> None:
    comm = Comm()
    await join(hub, "page", comm)
    count = len(comm.contents)
    hub.receive(content, [], comm.send)
    assert len(comm.contents) == count
    hub.receive(frame("page", "lvs_evt:inc", 2), [], comm.send)
    await until(lambda: comm.events("page")[-1] == "state:patch")


async def test_a_frame_of_an_unknown_connection_is_told_to_open_anew(hub: CommHub) -> None:
    comm = Comm()
    hub.receive(frame("page", "phx_join", 1), [], comm.send)
    [closed] = comm.contents
    assert (closed["livestate"], closed["code"]) == ("close", 1001)


async def test_a_page_that_closes_leaves(hub: CommHub, endpoint: Endpoint) -> None:
    comm = Comm()
    await join(hub, "page", comm)
    hub.receive({"livestate": "close", "connection": "page"}, [], comm.send)
    await until(lambda: endpoint.sessions == [])
    assert [content["livestate"] for content in comm.contents][-1] == "frame"


async def test_a_bad_frame_closes_its_tag_alone(hub: CommHub, endpoint: Endpoint) -> None:
    comm = Comm()
    await join(hub, "good", comm)
    await join(hub, "bad", comm)
    hub.receive({**frame("bad", "", 2), "frame": "{"}, [], comm.send)
    assert comm.of("bad")[-1]["livestate"] == "close"
    hub.receive(frame("bad", "lvs_evt:inc", 2), [], comm.send)
    assert comm.of("bad")[-1]["code"] == 1001
    hub.receive(frame("good", "lvs_evt:inc", 2), [], comm.send)
    await until(lambda: comm.events("good")[-1] == "state:patch")
    assert len(endpoint.sessions[0].joined) == 1


async def test_a_comm_that_is_gone_takes_nothing_from_others(
    hub: CommHub, endpoint: Endpoint
) -> None:
    gone, comm = Comm(), Comm()
    await join(hub, "lost", gone)
    await join(hub, "page", comm)
    gone.is_gone = True
    for ref in (2, 3):
        hub.receive(frame("page", "lvs_evt:inc", ref), [], comm.send)
    await until(lambda: comm.events("page")[2:] == ["state:patch", "state:patch"])
    gone.is_gone = False  # such as a page that was offline
    hub.receive(frame("lost", "lvs_refresh", 2), [], gone.send)
    await until(lambda: gone.events("lost")[-1] == "state:change")
    assert loads(gone.of("lost")[-1]["frame"])[4] == {"state": {"n": 2}, "version": 2}
    assert len(endpoint.sessions) == 1


async def test_a_comm_is_never_congested(hub: CommHub, endpoint: Endpoint) -> None:
    comm = Comm()
    await join(hub, "page", comm)
    for ref in range(2, 102):
        hub.receive(frame("page", "lvs_evt:inc", ref), [], comm.send)
    await until(lambda: comm.events("page").count("state:patch") == 100)


async def test_all_pages_are_told_that_the_kernel_ends(hub: CommHub, endpoint: Endpoint) -> None:
    one, other = Comm(), Comm()
    await join(hub, "one", one)
    await join(hub, "other", other)
    await endpoint.close()
    for comm, tag in ((one, "one"), (other, "other")):
        assert (comm.of(tag)[-1]["livestate"], comm.of(tag)[-1]["code"]) == ("close", 1012)


async def test_frames_that_overtake_or_come_twice_are_put_in_order(hub: CommHub) -> None:
    comm = Comm()
    await join(hub, "page", comm)
    for ref in (3, 2, 3, 2, 4):
        hub.receive(frame("page", "lvs_evt:inc", ref), [], comm.send)
    await until(lambda: comm.events("page").count("state:patch") == 3)
    numbers = [one["number"] for one in comm.of("page") if one["livestate"] == "frame"]
    assert numbers == list(range(len(numbers)))


async def test_a_frame_that_is_lost_ends_the_connection_and_no_other(hub: CommHub) -> None:
    comm = Comm()
    await join(hub, "good", comm)
    await join(hub, "page", comm)
    hub.receive(frame("page", "lvs_evt:inc", 3), [], comm.send)
    await until(lambda: comm.of("page")[-1]["livestate"] == "close")
    assert comm.of("page")[-1]["code"] == 1013
    assert "state:patch" not in comm.events("page")
    hub.receive(frame("good", "lvs_evt:inc", 2), [], comm.send)
    await until(lambda: "state:patch" in comm.events("good"))


async def test_too_many_frames_behind_a_lost_one_end_the_connection(hub: CommHub) -> None:
    comm = Comm()
    await join(hub, "page", comm)
    for ref in range(3, 3 + MAX_HELD + 1):
        hub.receive(frame("page", "lvs_evt:inc", ref), [], comm.send)
    assert comm.of("page")[-1]["livestate"] == "close"


async def test_bytes_travel_as_buffers_both_ways(endpoint: Endpoint) -> None:
    hub, comm = CommHub(endpoint), Comm()
    await join(hub, "page", comm)
    content = {"livestate": "frame", "connection": "page", "number": 1}
    sent = b"\x00\x01\x01\x07\x0c12counterlvs_evt:echo\xff\x00"
    hub.receive(content, [memoryview(sent)], comm.send)
    await until(lambda: len(comm.buffers) == 1)
    assert comm.buffers == [b"\x00\x01\x07\x061counterechoed\xff\x00!"]
    assert {**content, "number": 2} in comm.contents  # behind the join's reply and the state


async def test_a_page_that_comes_when_the_kernel_has_ended_is_told(
    hub: CommHub, endpoint: Endpoint
) -> None:
    comm = Comm()
    await join(hub, "early", comm)
    await endpoint.close()
    hub.receive(opening("late"), [], comm.send)
    assert (comm.of("late")[-1]["livestate"], comm.of("late")[-1]["code"]) == ("close", 1012)

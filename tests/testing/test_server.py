"""The kit against a real server, which it starts."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest
from tornado.httpclient import HTTPClientError

from livestate_nb import Refuse
from livestate_nb.testing import Server, connect, connect_async, serving


@pytest.fixture(scope="module")
def livestate_modules() -> list[str]:
    return ["tests.testing.channels"]


@pytest.fixture(scope="module")
def server(livestate_modules: list[str]) -> Iterator[Server]:
    with serving(*livestate_modules) as server:
        yield server


def test_a_server_hosts_the_channels_of_its_modules(server: Server) -> None:
    tally, room = server.join("tally:a", {"start": 1}), server.join("room:1")
    tally.send_event("add")
    tally.assert_state_patch(state={"n": 2}, version=1)
    tally.send_event("measure", b"12345")
    tally.assert_state_patch(state={"n": 5})
    room.send_event("say", {"text": "hello"})
    room.settle()
    assert room.state["said"][0][1] == "hello"
    tally.leave()
    with pytest.raises(Refuse, match="not with a secret"):
        server.join("tally:a", {"secret": "x"})


def test_a_client_connects_with_the_token(server: Server) -> None:
    with connect(server.url, token=server.token) as client:
        tally = client.join("tally:a")
        tally.assert_state_change({"n": 0})
        assert tally.is_joined
    assert not tally.is_joined
    with pytest.raises(HTTPClientError) as refused, connect(server.url, token="another"):
        pass
    assert refused.value.code == 403


@pytest.mark.asyncio
async def test_an_async_client_connects_too(server: Server) -> None:
    async with connect_async(server.url, token=server.token) as client:
        tally = await client.join("tally:a")
        tally.send_event("add")
        await tally.assert_state_patch(state={"n": 1})


@pytest.mark.asyncio
async def test_a_client_comes_back_to_its_server(server: Server) -> None:
    async with connect_async(server.url, token=server.token) as client:
        tally = await client.join("tally:a")
        tally.send_event("add")
        client.close()
        tally.send_event("add", {"by": 10})
        await client.reconnect()
        await tally.settle()
        assert (tally.is_resumed, tally.state, tally.versions) == (True, {"n": 11}, [0, 1, 2])
        await client.reconnect()
        tally.send_event("add")
        await tally.assert_state_patch(state={"n": 12}, version=3)


@pytest.mark.parametrize(
    "path", ["api/contents", "api/kernels", "api/terminals", "files/server.log", "lab", "tree"]
)
def test_a_server_serves_nothing_but_livestate(server: Server, path: str) -> None:
    base = server.url.replace("ws", "http", 1).removesuffix("livestate")
    headers = {"Authorization": f"token {server.token}"}
    urllib.request.urlopen(urllib.request.Request(f"{base}livestate/", headers=headers)).close()
    with pytest.raises(HTTPError) as missing:
        urllib.request.urlopen(urllib.request.Request(f"{base}{path}", headers=headers))
    missing.value.close()
    assert missing.value.code == 404


LATE = """
import time
from tornado.ioloop import IOLoop
from livestate_nb import Channel

class Late(Channel, topic="late"): pass

IOLoop.current().add_callback(time.sleep, 1)  # in front of Jupyter's own, which listens
"""


def test_a_server_is_there_when_it_listens_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "late_channels.py").write_text(LATE)
    with serving("late_channels") as server:
        assert server.join("late").state == {}


def test_no_client_stops_a_server_or_looks_for_files(server: Server) -> None:
    base = server.url.replace("ws", "http", 1).removesuffix("livestate")
    headers = {"Authorization": f"token {server.token}"}
    stop = urllib.request.Request(f"{base}api/shutdown", headers=headers, method="POST")
    with pytest.raises(HTTPError) as missing:
        urllib.request.urlopen(stop)
    missing.value.close()
    assert missing.value.code == 404
    look = urllib.request.Request(f"{base}api/resolvePath?path={__file__}", headers=headers)
    with urllib.request.urlopen(look) as answer:
        assert json.load(answer) == {"resolved": []}


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match="cannot import it: ModuleNotFoundError"),
        serving("tests.testing.nowhere"),
    ):
        pass

"""Who may connect, and what one socket's trouble means for the others."""

import asyncio
import json
import time
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError

from livestate_nb.limits import Limits
from tests.raw import PING, PONG, TEXT, Raw
from tests.server_extension.web import OUTSIDER, PATIENCE, Connect, status
from tests.sockets import nodelays


class Denying(Authorizer):
    """Denies to execute in livestate, and nothing else."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return (action, resource) != ("execute", "livestate")


# who may connect


async def test_a_websocket_without_authentication_gets_403(connect: Connect) -> None:
    assert await status(connect(headers={**OUTSIDER})) == 403
    assert await status(connect(headers={"Authorization": "token wrong"})) == 403


async def test_a_token_is_enough_where_no_origin_is_sent(
    connect: Connect, jp_serverapp: Any
) -> None:
    assert await status(connect()) == 101
    token = jp_serverapp.identity_provider.token
    assert await status(connect(headers={**OUTSIDER}, params={"token": token})) == 101


async def test_a_cookie_is_enough_from_the_server_s_own_origin_only(
    connect: Connect, login: Any
) -> None:
    _, headers = await login()
    assert await status(connect(headers={**headers})) == 101
    for origin in ("http://evil.example", "http://localhost", "null", ""):
        assert (origin, await status(connect(headers={**headers, "Origin": origin}))) == (
            origin,
            403,
        )


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"allow_origin": "http://friend.example"}}], ids=["a friend"]
)
async def test_an_origin_that_config_allows_may_connect(connect: Connect, login: Any) -> None:
    _, headers = await login()
    assert await status(connect(headers={**headers, "Origin": "http://friend.example"})) == 101
    assert await status(connect(headers={**headers, "Origin": "http://evil.example"})) == 403


@pytest.mark.parametrize("options", [{"ServerApp": {"authorizer_class": Denying}}], ids=["denying"])
async def test_who_may_not_execute_gets_403(connect: Connect, jp_fetch: Any) -> None:
    assert await status(connect()) == 403
    assert await status(jp_fetch("livestate/")) == 403
    assert await status(jp_fetch("api", "status")) == 200


async def test_a_version_that_nobody_speaks_gets_403(connect: Connect) -> None:
    for vsn in ("", "2", "2.0", "2.1.0", "3.0.0", "two", "1.1.0"):
        assert (vsn, await status(connect(vsn))) == (vsn, 403)
    for vsn in ("2.0.7", "1.0.0", None):
        assert (vsn, await status(connect(vsn))) == (vsn, 101)


async def test_a_client_that_names_no_version_speaks_v1(connect: Connect) -> None:
    web = await connect(None)
    sent = {"topic": "counter:1", "event": "phx_join", "payload": {}, "ref": 0}
    await web.socket.write_message(json.dumps(sent))
    await web.socket.write_message(json.dumps({**sent, "event": "lvs_evt:inc", "ref": 1}))
    came = [json.loads(str(await web.socket.read_message())) for _ in range(3)]
    assert [(frame["event"], frame["ref"]) for frame in came] == [
        ("phx_reply", 0),
        ("state:change", None),
        ("state:patch", None),
    ]
    assert [set(frame) for frame in came] == [{"topic", "event", "payload", "ref"}] * 3


async def test_no_log_has_jupyters_token(
    connect: Connect, jp_fetch: Any, jp_serverapp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    token = jp_serverapp.identity_provider.token
    asked: dict[str, Any] = {"params": {"token": token}, "headers": {**OUTSIDER}}
    assert await status(connect(**asked)) == 101
    assert await status(connect("9.0.0", **asked)) == 403
    for route in ("websocket", "longpoll", "elements/x-list.js", ""):
        assert await status(jp_fetch(f"livestate/{route}", **asked)) in (400, 404, 200)
    assert "403 GET /a%40b/livestate/websocket" in caplog.text
    assert token not in caplog.text


async def test_a_plain_get_of_the_socket_is_a_client_error(jp_fetch: Any) -> None:
    assert await status(jp_fetch("livestate", "websocket", params={"vsn": "2.0.0"})) == 400
    assert await status(jp_fetch("livestate", "websocket", headers={**OUTSIDER})) == 403
    assert await status(jp_fetch("livestate", "other")) == 404


async def test_the_client_s_subprotocol_is_answered(connect: Connect) -> None:
    web = await connect(subprotocols=["phoenix", "base64url.bearer.phx.YQ"])
    assert web.socket.selected_subprotocol == "phoenix"
    web = await connect(subprotocols=["other"])
    assert web.socket.selected_subprotocol is None


@pytest.mark.parametrize("channels", [{"who": "tests.server_extension.channels:Who"}], ids=["who"])
async def test_a_member_s_user_is_who_jupyter_authenticated(connect: Connect, login: Any) -> None:
    user, headers = await login()
    web = await connect(headers=headers)
    joined = await web.join("who")
    assert joined["state"] == {"username": user["username"], "name": user["name"]}


# the page


@pytest.mark.parametrize(
    "channels", [{"counter:*": "tests.server_extension.channels:Counter", "<script>": "<b>:C"}]
)
async def test_the_page_says_what_is_hosted_and_what_is_not(
    channels: dict[str, str], jp_fetch: Any
) -> None:
    response = await jp_fetch("livestate/")
    body = response.body.decode()
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<code>counter:*</code></td><td>Counter</td><td>inc</td>" in body
    assert "&lt;script&gt;" in body
    assert "No module named &#x27;&lt;b&gt;&#x27;" in body
    assert "<script" not in body
    assert "<b>" not in body


async def test_the_page_needs_a_login(jp_fetch: Any, jp_base_url: str) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("livestate/", headers={**OUTSIDER}, follow_redirects=False)
    assert refused.value.code == 302
    assert refused.value.response is not None
    assert refused.value.response.headers["Location"].startswith(f"{jp_base_url}login?next=")


# one socket's trouble


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("not JSON", "expected a JSON array, got a frame that is not JSON"),
        ("", "expected a JSON array, got a frame that is not JSON"),
        ('{"topic":"counter:1"}', "expected a JSON array, got an object"),
        ("[1,2]", "expected [join_ref, ref, topic, event, payload], got 2 members"),
        (b"\x00\x01\x01\x01\x01", "expected 9 bytes and a payload, got 5 bytes"),
    ],
    ids=["not JSON", "empty", "an object", "short", "binary"],
)
async def test_a_bad_frame_closes_its_socket_and_no_other(
    connect: Connect, frame: str | bytes, reason: str
) -> None:
    bad, good = await connect(), await connect()
    for web in (bad, good):
        await web.join("counter:1")
        await web.dispatch("counter:1", "inc")
        await web.wait("state:patch")
    await bad.socket.write_message(frame, binary=isinstance(frame, bytes))
    code, text = await bad.closed()
    assert code == 1011
    assert text is not None
    assert text.startswith(reason)
    await good.dispatch("counter:1", "inc")
    assert await good.wait("state:patch") == {
        "patch": [{"op": "replace", "path": "/count", "value": 2}],
        "version": 2,
    }


@pytest.fixture
def url(connect: Connect, jp_http_port: int, jp_base_url: str) -> str:
    return f"ws://localhost:{jp_http_port}{jp_base_url}livestate/websocket?vsn=2.0.0"


async def test_a_frame_that_is_too_large_closes_its_socket_with_1009(
    connect: Connect, url: str, jp_auth_header: dict[str, str]
) -> None:
    good = await connect()
    head, tail = '[null,"1","counter:1","phx_join",{"pad":"', '"}]'
    pad = "x" * (Limits().frame_bytes - len(head) - len(tail))
    await good.socket.write_message(f"{head}{pad}{tail}")
    assert (await good.wait("state:change"))["version"] == 0
    # only announced, not sent: a client that is still sending may miss why it was cut off
    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as bad:
        bad.announce(TEXT, Limits().frame_bytes + 1)
        assert await bad.closed() == (1009, "message too big")
    await good.dispatch("counter:1", "inc")
    assert (await good.wait("state:patch"))["version"] == 1


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"limits": {"unread_most": 1_000_000}}}], ids=["1 MB"]
)
async def test_a_client_that_reads_nothing_is_closed_with_1013(
    connect: Connect, url: str, jp_auth_header: dict[str, str]
) -> None:
    good = await connect()
    await good.join("counter:1")
    long = "x" * 1_000_000  # a ref comes back as it is; two more than the system's buffers take
    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as bad:
        for _ in range(20):
            bad.send(TEXT, f'[null,"{long}","phoenix","heartbeat",{{}}]'.encode())
        assert await bad.closed() == (1013, "too slow a reader")
    await good.dispatch("counter:1", "inc")
    assert (await good.wait("state:patch"))["version"] == 1


async def test_a_ping_is_no_sign_of_life(
    url: str, jp_auth_header: dict[str, str], jp_serverapp: Any
) -> None:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        return time.monotonic()

    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as raw:
        app.endpoint.clock = clock
        raw.send(PING, b"hi")
        assert await raw.read() == (PONG, b"hi")
        assert asked == 0
        raw.send(TEXT, b'[null,"1","phoenix","heartbeat",{}]')
        assert (await raw.read() or ())[0] == TEXT
        assert asked == 1


async def test_a_sleeping_handler_delays_neither_heartbeat_nor_another_channel(
    connect: Connect,
) -> None:
    web = await connect()
    await web.join("sleep:1")
    await web.join("counter:1")
    await web.dispatch("sleep:1", "sleep", {"seconds": 3})
    await web.push("phoenix", "heartbeat")
    await web.dispatch("counter:1", "inc")
    topics = [(await web.read())[2] for _ in range(3)]
    assert topics == ["phoenix", "counter:1", "sleep:1"]


async def test_small_frames_are_sent_at_once(connect: Connect, jp_http_port: int) -> None:
    web = await connect()
    await web.join("counter:1")
    assert nodelays(jp_http_port) == [True]


async def test_a_client_that_has_gone_leaves_no_session_behind(
    connect: Connect, jp_serverapp: Any
) -> None:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    web, other = await connect(), await connect()
    await web.join("counter:1")
    await other.join("counter:1")
    assert len(app.endpoint.sessions) == 2
    web.close()
    async with asyncio.timeout(10):
        while len(app.endpoint.sessions) > 1:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)
    await other.dispatch("counter:1", "inc")
    assert (await other.wait("state:patch"))["version"] == 1

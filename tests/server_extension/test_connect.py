"""The connect callback: what it is told, what it gives to channels, and whom it keeps out."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from livestate_nb_server.params import AUTH_HEADER
from tests.clients import until
from tests.server_extension import channels as app
from tests.server_extension.kernels import Bind, Kernel
from tests.server_extension.test_relay import Start
from tests.server_extension.web import OUTSIDER, Connect, status
from tests.sockets import nodelays

CALLBACK = "tests.server_extension.channels:connect"


@pytest.fixture
def channels() -> dict[str, str]:
    return {"assigned:*": "tests.server_extension.channels:Assigned"}


@pytest.fixture
def options() -> dict[str, Any]:
    return {"LiveStateApp": {"connect": CALLBACK}}


@pytest.fixture(autouse=True)
def no_calls() -> None:
    app.CALLS.clear()


async def test_it_gets_params_user_and_auth_token_and_gives_assigns(
    connect: Connect, login: Any
) -> None:
    user, headers = await login()
    web = await connect(
        params={"as": "ann", "a[b]": "1"},
        headers=headers,
        subprotocols=["phoenix", "base64url.bearer.phx.c2VjcmV0"],
    )
    params = {"as": "ann", "a": {"b": "1"}}
    assert [(params, user["username"], "secret")] == app.CALLS
    expected = {"user": {"name": "ann"}, "auth_token": "secret"}
    assert (await web.join("assigned:1"))["state"] == expected


async def test_jupyter_s_token_is_not_told(connect: Connect, jp_serverapp: Any) -> None:
    token = jp_serverapp.identity_provider.token
    await connect(params={"token": token}, headers={"Authorization": ""})
    [(params, _, auth_token)] = app.CALLS
    assert (params, auth_token) == ({}, None)


async def test_each_join_begins_with_what_it_gave(connect: Connect) -> None:
    web = await connect(params={"as": "ann"})
    await web.join("assigned:1")
    await web.dispatch("assigned:1", "spoil")
    await web.wait("state:patch")
    assert (await web.join("assigned:2"))["state"]["user"] == {"name": "ann"}


async def test_a_client_that_comes_back_has_what_it_gives_now(connect: Connect) -> None:
    web = await connect(params={"as": "ann"})
    await web.push("assigned:1", "phx_join", {"livestate": {}})
    terms = (await web.wait("phx_reply"))["response"]["livestate"]
    await web.wait("state:change")
    web.close()
    back = await connect(params={"as": "bob"})
    resume = {"token": terms["token"], "received": 1}
    await back.push("assigned:1", "phx_join", {"livestate": {"resume": resume}})
    assert (await back.wait("phx_reply"))["response"]["livestate"]["resumed"]
    await back.dispatch("assigned:1", "again")
    [change] = (await back.wait("state:patch"))["patch"]
    assert change == {"op": "replace", "path": "/user/name", "value": "bob"}


async def test_nothing_is_no_assigns(connect: Connect) -> None:
    web = await connect(params={"as": "none"})
    assert (await web.join("assigned:1"))["state"] == {}


@pytest.mark.parametrize("who", ["nobody", "fail", "list", "object"])
async def test_who_is_refused_gets_403_and_so_does_all_if_it_fails(
    connect: Connect, who: str
) -> None:
    assert await status(connect(params={"as": who})) == 403
    assert await status(connect(params={"as": "ann"})) == 101


async def test_nobody_is_asked_about_foreign_pages_and_what_is_no_websocket(
    connect: Connect, jp_fetch: Any, login: Any
) -> None:
    _, headers = await login()
    assert await status(connect(headers={**headers, "Origin": "http://evil.example"})) == 403
    plain = jp_fetch("livestate", "websocket", params={"vsn": "2.0.0"})
    assert await status(plain) == 400
    assert app.CALLS == []


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"connect": app.connect_behind_gate}}], ids=["gate"]
)
async def test_who_goes_while_the_app_is_asked_leaves_nothing_behind(
    connect: Connect,
    jp_serverapp: Any,
    jp_http_port: int,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    [extension] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    app.GATE.clear()
    _, writer = await asyncio.open_connection("localhost", jp_http_port)
    lines = [
        f"GET {jp_base_url}livestate/websocket?vsn=2.0.0 HTTP/1.1",
        f"Host: localhost:{jp_http_port}",
        f"Authorization: {jp_auth_header['Authorization']}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await until(lambda: len(app.CALLS) == 1)
    writer.close()
    await writer.wait_closed()
    await until(lambda: not nodelays(jp_http_port))
    app.GATE.set()
    other = await connect()
    await other.join("assigned:1")
    assert len(extension._relay._guests) == 1
    assert len(extension.endpoint._connections) == 1
    other.close()
    await until(lambda: not extension._relay._guests and not extension.endpoint._connections)


async def test_an_auth_token_that_cannot_be_read_is_refused(connect: Connect) -> None:
    offered = ["phoenix", "base64url.bearer.phx.a"]
    assert await status(connect(subprotocols=offered)) == 403
    assert app.CALLS == []


class TestElement:
    @pytest.fixture
    def options(self, tmp_path: Path) -> dict[str, Any]:
        (tmp_path / "todo-list.js").write_text("export default class extends HTMLElement {}")
        elements = {"todo-list": str(tmp_path / "todo-list.js")}
        return {"LiveStateApp": {"connect": CALLBACK, "elements": elements}}

    async def test_it_is_asked_who_may_have_an_element(self, jp_fetch: Any, login: Any) -> None:
        def fetch(tag: str = "todo-list", **headers: str) -> Any:
            return jp_fetch(f"livestate/elements/{tag}.js", headers=headers, params=params)

        user, headers = await login()
        params = {"as": "ann", "a[b]": "1"}
        assert await status(fetch(**headers, **{AUTH_HEADER: "secret"})) == 200
        assert [({"as": "ann", "a": {"b": "1"}}, user["username"], "secret")] == app.CALLS
        assert await status(fetch("x-missing", **headers)) == 404
        for who in ("nobody", "fail"):
            params = {"as": who}
            assert await status(fetch(**headers)) == 403
            assert await status(fetch("x-missing", **headers)) == 403
        assert app.CALLS[-1][2] is None

    async def test_nobody_is_asked_about_who_is_not_logged_in(self, jp_fetch: Any) -> None:
        path = "livestate/elements/todo-list.js"
        assert await status(jp_fetch(path, headers={**OUTSIDER})) == 403
        assert app.CALLS == []


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"connect": f"{CALLBACK}_async"}}], ids=["async"]
)
async def test_it_may_be_async(connect: Connect) -> None:
    assert (await (await connect()).join("assigned:1"))["state"] == {"user": "async"}


@pytest.mark.parametrize("options", [{"LiveStateApp": {"connect": app.connect}}], ids=["function"])
async def test_it_may_be_a_function(connect: Connect) -> None:
    assert await status(connect(params={"as": "nobody"})) == 403
    assert await status(connect()) == 101


@pytest.mark.parametrize(
    "options",
    [
        {"LiveStateApp": {"connect": name}}
        for name in (
            "no name",
            "tests.server_extension.channels:Missing",
            "tests.server_extension.channels:NO_FUNCTION",
        )
    ],
    ids=["no name", "missing", "no function"],
)
async def test_one_that_cannot_be_loaded_lets_nobody_in_and_is_reported(
    connect: Connect, jp_fetch: Any
) -> None:
    assert await status(connect()) == 403
    body = (await jp_fetch("livestate/")).body.decode()
    assert "LiveStateApp.connect = " in body


@pytest.mark.parametrize(
    "options",
    [
        {"LiveStateApp": {"connect": CALLBACK, "channels": ["no dict"]}},
        {"LiveStateApp": {"connect": 7}},
        {"LiveStateApp": {"connect": CALLBACK, "log_level": "no level"}},
    ],
    ids=["channels", "connect", "another option"],
)
async def test_config_with_a_wrong_value_lets_nobody_in_and_is_reported(
    connect: Connect, jp_fetch: Any
) -> None:
    assert await status(connect(params={"as": "ann"})) == 403
    assert app.CALLS == []
    body = (await jp_fetch("livestate/")).body.decode()
    assert "the config of LiveStateApp" in body
    assert "nobody is let in" in body


async def test_it_reaches_the_channels_of_kernels(
    kernels: Start, bind: Bind, connect: Connect
) -> None:
    kernel: Kernel = await kernels()
    await kernel.run(
        "%load_ext livestate_nb\n"
        "from livestate_nb import Channel\n"
        "class Assigned(Channel, topic='cells:*'):\n"
        "    def init(self, params): return dict(self.member.assigns)\n"
        "Assigned.publish()"
    )
    web = await connect(params={"as": "ann"})
    expected = {"user": {"name": "ann"}, "auth_token": None}
    assert (await web.join("cells:1"))["state"] == expected
    # the notebook's own widgets are not asked
    bound = await bind(kernel.id)
    assert (await bound.join("cells:2"))["state"] == {}
    assert len(app.CALLS) == 1

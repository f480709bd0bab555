"""The public mount: what the token of a share opens, for whom, until when, and nothing else."""

import asyncio
import json
import logging
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from livestate_nb_server import lobby, outsider
from livestate_nb_server.shares import Shares, default_directory
from tests.clients import until
from tests.raw import TEXT, Raw
from tests.seen import check
from tests.server_extension import channels as app
from tests.server_extension.kernels import SETUP
from tests.server_extension.outsiders import PAGE, Enter, Grant, make, refused
from tests.server_extension.test_relay import Start
from tests.server_extension.web import OUTSIDER, Connect, Web, status

CHANNELS = "tests.server_extension.channels"


@pytest.fixture
def channels() -> dict[str, str]:
    return {
        "counter:*": f"{CHANNELS}:Counter",
        "shared:*": f"{CHANNELS}:Shared",
        "params:*": f"{CHANNELS}:Params",
        "assigned:*": f"{CHANNELS}:Assigned",
        "who": f"{CHANNELS}:Who",
    }


def bearer(token: str) -> list[str]:
    """Return the subprotocols by which phoenix.js 1.8 sends an authToken."""
    return ["phoenix", f"base64url.bearer.phx.{b64encode(token.encode()).decode().rstrip('=')}"]


def revoke(name: str) -> None:
    """Revoke a share, or all, by the command line in its own process."""
    command = [sys.executable, "-m", "jupyter", "livestate", "token", "--revoke", name]
    subprocess.run(command, check=True, timeout=60, capture_output=True)


# what it opens


async def test_a_share_opens_its_topics_and_its_events(enter: Enter, grant: Grant) -> None:
    _, token = grant("counter:*", events=["inc"])
    web = await enter()
    assert (await web.join("counter:1", {"share": token}))["state"] == {"count": 0}
    await web.dispatch("counter:1", "inc")
    assert (await web.wait("state:patch"))["patch"][0]["value"] == 1
    await web.push("phoenix", "heartbeat")
    assert (await web.wait("phx_reply"))["status"] == "ok"
    await web.push("counter:1", "lvs_refresh")
    assert (await web.wait("state:change"))["state"] == {"count": 1}
    await web.push("counter:1", "phx_leave")
    assert (await web.wait("phx_close")) == {}


async def test_it_comes_as_the_auth_token_of_phoenix_too(enter: Enter, grant: Grant) -> None:
    _, token = grant("params:*")
    web = await enter(subprotocols=bearer(token))
    assert web.socket.selected_subprotocol == "phoenix"
    assert (await web.join("params:1", {"a": 1}))["state"] == {"params": {"a": 1}}
    assert (await web.join("params:2"))["state"] == {"params": {}}
    await web.push("params:3", "phx_join", "no object")
    answer = (await web.wait("phx_reply"))["response"]
    assert answer == {"reason": "expected the join params to be an object"}


async def test_channels_never_see_it(enter: Enter, grant: Grant) -> None:
    _, token = grant("params:*")
    web = await enter()
    joined = await web.join("params:1", {"share": token, "a": {"share": "mine"}, "livestate": {}})
    assert joined["state"] == {"params": {"a": {"share": "mine"}}}


async def test_the_first_version_of_the_wire_will_do(enter: Enter, grant: Grant) -> None:
    _, token = grant("counter:*")
    web = await enter(params={"vsn": "1.0.0"})
    sent = {"topic": "counter:1", "event": "phx_join", "payload": {"share": token}, "ref": 0}
    await web.socket.write_message(json.dumps(sent))
    await web.socket.write_message(json.dumps({**sent, "event": "lvs_evt:inc", "ref": 1}))
    came = [json.loads(str(await web.socket.read_message())) for _ in range(3)]
    assert [frame["event"] for frame in came] == ["phx_reply", "state:change", "state:patch"]


async def test_it_opens_what_a_kernel_published_and_nothing_of_it_before(
    enter: Enter, grant: Grant, kernels: Start
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    _, token = grant("cells:a", events=["inc"])
    web = await enter()
    assert await refused(web, "cells:a", {"share": token}) == "unmatched topic"
    await kernel.run("Counter.publish()")
    assert (await web.join("cells:a", {"share": token}))["state"] == {"n": 0}
    await web.dispatch("cells:a", "inc")
    assert (await web.wait("state:patch"))["patch"][0]["value"] == 1
    await web.dispatch("cells:a", "who")
    assert (await web.wait("error"))["message"] == "share not for this event"
    assert await refused(web, "cells:b", {"share": token}) == "share not for this topic"


async def test_an_outsider_is_a_guest_and_another_one_each_time(enter: Enter, grant: Grant) -> None:
    _, token = grant("who")
    names = [(await (await enter()).join("who", {"share": token}))["state"] for _ in range(2)]
    assert names[0]["name"] == names[1]["name"] == "Guest"
    assert names[0]["username"] != names[1]["username"]
    assert all(one["username"].startswith("guest-") for one in names)


# what it does not open


def expired(token: str) -> str:
    long_ago = Shares(default_directory(), clock=lambda: time.time() - 1000)
    return make(long_ago, lifetime=900)[1]


def revoked(token: str) -> str:
    shares = Shares(default_directory())
    share, other = make(shares)
    assert shares.revoke(share.id)
    return other


def of_another_server(token: str) -> str:
    return f"lvs.{'0' * 32}.{token.split('.', 2)[2]}"


def part(number: int) -> Callable[[str], str]:
    """Return what changes a character in a part of a token."""

    def change(token: str) -> str:
        parts = token.split(".")
        letter = parts[number][5]
        parts[number] = parts[number][:5] + ("A" if letter != "A" else "B") + parts[number][6:]
        return ".".join(parts)

    return change


def spelt_otherwise(token: str) -> str:
    """Change the bits of the proof's last character that stand for nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (expired, "share expired"),
        (revoked, "share revoked"),
        (of_another_server, "share signed with an unknown key"),
        (part(1), "share signed with an unknown key"),
        (part(2), "share altered"),
        (part(3), "share altered"),
        (spelt_otherwise, "share altered"),
        (lambda token: f"{token}=", "share altered"),
        (lambda token: f" {token}", "share altered"),
        (lambda token: f"{token}\n", "share altered"),
        (lambda token: token[:-1], "share altered"),
        (lambda token: token.rpartition(".")[0], "share altered"),
        (lambda token: token.removeprefix("lvs."), "share altered"),
        (lambda token: f"{token}.{token}", "share altered"),
        (lambda token: "lvs." * 2000, "share altered"),
        (lambda token: "lvs.é.é.é", "share altered"),
        (lambda token: "lvs.../../keys.a.b", "share altered"),
        (lambda token: "", "share altered"),
        (lambda token: None, "no share came with the join"),
        (lambda token: 7, "no share came with the join"),
        (lambda token: [token], "no share came with the join"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused_with_a_reason(
    enter: Enter, grant: Grant, spoil: Callable[[str], Any], reason: str
) -> None:
    _, token = grant()
    web = await enter()
    assert await refused(web, "counter:1", {"share": spoil(token)}) == reason
    await web.dispatch("counter:1", "inc")
    assert (await web.wait("phx_reply"))["response"] == {"reason": "unmatched topic"}
    assert (await web.join("counter:1", {"share": token}))["state"] == {"count": 0}


async def test_each_join_has_to_bring_it(enter: Enter, grant: Grant) -> None:
    _, token = grant()
    web = await enter()
    await web.join("counter:1", {"share": token})
    for params in (None, {}, "text", [token], {"Share": token}, {"livestate": {"share": token}}):
        assert await refused(web, "counter:2", params) == "no share came with the join"


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("shared:1", "share not for this topic"),
        ("counter", "share not for this topic"),
        ("phoenix", "share not for this topic"),
        ("", "share not for this topic"),
        (7, "share not for this topic"),
        (["counter:1"], "share not for this topic"),
        (None, "share not for this topic"),
        ("counter:*", "fill in which one: a topic such as 'counter:*' stands for many"),
        ("counter:*:1", "fill in which one: a topic such as 'counter:*:1' stands for many"),
    ],
)
async def test_another_topic_is_refused(
    enter: Enter, grant: Grant, topic: Any, reason: str
) -> None:
    _, token = grant("counter:*")
    web = await enter()
    await web.write(["1", "1", topic, "phx_join", {"share": token}])
    assert (await web.wait("phx_reply"))["response"] == {"reason": reason}


async def test_what_is_sent_to_another_topic_reaches_nobody(enter: Enter, grant: Grant) -> None:
    _, token = grant("counter:1")
    web = await enter()
    await web.join("counter:1", {"share": token})
    for topic, event in [
        ("counter:2", "lvs_evt:inc"),
        ("shared:1", "phx_leave"),
        ("phoenix", "lvs_evt:inc"),
        ("phoenix", "phx_leave"),
        (7, "lvs_refresh"),
    ]:
        await web.push(topic, event)  # type: ignore[arg-type]  # as no client should
        assert (await web.wait("phx_reply"))["response"] == {"reason": "unmatched topic"}


@pytest.mark.parametrize("events", [[], ["dec", "in", "inc "]], ids=["read only", "others"])
@pytest.mark.parametrize("event", ["lvs_evt:inc", "inc", "phx_reply", "state:patch", "lvs_evt:", 7])
async def test_another_event_is_refused_as_channels_refuse(
    enter: Enter, grant: Grant, events: list[str], event: Any
) -> None:
    _, token = grant(events=events)
    web = await enter()
    await web.join("counter:1", {"share": token})
    await web.push("counter:1", event)
    error = await web.wait("error")
    name = event.removeprefix("lvs_evt:") if isinstance(event, str) else ""
    told = {"type": "refused", "event": name, "message": "share not for this event"}
    assert error == told
    # our own client waits for a reply
    own = await enter()
    await own.push("counter:1", "phx_join", {"share": token, "livestate": {}})
    await own.wait("state:change")
    await own.push("counter:1", event)
    payload = await own.wait("phx_reply")
    assert payload == {"status": "error", "response": {**told, "reason": told["message"]}}
    await own.push("counter:1", "lvs_refresh")
    assert (await own.wait("state:change"))["state"] == {"count": 0}


async def test_all_events_may_be_opened_but_no_others_of_the_wire(
    enter: Enter, grant: Grant
) -> None:
    _, token = grant(events="*")
    web = await enter()
    await web.join("counter:1", {"share": token})
    await web.dispatch("counter:1", "inc")
    await web.wait("state:patch")
    await web.push("counter:1", "inc")
    assert (await web.wait("error"))["message"] == "share not for this event"


async def test_a_connection_has_one_share(enter: Enter, grant: Grant) -> None:
    _, token = grant("counter:1")
    _, other = grant("counter:2")
    web = await enter()
    await web.join("counter:1", {"share": token})
    reason = "this connection has another share: open one for each share"
    assert await refused(web, "counter:2", {"share": other}) == reason
    await web.dispatch("counter:1", "inc")
    assert (await web.wait("state:patch"))["version"] == 1
    assert (await (await enter()).join("counter:2", {"share": other}))["version"] == 0


async def test_a_version_that_nobody_speaks_is_refused(enter: Enter) -> None:
    for options in ({"params": {"vsn": "3.0.0"}}, {"subprotocols": ["base64url.bearer.phx.a"]}):
        assert await status(enter(**options)) == 403


# for which pages


@pytest.mark.parametrize(
    ("origins", "origin", "is_right"),
    [
        ([PAGE], PAGE, True),
        ([PAGE, "http://localhost:8000"], "http://localhost:8000", True),
        ([PAGE], "https://evil.example", False),
        ([PAGE], f"{PAGE}:8443", False),
        ([PAGE], "http://page.example", False),
        ([PAGE], "https://page.example.evil.example", False),
        ([PAGE], "null", False),
        ([PAGE], None, False),
        (["null"], "null", True),
        (["null"], None, False),
        (["*"], "https://evil.example", True),
        (["*"], None, True),
        (["*"], "null", False),
        (["*", "null"], "null", True),
    ],
)
async def test_the_share_says_which_pages_may_use_it(
    enter: Enter, grant: Grant, origins: list[str], origin: str | None, is_right: bool
) -> None:
    _, token = grant(origins=origins)
    web = await enter(origin)
    if is_right:
        assert (await web.join("counter:1", {"share": token}))["version"] == 0
    else:
        assert await refused(web, "counter:1", {"share": token}) == "share not for this origin"


@pytest.mark.parametrize(
    "origin", ["", "page.example", f"{PAGE}/", f"{PAGE}, {PAGE}", "https://PAGE.example", "*"]
)
async def test_what_is_no_origin_is_not_even_let_in(enter: Enter, origin: str) -> None:
    assert await status(enter(origin)) == 403


# until when


async def test_a_connection_ends_when_its_share_expires(enter: Enter, grant: Grant) -> None:
    share, token = grant(lifetime=3)
    web = await enter()
    await web.join("counter:1", {"share": token})
    assert await web.closed() == (4403, "share expired")
    assert share.expires <= time.time()
    assert await refused(await enter(), "counter:1", {"share": token}) == "share expired"


async def test_a_connection_ends_soon_after_its_share_was_revoked_by_another_process(
    enter: Enter, grant: Grant
) -> None:
    share, token = grant()
    _, other = grant()
    web, kept = await enter(), await enter()
    await web.join("counter:1", {"share": token})
    await kept.join("counter:1", {"share": other})
    await asyncio.to_thread(revoke, share.id)
    assert await web.closed() == (4403, "share revoked")
    assert lobby.LOOK < 5  # seconds, as the documentation says
    assert await refused(await enter(), "counter:1", {"share": token}) == "share revoked"
    await kept.dispatch("counter:1", "inc")
    assert (await kept.wait("state:patch"))["version"] == 1


async def test_nothing_counts_that_is_sent_after_the_end(
    connect: Connect, grant: Grant, jp_http_port: int, jp_base_url: str
) -> None:
    share, token = grant("shared:*")
    watcher = await connect()
    await watcher.join("shared:1")
    url = f"http://localhost:{jp_http_port}{jp_base_url}livestate/public/websocket?vsn=2.0.0"
    async with await Raw.open(url, Origin=PAGE) as raw:
        join = ["1", "1", "shared:1", "phx_join", {"share": token}]
        event = ["1", "2", "shared:1", "lvs_evt:inc", {}]
        raw.send(TEXT, json.dumps(join).encode())
        raw.send(TEXT, json.dumps(event).encode())
        assert (await watcher.wait("state:patch"))["version"] == 1
        Shares(default_directory()).revoke(share.id)
        while (await raw.read() or (8, b""))[0] == TEXT:
            pass  # up to the close frame, which is not answered
        for _ in range(3):
            raw.send(TEXT, json.dumps(event).encode())
        while await raw.read():
            pass  # the server hangs up
    await watcher.dispatch("shared:1", "inc")
    assert (await watcher.wait("state:patch"))["version"] == 2


async def test_a_connection_without_a_share_ends(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outsider, "PATIENCE", 1)
    web = await enter()
    await web.push("phoenix", "heartbeat")
    assert (await web.wait("phx_reply"))["status"] == "ok"
    assert await refused(web, "counter:1") == "no share came with the join"
    assert await web.closed() == (4408, "expected a join with a share")


async def test_that_is_after_ten_seconds() -> None:
    assert outsider.PATIENCE == 10


async def test_a_connection_without_a_share_is_not_answered_without_end(enter: Enter) -> None:
    web = await enter()
    for _ in range(outsider.MAX_EARLY + 1):
        await web.push("phoenix", "heartbeat")
    assert await web.closed() == (1013, "expected a join with a share, got too many others")


@pytest.mark.parametrize(
    ("frame", "code"),
    [("no JSON", 1011), ("[1,2]", 1011), (b"\x00\x01\x01\x07\x0c19counter:alvs_evt:inc{}", 1003)],
)
async def test_what_is_no_message_ends_a_connection(
    enter: Enter, grant: Grant, frame: str | bytes, code: int
) -> None:
    _, token = grant()
    web = await enter()
    await web.join("counter:1", {"share": token})
    await web.socket.write_message(frame, binary=isinstance(frame, bytes))
    assert (await web.closed())[0] == code


async def test_a_frame_that_is_too_large_ends_a_connection(enter: Enter, grant: Grant) -> None:
    _, token = grant()
    web = await enter()
    await web.join("counter:1", {"share": token})
    await web.dispatch("counter:1", "inc", {"text": "x" * (outsider.MAX_FRAME - 100)})
    await web.wait("state:patch")
    await web.dispatch("counter:1", "inc", {"text": "x" * outsider.MAX_FRAME})
    assert (await web.closed())[0] == 1009
    early = await enter()
    await early.push("counter:1", "phx_join", {"share": token, "x": "x" * outsider.MAX_EARLY_FRAME})
    assert await early.closed() == (1009, "expected at most 16000 characters before a share")


async def test_who_sends_too_much_is_read_slowly_and_loses_nothing(
    enter: Enter, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outsider, "BURST", 20)
    monkeypatch.setattr(outsider, "PAUSE", 0.02)
    _, token = grant()
    web = await enter()
    await web.join("counter:1", {"share": token})
    began = time.monotonic()
    for _ in range(60):
        await web.dispatch("counter:1", "inc")
    for version in range(1, 61):
        assert (await web.wait("state:patch"))["version"] == version
    assert time.monotonic() - began > 0.7
    began = time.monotonic()
    for _ in range(5):  # a join counts for more
        await web.join("counter:1", {"share": token})
    assert time.monotonic() - began > 0.7


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"limits": {"outsiders": 10}}}], ids=["room for one of an address"]
)
async def test_who_reads_nothing_is_cut_off(
    grant: Grant, enter: Enter, jp_http_port: int, jp_base_url: str
) -> None:
    _, token = grant(events=[])
    assert await status(enter("no origin")) == 403  # the server is there
    url = f"http://localhost:{jp_http_port}{jp_base_url}livestate/public/websocket?vsn=2.0.0"
    async with await Raw.open(url, Origin=PAGE) as raw:
        join = ["1", "1", "counter:1", "phx_join", {"share": token, "livestate": {}}]
        raw.send(TEXT, json.dumps(join).encode())
        event = json.dumps(["1", "x" * 60_000, "counter:1", "lvs_evt:inc", {}]).encode()
        for _ in range(200):  # each is answered with its ref
            raw.send(TEXT, event)
        assert await status(enter()) == 503
        for _ in range(60):  # which is shorter than it takes to count as silent
            if await status(enter()) == 101:
                break
            await asyncio.sleep(0.6)  # nobody may ask more often for long
        else:
            pytest.fail("it was never cut off")


# coming back


async def test_our_own_client_finds_its_place_again_with_the_same_share_only(
    enter: Enter, grant: Grant
) -> None:
    _, token = grant("counter:*")
    _, other = grant("counter:*")

    async def join(share: str, resume: Any = None) -> tuple[Web, Any]:
        web = await enter()
        ours = {} if resume is None else {"resume": {"token": resume, "received": 1}}
        await web.push("counter:1", "phx_join", {"share": share, "livestate": ours})
        return web, (await web.wait("phx_reply"))["response"]["livestate"]

    web, terms = await join(token)
    await web.dispatch("counter:1", "inc")
    await web.wait("state:patch")
    web.close()
    _, stolen = await join(other, terms["token"])
    assert not stolen["resumed"]
    back, again = await join(token, terms["token"])
    assert again["resumed"]
    await back.write(["1", "9", "counter:1", "lvs_evt:inc", {}])  # the refs of before are known
    patches = [(await back.wait("state:patch"))["patch"] for _ in range(2)]
    assert [change["value"] for [change] in patches] == [1, 2]


# the app


@pytest.fixture
def asked() -> Any:
    app.CALLS.clear()
    app.GATE = asyncio.Event()  # it belongs to the loop of the test that waits for it
    return app.CALLS


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"connect": f"{CHANNELS}:connect"}}], ids=["connect"]
)
async def test_the_app_is_asked_about_who_brought_a_share(
    enter: Enter, grant: Grant, asked: list[Any]
) -> None:
    _, token = grant("assigned:*")
    web = await enter(params={"as": "ann"}, subprotocols=bearer("of the app"))
    assert await refused(web, "assigned:1", {"share": f"{token}x"}) == "share altered"
    assert asked == []
    joined = await web.join("assigned:1", {"share": token})
    assert joined["state"] == {"user": {"name": "ann"}, "auth_token": "of the app"}
    await web.join("assigned:2", {"share": token})
    [(params, username, auth_token)] = asked
    assert (params, auth_token) == ({"as": "ann"}, "of the app")
    assert username.startswith("guest-")
    by_header = await enter(params={"as": "bob"}, subprotocols=bearer(token))
    assert (await by_header.join("assigned:1"))["state"]["auth_token"] is None
    nobody = await enter(params={"as": "nobody"})
    assert await refused(nobody, "assigned:1", {"share": token}) == "go away"
    await nobody.dispatch("assigned:1", "again")
    assert (await nobody.wait("phx_reply"))["response"] == {"reason": "unmatched topic"}


@pytest.mark.parametrize(
    "options",
    [{"LiveStateApp": {"connect": app.connect_behind_gate, "limits": {"outsiders": 2}}}],
    ids=["gate"],
)
async def test_who_goes_while_the_app_is_asked_leaves_nothing_behind(
    enter: Enter, grant: Grant, asked: list[Any], jp_serverapp: Any
) -> None:
    [extension] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    _, token = grant()
    web = await enter()
    await web.push("counter:1", "phx_join", {"share": token})
    await until(lambda: len(asked) == 1)
    web.close()
    other = await connected(enter)  # there is room for one: the other has gone
    app.GATE.set()
    await other.join("counter:1", {"share": token})
    assert len(extension.endpoint._connections) == 1


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"connect": app.connect_behind_gate}}], ids=["gate"]
)
async def test_a_share_that_is_revoked_while_the_app_is_asked_opens_nothing(
    enter: Enter, grant: Grant, asked: list[Any], jp_serverapp: Any
) -> None:
    [extension] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    share, token = grant()
    web = await enter()
    await web.push("counter:1", "phx_join", {"share": token})
    await until(lambda: len(asked) == 1)
    Shares(default_directory()).revoke(share.id)
    assert await web.closed() == (outsider.SHARE_OVER, "share revoked")
    app.GATE.set()
    again = await enter()
    assert await refused(again, "counter:1", {"share": token}) == "share revoked"
    assert len(extension.endpoint._connections) == 0


async def connected(enter: Enter) -> Web:
    """Connect as soon as there is room."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await enter()
            except HTTPClientError:
                await asyncio.sleep(0.5)


# how many and how often


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"limits": {"outsiders": 20}}}], ids=["room for twenty"]
)
async def test_connections_are_bounded_and_no_address_takes_more_than_a_tenth_of_them(
    enter: Enter, grant: Grant, http_server: Any
) -> None:
    _, token = grant()
    web, other = await enter(), await enter()
    await web.join("counter:1", {"share": token})
    refusal = await status(enter())
    check("outsiders", 20, f"HTTP {refusal} in the place of the upgrade")
    http_server.xheaders = True  # as c.ServerApp.trust_xheaders
    for number in range(18):
        await enter(headers={"X-Real-Ip": f"192.0.2.{number // 2 + 1}"})
    for address in ("192.0.2.1", "192.0.2.99"):
        assert await status(enter(headers={"X-Real-Ip": address})) == 503
    other.close()
    async with asyncio.timeout(20):
        while await status(enter(headers={"X-Real-Ip": "192.0.2.99"})) == 503:
            pass


class TestHowOften:
    @pytest.fixture
    def options(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setattr(lobby, "BURST", 10)
        monkeypatch.setattr(lobby, "FAILURES", 5)
        for name in ("PAUSE", "FAILURE_PAUSE"):
            monkeypatch.setattr(lobby, name, 1_000_000)
        return {}

    async def test_an_address_that_connects_too_often_has_to_wait(
        self, enter: Enter, jp_fetch: Any, http_server: Any
    ) -> None:
        async def ask(route: str) -> int:
            path = f"livestate/public/{route}"
            return await status(jp_fetch(path, headers={**OUTSIDER}))

        assert [await ask("websocket") for _ in range(5)] == [400] * 5
        assert [await ask(f"{'0' * 32}/x-list.js") for _ in range(5)] == [404] * 5
        assert await status(enter()) == 429
        assert await ask(f"{'0' * 32}/x-list.js") == 429
        http_server.xheaders = True  # as c.ServerApp.trust_xheaders
        assert await status(enter(headers={"X-Real-Ip": "192.0.2.1"})) == 101

    async def test_an_address_whose_joins_are_refused_too_often_has_to_wait(
        self, enter: Enter, grant: Grant, http_server: Any
    ) -> None:
        _, token = grant()
        web, other = await enter(), await enter()
        await web.join("counter:1", {"share": token})
        for number in range(5):
            reason = await refused(web if number % 2 else other, "counter:2", {"share": "lvs.x"})
            assert reason == "share altered"
        assert await other.closed() == (1013, "too many refused joins")
        assert await status(enter()) == 429
        await web.dispatch("counter:1", "inc")
        assert (await web.wait("state:patch"))["version"] == 1
        http_server.xheaders = True
        assert await status(enter(headers={"X-Real-Ip": "192.0.2.1"})) == 101

    async def test_joins_with_shares_that_are_over_count_as_no_guesses(
        self, enter: Enter, grant: Grant
    ) -> None:
        over, forgotten = grant()
        Shares(default_directory()).revoke(over.id)
        web = await enter()
        for _ in range(8):
            assert await refused(web, "counter:1", {"share": forgotten}) == "share revoked"
        _, token = grant()
        await web.join("counter:1", {"share": token})


# what is never told


async def test_a_share_in_an_address_is_refused(enter: Enter, grant: Grant) -> None:
    _, token = grant()
    for params in ({"share": token}, {"token": token}, {token: "x"}, {"a[b]": f"x{token}"}):
        assert await status(enter(params=params)) == 400


async def test_no_log_has_it(
    enter: Enter, grant: Grant, jp_fetch: Any, caplog: pytest.LogCaptureFixture, jp_serverapp: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("livestate_nb", "tornado", "asyncio", jp_serverapp.log.name):
        caplog.set_level(logging.DEBUG, name)
    jp_serverapp.log.addHandler(caplog.handler)
    share, token = grant("counter:*", tag="x-list")
    proof = token.rpartition(".")[2]
    web = await enter()
    await web.join("counter:1", {"share": token})
    await web.dispatch("counter:1", "inc")
    await web.dispatch("counter:1", "unknown", {"of": "client"})
    await refused(web, "shared:1", {"share": token})
    await refused(web, "counter:1", {"share": f"{token}x"})
    await web.socket.write_message(f'["{token}"')
    await web.closed()
    by_header = await enter(subprotocols=bearer(token))
    await by_header.join("counter:1")
    assert await status(enter(params={"share": token})) == 400
    assert await status(enter("https://evil.example/", params={"share": token})) == 400
    for method in ("POST", "TRACE"):
        there = jp_fetch(
            "livestate/public/websocket",
            params={"share": token},
            method=method,
            headers={**OUTSIDER},
            allow_nonstandard_methods=True,
        )
        assert await status(there) in (400, 405)
    path = f"livestate/public/{share.id}/x-list.js"
    assert await status(jp_fetch(path, params={"share": token}, headers={**OUTSIDER})) == 400
    for path in (f"{token}/x-list.js", "longpoll", f"{token}"):
        there = jp_fetch(f"livestate/public/{path}", params={"share": token}, headers={**OUTSIDER})
        assert await status(there) == 400
    twice = {"vsn": token.replace("lvs.", "%6cvs%2e")}
    there = jp_fetch("livestate/public/else", params=twice, headers={**OUTSIDER})
    assert await status(there) == 400
    page = {**OUTSIDER, "Referer": f"https://page.example/?share={token}"}
    assert await status(jp_fetch("livestate/public/else", headers=page)) == 404
    there = jp_fetch("livestate/static/livestate.js", params={"share": token}, headers={**OUTSIDER})
    assert await status(there) == 200
    for headers, code in (({**OUTSIDER}, 403), ({}, 400)):  # to mounts that are not for it
        there = jp_fetch("livestate/websocket", params={"share": token}, headers=headers)
        assert await status(there) == code
    Shares(default_directory()).revoke(share.id)
    await by_header.closed()
    jp_serverapp.log.removeHandler(caplog.handler)
    assert "/livestate/public/websocket" in caplog.text
    assert f"/livestate/public/{share.id}/x-list.js" in caplog.text
    assert token not in caplog.text
    assert proof not in caplog.text
    assert "lvs." not in caplog.text
    assert b64encode(token.encode()).decode()[:40] not in caplog.text


# the rest of the server


async def test_the_main_mount_does_not_know_shares(
    connect: Connect, grant: Grant, jp_fetch: Any
) -> None:
    _, token = grant(origins=["*"])
    for options in (
        {"headers": {**OUTSIDER}},
        {"headers": {"Authorization": f"token {token}"}},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {**OUTSIDER}, "params": {"token": token}},
        {"headers": {**OUTSIDER, "Origin": PAGE}, "subprotocols": bearer(token)},
    ):
        assert await status(connect(**options)) == 403
    web = await connect()
    assert (await web.join("params:1", {"share": token}))["state"] == {"params": {"share": token}}


_CHANGING = frozenset({"Date", "Set-Cookie", "Etag", "X-Request-Id", "Content-Length"})
_FILLS = [
    ("(/.*)?", "/else"),
    ("([^/]+)", "0" * 32),
    ("(.+)", "served.js"),
    ("/?", "/"),
    (r"\.", "."),
]
_OTHERS = ("api", "api/contents", "api/kernels", "api/sessions", "api/terminals", "lab", "")


def way_in(way: str, secret: str, port: int) -> tuple[dict[str, str], str]:
    """Return the headers and the query by which Jupyter might take a secret."""
    match way:
        case "header":
            return {"Authorization": f"token {secret}"}, ""
        case "cookie":
            return {"Cookie": f"username-localhost-{port}={secret}; _xsrf={secret}"}, ""
        case "query":
            return {}, f"?token={secret}"
    return {}, ""


async def test_every_route_answers_a_share_as_it_answers_junk(
    enter: Enter, grant: Grant, jp_serverapp: Any, jp_http_port: int, jp_base_url: str
) -> None:
    _, token = grant(origins=["*"])
    await (await enter()).join("counter:1", {"share": token})
    [extension] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    ours = [pattern.removeprefix(jp_base_url.rstrip("/")) for pattern, *_ in extension.handlers]
    assert len(ours) == 10

    async def ask(path: str, method: str, secret: str, way: str) -> tuple[int, dict[str, str]]:
        headers, query = way_in(way, secret, jp_http_port)
        answer = await AsyncHTTPClient().fetch(
            f"http://localhost:{jp_http_port}{jp_base_url.rstrip('/')}{path}{query}",
            method=method,
            body="" if method == "POST" else None,
            headers={"Origin": PAGE, **headers},
            raise_error=False,
            follow_redirects=False,
        )
        told = {name: answer.headers[name] for name in answer.headers if name not in _CHANGING}
        told["body"] = answer.body.decode(errors="replace")
        return answer.code, {name: text.replace(secret, "SECRET") for name, text in told.items()}

    for route in [*ours, *(f"/{path}" for path in _OTHERS)]:
        path = route
        for pattern, text in _FILLS:
            path = path.replace(pattern, text)
        for method in ("GET", "POST", "DELETE"):
            code, _ = await ask(path, method, "nothing", "none")
            if route in ours:
                is_open = "/static/" in path and method == "GET"
                assert (path, method, code == 200) == (path, method, is_open)
            for way in ("header", "cookie", "query"):
                of_token = await ask(path, method, token, way)
                if way == "query" and "/public/" in path:
                    assert of_token[0] == 400  # it never goes into an address
                    continue
                of_junk = await ask(path, method, "x" * len(token), way)
                assert (path, method, way, of_token) == (path, method, way, of_junk)
                assert (path, method, way, of_token[0]) == (path, method, way, code)


# config


@pytest.mark.parametrize(
    "options",
    [
        {"LiveStateApp": {"public": False}},
        {"LiveStateApp": {"limits": {"outsiders": 0}}},  # which is no number of them
        {"LiveStateApp": {"revoked_shares": 7}},
    ],
    ids=["off", "no room", "wrong"],
)
async def test_it_is_not_there_where_config_says_so_or_says_nonsense(
    enter: Enter, grant: Grant, jp_fetch: Any
) -> None:
    share, _ = grant(tag="x-list", origins=["*"])
    assert await status(enter()) == 404
    path = f"livestate/public/{share.id}/x-list.js"
    assert await status(jp_fetch(path, headers={**OUTSIDER})) == 404


class TestRevokedByConfig:
    @pytest.fixture
    def options(self, grant: Grant) -> dict[str, Any]:
        share, self.token = grant()
        return {"LiveStateApp": {"revoked_shares": [share.id]}}

    async def test_a_share_that_config_names_is_refused(self, enter: Enter, grant: Grant) -> None:
        web = await enter()
        assert await refused(web, "counter:1", {"share": self.token}) == "share revoked"
        _, other = grant()
        assert (await web.join("counter:1", {"share": other}))["version"] == 0

"""What the log says, with its facts, and that nothing secret is in it at the lowest level."""

import asyncio
import base64
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import websocket_connect

from livestate_nb_server.audit import Schema
from tests.server_extension.polling import Polling
from tests.server_extension.web import OUTSIDER, PATIENCE, Connect, status
from tests.servers import TOKEN, serve

CANARY = "canary7f3a"
"""What clients send where a secret may be; never part of a topic or an event's name."""


@pytest.fixture
def channels() -> dict[str, str]:
    module = "tests.server_extension.channels"
    return {"strict:*": f"{module}:Strict", "assigned:*": f"{module}:Assigned"}


@pytest.fixture
def log(jp_serverapp: Any, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Let all lines through."""
    jp_serverapp.log.setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "livestate_nb")
    return caplog


def facts(log: pytest.LogCaptureFixture, what: str) -> Iterator[dict[str, Any]]:
    for record in log.records:
        if record.name == "livestate_nb" and record.getMessage().startswith(f"{what}: "):
            yield vars(record)


async def test_a_visit_is_logged_from_its_beginning_to_its_end(
    connect: Connect, login: Any, log: pytest.LogCaptureFixture
) -> None:
    user, headers = await login()
    web = await connect(headers=headers)
    await web.join("strict:a b")
    await web.dispatch("strict:a b", "add", {"n": 1})
    await web.wait("state:patch")
    await web.push("strict:a b", "phx_join", {"no": True})
    while (await web.wait("phx_reply"))["status"] != "error":
        pass
    await web.socket.write_message("no frame")
    await web.closed()

    [connected] = facts(log, "connected")
    assert connected["user"] == user["username"]
    name = connected["connection"]
    [joined] = facts(log, "joined")
    assert (joined["topic"], joined["connection"]) == ("strict:a b", name)
    [handled] = facts(log, "handled")
    assert (handled["topic"], handled["event"], handled["connection"]) == (
        "strict:a b",
        "add",
        name,
    )
    assert (handled["kind"], handled["outcome"]) == ("event", "ok")
    [told] = facts(log, "refused a join")
    assert (told["topic"], told["connection"], told["reason"]) == (
        "strict:a b",
        name,
        "unauthorized",
    )
    assert [one["refusal"] for one in facts(log, "refused")] == ["join", "frame"]
    [disconnected] = facts(log, "disconnected")
    assert disconnected["connection"] == name
    for one in (joined, handled, disconnected):
        assert 0 < one["seconds"] < 60
    line = r"handled: topic='strict:a b' kind=event event=add connection=\d+ outcome=ok seconds=\d"
    assert re.search(line, log.text)


@pytest.mark.parametrize("options", [{"ServerApp": {"log_level": "WARN"}}], ids=["warn"])
async def test_the_server_s_level_holds_for_the_library(
    connect: Connect, jp_serverapp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    web = await connect()
    await web.join("strict:a")
    await web.dispatch("strict:a", "add", {"n": 1})
    await web.wait("state:patch")
    assert jp_serverapp.log_level == logging.WARNING
    assert logging.getLogger("livestate_nb").getEffectiveLevel() == logging.WARNING
    assert "handled: " not in caplog.text


async def test_nothing_that_a_client_sends_stands_in_the_log_the_metrics_or_the_events(
    connect: Connect,
    jp_fetch: Any,
    jp_serverapp: Any,
    log: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    events: list[Any] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        events.append(data)

    for schema in Schema:
        jp_serverapp.event_logger.add_listener(schema_id=schema.value, listener=listen)
    token = jp_serverapp.identity_provider.token
    secret = {CANARY: CANARY, "password": CANARY}

    # requests
    bearer = "base64url.bearer.phx." + base64.b64encode(CANARY.encode()).decode().rstrip("=")
    for how in (
        {"params": secret},
        {"headers": {**OUTSIDER}, "params": {"token": token, **secret}},
        {"headers": {**OUTSIDER}, "params": {"token": CANARY}},
        {"headers": {"Authorization": f"token {CANARY}"}},
        {"headers": {**OUTSIDER, "Cookie": f"session={CANARY}"}},
        {"headers": {"Referer": f"http://localhost/?password={CANARY}"}},
        {"subprotocols": ["phoenix", bearer]},
        {"subprotocols": ["phoenix", f"base64url.bearer.phx.!{CANARY}"]},
        {"vsn": "9.9.9", "headers": {**OUTSIDER}, "params": {"token": token, **secret}},
        {"params": {"a[b]": [CANARY] * 1001}},
    ):
        assert await status(connect(**how)) in (101, 403)
    for route in (("longpoll",), ("elements", "a.js"), ("websocket",), ("",)):
        for headers in ({}, {**OUTSIDER}):
            for params in ({"token": token, **secret}, {"token": CANARY, "vsn": CANARY}):
                more = {"headers": headers, "params": params, "follow_redirects": False}
                assert await status(jp_fetch("livestate", *route, **more)) != 500

    # frames
    web = await connect()
    await web.join("assigned:a", {"a": CANARY, "livestate": {"resume": {"token": CANARY}}})
    await web.push("strict:no", "phx_join", {"no": CANARY})
    await web.push("strict:none", "phx_join", {"no_state": CANARY})
    await web.push("other:a", "phx_join", secret)
    await web.join("strict:a", {"livestate": {"session": CANARY}, "a": CANARY})
    for event, payload in (
        ("add", {"n": CANARY}),
        ("add", secret),
        ("add", CANARY),
        ("add", {CANARY: "x"}),
        ("choose", {"kind": CANARY}),
        ("refuse", secret),
        ("fail", secret),
        ("nobody_handles_this", secret),
    ):
        await web.dispatch("strict:a", event, payload)
        await web.wait("state:patch")
    await web.push("strict:a", "foreign", secret)
    await web.write([CANARY, CANARY, "strict:a", "lvs_evt:add", {"n": 1}])
    await web.push("strict:a", "lvs_refresh", secret)
    await web.wait("state:change")
    for frame in (
        CANARY,
        f'"{CANARY}"',
        f'{{"{CANARY}": 1}}',
        f'["{CANARY}"]',
        f'["1", "1", "strict:a", {{"{CANARY}": 1}}, "{CANARY}"]',
        f'["1", "1", {{"{CANARY}": 1}}, "phx_join", "{CANARY}"]',
        f'["1", "1", "strict:a", "phx_join", "{CANARY}"',
        CANARY.encode(),
        b"\x00\xff\xff\xff\xff" + CANARY.encode(),
    ):
        bad = await connect()
        await bad.socket.write_message(frame, binary=isinstance(frame, bytes))
        await bad.push("phoenix", "heartbeat")
        async with asyncio.timeout(PATIENCE):  # until it is answered, or closed
            await bad.socket.read_message()
        bad.close()
    poll = await Polling(jp_fetch, params=secret).open()
    await poll.post(["1", "1", "strict:a", "phx_join", secret])
    await poll.send(CANARY.encode())
    await poll.send(CANARY.encode(), "text/plain")

    metrics = (await jp_fetch("metrics")).body.decode()
    assert "livestate_refusals_total" in metrics
    assert events
    assert [record for record in log.records if record.levelno == logging.DEBUG]
    records = "\n".join(repr(vars(record)) for record in log.records if _is_ours(record))
    told = [log.text, records, repr(events), metrics, *capfd.readouterr()]
    secrets = (CANARY, bearer.rpartition(".")[2], token, str(poll.token))
    found = [line for text in told for line in text.splitlines() if _has(line, secrets)]
    assert not found


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name != "asyncio"


def _has(line: str, secrets: tuple[str, ...]) -> bool:
    return any(secret in line for secret in secrets)


def test_the_config_of_the_documentation_writes_the_lines_to_a_file(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "server.md").read_text()
    start = page.index("c.ServerApp.logging_config = {")
    config = page[start : page.index("```", start)]

    async def visit(url: str) -> None:
        socket = await websocket_connect(f"{url}livestate/websocket?vsn=2.0.0&token={TOKEN}")
        socket.close()
        async with asyncio.timeout(PATIENCE):
            while await socket.read_message() is not None:
                pass

    with serve(tmp_path, config=f"c = get_config()\n{config}") as server:
        asyncio.run(visit(server.ws_url))
    text = (server.root / "livestate.log").read_text()
    assert re.search(r"^connected: connection=1 user=\w+$", text, re.MULTILINE)
    assert re.search(r"^disconnected: connection=1 seconds=[\d.]+$", text, re.MULTILINE)
    assert "connected: connection" not in server.log.read_text()

"""What Jupyter's event log is told: joins and refusals, and nothing that a client sent."""

import logging
from typing import Any

import pytest

from livestate_nb_server.audit import MAX_TOPIC, Schema
from tests.server_extension.outsiders import Enter, Grant
from tests.server_extension.polling import Polling
from tests.server_extension.web import OUTSIDER, Connect, status

Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def channels() -> dict[str, str]:
    return {"strict:*": "tests.server_extension.channels:Strict"}


@pytest.fixture
def told(jp_serverapp: Any) -> Told:
    """Collect the events of the server."""
    came: Told = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        came.append((schema_id, data))

    for schema in Schema:
        jp_serverapp.event_logger.add_listener(schema_id=schema.value, listener=listen)
    return came


async def test_a_join_is_told_with_who_and_what(connect: Connect, login: Any, told: Told) -> None:
    user, headers = await login()
    web = await connect(headers=headers)
    await web.join("strict:a", {"secret": "a secret"})
    [(schema, event)] = told
    assert schema == "urn:livestate-nb:join:v1"
    assert set(event) == {"connection", "user", "topic"}
    assert event["user"] == user["username"]
    assert event["topic"] == "strict:a"
    assert event["connection"].isdigit()


async def test_a_join_over_long_poll_is_told_as_well(jp_fetch: Any, told: Told) -> None:
    client = await Polling(jp_fetch).open()
    await client.post(["1", "1", "strict:a", "phx_join", {}])
    await client.wait("state:change")
    assert [event["topic"] for _, event in told] == ["strict:a"]


async def test_refusals_are_told_with_the_rule(connect: Connect, login: Any, told: Told) -> None:
    user, headers = await login()
    assert await status(connect(headers=OUTSIDER)) == 403
    assert await status(connect(headers={**headers, "Origin": "http://evil.example"})) == 403
    web = await connect(headers=headers)
    await web.push("strict:a", "phx_join", {"no": "a secret"})
    await web.wait("phx_reply")
    await web.push("other:a", "phx_join", {"no": "a secret"})
    await web.wait("phx_reply")
    await web.join("strict:b")
    await web.dispatch("strict:b", "refuse", {"a": "secret"})
    await web.wait("state:patch")
    refusals = [event for schema, event in told if schema == "urn:livestate-nb:refusal:v1"]
    assert all(set(one) == {"refusal", "connection", "user", "topic"} for one in refusals)
    name = user["username"]
    assert [(one["refusal"], one["user"], one["topic"]) for one in refusals] == [
        ("login", "", ""),
        ("origin", name, ""),
        ("join", name, "strict:a"),
        ("unmatched", name, "other:a"),
        ("event", name, "strict:b"),
    ]
    assert [bool(one["connection"]) for one in refusals] == [False, False, True, True, True]
    assert "secret" not in repr(told)


async def test_the_use_of_a_share_is_told_once_by_its_id(
    enter: Enter, grant: Grant, told: Told
) -> None:
    share, token = grant("strict:*")
    web = await enter()
    for topic in ("strict:a", "strict:b"):
        await web.push(topic, "phx_join", {"share": token})
        await web.wait("state:change")
    await web.push("other:a", "phx_join", {"share": token})
    while (await web.wait("phx_reply"))["status"] == "ok":
        pass
    [used] = [event for schema, event in told if schema == "urn:livestate-nb:share:v1"]
    assert set(used) == {"share", "connection", "user", "topic"}
    assert (used["share"], used["topic"]) == (share.id, "strict:a")
    joins = [event for schema, event in told if schema == "urn:livestate-nb:join:v1"]
    assert {one["user"] for one in joins} == {used["user"]}
    [refused] = [event for schema, event in told if schema == "urn:livestate-nb:refusal:v1"]
    assert (refused["refusal"], refused["topic"]) == ("share", "other:a")
    assert token not in repr(told)


async def test_a_long_topic_is_cut(connect: Connect, told: Told) -> None:
    web = await connect()
    await web.push(f"other:{'x' * 10_000}", "phx_join")
    await web.wait("phx_reply")
    [(_, event)] = told
    assert len(event["topic"]) == MAX_TOPIC


async def test_a_modifier_of_events_that_fails_harms_nobody(
    connect: Connect, told: Told, jp_serverapp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(schema_id: str, data: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("raised on purpose")

    jp_serverapp.event_logger.add_modifier(schema_id=Schema.JOIN.value, modifier=fail)
    web = await connect()
    assert (await web.join("strict:a"))["state"] == {"n": 0}
    assert not told
    assert "the event log failed on urn:livestate-nb:join:v1" in caplog.text


async def test_handlers_of_the_config_get_the_events(connect: Connect, jp_serverapp: Any) -> None:
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    jp_serverapp.event_logger.handlers = []
    jp_serverapp.event_logger.register_handler(Lines())
    web = await connect()
    await web.join("strict:a")
    [line] = lines
    assert '"__schema__": "urn:livestate-nb:join:v1"' in line
    assert '"topic": "strict:a"' in line

"""Long-poll, as clients fall back to it: sessions, frames, and who may use them from where."""

import asyncio
import json
from typing import Any

import pytest

from tests.clients import until
from tests.server_extension.channels import CALLS
from tests.server_extension.polling import Fetch, Polling
from tests.server_extension.test_handlers import Denying
from tests.server_extension.web import OUTSIDER, status

JOIN = ["1", "1", "counter:1", "phx_join", {}]
INC = ["1", "2", "counter:1", "lvs_evt:inc", {}]
FOREIGN = {"Origin": "http://evil.example"}


@pytest.fixture
def channels() -> dict[str, str]:
    return {
        "counter:*": "tests.server_extension.channels:Counter",
        "assigned:*": "tests.server_extension.channels:Assigned",
    }


@pytest.fixture
def app(jp_serverapp: Any) -> Any:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    app.polls.window = 10  # what they have in production
    return app


@pytest.fixture
def brief(app: Any) -> Any:
    """Let polls end soon, and sessions that nobody polls."""
    app.polls.window = 0.5
    return app


@pytest.fixture
def fetch(app: Any, jp_fetch: Fetch) -> Fetch:
    return jp_fetch


async def is_waiting(app: Any, client: Polling) -> None:
    """Wait until a client's poll waits in the server."""
    await until(lambda: app.polls._polls[client.token]._waiting is not None)


# sessions


async def test_a_client_joins_sends_and_gets_what_it_would_over_a_websocket(fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    assert await client.post([None, "3", "phoenix", "heartbeat", {}]) == {"status": 200}
    heartbeat = '[null,"3","phoenix","phx_reply",{"status":"ok","response":{}}]'
    answer = {"status": 200, "token": client.token, "messages": [heartbeat]}
    assert await client.poll() == answer
    assert await client.post(JOIN, INC) == {"status": 200}
    assert (await client.wait("phx_reply"))["status"] == "ok"
    assert (await client.wait("state:change"))["state"] == {"count": 0}
    patch = await client.wait("state:patch")
    assert patch == {"patch": [{"op": "replace", "path": "/count", "value": 1}], "version": 1}
    assert client.last.headers["Cache-Control"] == "no-store"
    assert client.last.headers["Content-Type"].startswith("application/json")


async def test_a_poll_waits_for_a_frame_and_no_longer_than_a_window(app: Any, fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    polling = asyncio.ensure_future(client.poll())
    await is_waiting(app, client)
    assert not polling.done()
    await client.post(JOIN)
    assert (await polling)["status"] == 200
    await client.wait("state:change")
    app.polls.window = 0.1
    other = await Polling(fetch).open()
    assert await other.poll() == {"status": 204, "token": other.token, "messages": []}


async def test_a_session_ends_when_nobody_polls(brief: Any, fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    await client.post(JOIN)
    await client.wait("state:change")
    assert len(brief.endpoint.sessions) == 1
    await until(lambda: not brief.endpoint.sessions)
    assert await client.post(INC) == {"status": 410}
    old = client.token
    answer = await client.poll()
    assert (answer["status"], answer["messages"]) == (410, [])
    assert answer["token"] != old


async def test_a_session_lives_as_long_as_somebody_polls(brief: Any, fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    await client.post(JOIN)
    await client.wait("state:change")
    for _ in range(4):  # longer than it would live without
        assert (await client.poll())["status"] == 204
    await client.post(INC)
    assert (await client.wait("state:patch"))["version"] == 1


async def test_a_second_poll_takes_the_place_of_the_first(app: Any, fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    first = asyncio.ensure_future(client.request())
    await is_waiting(app, client)
    second = asyncio.ensure_future(client.request())
    assert (await first)["status"] == 204
    await client.post(JOIN)
    assert (await second)["status"] == 200


async def test_tokens_that_name_no_session(fetch: Fetch) -> None:
    client = Polling(fetch)
    for token in (None, "livestate-poll-garbage"):
        client.token = token
        assert await client.post(JOIN) == {"status": 410}
        assert (await client.request())["status"] == 410
    client.token = "garbage"  # that is one for Jupyter, and wrong
    assert await status(client.post(JOIN)) == 403
    assert await status(client.request()) == 403


async def test_a_token_that_is_no_text_is_none(
    fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    client = Polling(fetch, params={"token": b"\xff"})
    assert (await client.request())["status"] == 410
    assert (
        await status(Polling(fetch, params={"token": b"\xff"}, headers=OUTSIDER).request()) == 403
    )
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("options", [{"LiveStateApp": {"limits": {"polls": 2}}}], ids=["2"])
async def test_only_so_many_sessions_are_open(app: Any, fetch: Fetch) -> None:
    for _ in range(2):
        await Polling(fetch).open()
    assert await Polling(fetch).request() == {"status": 500}


@pytest.mark.parametrize(
    "options", [{"LiveStateApp": {"limits": {"polls_per_user": 2}}}], ids=["2 of one user"]
)
async def test_who_logged_in_opens_only_some_of_them(app: Any, fetch: Fetch, login: Any) -> None:
    (_, ann), (_, bob) = await login(), await login()
    for headers in (ann, bob):
        for _ in range(2):
            await Polling(fetch, headers=headers).open()
        assert await Polling(fetch, headers=headers).request() == {"status": 500}
    for _ in range(3):
        await Polling(fetch).open()


async def test_the_token_may_come_in_a_header(fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    await client.post(JOIN)
    token, client.token = client.token, None
    answer = await client.request(headers={"X-Phoenix-Longpoll-Token": str(token)})
    assert (answer["status"], answer["token"]) == (200, token)


async def test_it_works_beside_jupyter_s_token_in_the_query(
    fetch: Fetch, jp_serverapp: Any
) -> None:
    jupyter = jp_serverapp.identity_provider.token
    opening = await fetch(
        "livestate", "longpoll", params={"vsn": "2.0.0", "token": jupyter}, headers={**OUTSIDER}
    )
    token = Polling(fetch)
    token.token = json.loads(opening.body)["token"]
    query = [("token", jupyter), ("vsn", "2.0.0"), ("token", token.token)]
    body = '["1","1","counter:1","phx_join",{}]'
    path = ("livestate", "longpoll")
    posted = await fetch(*path, params=query, method="POST", body=body, headers={**OUTSIDER})
    assert posted.body == b'{"status":200}'
    polled = await fetch(*path, params=query, headers={**OUTSIDER})
    assert b'"status":200' in polled.body


# frames


async def test_the_first_version_sends_one_frame_as_the_body(fetch: Fetch) -> None:
    client = await Polling(fetch, params={"vsn": "1.0.0"}).open()
    frame = {"topic": "counter:1", "event": "phx_join", "payload": {}, "ref": 0}
    assert await client.post(frame, kind="application/json") == {"status": 200}
    answer = await client.request()
    assert '"event":"phx_reply"' in answer["messages"][0]


async def test_binary_frames_come_in_base64_and_do_not_go_out(fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    join = ["1", "1", "assigned:1", "phx_join", {}]
    binary = b"\x00\x01\x01\x0a\x0c12assigned:1lvs_evt:take\xff\x00"
    assert await client.post(join, binary) == {"status": 200}
    patch = await client.wait("state:patch")
    assert patch["patch"] == [{"op": "add", "path": "/took", "value": "ff00"}]
    await client.post(["1", "3", "assigned:1", "lvs_evt:bytes", {}])
    error = await client.wait("error")
    assert (error["type"], error["event"]) == ("undeliverable", "image")
    assert (await client.wait("state:patch"))["version"] == 2


@pytest.mark.parametrize("body", [b"{bad json", b"[1,2]", b"not base64!", b"[\xff]"])
async def test_what_is_no_frame_ends_the_session_and_no_other(
    app: Any, fetch: Fetch, body: bytes
) -> None:
    good, bad = await Polling(fetch).open(), await Polling(fetch).open()
    await bad.post(JOIN)
    assert await bad.send(body) == {"status": 408}
    assert await bad.post(INC) == {"status": 410}
    assert await good.post(JOIN) == {"status": 200}
    assert (await good.wait("state:change"))["version"] == 0


async def test_a_hundred_frames_of_a_request_are_taken(fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    await client.post(JOIN, *[["1", str(n), "counter:1", "lvs_evt:inc", {}] for n in range(2, 151)])
    await client.post(
        [None, "last", "phoenix", "heartbeat", {}], ["1", "9", "counter:1", "lvs_refresh", {}]
    )
    await client.wait("state:change")
    assert (await client.wait("state:change"))["version"] == 99


async def test_too_large_a_body_ends_the_session(fetch: Fetch) -> None:
    client = await Polling(fetch).open()
    assert await client.send(b"[" + b" " * 8_000_000) == {"status": 408}


async def test_a_client_that_fetches_nothing_misses_updates_and_then_gets_the_state(
    app: Any, fetch: Fetch
) -> None:
    client = await Polling(fetch).open()
    join = ["1", "1", "assigned:1", "phx_join", {}]
    await client.post(join)
    await client.wait("state:change")
    for n in range(3):
        payload = b"\x00\x01\x01\x0a\x0c12assigned:1lvs_evt:take" + bytes([n]) * 300_000
        assert (await client.post(payload)) == {"status": 200}
    [session] = app.endpoint.sessions
    await until(lambda: session.ledger.version == 3)
    answer = await client.request()
    frames = [json.loads(frame) for frame in answer["messages"]]
    assert all(frame[3] == "state:patch" for frame in frames)
    assert 1 <= len(frames) < 3
    change = await client.wait("state:change")
    assert change["state"]["took"] == "02" * 300_000


# who may use it, and from where


async def test_it_needs_authentication(fetch: Fetch) -> None:
    assert await status(fetch("livestate", "longpoll", headers={**OUTSIDER})) == 403
    posting = fetch("livestate", "longpoll", headers={**OUTSIDER}, method="POST", body="[]")
    assert await status(posting) == 403


@pytest.mark.parametrize("options", [{"ServerApp": {"authorizer_class": Denying}}], ids=["denying"])
async def test_it_needs_authorization(fetch: Fetch) -> None:
    assert await status(fetch("livestate", "longpoll")) == 403
    assert await status(fetch("livestate", "longpoll", method="POST", body="[]")) == 403


async def test_a_version_that_nobody_speaks_is_refused(fetch: Fetch) -> None:
    assert await Polling(fetch, params={"vsn": "9.0.0"}).request() == {"status": 403}


@pytest.mark.parametrize(
    "options",
    [{"LiveStateApp": {"connect": "tests.server_extension.channels:connect"}}],
    ids=["callback"],
)
async def test_the_connect_callback_is_asked(fetch: Fetch) -> None:
    refused = Polling(fetch, params={"as": "nobody"})
    assert await refused.request() == {"status": 403}
    headers = {"X-Phoenix-AuthToken": "secret"}
    client = await Polling(fetch, params={"as": "ann"}, headers=headers).open()
    await client.post(["1", "1", "assigned:1", "phx_join", {}])
    state = (await client.wait("state:change"))["state"]
    assert state == {"user": {"name": "ann"}, "auth_token": "secret"}


async def test_a_session_is_for_who_opened_it_only(app: Any, fetch: Fetch, login: Any) -> None:
    _, headers = await login()
    client = await Polling(fetch, headers=headers).open()
    await client.post(JOIN)
    thief = Polling(fetch)  # by Jupyter's token
    thief.token = client.token
    assert await thief.post(INC) == {"status": 410}
    assert (await thief.request())["status"] == 410
    assert (await client.wait("state:change"))["version"] == 0


async def test_a_cookie_counts_from_the_server_s_own_origin_only(fetch: Fetch, login: Any) -> None:
    _, headers = await login()
    client = await Polling(fetch, headers=headers).open()
    assert "Access-Control-Allow-Origin" not in client.last.headers
    assert await client.post(JOIN) == {"status": 200}
    foreign = Polling(fetch, headers={**headers, **FOREIGN})
    assert await foreign.request() == {"status": 403}
    assert "Access-Control-Allow-Origin" not in foreign.last.headers
    foreign.token = client.token
    assert await foreign.request() == {"status": 403}
    assert await foreign.post(INC) == {"status": 403}
    assert (await client.wait("state:change"))["version"] == 0


@pytest.mark.parametrize(
    "options",
    [{"LiveStateApp": {"connect": "tests.server_extension.channels:connect"}}],
    ids=["callback"],
)
async def test_images_of_foreign_pages_begin_no_session(app: Any, fetch: Fetch, login: Any) -> None:
    CALLS.clear()
    _, headers = await login()
    here = f"{headers.pop('Origin')}/page"
    for sent in (
        {},
        {"Referer": "http://evil.example/"},
        {"Referer": "http://evil.example/", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        image = Polling(fetch, headers={**headers, **sent})
        assert (sent, await image.request()) == (sent, {"status": 403})
    assert CALLS == []
    for sent in ({"Referer": here}, {"Sec-Fetch-Site": "same-origin"}):
        await Polling(fetch, headers={**headers, **sent}).open()
    assert len(CALLS) == 2


async def test_a_post_with_a_cookie_and_no_session_is_no_way_around_xsrf(
    fetch: Fetch, login: Any
) -> None:
    _, headers = await login()
    client = Polling(fetch, headers=headers)
    assert await status(client.post(JOIN)) == 403


async def test_a_token_opens_it_to_pages_of_all_origins(fetch: Fetch) -> None:
    client = await Polling(fetch, headers={**FOREIGN}).open()
    assert client.last.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in client.last.headers
    assert await client.post(JOIN) == {"status": 200}


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"allow_origin": "http://friend.example"}}], ids=["a friend"]
)
async def test_an_origin_that_config_allows_may_use_cookies(fetch: Fetch, login: Any) -> None:
    _, headers = await login()
    friend = Polling(fetch, headers={**headers, "Origin": "http://friend.example"})
    await friend.open()
    assert friend.last.headers["Access-Control-Allow-Origin"] == "http://friend.example"
    assert await friend.post(JOIN) == {"status": 200}


async def test_a_preflight_names_what_is_allowed_and_no_cookies(fetch: Fetch) -> None:
    asked = {**OUTSIDER, **FOREIGN, "Access-Control-Request-Headers": "content-type, x-a"}
    answer = await fetch("livestate", "longpoll", method="OPTIONS", headers=asked)
    assert (answer.code, answer.body) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, x-a"
    assert answer.headers["Access-Control-Allow-Methods"] == "get, post, options"
    assert answer.headers["Access-Control-Max-Age"] == "3600"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_other_methods_are_a_client_error(fetch: Fetch) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        body = None if method == "DELETE" else "x"
        assert await status(fetch("livestate", "longpoll", method=method, body=body)) == 400


async def test_no_token_is_in_the_log(fetch: Fetch, caplog: pytest.LogCaptureFixture) -> None:
    client = await Polling(fetch).open()
    await client.post(JOIN)
    await client.wait("state:change")
    assert await client.send(b"{") == {"status": 408}
    shown = [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"]
    assert not [line for line in shown if str(client.token) in line or "count" in line]

"""Each limit of a server, met over a real socket: what the client sees, and nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest
from tornado.websocket import WebSocketClosedError

from livestate_nb.codec import dumps
from livestate_nb.errors import LimitError
from livestate_nb.limits import Limits
from livestate_nb.magics import LiveState
from livestate_nb_server import LiveStateApp
from tests.clients import until
from tests.raw import TEXT, Raw
from tests.seen import TABLE, check, close, message, number, told
from tests.server_extension.kernels import SETUP, Bind, CellError, Kernel
from tests.server_extension.polling import Polling
from tests.server_extension.web import PATIENCE, Connect, Web, status

TOPIC = "limited:1"
OWN = {"livestate": {}}
OURS = "our client the same in its `phx_reply`"
SERVER = TABLE.parent / "server.md"
KERNELS = TABLE.parent / "kernels.md"


def limited(**values: float) -> pytest.MarkDecorator:
    """Run a test against a server with limits of its own."""
    return pytest.mark.parametrize(
        "options", [{"LiveStateApp": {"limits": values}}], ids=["limited"]
    )


@pytest.fixture
def channels() -> dict[str, str]:
    return {"limited:*": "tests.server_extension.limited:Limited"}


@pytest.fixture
def app(jp_serverapp: Any) -> Any:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    app.polls.window = 0.5
    return app


@pytest.fixture
def url(connect: Connect, jp_http_port: int, jp_base_url: str) -> str:
    return f"ws://localhost:{jp_http_port}{jp_base_url}livestate/websocket?vsn=2.0.0"


async def answer(web: Web, ref: str) -> Any:
    """Read up to the reply to a message and return its payload."""
    while True:
        _, answered, _, event, payload = await web.read()
        if event == "phx_reply" and answered == ref:
            return payload


async def still_works(web: Web, topic: str = TOPIC) -> None:
    """Check that a client of the limited topic is served."""
    await web.dispatch(topic, "echo", [1])
    assert await web.wait("echoed") == {"n": 1}


# frames


@limited(frame_bytes=1_000)
async def test_a_frame_with_a_byte_too_many_closes_its_socket_alone(
    connect: Connect, app: Any, url: str, jp_fetch: Any, jp_auth_header: dict[str, str]
) -> None:
    good = await connect()
    reply = await answer(good, await good.push(TOPIC, "phx_join", OWN))
    assert reply["response"]["livestate"]["max_bytes"] == 1_000  # so our client sends no more
    head, tail = f'[null,"1","{TOPIC}","lvs_evt:echo",["', '"]]'
    await good.socket.write_message(f"{head}{'x' * (1_000 - len(head) - len(tail))}{tail}")
    assert await good.wait("echoed") == {"n": 1}
    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as bad:
        bad.announce(TEXT, 1_001)
        seen = close(*await bad.closed())
    poll = await Polling(jp_fetch).open()
    polled = told(await poll.send(b"x" * 1_001))
    await still_works(good)
    check("frame_bytes", 1_000, f"{seen}; over long-poll {polled}")


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@limited(frame_depth=10)
async def test_what_is_nested_too_deeply_is_refused_and_the_socket_goes_on(
    connect: Connect,
) -> None:
    own, other = await connect(), await connect()
    await own.join(TOPIC, OWN)
    await other.join(TOPIC)
    expected = {"type": "too_deep", "event": "echo"}
    expected["message"] = "expected at most 10 arrays and objects in one another"
    for levels in (11, 900, 3_000, 1_000_000):
        await other.socket.write_message(f'["1","9","{TOPIC}","lvs_evt:echo",{nested(levels)}]')
        assert await other.wait("error") == expected
        await own.socket.write_message(
            f'["1","{levels + 9}","{TOPIC}","lvs_evt:echo",{nested(levels)}]'
        )
        replied = await answer(own, f"{levels + 9}")
        assert replied == {"status": "error", "response": expected}
        await other.socket.write_message(f'["8","8","limited:2","phx_join",{nested(levels)}]')
        assert (await answer(other, "8"))["response"] == {"reason": expected["message"]}
    await other.socket.write_message(f'["1","9","{TOPIC}","lvs_evt:echo",{nested(10)}]')
    assert await other.wait("echoed") == {"n": 1}
    await own.write(["1", "2000000", TOPIC, "lvs_evt:echo", [1]])
    assert await own.wait("echoed") == {"n": 1}
    check("frame_depth", 10, f"{message('error', expected)}; {OURS}")


LIES = {
    "no header": b"\x00",
    "texts longer than the frame": b"\x00\xff\xff\xff\xff",
    "one byte short": b"\x00\x01\x01\x09\x00" + b"1" + b"1" + b"limited:",
    "no push": b"\x01\x00\x00\x00\x00",
    "half a character": b"\x00\x00\x00\x01\x00\xc3",
}


@pytest.mark.parametrize("frame", LIES.values(), ids=LIES)
async def test_a_binary_header_that_lies_closes_its_socket_alone(
    connect: Connect, frame: bytes
) -> None:
    good, bad = await connect(), await connect()
    await good.join(TOPIC)
    await bad.join(TOPIC)
    await bad.socket.write_message(frame, binary=True)
    code, reason = await bad.closed()
    assert code == 1011
    assert reason is not None
    assert reason.startswith("expected ")
    await still_works(good)


# sockets and joins


@limited(joins=2)
async def test_a_join_too_many_is_refused_until_one_has_left(connect: Connect) -> None:
    web = await connect()
    await web.join(TOPIC)
    await web.join("limited:2")
    refused = await answer(web, await web.push("limited:3", "phx_join"))
    await web.push("limited:2", "phx_leave")
    await web.wait("phx_close")
    assert (await answer(web, await web.push("limited:3", "phx_join")))["status"] == "ok"
    bad = await connect()
    for _ in range(4):
        await bad.push(TOPIC, "phx_join", {"slow": True})
    seen = close(*await bad.closed())
    await still_works(web)
    check("joins", 2, f"{message('phx_reply', refused)}; for joins of one topic {seen}")


@limited(waiting_for_join=5)
async def test_messages_that_wait_for_a_join_are_bounded(connect: Connect) -> None:
    good, bad = await connect(), await connect()
    await good.join(TOPIC)
    await bad.push(TOPIC, "phx_join", {"slow": True})
    for _ in range(6):
        await bad.dispatch(TOPIC, "inc")
    seen = close(*await bad.closed())
    await still_works(good)
    check("waiting_for_join", 5, seen)


@limited(sockets_per_user=2)
async def test_a_user_has_a_bounded_number_of_sockets(connect: Connect, login: Any) -> None:
    (_, ann), (_, bob) = await login(), await login()
    first, _ = await connect(headers=ann), await connect(headers=ann)
    refused = await status(connect(headers=ann))
    for _ in range(2):
        await connect(headers=bob)
    for _ in range(3):
        await connect()  # by Jupyter's token: nobody knows whose
    first.close()
    now = refused
    async with asyncio.timeout(PATIENCE):
        while now == refused:
            await asyncio.sleep(0.01)
            now = await status(connect(headers=ann))
    assert now == 101
    check("sockets_per_user", 2, f"HTTP {refused} in the place of the upgrade")


@limited(polls=2)
async def test_long_poll_sessions_are_bounded(app: Any, jp_fetch: Any) -> None:
    app.polls.window = 10
    for _ in range(2):
        await Polling(jp_fetch).open()
    refused = await Polling(jp_fetch).request()
    check("polls", 2, told(refused))


@limited(polls_per_user=1)
async def test_long_poll_sessions_of_a_user_are_bounded(
    app: Any, jp_fetch: Any, login: Any
) -> None:
    (_, ann), (_, bob) = await login(), await login()
    await Polling(jp_fetch, headers=ann).open()
    refused = await Polling(jp_fetch, headers=ann).request()
    await Polling(jp_fetch, headers=bob).open()
    await until(lambda: not app.polls._polls)  # nobody polls: they are over
    await Polling(jp_fetch, headers=ann).open()
    check("polls_per_user", 1, told(refused))


# events


async def slower(web: Web) -> None:
    """Send events more slowly until one is handled."""
    is_handled = False
    while not is_handled:
        await asyncio.sleep(0.6)
        is_handled = (await answer(web, await web.dispatch(TOPIC, "inc")))["status"] == "ok"


@limited(events_per_second=5, events_at_once=10)
async def test_events_that_come_too_fast_are_refused_and_then_the_socket_is_closed(
    connect: Connect,
) -> None:
    own, other, calm = await connect(), await connect(), await connect()
    await own.join(TOPIC, OWN)
    await other.join(TOPIC)
    await calm.join(TOPIC)
    for _ in range(15):
        await other.dispatch(TOPIC, "inc")
    refused = await other.wait("error")
    refs = [await own.dispatch(TOPIC, "inc") for _ in range(15)]
    replies = [await answer(own, ref) for ref in refs]
    assert [reply["status"] for reply in replies[:10]] == ["ok"] * 10
    assert replies[-1] == {"status": "error", "response": {**refused, "event": "inc"}}
    await slower(own)
    for web in (own, other):
        with suppress(WebSocketClosedError):
            for _ in range(100):
                await web.dispatch(TOPIC, "inc")
    closed = await other.closed()
    assert await own.closed() == closed
    await still_works(calm)
    check("events_per_second", 5, f"{message('error', refused)}; {OURS}")
    check("events_at_once", 10, f"the same; after as many refusals {close(*closed)}")


@limited(events_per_second=2, events_at_once=3)
async def test_an_event_that_was_refused_is_refused_again_when_it_comes_again(
    connect: Connect,
) -> None:
    web = await connect()
    await web.join(TOPIC, OWN)
    for _ in range(3):
        await web.dispatch(TOPIC, "inc")
    ref = await web.dispatch(TOPIC, "inc")
    refused = await answer(web, ref)
    assert refused["response"]["type"] == "too_fast"
    await slower(web)
    await web.write(["1", ref, TOPIC, "lvs_evt:inc", {}])
    assert await answer(web, ref) == refused


@limited(waiting_per_client=3)
async def test_messages_of_a_client_that_wait_are_bounded(connect: Connect, app: Any) -> None:
    bad, good = await connect(), await connect()
    await bad.join(TOPIC)
    await good.join(TOPIC)
    for _ in range(4):
        await bad.dispatch(TOPIC, "stick")
    seen = message("phx_error", await bad.wait("phx_error"))
    app.endpoint.sessions[0].channel.gate.set()
    await still_works(good)
    check("waiting_per_client", 3, seen)


@limited(waiting_per_session=5)
async def test_messages_that_wait_in_a_session_are_bounded(connect: Connect, app: Any) -> None:
    web, late = await connect(), await connect()
    await web.join(TOPIC)
    await late.join(TOPIC)
    await web.dispatch(TOPIC, "stick")
    await until(lambda: app.endpoint.sessions[0].mailbox._is_busy)
    for _ in range(7):
        app.endpoint.broadcast("news", 1)
    await late.dispatch(TOPIC, "inc")
    seen = message("phx_error", await late.wait("phx_error"))
    app.endpoint.sessions[0].channel.gate.set()
    await still_works(web)
    assert (await late.join(TOPIC))["state"]["heard"] == 5
    check("waiting_per_session", 5, f"{seen}; messages from pubsub are dropped")


@limited(generators=2)
async def test_generators_of_a_client_are_bounded(connect: Connect) -> None:
    web = await connect()
    await web.join(TOPIC)
    for _ in range(3):
        await web.dispatch(TOPIC, "run")
    refused = await web.wait("error")
    await still_works(web)
    check("generators", 2, message("error", refused))


# coming back


async def leave(web: Web) -> dict[str, Any]:
    """Join as our client does, lose the connection, and return the claim to the place."""
    reply = await answer(web, await web.push(TOPIC, "phx_join", OWN))
    await web.wait("state:change")
    web.close()
    return {"token": reply["response"]["livestate"]["token"], "received": 1}


async def come_back(web: Web, claim: dict[str, Any]) -> dict[str, Any]:
    """Join again, and return what the server says about it."""
    params = {"livestate": {"resume": claim}}
    reply = await answer(web, await web.push(TOPIC, "phx_join", params))
    terms: dict[str, Any] = reply["response"]["livestate"]
    return terms


@limited(absent_clients=1)
async def test_places_of_absent_clients_are_bounded(connect: Connect, app: Any) -> None:
    stays = await connect()
    await stays.join(TOPIC)
    [session] = app.endpoint.sessions
    first = await leave(await connect())
    await until(lambda: session.away == 1)
    second = await leave(await connect())
    await until(lambda: len(session.joined) == 1)
    oldest = await come_back(await connect(), first)
    newest = await come_back(await connect(), second)
    assert (oldest["resumed"], newest["resumed"]) == (False, True)
    check("absent_clients", 1, "joined afresh: `resumed` is false for who has been away longest")


@pytest.mark.parametrize(
    ("options", "limit", "tried", "missed"),
    [
        ({"LiveStateApp": {"limits": {"resume_messages": 3}}}, "resume_messages", 3, 4),
        ({"LiveStateApp": {"limits": {"resume_bytes": 200}}}, "resume_bytes", 200, 4),
    ],
    ids=["messages", "bytes"],
)
async def test_what_is_kept_for_clients_that_come_back_is_bounded(
    connect: Connect, app: Any, limit: str, tried: int, missed: int
) -> None:
    stays = await connect()
    await stays.join(TOPIC)
    [session] = app.endpoint.sessions
    for events in (1, missed):
        claim = await leave(await connect())
        await until(lambda: session.away == 1)
        for _ in range(events):
            await stays.dispatch(TOPIC, "inc")
            await stays.wait("state:patch")
        back = await connect()
        assert (await come_back(back, claim))["resumed"] is True
        _, _, _, event, payload = await back.read()
        assert (event, payload["version"]) == (
            "state:patch" if events == 1 else "state:change",
            session.ledger.version,
        )
        await back.push(TOPIC, "phx_leave")
        await back.wait("phx_close")
    check(limit, tried, f"its place, and `{event}` in the place of the patches that it missed")


# slow readers


@limited(unread=100_000)
async def test_who_reads_slowly_gets_the_latest_state_in_the_place_of_updates(
    connect: Connect, url: str, jp_auth_header: dict[str, str]
) -> None:
    quick = await connect()
    await quick.join(TOPIC)
    join = dumps(["1", "1", TOPIC, "phx_join", {}])
    updates = 30
    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as slow:
        slow.send(TEXT, join)
        while b'"state:change"' not in (await slow.read() or (0, b""))[1]:
            pass
        for _ in range(updates):
            await quick.dispatch(TOPIC, "pad", {"size": 1_000_000})
            await quick.wait("state:patch")
        came: list[bytes] = []
        while not came or f'"version":{updates}'.encode() not in came[-1]:
            came.append((await slow.read() or (0, b""))[1])
    assert len(came) < updates
    event = "state:change" if b'"state:change"' in came[-1] else "state:patch"
    check("unread", 100_000, f"not all updates, then `{event}` with the latest state")


@limited(unread=100_000, unread_most=1_000_000)
async def test_who_reads_nothing_is_closed(
    connect: Connect, url: str, jp_auth_header: dict[str, str]
) -> None:
    quick = await connect()
    await quick.join(TOPIC)
    async with asyncio.timeout(PATIENCE), await Raw.open(url, **jp_auth_header) as slow:
        slow.send(TEXT, dumps(["1", "1", TOPIC, "phx_join", {}]))
        while b'"state:change"' not in (await slow.read() or (0, b""))[1]:
            pass
        for _ in range(30):
            await quick.dispatch(TOPIC, "tell", {"size": 1_000_000})
            await quick.wait("told")
        seen = close(*await slow.closed())
    await still_works(quick)
    check("unread_most", 1_000_000, seen)


# kernels


@limited(kernel_held=1_000)
async def test_joins_that_wait_for_a_kernel_are_bounded(
    kernels: Callable[[], Awaitable[Kernel]], bind: Bind
) -> None:
    kernel = await kernels()  # which has not loaded the extension
    web = await bind(kernel.id)
    await web.push("cells:a", "phx_join", {"pad": "x" * 600})
    refused = await answer(web, await web.push("cells:b", "phx_join", {"pad": "x" * 600}))
    check("kernel_held", 1_000, message("phx_reply", refused))


async def test_a_kernel_has_limits_of_its_own(
    kernels: Callable[[], Awaitable[Kernel]], bind: Bind, connect: Connect
) -> None:
    kernel = await kernels()
    await kernel.run(
        "get_ipython().config.LiveState.limits = {'events_per_second': 1, 'events_at_once': 5}"
    )
    await kernel.run(SETUP)
    await kernel.run("Counter.publish()")
    author, visitor = await bind(kernel.id), await connect()
    reply = await answer(author, await author.push("cells:a", "phx_join", OWN))
    assert reply["response"]["livestate"]["max_bytes"] == 8_000_000  # the server's, on the way
    await visitor.join("cells:a")
    for _ in range(50):
        await author.dispatch("cells:a", "inc")  # its own pages may send at any speed
    for _ in range(50):
        await author.wait("state:patch")
    for _ in range(50):
        await visitor.dispatch("cells:a", "inc")
    assert (await visitor.wait("error"))["type"] == "too_fast"
    assert await visitor.closed() == (1013, "too many events")


# the option


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"LiveStateApp": {"limits": limits}}, told)
        for limits, told in (
            (
                {"joins": 0},
                "expected joins to be a whole number above 0, ",
            ),
            (
                {"joins": 1.5},
                "1000000000000 at most, got 1.5",
            ),
            ({"event_per_second": 5}, "there is no limit 'event_per_second': did you mean"),
            ({"joins": "many"}, "Values of the 'limits' trait"),
        )
    ],
    ids=["zero", "half", "unknown", "text"],
)
async def test_a_wrong_limit_lets_nobody_in_and_is_reported(
    told: str, connect: Connect, jp_fetch: Any
) -> None:
    assert await status(connect()) == 403
    body = (await jp_fetch("livestate/")).body.decode().replace("&#x27;", "'")
    assert told in body
    assert "nobody is let in" in body


async def test_limits_may_stand_on_the_command_line() -> None:
    app = LiveStateApp()
    try:
        app.parse_command_line(
            ["--LiveStateApp.limits=joins=20", "--LiveStateApp.limits=events_per_second=0.5"]
        )
    finally:
        await app.listener.close()
    assert app.limits == {"joins": 20, "events_per_second": 0.5}


async def test_a_kernel_is_told_a_wrong_limit_when_the_extension_is_loaded(
    kernels: Callable[[], Awaitable[Kernel]],
) -> None:
    kernel = await kernels()
    await kernel.run("get_ipython().config.LiveState.limits = {'join': 1}")
    with pytest.raises(CellError, match="there is no limit 'join': did you mean 'joins'"):
        await kernel.run("%load_ext livestate_nb")


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
async def test_a_kernel_takes_the_limits_that_its_page_names_and_no_others(limit: str) -> None:
    is_named = f"`{limit}`" in KERNELS.read_text().partition("## Limits of a kernel")[2]
    assert is_named == (limit in LiveState.class_traits()["limits"].help)
    if is_named:
        assert getattr(Limits.of_kernel({limit: 5}), limit) == 5
    else:
        with pytest.raises(LimitError, match=f"'{limit}' is a limit of the server: set it as c.Li"):
            Limits.of_kernel({limit: 5})


@pytest.mark.parametrize("value", [0, -1, True, None, "5", float("nan"), float("inf"), 10**400])
@pytest.mark.parametrize("limit", ["joins", "events_per_second"])
async def test_a_limit_is_a_number_greater_than_0(limit: str, value: Any) -> None:
    with pytest.raises(LimitError, match=f"expected {limit} to be"):
        Limits(**{limit: value})


async def test_what_is_like_no_limit_is_told_all_of_them() -> None:
    with pytest.raises(LimitError, match="there are frame_bytes, frame_depth, joins"):
        Limits.of({"zzz": 1})
    with pytest.raises(LimitError, match="there are frame_depth, joins, waiting_for_join"):
        Limits.of_kernel({"zzz": 1})


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
async def test_every_limit_stands_in_both_tables(limit: str) -> None:
    default = number(getattr(Limits(), limit))
    assert f"| `{limit}` | {default} |" in TABLE.read_text()
    assert f"| `{limit}` | {default} |" in SERVER.read_text()

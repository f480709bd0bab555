"""What Prometheus reads at /metrics while clients come, send, are refused and go."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from livestate_nb.runtime.meter import Refusal
from livestate_nb_server.observer import Rejection
from tests.metrics import Labels, labels, samples
from tests.raw import TEXT, Raw
from tests.server_extension.channels import OPEN
from tests.server_extension.polling import Polling
from tests.server_extension.test_handlers import Denying
from tests.server_extension.web import OUTSIDER, PATIENCE, Connect, status

Samples = Counter[tuple[str, Labels]]


@pytest.fixture
def channels() -> dict[str, str]:
    module = "tests.server_extension.channels"
    return {
        "counter:*": f"{module}:Counter",
        "sleep:*": f"{module}:Sleeper",
        "strict:*": f"{module}:Strict",
        "gated:*": f"{module}:Gated",
    }


@pytest.fixture
def scrape(jp_fetch: Any) -> Callable[[], Any]:
    async def scrape() -> Samples:
        return samples((await jp_fetch("metrics")).body.decode())

    return scrape


async def reach(scrape: Callable[[], Any], name: str, wanted: float, **told: str) -> None:
    """Scrape until a sample has a value."""
    value = None
    try:
        async with asyncio.timeout(PATIENCE):
            while (value := (await scrape())[name, labels(**told)]) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"expected {name} {told} to reach {wanted}, it is {value}")


# what is counted


async def test_events_are_counted_by_pattern_and_by_how_they_ended(
    connect: Connect, scrape: Any
) -> None:
    web = await connect()
    await web.join("strict:a")
    await web.join("counter:a")
    before = await scrape()
    for _ in range(3):
        await web.dispatch("counter:a", "inc")
        await web.wait("state:patch")
    for event, payload in (
        ("add", {"n": 1}),
        ("add", {"n": "no number"}),
        ("refuse", {}),
        ("fail", {}),
        ("nobody_handles_this", {}),
        ("count", {"to": 3}),
    ):
        await web.dispatch("strict:a", event, payload)
        await web.wait("state:patch")
    await web.dispatch("strict:a", "add", {"n": 1})  # the generator has ended
    while (await web.wait("state:patch"))["version"] < 10:
        pass
    counted = await scrape() - before
    events = {key: value for key, value in counted.items() if key[0] == "livestate_events_total"}
    assert events == {
        ("livestate_events_total", labels(topic=topic, kind="event", outcome=outcome)): count
        for topic, outcome, count in (
            ("counter:*", "ok", 3),
            ("strict:*", "ok", 3),
            ("strict:*", "refused", 3),
            ("strict:*", "failed", 1),
        )
    }
    for topic, count in (("counter:*", 3), ("strict:*", 7)):
        told = labels(topic=topic, kind="event")
        assert counted["livestate_handler_seconds_count", told] == count


async def test_a_handler_s_seconds_are_those_from_its_turn_on(
    connect: Connect, scrape: Any
) -> None:
    web = await connect()
    await web.join("sleep:a")
    before = await scrape()
    for _ in range(2):
        await web.dispatch("sleep:a", "sleep", {"seconds": 0.2})
    for _ in range(2):
        await web.wait("state:patch")
    counted = await scrape() - before
    told = {"topic": "sleep:*", "kind": "event"}
    assert counted["livestate_handler_seconds_sum", labels(**told)] >= 0.4
    assert counted["livestate_handler_seconds_bucket", labels(**told, le="0.1")] == 0
    assert counted["livestate_handler_seconds_bucket", labels(**told, le="+Inf")] == 2


async def test_the_bytes_of_a_patch_are_counted_once_for_all_who_receive_it(
    connect: Connect, scrape: Any
) -> None:
    web = await connect()
    await web.join("counter:a")
    before = await scrape()
    await web.dispatch("counter:a", "inc")
    assert await web.wait("state:patch")
    counted = await scrape() - before
    patch = b'{"patch":[{"op":"replace","path":"/count","value":1}],"version":1}'
    told = labels(topic="counter:*")
    assert counted["livestate_patch_bytes_sum", told] == len(patch)
    assert counted["livestate_patch_bytes_count", told] == 1


async def test_connections_and_sessions_are_those_that_there_are_now(
    connect: Connect, jp_fetch: Any, jp_serverapp: Any, scrape: Any
) -> None:
    webs = [await connect() for _ in range(3)]
    for web in webs:
        await web.join("counter:a")
    poll = await Polling(jp_fetch).open()
    now = await scrape()
    assert now["livestate_connections", labels(way="websocket")] == 3
    assert now["livestate_connections", labels(way="longpoll")] == 1
    assert now["livestate_sessions", labels(topic="counter:*")] == 3
    assert now["livestate_kernels", ()] == 0
    for web in webs[1:]:
        web.close()
    await reach(scrape, "livestate_connections", 1, way="websocket")
    await reach(scrape, "livestate_sessions", 1, topic="counter:*")
    assert poll.token is not None
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    await app.stop_extension()
    over = await scrape()
    assert not [key for key in over if key[0] in ("livestate_connections", "livestate_sessions")]


async def test_queues_tell_how_much_waits(
    connect: Connect, scrape: Any, jp_ws_url: str, jp_auth_header: dict[str, str]
) -> None:
    OPEN.clear()
    web = await connect()
    await web.join("gated:a")
    for _ in range(4):
        await web.dispatch("gated:a", "wait")
    await reach(scrape, "livestate_waiting_messages", 3, topic="gated:*")
    OPEN.set()
    await reach(scrape, "livestate_waiting_messages", 0, topic="gated:*")
    await reach(scrape, "livestate_unsent_characters", 0, by="clients")
    long = "x" * 1_000_000
    async with asyncio.timeout(PATIENCE), await Raw.open(jp_ws_url, **jp_auth_header) as raw:
        for _ in range(20):  # more than the system's buffers take
            raw.send(TEXT, f'[null,"{long}","phoenix","heartbeat",{{}}]'.encode())
        waiting = "livestate_unsent_characters", labels(by="clients")
        while (await scrape())[waiting] < 1_000_000:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    await reach(scrape, "livestate_unsent_characters", 0, by="clients")


@pytest.fixture
def jp_ws_url(connect: Connect, jp_http_port: int, jp_base_url: str) -> str:
    return f"ws://localhost:{jp_http_port}{jp_base_url}livestate/websocket?vsn=2.0.0"


# refusals


FEW = {"joins": 2, "waiting_per_client": 2, "unread_most": 1_000_000, "sockets_per_user": 3}


@pytest.mark.parametrize("options", [{"LiveStateApp": {"limits": FEW}}], ids=["few"])
async def test_refusals_are_counted_by_kind(
    connect: Connect,
    login: Any,
    jp_fetch: Any,
    jp_serverapp: Any,
    jp_ws_url: str,
    jp_auth_header: dict[str, str],
    scrape: Any,
) -> None:
    _, cookie = await login()
    before = await scrape()
    expected: Counter[str] = Counter()

    # requests
    assert await status(connect(headers=OUTSIDER)) == 403
    assert await status(connect(headers={"Authorization": "token wrong"})) == 403
    expected[Rejection.LOGIN] += 2
    assert await status(connect(headers={**cookie, "Origin": "http://evil.example"})) == 403
    foreign = await Polling(jp_fetch, headers={**cookie, "Origin": "null"}).request()
    assert foreign == {"status": 403}
    expected[Rejection.ORIGIN] += 2
    assert await status(connect("9.9.9")) == 403
    assert (await Polling(jp_fetch).request(params={"vsn": "9.9.9"})) == {"status": 403}
    expected[Rejection.REQUEST] += 2

    own = [await connect(headers=cookie) for _ in range(3)]
    assert await status(connect(headers=cookie)) == 429
    expected[Refusal.LIMIT] += 1
    for one in own:
        one.close()

    # joins
    web = await connect()
    await web.push("nobody:serves", "phx_join")
    await web.wait("phx_reply")
    await web.dispatch("not:joined", "inc")
    await web.wait("phx_reply")
    expected[Refusal.UNMATCHED] += 2
    await web.push("strict:a", "phx_join", {"no": True})
    await web.wait("phx_reply")
    expected[Refusal.JOIN] += 1
    await web.push("strict:a", "phx_join", {"no_state": True})
    await web.wait("error")
    expected[Refusal.INIT] += 1
    await web.push("strict:a", "phx_leave")
    await web.wait("phx_close")

    # events
    await web.join("strict:b")
    for event, payload, kind in (
        ("add", {"n": "no number"}, Refusal.PAYLOAD),
        ("refuse", {}, Refusal.EVENT),
        ("nobody_handles_this", {}, Refusal.UNKNOWN_EVENT),
    ):
        await web.dispatch("strict:b", event, payload)
        await web.wait("state:patch")
        expected[kind] += 1

    # limits
    OPEN.clear()
    await web.join("gated:a")
    await web.push("gated:b", "phx_join")
    await web.wait("phx_reply")
    for _ in range(3):
        await web.dispatch("gated:a", "wait")
    await web.wait("phx_error")
    OPEN.set()
    expected[Refusal.LIMIT] += 2
    await web.socket.write_message("no frame")
    await web.closed()
    expected[Refusal.FRAME] += 1
    long = "x" * 1_000_000
    async with asyncio.timeout(PATIENCE), await Raw.open(jp_ws_url, **jp_auth_header) as raw:
        for _ in range(20):
            raw.send(TEXT, f'[null,"{long}","phoenix","heartbeat",{{}}]'.encode())
        assert await raw.closed() == (1013, "too slow a reader")
    expected[Rejection.SLOW] += 1

    counted = await scrape() - before
    name = "livestate_refusals_total"
    assert {key[1]: value for key, value in counted.items() if key[0] == name} == {
        labels(kind=kind): count for kind, count in expected.items()
    }


@pytest.mark.parametrize(
    "options",
    [
        {"ServerApp": {"authorizer_class": Denying}},
        {"LiveStateApp": {"connect": "tests.server_extension.channels:connect"}},
    ],
    ids=["permission", "connect"],
)
async def test_who_the_server_or_the_app_refuses_is_counted(
    connect: Connect, scrape: Any, jp_fetch: Any, request: pytest.FixtureRequest
) -> None:
    before = await scrape()
    assert await status(connect(params={"as": "nobody"})) == 403
    assert await status(jp_fetch("livestate", "elements", "a.js", params={"as": "nobody"})) == 403
    kind = request.node.callspec.id
    counted = await scrape() - before
    assert counted == {("livestate_refusals_total", labels(kind=kind)): 2}


async def test_each_kind_of_refusal_is_there_before_the_first_of_it(scrape: Any) -> None:
    now = await scrape()
    kinds = {key[1] for key in now if key[0] == "livestate_refusals_total"}
    assert kinds == {labels(kind=kind) for kind in (*Refusal, *Rejection)}


# bounds


async def test_no_client_can_add_a_label(connect: Connect, scrape: Any) -> None:
    web = await connect()
    await web.join("strict:first")
    await web.dispatch("strict:first", "add", {"n": 1})
    await web.dispatch("strict:first", "unknown")
    await web.dispatch("strict:first", "unknown")
    for _ in range(3):
        await web.wait("state:patch")
    await web.push("unknown:first", "phx_join")
    await web.wait("phx_reply")
    before = set(await scrape())
    for number in range(20):
        await web.join(f"strict:{number}")
        await web.dispatch(f"strict:{number}", "add", {"n": number})
        await web.dispatch(f"strict:{number}", f"unknown_{number}")
        await web.push(f"strict:{number}", f"foreign_{number}")
        await web.push(f"unknown:{number}", "phx_join")
    await web.push("phoenix", "heartbeat")
    await web.dispatch("strict:first", "add", {"n": 1})
    while (await web.read())[2:4] != ["strict:first", "state:patch"]:
        pass
    new = {labels for _, labels in set(await scrape()) - before}
    assert {kind for told in new for key, kind in told if key == "kind"} <= {"foreign"}
    assert {topic for told in new for key, topic in told if key == "topic"} <= {"strict:*"}


async def test_metrics_ask_for_a_login_as_jupyter_s_own_do(jp_fetch: Any) -> None:
    assert await status(jp_fetch("metrics", headers=OUTSIDER)) == 403


async def test_the_documentation_names_each_metric_and_each_refusal(scrape: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "server.md").read_text()
    described = page[page.index("## Seeing what happens") :]
    named = set(re.findall(r"`([a-z_]+)`", described))
    endings = ("_bucket", "_sum", "_count")
    metrics = {reduce(str.removesuffix, endings, name) for name, _ in await scrape()}
    assert metrics
    assert metrics <= named
    table = described[described.index("### Refusals") : described.index("### Events")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == sorted(
        (*Refusal, *Rejection), key=lambda kind: table.index(f"`{kind}` |")
    )

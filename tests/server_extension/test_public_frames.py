"""Frames, tokens and requests of hostile outsiders: each is answered, and opens nothing else."""

import asyncio
from base64 import urlsafe_b64encode
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from livestate_nb.codec import dumps, loads
from livestate_nb.protocol.message import PHX_JOIN
from tests.clients import decode, until
from tests.fuzz import hostile
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import SCRIPTS, binary_frames, refs, text_frames, values, words
from tests.server_extension.outsiders import PAGE, Grant
from tests.server_extension.web import OUTSIDER, PATIENCE, Connect, Web

CODES = {1003, 1009, 1011, 1013}
"""Close codes of who sends no messages, too large ones, or too many of them."""

TOKEN = "lvs.TOKEN"
"""Stands for the share's own in what is made up."""

OPEN = "shared:1"
"""The one topic that the share opens."""

LAST = "the last"
NAMES = ("join_ref", "ref", "topic", "event", "payload")

topics = hostile.topics(OPEN, OPEN, "shared:2", "counter:1", "shared:*")
events = hostile.events("inc", "dec", "inc ")
tokens = st.one_of(
    st.just(TOKEN),
    st.just(TOKEN),
    st.just(TOKEN),
    words.map(TOKEN.__add__),
    words.map(lambda text: text + TOKEN),
    values,
)
params = st.one_of(
    tokens.map(lambda token: {"share": token}),
    st.builds(lambda token, ours: {"share": token, "livestate": ours}, tokens, hostile.asked),
    values,
)


def as_text(vsn: int, *fields: Any) -> str:
    message = dict(zip(NAMES, fields, strict=True)) if vsn == 1 else list(fields)
    return dumps(message).decode()


def frames_of(vsn: int) -> st.SearchStrategy[tuple[int, list[str | bytes]]]:
    joins = st.builds(
        lambda join_ref, ref, topic, asked: as_text(vsn, join_ref, ref, topic, PHX_JOIN, asked),
        refs,
        refs,
        topics,
        params,
    )
    text = text_frames(topics, events, vsn=vsn)
    one = st.one_of(joins, joins, text, text, text, binary_frames(topics, events))
    return st.tuples(st.just(vsn), st.lists(one, min_size=1, max_size=12))


@pytest.fixture
def channels() -> dict[str, str]:
    place = "tests.server_extension.channels"
    return {"shared:*": f"{place}:Shared", "counter:*": f"{place}:Counter"}


@pytest.fixture(autouse=True)
def each_has_an_address(http_server: Any) -> None:
    http_server.xheaders = True  # as c.ServerApp.trust_xheaders


_hosts = count(1)


def elsewhere() -> dict[str, str]:
    """Return the headers of an outsider at another address: what is counted does not add up."""
    number = next(_hosts)
    return {**OUTSIDER, "X-Real-Ip": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}


async def said_to(bad: Web, vsn: int) -> list[Any]:
    """Return the messages that came up to the answer to the last one, or to the end."""
    said: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        while (frame := await bad.socket.read_message()) is not None:
            message = loads(frame) if vsn == 1 else None
            fields = decode(frame) if message is None else [None, *map(message.get, NAMES[1:])]
            if fields[1] == LAST:
                break
            said.append(fields)
    return said


def test_no_frame_of_an_outsider_opens_more_than_its_share(
    jp_ws_fetch: Any,
    jp_serverapp: Any,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    connect: Connect,
    grant: Grant,
) -> None:
    _, token = grant(OPEN, events=["inc"])
    endpoint = jp_serverapp.web_app.settings["livestate_nb_server"].endpoint

    async def enter(vsn: int) -> Web:
        path = ("livestate", "public", "websocket")
        headers = {**elsewhere(), "Origin": PAGE}
        return Web(await jp_ws_fetch(*path, params={"vsn": f"{vsn}.0.0"}, headers=headers))

    async def begin() -> tuple[Web, Web]:
        good, watcher = await enter(2), await connect()
        await good.join(OPEN, {"share": token})
        for topic in ("shared:2", "counter:1"):
            await watcher.join(topic)
        return good, watcher

    good, watcher = jp_asyncio_loop.run_until_complete(begin())

    async def check(vsn: int, frames: list[str | bytes]) -> None:
        bad = await enter(vsn)
        with suppress(WebSocketClosedError):
            for frame in (*frames, as_text(vsn, None, LAST, "phoenix", "heartbeat", {})):
                is_text = isinstance(frame, str)
                told = (
                    frame.encode("utf-8", "replace").decode() if isinstance(frame, str) else frame
                )
                sent = told.replace(TOKEN, token) if isinstance(told, str) else told
                await bad.socket.write_message(sent, binary=not is_text)
        for _, _, topic, event, payload in await said_to(bad, vsn):
            if topic not in (OPEN, "phoenix"):
                assert (event, payload["status"]) == ("phx_reply", "error")
        assert bad.socket.close_code is None or bad.socket.close_code in CODES
        bad.close()
        await good.dispatch(OPEN, "inc")
        await good.wait("state:patch")
        for topic in ("shared:2", "counter:1"):
            await watcher.push(topic, "lvs_refresh")
            assert await watcher.wait("state:change") == {"state": {"count": 0}, "version": 0}
        await until(lambda: sum(len(one.joined) for one in endpoint.sessions) == 3)

    @fuzz(25, st.one_of(frames_of(2), frames_of(2), frames_of(1)))
    def tried(made_up: tuple[int, list[str | bytes]]) -> None:
        jp_asyncio_loop.run_until_complete(check(*made_up))

    tried()
    good.close()


def test_no_made_up_request_finds_anything(
    jp_serverapp: Any,
    jp_http_port: int,
    jp_base_url: str,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    grant: Grant,
) -> None:
    share, _ = grant(OPEN, tag="todo-list")
    mount = f"http://localhost:{jp_http_port}{jp_base_url}livestate/public/"

    async def check(path: str, query: str, origin: str, offered: str, method: str) -> None:
        asked = quote(query, safe="&=[]")
        headers = {**elsewhere(), "Origin": origin}
        for one in (path, f"{path}/{path}.js", f"{share.id}/{path}.js", "websocket"):
            answer = await AsyncHTTPClient().fetch(
                f"{mount}{quote(one, safe='/')}?{asked}",
                headers=headers,
                method=method,
                body="{}" if method == "POST" else None,
                follow_redirects=False,
                raise_error=False,
            )
            assert answer.code in {400, 403, 404, 405}
            is_text = answer.headers["Content-Type"].startswith("text/plain")
            assert is_text or b"alert" not in answer.body
        proof = urlsafe_b64encode(offered.encode()).decode().rstrip("=")
        try:
            socket = await websocket_connect(
                HTTPRequest(f"ws{mount.removeprefix('http')}websocket?{asked}", headers=headers),
                subprotocols=["phoenix", f"base64url.bearer.phx.{proof}"],
            )
        except HTTPClientError as error:
            assert error.code in {400, 403}  # noqa: PT017 - it may be let in, and is nobody then
        else:
            socket.close()

    queries = st.one_of(
        words, words.map("vsn={}".format), st.builds("vsn=2.0.0&{}={}".format, words, words)
    )
    origins = st.one_of(st.sampled_from([PAGE, "null", "*", *SCRIPTS]), words)
    header = origins.filter(lambda text: text.isascii() and text.isprintable())
    short = words.filter(lambda text: len(text) < 1_000)
    offers = st.one_of(short, short.map("lvs.{}".format))

    @fuzz(25, short, queries, header, offers, st.sampled_from(["GET", "POST", "DELETE"]))
    def tried(path: str, query: str, origin: str, offered: str, method: str) -> None:
        jp_asyncio_loop.run_until_complete(check(path, query, origin, offered, method))

    tried()

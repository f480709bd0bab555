"""Bodies and tokens that hostile clients send over long-poll: each has an answer."""

import asyncio
import base64
from typing import Any

from hypothesis import strategies as st

from tests.fuzz import hostile
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import binary_frames, text_frames, words
from tests.server_extension.polling import Polling

STATUSES = {200, 204, 408, 410}

topics = hostile.topics("counter:a", "counter:*")
events = hostile.events("inc")
lines = st.one_of(
    text_frames(topics, events, vsn=2).map(lambda frame: frame.encode(errors="surrogatepass")),
    binary_frames(topics, events).map(base64.b64encode),
    st.binary(max_size=40),
)
bodies = st.lists(lines, max_size=5).map(b"\n".join)
kinds = st.sampled_from(
    ["application/x-ndjson", "application/x-ndjson; charset=utf-7", "application/json", "", ";"]
)


def test_each_body_has_an_answer_and_no_other_client_notices(
    jp_fetch: Any, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> None:
    """One client goes about its business while others send what they like."""
    good = jp_asyncio_loop.run_until_complete(Polling(jp_fetch).open())

    async def join() -> None:
        await good.post(["1", "1", "counter:a", "phx_join", {}])
        await good.wait("state:change")

    async def check(body: bytes, kind: str) -> None:
        bad = await Polling(jp_fetch).open()
        answer = await bad.send(body, kind)
        assert answer["status"] in STATUSES
        after = await bad.request("POST", body=b"")
        assert after["status"] in STATUSES
        await good.post(["1", "2", "counter:a", "lvs_evt:inc", {}])
        await good.wait("state:patch")

    @fuzz(30, bodies, kinds)
    def tried(body: bytes, kind: str) -> None:
        jp_asyncio_loop.run_until_complete(check(body, kind))

    jp_asyncio_loop.run_until_complete(join())
    tried()


def test_no_made_up_token_names_a_session(
    jp_fetch: Any, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> None:
    async def check(token: str) -> None:
        bad = Polling(jp_fetch)
        bad.token = f"livestate-poll-{token}"
        assert await bad.request("POST", body=b"[]") == {"status": 410}

    @fuzz(30, words)
    def tried(token: str) -> None:
        jp_asyncio_loop.run_until_complete(check(token))

    tried()

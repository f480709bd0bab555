"""What kernels ask about shares, on the uplink, and the elements that pages get with one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server import sharing
from livestate_nb_server.shares import Shares, default_directory
from tests.server_extension.dialled import Dialled
from tests.server_extension.outsiders import PAGE, Enter, Grant, refused
from tests.server_extension.test_relay import Start
from tests.server_extension.web import OUTSIDER, status

Dial = Callable[[], Awaitable[Dialled]]


@pytest.fixture
def dial(kernels: Start, jp_serverapp: Any) -> Iterator[Dial]:
    """Start kernels, and speak in their place; the uplinks are closed after the test."""
    opened: list[Dialled] = []

    async def start() -> Dialled:
        kernel = await kernels()
        opened.append(await Dialled.open(jp_serverapp, kernel.id))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


async def test_a_kernel_shares_what_it_has_published(
    dial: Dial, enter: Enter, jp_base_url: str
) -> None:
    kernel = await dial()
    await kernel.publish("cells:*")
    before = time.time()
    shared = await kernel.share("cells:a", "cells:b*", events=["inc"], tag="x-cells")
    assert set(shared) == {"token", "id", "expires", "mount", "script"}
    assert shared["mount"] == f"{jp_base_url}livestate/public"
    assert shared["script"] == f"{jp_base_url}livestate/public/{shared['id']}/x-cells.js"
    assert before + 3600 <= shared["expires"] <= time.time() + 3601
    assert (await kernel.share("cells:*"))["script"] is None
    web = await enter()
    await web.push("cells:a", "phx_join", {"share": shared["token"]})
    opened = await kernel.wait(wire.OPEN)
    assert not opened.json["is_local"]
    assert opened.json["user"]["name"] == "Guest"
    frame = (await kernel.wait(wire.FRAME)).body
    assert isinstance(frame, str)
    assert frame.endswith('"cells:a","phx_join",{}]')
    assert await refused(web, "cells:c", {"share": shared["token"]}) == "share not for this topic"


@pytest.mark.parametrize("topic", ["private", "cells:*", "cells", "*", "ce*", "other:1"])
async def test_a_kernel_shares_nothing_else(dial: Dial, topic: str) -> None:
    kernel = await dial()
    answer = await kernel.share("cells:a")
    assert answer == {
        "error": "cannot share 'cells:a': this kernel has published no channel for it: publish() "
        "one first"
    }
    await kernel.publish("cells:a", "cells:b*")
    error = (await kernel.share("cells:a", topic))["error"]
    assert f"cannot share {topic!r}" in error
    assert "token" in await kernel.share("cells:a", "cells:b*")


async def test_a_share_of_a_kernel_does_not_open_what_the_server_hosts(
    dial: Dial, enter: Enter, grant: Grant
) -> None:
    kernel = await dial()
    await kernel.publish("*")
    shared = await kernel.share("*", events="*")
    web = await enter()
    reason = "share not for this topic, which the server itself hosts"
    assert await refused(web, "counter:1", {"share": shared["token"]}) == reason
    _, token = grant("*")
    assert (await (await enter()).join("counter:1", {"share": token}))["version"] == 0


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"topics": []}, "expected 1 to 100 topics"),
        ({"topics": "cells:*"}, "expected 1 to 100 topics"),
        ({"topics": None}, "expected 1 to 100 topics"),
        ({"events": 7}, "names of events"),
        ({"origins": ["page.example"]}, "expected an origin as browsers send it"),
        ({"origins": None}, "origins of pages"),
        ({"expires": 0}, "above 0"),
        ({"expires": None}, "expected a lifetime"),
        ({"tag": 7}, "an element's tag"),
        ({"tag": "../x-list"}, "an element's tag"),
    ],
)
async def test_what_cannot_be_shared_is_told(dial: Dial, wish: dict[str, Any], error: str) -> None:
    kernel = await dial()
    await kernel.publish("cells:*")
    answer = await kernel.ask(
        wire.SHARE,
        **{"topics": ["cells:*"], "events": [], "origins": [PAGE], "expires": 60, "tag": None}
        | wish,
    )
    assert error in answer["error"]
    assert (await kernel.ask(wire.SHARES)) == {"shares": []}


async def test_a_kernel_sees_and_ends_its_own_shares_only(
    dial: Dial, enter: Enter, grant: Grant
) -> None:
    kernel, other = await dial(), await dial()
    await kernel.publish("cells:*")
    await other.publish("others:*")
    one = await kernel.share("cells:*", events="*", tag="x-cells")
    two = await kernel.share("cells:a")
    theirs = await other.share("others:*")
    of_nobody, _ = grant("counter:*")

    shares = (await kernel.ask(wire.SHARES))["shares"]
    assert [share["id"] for share in shares] == [one["id"], two["id"]]
    assert shares[0] == {
        "id": one["id"],
        "topics": ["cells:*"],
        "events": "*",
        "origins": [PAGE],
        "expires": one["expires"],
        "tag": "x-cells",
    }

    for name in (theirs["id"], of_nobody.id, "../keys", "", None, 7):
        assert await kernel.ask(wire.REVOKE, id=name) == {"revoked": []}
    assert len(Shares(default_directory()).all()) == 4
    assert await kernel.ask(wire.REVOKE, id=two["id"]) == {"revoked": [two["id"]]}
    assert await kernel.ask(wire.REVOKE, id="*") == {"revoked": [one["id"]]}
    assert await kernel.ask(wire.SHARES) == {"shares": []}
    assert len((await other.ask(wire.SHARES))["shares"]) == 1
    reason = await refused(await enter(), "cells:a", {"share": one["token"]})
    assert reason == "share revoked"


async def test_a_share_that_its_kernel_revokes_ends_its_connections_at_once(
    dial: Dial, enter: Enter
) -> None:
    kernel = await dial()
    await kernel.publish("cells:*")
    shared = await kernel.share("cells:*")
    web = await enter()
    await web.push("cells:a", "phx_join", {"share": shared["token"]})
    await kernel.wait(wire.FRAME)
    await kernel.ask(wire.REVOKE, id=shared["id"])
    assert await web.closed() == (4403, "share revoked")
    await kernel.wait(wire.CLOSE)


async def test_what_is_no_ask_ends_the_uplink(dial: Dial) -> None:
    for body in ({"ask": "more"}, {}, [], "share", {"ask": ["share"]}):
        kernel = await dial()
        await kernel.send(wire.ASK, 1, body)
        assert await kernel.is_hung_up()


async def test_what_cannot_be_kept_is_told(dial: Dial) -> None:
    directory = default_directory()
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.write_text("a file, where a directory should be")
    kernel = await dial()
    await kernel.publish("cells:*")
    assert "livestate" in (await kernel.share("cells:*"))["error"]


async def test_too_much_at_once_is_refused(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = await dial()
    with monkeypatch.context() as patch:
        patch.setattr(sharing, "MAX_OPEN", 0)
        error = "too much is asked at once: try again"
        assert await kernel.ask(wire.SHARES) == {"error": error}
    assert await kernel.ask(wire.SHARES) == {"shares": []}


@pytest.mark.parametrize("options", [{"LiveStateApp": {"public": False}}], ids=["off"])
async def test_a_server_that_shares_nothing_says_so(dial: Dial) -> None:
    kernel = await dial()
    await kernel.publish("cells:*")
    error = "this server shares nothing: c.LiveStateApp.public is off"
    assert await kernel.share("cells:*") == {"error": error}
    assert await kernel.ask(wire.SHARES) == {"error": error}


# elements


class TestElements:
    @pytest.fixture
    def options(self, tmp_path: Path) -> dict[str, Any]:
        (tmp_path / "x-list.js").write_text("export default class extends HTMLElement {}")
        elements = {"x-list": str(tmp_path / "x-list.js"), "x-other": str(tmp_path / "x-list.js")}
        connect = "tests.server_extension.channels:connect"
        return {"LiveStateApp": {"connect": connect, "elements": elements}}

    @pytest.fixture
    def fetch(self, jp_fetch: Any) -> Callable[..., Awaitable[HTTPResponse]]:
        async def fetch_one(
            share_id: str, tag: str, origin: str | None = PAGE, **params: str
        ) -> HTTPResponse:
            headers = {**OUTSIDER, **({} if origin is None else {"Origin": origin})}
            path = f"livestate/public/{share_id}/{tag}.js"
            response: HTTPResponse = await jp_fetch(path, headers=headers, params=params)
            return response

        return fetch_one

    async def test_a_page_of_the_share_gets_its_element(self, fetch: Any, grant: Grant) -> None:
        share, _ = grant(tag="x-list")
        answer = await fetch(share.id, "x-list")
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert answer.headers["Vary"] == "Origin"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        text = answer.body.decode()
        assert text.startswith('import { define } from "../../static/served.js";\n')
        assert 'define("x-list", "export default class' in text

    async def test_nobody_else_gets_it_and_it_gets_no_other(self, fetch: Any, grant: Grant) -> None:
        share, _ = grant(tag="x-list")
        bare, _ = grant()
        over, _ = grant(tag="x-list")
        Shares(default_directory()).revoke(over.id)
        for share_id, tag, origin in [
            (share.id, "x-other", PAGE),
            (share.id, "x-list", "https://evil.example"),
            (share.id, "x-list", "null"),
            (share.id, "x-list", None),
            (bare.id, "x-list", PAGE),
            (over.id, "x-list", PAGE),
            ("0" * 32, "x-list", PAGE),
            ("..", "x-list", PAGE),
            (f"..%2Fshares%2F{share.id}", "x-list", PAGE),
        ]:
            with pytest.raises(HTTPClientError) as refusal:
                await fetch(share_id, tag, origin)
            assert (share_id, tag, origin, refusal.value.code) == (share_id, tag, origin, 404)
            response = refusal.value.response
            assert response is not None
            assert "Access-Control-Allow-Origin" not in response.headers

    async def test_a_share_for_all_pages_is_for_clients_that_are_none_too(
        self, fetch: Any, grant: Grant
    ) -> None:
        share, _ = grant(tag="x-list", origins=["*"])
        for origin, allowed in [("https://any.example", "https://any.example"), (None, "*")]:
            answer = await fetch(share.id, "x-list", origin)
            assert answer.headers["Access-Control-Allow-Origin"] == allowed
        assert await status(fetch(share.id, "x-list", "null")) == 404

    async def test_whom_the_app_does_not_let_in_gets_none(self, fetch: Any, grant: Grant) -> None:
        share, _ = grant(tag="x-list")
        assert await status(fetch(share.id, "x-list", **{"as": "ann"})) == 200
        assert await status(fetch(share.id, "x-list", **{"as": "nobody"})) == 404

    async def test_an_element_of_a_kernel_is_that_of_a_shared_channel(
        self, fetch: Any, dial: Dial
    ) -> None:
        kernel, other = await dial(), await dial()
        await kernel.publish("cells:*", elements={"x-cells": "cells:*"})
        shared = await kernel.share("cells:a", tag="x-cells")
        await other.publish("others:*", elements={"x-cells": "others:*"})
        asked = fetch(shared["id"], "x-cells")
        [answer, _] = await asyncio.gather(asked, give(kernel, "export default 1"))
        assert 'define("x-cells", "export default 1")' in answer.body.decode()
        # not that of another channel, although there is one
        await kernel.publish("cells:*")
        assert await status(fetch(shared["id"], "x-cells")) == 404


async def give(kernel: Dialled, source: str) -> None:
    """Answer what the server asks a kernel about an element."""
    asked = await kernel.wait(wire.ELEMENT)
    await kernel.send(wire.ELEMENT, asked.number, {"source": source})

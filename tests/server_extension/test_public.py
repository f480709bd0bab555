"""The public mount: what the token of a share opens, for whom, until when, and nothing else."""

from typing import Any

import pytest

from tests.server_extension.outsiders import PAGE, Enter, Grant, refused
from tests.server_extension.web import Web, status


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

"""A server as JupyterHub runs one: below an odd path, with tokens that are users' own."""

from typing import Any

import pytest

from tests.hub import BASE_URL, TOKENS, LikeJupyterHub
from tests.server_extension.web import Connect, Web, status

TOPIC = "counter:shared"


@pytest.fixture
def options() -> dict[str, Any]:
    return {
        "ServerApp": {"identity_provider_class": LikeJupyterHub},
        "LiveStateApp": {"limits": {"sockets_per_user": 2}},
    }


@pytest.fixture
def jp_base_url() -> str:
    return BASE_URL


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"token {token}"}


async def claim(web: Web, token: str = "") -> Any:
    """Join, with the token of a place that was lost or without, and return the terms."""
    resume = {"resume": {"token": token, "received": 0}} if token else {}
    await web.push(TOPIC, "phx_join", {"livestate": resume})
    return (await web.wait("phx_reply"))["response"]["livestate"]


async def test_a_lost_place_is_for_the_user_whose_token_it_was(connect: Connect) -> None:
    ann = await connect(headers=by("token-of-ann"))
    terms = await claim(ann)
    ann.close()
    thief = await connect(headers=by("token-of-bob"))
    assert not (await claim(thief, terms["token"]))["resumed"]
    back = await connect(headers=by("token-of-ann"))
    assert (await claim(back, terms["token"]))["resumed"]


@pytest.mark.parametrize("token", TOKENS)
async def test_a_user_with_a_token_of_their_own_has_a_bounded_number_of_sockets(
    connect: Connect, token: str
) -> None:
    for _ in range(2):
        await connect(headers=by(token))
    for _ in range(3):
        await connect()  # by the server's token: nobody knows whose
    assert await status(connect(headers=by(token))) == 429

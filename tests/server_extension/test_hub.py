"""A server as JupyterHub runs one: below an odd path, with tokens that are people's own."""

from typing import Any, Final

import pytest
from jupyter_server.auth import IdentityProvider, User

from tests.server_extension.web import Connect, Web, status

PEOPLE: Final = {"token-of-ann": "ann", "token-of-bob": "a@b c", "token-of-token": "token"}
TOPIC = "counter:shared"


class EachByToken(IdentityProvider):
    """Knows each user by a token of their own, beside the server's, which is nobody's."""

    async def get_user_token(self, handler: Any) -> User | None:
        name = PEOPLE.get(self.get_token(handler) or "")
        return await super().get_user_token(handler) if name is None else User(name)


@pytest.fixture
def options() -> dict[str, Any]:
    return {
        "ServerApp": {"identity_provider_class": EachByToken},
        "LiveStateApp": {"limits": {"sockets_per_user": 2}},
    }


@pytest.fixture
def jp_base_url() -> str:
    return "/user/a@b%20c/"


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


@pytest.mark.parametrize("token", PEOPLE)
async def test_a_user_with_a_token_of_their_own_has_a_bounded_number_of_sockets(
    connect: Connect, token: str
) -> None:
    for _ in range(2):
        await connect(headers=by(token))
    for _ in range(3):
        await connect()  # by the server's token: nobody knows whose
    assert await status(connect(headers=by(token))) == 429

"""Outsiders of the public mount, and the shares that they bring."""

from typing import Any, Protocol

from livestate_nb_server.shares import Share, Shares, Wish
from tests.server_extension.web import Web

PAGE = "https://page.example"


class Grant(Protocol):
    """Make a share; see the fixture `grant`."""

    def __call__(self, *topics: str, **wish: Any) -> tuple[Share, str]: ...


class Enter(Protocol):
    """Open a WebSocket to the public mount; see the fixture `enter`."""

    async def __call__(self, origin: str | None = PAGE, **options: Any) -> Web: ...


def make(
    shares: Shares,
    *topics: str,
    events: Any = "*",
    origins: Any = (PAGE,),
    lifetime: Any = "1h",
    tag: str | None = None,
    kernel_id: str | None = None,
) -> tuple[Share, str]:
    return shares.make(Wish(topics or ("counter:*",), events, origins, lifetime, tag), kernel_id)


async def refused(web: Web, topic: str, params: Any = None) -> str:
    """Join and return the reason of the refusal."""
    await web.push(topic, "phx_join", params)
    payload = await web.wait("phx_reply")
    assert payload["status"] == "error", payload
    return str(payload["response"]["reason"])

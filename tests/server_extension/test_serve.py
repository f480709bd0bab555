"""`jupyter livestate serve`: what it hosts, and what it refuses to start with.

That clients get nothing else is shown by tests/testing/test_server.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from livestate_nb.testing import serving
from livestate_nb_server.command import main

CHANNELS = """
from tests.server_extension.channels import Counter
from livestate_nb import Channel

class Notes(Channel, topic="notes:*"):
    def init(self, params):
        return {"notes": []}

Again = Notes

class Base(Channel):
    pass
"""
ON_MAIN = """
from livestate_nb import Channel
class OnMain(Channel, topic="main", run_on="main"): pass
"""
TWINS = """
from livestate_nb import Channel
class One(Channel, topic="same"): pass
class Two(Channel, topic="same"): pass
"""
CONFIG = """
c.LiveStateApp.channels = {"counter:*": "tests.server_extension.channels:Counter"}
c.ServerApp.jpserver_extensions = {"jupyterlab": True}
"""

ROUTES = """
from livestate_nb_server import LiveStateApp
from livestate_nb_server.serve import LeanServer, NoFiles
server = LeanServer(contents_manager_class=NoFiles)
server.initialize([], starter_extension=LiveStateApp.name, new_httpserver=False)
for rule in server.web_app.wildcard_router.rules + server.web_app.default_router.rules:
    for inner in getattr(rule.target, "rules", [rule]):
        print(inner.matcher.regex.pattern.removesuffix("$"))
"""
OF_JUPYTER = {
    "/api",
    "/api/me",
    "/api/resolvePath",
    "/api/security/csp-report",
    "/api/spec.yaml",
    "/api/status",
    "/login",
    "/logout",
    "/metrics",
    "/static/(.*)",
    r"/(robots\.txt)",
    r"/(favicon\.ico)",
    r"/(robots\.txt|favicon\.ico)",
    "/?",  # leads to the page of livestate
    "/.*/",  # to the same without the slash
    "(.*)",  # the page that says 404
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that modules are imported from."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def test_a_server_hosts_its_modules_beside_what_config_names(
    modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (modules / "notes").mkdir()
    (modules / "notes" / "channels.py").write_text(CHANNELS)
    (modules / "notes" / "__init__.py").write_text("from notes.channels import *")
    (modules / "jupyter_server_config.py").write_text(CONFIG)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(modules))
    with serving("notes") as server:
        client = server.connect()
        assert client.join("notes:1").state == {"notes": []}
        assert client.join("counter:1").state == {"count": 0}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 / 0", "cannot import it: ZeroDivisionError"),
        ("from tests.server_extension.channels import Counter", "got none"),
        ("import sys; sys.exit(3)", "cannot import it: SystemExit"),
        (ON_MAIN, "the server has none"),
        (TWINS, "'same' is already served by"),
    ],
)
def test_a_module_that_cannot_be_hosted_starts_no_server(
    modules: Path, text: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (modules / "wrong.py").write_text(text)
    sys.modules.pop("wrong", None)
    assert main(["serve", "wrong"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("jupyter livestate: ")
    assert complaint in told


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("c.LiveStateApp.connect = 'm:f'\n1 +", "cannot be loaded: SyntaxError"),
        ("c.LiveStateApp.connect = 'm:f'\n1 / 0", "cannot be loaded: ZeroDivisionError"),
        (None, "expected a file at --config="),
    ],
)
def test_a_config_file_that_cannot_be_loaded_starts_no_server(
    modules: Path, text: str | None, complaint: str
) -> None:
    (modules / "notes.py").write_text(CHANNELS)
    config = modules / "config.py"
    if text is not None:
        config.write_text(text)
    started = run(modules, "-m", "livestate_nb_server", "serve", "notes", f"--config={config}")
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1].startswith("jupyter livestate: ")
    assert complaint in started.stderr


def test_its_routes_are_these_and_no_others(tmp_path: Path) -> None:
    routes = set(run(tmp_path, "-c", ROUTES).stdout.split())
    ours = {route for route in routes if route.startswith("/livestate/")}
    assert "/livestate/websocket" in ours
    assert routes - ours == OF_JUPYTER


def run(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a directory that is Jupyter's own as well."""
    places = {f"JUPYTER_{name}_DIR": str(directory / name) for name in ("CONFIG", "RUNTIME")}
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, **places, "PYTHONPATH": os.pathsep.join([str(directory), *sys.path])},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

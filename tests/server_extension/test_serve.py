"""`jupyter livestate serve`: what it hosts, and what it refuses to start with.

That it serves nothing else is shown by tests/testing/test_server.py.
"""

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

"""The pytest plugin, in a pytest of its own: what docs/testing.md shows runs as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

INI = """\
[pytest]
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
DOCS = Path(__file__).parents[2] / "docs" / "testing.md"


def run_pytest(directory: Path, *options: str) -> str:
    """Run the tests in a directory and return what pytest says of them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PYTHONWARNINGS": "", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_documentations_examples_run_as_printed(tmp_path: Path) -> None:
    files = re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(files) > 2
    for name, text in files:
        (tmp_path / name).write_text(text)
    (tmp_path / "pytest.ini").write_text(INI)
    count = sum(len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE)) for _, text in files)
    told = run_pytest(tmp_path)
    assert re.search(rf"^{count} passed", told, re.MULTILINE), told


def test_what_the_async_examples_need_is_named() -> None:
    text = DOCS.read_text()
    for mark in re.findall(r"@pytest\.mark\.(\w+)", text):
        assert f"pip install pytest-{mark}" in text


CHANNEL = """
from livestate_nb import Channel, on

class Fragile(Channel, topic="fragile"):
    @on("drop")
    def drop(self, payload, state):
        print("about to drop")
        raise ValueError("broken on purpose")
"""
TEST = """
import pytest

@pytest.fixture(scope="session")
def livestate_modules():
    return ["fragile"]

def test_nothing_breaks(livestate_server):
    fragile = livestate_server.join("fragile")
    fragile.send_event("drop")
    fragile.assert_event("nothing")
"""


def test_what_fails_on_a_server_is_in_the_log_that_pytest_shows(tmp_path: Path) -> None:
    (tmp_path / "fragile.py").write_text(CHANNEL)
    (tmp_path / "test_fragile.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text(INI)
    told = run_pytest(tmp_path, "--log-level=INFO")
    for line in (r"INFO .*about to drop", r"ERROR .*ValueError: broken on purpose"):
        assert re.search(rf"^{line}$", told, re.MULTILINE), told


def test_the_fixtures_are_listed_with_what_they_do(tmp_path: Path) -> None:
    told = run_pytest(tmp_path, "--fixtures")
    for fixture in ("livestate", "livestate_modules", "livestate_server"):
        assert re.search(rf"^{fixture}\b", told, re.MULTILINE), told


@pytest.mark.parametrize("heavy", ["jupyter_server", "tornado", "msgspec", "livestate_nb.testing"])
def test_importing_the_plugin_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, livestate_nb.fixtures; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

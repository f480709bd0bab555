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


def test_the_fixtures_are_listed_with_what_they_do(tmp_path: Path) -> None:
    told = run_pytest(tmp_path, "--fixtures")
    for fixture in ("livestate", "livestate_modules", "livestate_server"):
        assert re.search(rf"^{fixture}\b", told, re.MULTILINE), told


@pytest.mark.parametrize("heavy", ["jupyter_server", "tornado", "msgspec", "livestate_nb.testing"])
def test_importing_the_plugin_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, livestate_nb.fixtures; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

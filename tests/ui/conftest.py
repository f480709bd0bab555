"""A browser for all tests here, and a JupyterLab for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.servers import Server, serve
from tests.ui.lab import LAB, chromium

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory: Path = tmp_path_factory.mktemp("lab")
    with serve(directory, "jupyterlab", *LAB) as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many cases were made up in the browser; workers tell it by properties."""
    passed = [dict(report.user_properties) for report in terminalreporter.stats.get("passed", [])]
    if cases := sum(told.get("cases", 0) for told in passed):
        terminalreporter.write_line(f"fuzz: {cases:,} cases in the browser")

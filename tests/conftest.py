"""What all tests have in common: reports that reach pytest from its worker processes.

At the end they say how many cases the fuzzers tried.
"""

from collections.abc import Generator

import pytest

from tests.fuzz.cases import ran


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note in a test's report how many cases it has tried."""
    cases, steps = ran.cases, ran.steps
    try:
        return (yield)
    finally:
        if ran.cases > cases:
            item.user_properties += [("cases", ran.cases - cases), ("steps", ran.steps - steps)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write half characters out: what is logged of them cannot be sent to another process."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases the fuzzers tried."""
    told = [dict(report.user_properties) for report in terminalreporter.stats.get("passed", [])]
    cases, steps = (sum(one.get(name, 0) for one in told) for name in ("cases", "steps"))
    if cases:
        terminalreporter.write_line(
            f"fuzz: {cases:,} cases, {steps:,} steps of state machines among them"
        )

"""Say at the end of a run how many cases were tried."""

from collections.abc import Generator
from dataclasses import replace

import pytest

from tests.fuzz.cases import IS_LONG, ran


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave time to make a case that fails small."""
    item.add_marker(pytest.mark.timeout(7200 if IS_LONG else 600))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    before = replace(ran)
    try:
        return (yield)
    finally:
        item.user_properties.append(("cases", ran.cases - before.cases))
        item.user_properties.append(("steps", ran.steps - before.steps))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for some in terminalreporter.stats.values() for one in some]
    told = [
        dict(one.user_properties)
        for one in reports
        if isinstance(one, pytest.TestReport) and one.when == "call"
    ]
    cases, steps = (sum(one.get(name, 0) for one in told) for name in ("cases", "steps"))
    tests = sum("cases" in one for one in told)
    terminalreporter.write_line(
        f"fuzz: {cases:,} cases in {tests} tests, {steps:,} steps of state machines among them"
    )

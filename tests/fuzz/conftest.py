"""Leave time for making small the cases that fail."""

import platform
import sys

import pytest

from tests.fuzz.cases import IS_LONG

collect_ignore = ["guided.py"]
"""It is a program, and instruments what it imports."""

if (sys.platform, platform.machine()) != ("linux", "x86_64"):  # atheris has no wheels for others
    collect_ignore.append("test_guided.py")


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(7200 if IS_LONG else 600))

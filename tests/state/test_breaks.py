"""The tests of this folder are proved: each deliberate break of the code makes one of them fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Break(NamedTuple):
    """Say how to break a module of state/, and which tests must notice.

    Attributes:
        module: the module's file.
        whole: what stands there, once.
        broken: what takes its place.
        tests: the file that one test of fails in.
    """

    module: str
    whole: str
    broken: str
    tests: str


BREAKS = {
    "True is 1": Break(
        "equality.py",
        "return kind is other and bool(left == right)",
        "return bool(left == right)",
        "test_diff",
    ),
    "-0.0 is 0.0": Break(
        "equality.py",
        "left == right and copysign(1.0, left) == copysign(1.0, right)",
        "left == right",
        "test_diff",
    ),
    "~ is not escaped": Break(
        "pointer.py",
        '.replace("~", "~0")',
        "",
        "test_diff",
    ),
    "/ is not escaped": Break(
        "pointer.py",
        '.replace("/", "~1")',
        "",
        "test_diff",
    ),
    "a move ends one place too far": Break(
        "edits.py",
        "steps.append(Move(origin, to))",
        "steps.append(Move(origin, to + 1))",
        "test_diff",
    ),
    "a move begins one place too far": Break(
        "edits.py",
        "origin = to + sum(p.length for p in order[behind:at])",
        "origin = to + 1 + sum(p.length for p in order[behind:at])",
        "test_diff",
    ),
    "the hints of head and tail are swapped": Break(
        "resolve.py",
        "TouchedList(base, new, head, tail, places)",
        "TouchedList(base, new, tail, head, places)",
        "test_touched",
    ),
    "hints of another pair of lists are taken": Break(
        "touched.py",
        "return hint if isinstance(hint, TouchedList) and hint.old is old else None",
        "return hint if isinstance(hint, TouchedList) else None",
        "test_diff",
    ),
    "hints of another pair of dicts are taken": Break(
        "touched.py",
        "return hint if isinstance(hint, TouchedDict) and hint.old is old else None",
        "return hint if isinstance(hint, TouchedDict) else None",
        "test_diff",
    ),
    "what C code wrote behind a list is not looked for": Break(
        "draft_list.py",
        "        if not is_explained:\n",
        "        if False:\n",
        "test_draft_list",
    ),
    "operations have no limit": Break(
        "diff.py",
        "MOST_OPERATIONS = 10_000",
        "MOST_OPERATIONS = 10**9",
        "test_diff",
    ),
    "a patch may be larger than what it patches": Break(
        "size.py",
        "return _rest(new, carried, limit) < limit",
        "return False",
        "test_diff",
    ),
    "a draft shares its items with the committed list": Break(
        "scope.py",
        "        if kind is dict or kind is list:\n            return self.open(value, parent)\n",
        "",
        "test_draft",
    ),
    "what the last states do not hold is remembered for ever": Break(
        "encoder.py",
        "        if self._weight > self._limit:\n            self._forget()\n",
        "",
        "test_encoder",
    ),
    "the encoder forgets what the last state holds": Break(
        "encoder.py",
        "                waiting.extend(part.parts)\n",
        "",
        "test_encoder",
    ),
    "a renamed key is added and removed": Break(
        "diff.py",
        "gone = set(renamed.values())",
        "renamed, gone = {}, set()",
        "test_diff",
    ),
    "a renamed key is moved to two names": Break(
        "diff.py",
        "origins.pop(id(new[key]))",
        "origins[id(new[key])]",
        "test_diff",
    ),
    "what a frozen object holds does not count": Break(
        "constancy.py",
        "        return all(is_constant(getattr(value, name, None)) for name in names)\n",
        "        return True\n",
        "test_resolve",
    ),
    "objects of unknown classes are shared": Break(
        "constancy.py",
        "    return issubclass(cls, _LEAVES) or is_array(value)\n",
        "    return True\n",
        "test_resolve",
    ),
    "what C code put into a window is taken as it is": Break(
        "resolve.py",
        "    ids = set(map(id, committed))\n",
        "    return found\n    ids = set(map(id, committed))\n",
        "test_resolve",
    ),
}


def run(directory: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run some of the tests in a copy of the repository."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *(f"tests/state/{name}.py" for name in tests)],
        cwd=directory,
        env={**os.environ, "HYPOTHESIS_PROFILE": "quick", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what the tests of state/ need."""
    for part in ("livestate_nb", "tests/state", "bench"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "test_breaks.py")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    shutil.copy(ROOT / "tests" / "__init__.py", tmp_path / "tests")
    return tmp_path


@pytest.mark.timeout(300)
def test_nothing_fails_where_nothing_is_broken(copy: Path) -> None:
    result = run(copy, sorted({found.tests for found in BREAKS.values()}))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_caught(name: str, copy: Path) -> None:
    module, whole, broken, tests = BREAKS[name]
    source = copy / "livestate_nb" / "state" / module
    text = source.read_text()
    assert text.count(whole) == 1, f"state/{module} has changed: say the break anew"
    source.write_text(text.replace(whole, broken))
    result = run(copy, [tests])
    assert result.returncode == 1, f"nothing failed:\n{result.stdout}{result.stderr}"

"""The tests of this folder are proved: each deliberate break of the code makes one of them fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREAKS = {
    "True is 1": (
        "equality.py",
        "return kind is other and bool(left == right)",
        "return bool(left == right)",
    ),
    "-0.0 is 0.0": (
        "equality.py",
        "left == right and copysign(1.0, left) == copysign(1.0, right)",
        "left == right",
    ),
    "~ is not escaped": ("pointer.py", '.replace("~", "~0")', ""),
    "/ is not escaped": ("pointer.py", '.replace("/", "~1")', ""),
    "a move ends one place too far": (
        "edits.py",
        "steps.append(Move(origin, to))",
        "steps.append(Move(origin, to + 1))",
    ),
    "a move begins one place too far": (
        "edits.py",
        "origin = to + sum(p.length for p in order[behind:at])",
        "origin = to + 1 + sum(p.length for p in order[behind:at])",
    ),
    "the hints of head and tail are swapped": (
        "resolve.py",
        "TouchedList(base, new, head, tail, places)",
        "TouchedList(base, new, tail, head, places)",
    ),
    "hints of another pair of lists are taken": (
        "touched.py",
        "return hint if isinstance(hint, TouchedList) and hint.old is old else None",
        "return hint if isinstance(hint, TouchedList) else None",
    ),
    "hints of another pair of dicts are taken": (
        "touched.py",
        "return hint if isinstance(hint, TouchedDict) and hint.old is old else None",
        "return hint if isinstance(hint, TouchedDict) else None",
    ),
    "what C code wrote behind a list is not looked for": (
        "draft_list.py",
        "        if not is_explained:\n",
        "        if False:\n",
    ),
    "operations have no limit": ("diff.py", "MOST_OPERATIONS = 10_000", "MOST_OPERATIONS = 10**9"),
    "a patch may be larger than what it patches": (
        "size.py",
        "return _rest(new, carried, limit) < limit",
        "return False",
    ),
    "a draft shares its items with the committed list": (
        "scope.py",
        "        if kind is dict or kind is list:\n            return self.open(value, parent)\n",
        "",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_caught(name: str, tmp_path: Path) -> None:
    module, whole, broken = BREAKS[name]
    for part in ("livestate_nb", "tests/state", "bench"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "test_breaks.py")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    shutil.copy(ROOT / "tests" / "__init__.py", tmp_path / "tests")
    source = tmp_path / "livestate_nb" / "state" / module
    text = source.read_text()
    assert text.count(whole) == 1, f"state/{module} has changed: say the break anew"
    source.write_text(text.replace(whole, broken))
    names = ["test_diff.py", "test_draft.py", "test_draft_list.py", "test_touched.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, *(f"tests/state/{test}" for test in names)],
        cwd=tmp_path,
        env={**os.environ, "HYPOTHESIS_PROFILE": "quick"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, f"nothing failed:\n{result.stdout}{result.stderr}"

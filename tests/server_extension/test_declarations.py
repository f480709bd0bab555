"""``jupyter livestate types``: what it writes, checks and refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from livestate_nb_server.command import main

CHANNELS = """\
from livestate_nb import Channel, on

class Todos(Channel, topic="todos:*"):
    def init(self, params) -> dict[str, list[str]]:
        return {"items": []}

class Count(Channel, topic="count"):
    @on("inc")
    def inc(self, payload: int, state): ...

class Torn(Channel, topic="torn"):
    def init(self, params) -> "Gone": ...

NAMES = ["Todos"]
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with a module of channels in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "typed_channels", raising=False)
    (tmp_path / "typed_channels.py").write_text(CHANNELS)
    (tmp_path / "broken_channels.py").write_text("1 / 0")
    return tmp_path


def test_types_of_several_channels_are_written(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["typed_channels:Todos", "typed_channels:Count"]
    assert main(["types", *names]) == 0
    text = capsys.readouterr().out
    assert text.startswith("// Types of typed_channels:Todos, typed_channels:Count, by")
    assert "export type TodosState = Record<string, string[]>;" in text
    assert "export interface CountEvents {\n  inc: number;\n}" in text
    assert main(["types", *names, "--output", "deep/types.ts"]) == 0
    assert capsys.readouterr().out == "wrote deep/types.ts\n"
    assert (place / "deep" / "types.ts").read_text() == text


def test_json_schema_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["types", "typed_channels:Count", "--schema"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document["$defs"]) == ["CountState", "CountEvents", "CountReplies"]


def test_a_file_that_is_not_up_to_date_is_told_and_left_alone(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["types", "typed_channels:Todos", "--output", "types.ts"]
    assert main([*words, "--check"]) == 1
    assert "cannot read types.ts: No such file" in capsys.readouterr().err
    assert main(words) == 0
    assert main([*words, "--check"]) == 0
    assert "types.ts is up to date" in capsys.readouterr().out
    (place / "types.ts").write_text("mine")
    assert main([*words, "--check"]) == 1
    assert "types.ts is not up to date" in capsys.readouterr().err
    assert (place / "types.ts").read_text() == "mine"
    (place / "types.ts").write_bytes(b"\xff")
    assert main([*words, "--check"]) == 1
    assert "cannot read types.ts: invalid start byte" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["typed_channels"], "expected 'package.module:Class', got 'typed_channels'"),
        (["gone_away:Todos"], "ModuleNotFoundError: No module named 'gone_away'"),
        (["broken_channels:Todos"], "ZeroDivisionError: division by zero"),
        (["typed_channels:Gone"], "has no attribute 'Gone'"),
        (["typed_channels:NAMES"], "expected a subclass of livestate_nb.Channel as typed_channels"),
        (["typed_channels:Torn"], "Torn.init: cannot resolve the annotation 'Gone'"),
        (["typed_channels:Todos", "--check"], "--check needs --output FILE"),
        (["typed_channels:Todos"] * 2, "got two that are called Todos"),
        (["typed_channels:Todos", "--output", "typed_channels.py/a"], "cannot write"),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
)
def test_what_cannot_be_done_is_told_without_a_traceback(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["types", *words]) == 1
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.err.startswith("jupyter livestate: ")
    assert "Traceback" not in told.err
    assert told.out == ""


def test_a_module_of_the_working_directory_is_found_by_the_installed_command(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "livestate", "types", "typed_channels:Todos"],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "export type TodosState" in done.stdout

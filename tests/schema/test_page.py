"""docs/types.md: its channel works, its types are what is written, its element compiles."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from livestate_nb.testing import Rig
from tests.schema.typescript import compiled

DOCS = Path(__file__).parents[2] / "docs" / "types.md"
COMMAND = re.compile(r"```sh\njupyter (livestate types .*?--output.*?)\n```")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A directory with the files of the page, and the types that its command writes."""
    text = DOCS.read_text()
    for name, source in re.findall(r"```\w+\n(?:#|//) (\S+\.\w+)\n(.*?)```", text, re.DOTALL):
        (tmp_path / name).write_text(source)
    for command in COMMAND.findall(text):
        subprocess.run(
            [sys.executable, "-m", "jupyter", *command.split()], cwd=tmp_path, check=True
        )
    return tmp_path


def test_the_types_are_those_that_the_page_shows(page: Path) -> None:
    assert f"```ts\n{(page / 'todos.types.ts').read_text()}```" in DOCS.read_text()


def test_the_channel_works(page: Path, livestate: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(page))
    from todos import Todos  # type: ignore[import-not-found]  # noqa: PLC0415 - the page's

    livestate.declare(Todos)
    todos = livestate.join("todos:me")
    todos.send_event("add_todo", {"title": "milk"})
    todos.assert_event("added", {"count": 1})
    todos.assert_state_patch(state={"items": [{"title": "milk", "is_done": False}]}, version=1)


def test_the_element_compiles_and_wrong_names_do_not(page: Path) -> None:
    element = (page / "todo-list.ts").read_text()
    assert compiled(page) == ""
    for right, wrong, complaint in [
        ("item.title", "item.titel", "'titel' does not exist on type 'Todo'"),
        ("state.items", "state.itmes", "'itmes' does not exist on type 'TodosState'"),
        ("{ title:", "{ titel:", "'titel' does not exist in type 'TodoInput'"),
        ('"add_todo"', '"add_tood"', "'\"add_tood\"' is not assignable"),
        ("detail.count", "detail.cuont", "'cuont' does not exist on type 'Added'"),
        ('on("added"', 'on("addde"', "'\"addde\"' is not assignable"),
    ]:
        assert right in element
        (page / "todo-list.ts").write_text(element.replace(right, wrong))
        assert complaint in compiled(page)

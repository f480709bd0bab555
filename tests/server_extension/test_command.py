"""The command line: what it generates runs as it comes out, and nothing is overwritten."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from livestate_nb_server.command import main
from tests.kernels import Kernel

INI = """\
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with Jupyter's config in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def jupyter_livestate(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run ``jupyter livestate`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "jupyter", "livestate", *words],
        env={**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def texts(place: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in place.iterdir() if path.is_file()}


def test_a_generated_channel_passes_the_test_that_comes_with_it(place: Path) -> None:
    (place / "pytest.ini").write_text(INI)
    package = place / "my_package" / "channels"
    package.mkdir(parents=True)
    for directory in (package, package.parent):
        (directory / "__init__.py").touch()
    assert main(["gen", "channel", "Class"]) == 0
    assert main(["gen", "channel", "ContactForm", "--directory", str(package)]) == 0
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.search(r"^4 passed", tested.stdout, re.MULTILINE), tested.stdout


def test_a_generated_cell_shows_its_channel(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen", "channel", "ContactForm", "--notebook"]) == 0
    assert texts(Path()) == {}
    kernel = Kernel()
    try:
        kernel.run(capsys.readouterr().out)
        assert len(kernel.displays()) == 1
        kernel.run('handle.dispatch("add", {"title": "first"})')
        assert kernel.run("print(handle.state)") == "{'items': ['first']}\n"
    finally:
        kernel.close()


def test_generated_code_is_formatted_and_clean(place: Path) -> None:
    main(["gen", "channel", "ContactForm"])
    for command in (["check"], ["format", "--check"]):
        command += ["--isolated", "--line-length=100", str(place)]
        subprocess.run([sys.executable, "-m", "ruff", *command], check=True)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["channel", "Todo"], "todo_channel.py"),
        (["channel", "Todo"], "test_todo_channel.py"),
        (["element", "Todo", "todo-list"], "todo-list.js"),
        (["element", "Todo", "todo-list", "--typescript"], "todo-list.ts"),
    ],
)
def test_what_exists_is_replaced_only_by_force(
    place: Path, words: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / name).write_text("mine")
    assert main(["gen", *words]) == 1
    assert texts(place) == {name: "mine"}
    assert f"{name} exists already: --force replaces it" in capsys.readouterr().err
    assert main(["gen", *words, "--force"]) == 0
    assert texts(place)[name] != "mine"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["channel", "todo"], "expected a class's name such as Todo or ContactForm, got 'todo'"),
        (["channel", "To-do"], "expected a class's name"),
        (["channel", "None"], "expected a class's name"),
        (["channel", "Channel"], "expected a class's name"),
        (["element", "Todo", "form-data", "--typescript"], "expected a tag"),
        (["element", "Todo", "custom-event", "--typescript"], "expected a tag"),
        (["element", "Todo", "live-element"], "expected a tag"),
        (["element", "Todo", "font-face"], "expected a tag"),
        (["element", "Todo", "todolist"], "expected a tag in lower case with a hyphen"),
        (["element", "Todo", "Todo-List"], "expected a tag in lower case with a hyphen"),
        (["element", "Todo", "../todo-list"], "expected a tag in lower case with a hyphen"),
        (["channel", "Todo", "--config", "config.json"], "expected a jupyter_server_config.py"),
    ],
)
def test_names_that_cannot_be_are_refused(
    place: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gen", *words]) == 1
    assert complaint in capsys.readouterr().err
    assert texts(place) == {}


def test_a_place_that_cannot_be_written_is_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "file").touch()
    assert main(["gen", "channel", "Todo", "--directory", "file"]) == 1
    assert "cannot write file/todo_channel.py" in capsys.readouterr().err


def test_a_channel_is_registered_where_asked_and_then_hosted(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = place / "config" / "jupyter_server_config.py"
    config.parent.mkdir()
    element = place / "todo-list.js"
    element.touch()
    elements = {"todo-list": str(element), "todo-gone": "/gone.js"}
    config.write_text(
        f"c.LiveStateApp.elements = {elements}\n"
        'c.LiveStateApp.channels = {"gone:*": "gone.away:Gone"}'  # no final newline
    )
    words = ["gen", "channel", "Todo", "--config", str(config)]
    assert main(words) == 0
    assert main([*words, "--force"]) == 0
    assert "registers it already" in capsys.readouterr().out
    assert config.read_text().count("todo_channel:Todo") == 1
    listed = jupyter_livestate("list")
    assert listed.returncode == 1
    assert listed.stdout.splitlines()[:2] == ["todo:*  todo_channel:Todo", "        events: add"]
    assert "FAILED  LiveStateApp.channels['gone:*'] = 'gone.away:Gone'" in listed.stdout
    assert f"<todo-list>  {element}" in listed.stdout
    assert "FAILED  LiveStateApp.elements['todo-gone'] = '/gone.js'" in listed.stdout
    assert "No module named 'gone'" in listed.stdout
    assert listed.stderr == ""


@pytest.mark.parametrize("config", ["folder.py", "latin.py", "file/config.py"])
def test_where_the_config_file_cannot_be_changed_nothing_is_written(
    place: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "folder.py").mkdir()
    (place / "latin.py").write_bytes(b"# caf\xe9\n")
    (place / "file").write_text("a file")
    (place / "todo_channel.py").write_text("mine")
    assert main(["gen", "channel", "Todo", "--force", "--config", config]) == 1
    assert f" {config}" in capsys.readouterr().err
    assert sorted(path.name for path in place.iterdir() if path.is_file()) == [
        *("file", "latin.py", "todo_channel.py")
    ]
    assert (place / "todo_channel.py").read_text() == "mine"


def test_a_config_file_that_jupyter_does_not_look_for_is_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = place / "config" / "jupyter_server_config.py"
    main(["gen", "channel", "Todo", "--config", str(found)])
    assert "Jupyter does not look" not in capsys.readouterr().out
    main(["gen", "channel", "Form", "--config", "jupyter_server_config.py"])
    told = capsys.readouterr().out
    assert f"start a server with --config={place / 'jupyter_server_config.py'}" in told
    assert f"or add the line to {found}" in told


def test_a_package_that_no_import_can_name_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = place / "my-pkg" / "channels"
    package.mkdir(parents=True)
    for directory in (package, package.parent):
        (directory / "__init__.py").touch()
    assert main(["gen", "channel", "Todo", "--directory", str(package)]) == 1
    assert f"expected packages that can be imported, got {package.parent}" in (
        capsys.readouterr().err
    )
    assert [*texts(package)] == ["__init__.py"]


@pytest.mark.parametrize("words", [["--config", "c.py"], ["--directory", "d"], ["--force"]])
def test_a_cell_is_written_nowhere(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen", "channel", "Todo", "--notebook", *words]) == 1
    assert "--notebook writes nothing" in capsys.readouterr().err


def test_modules_behind_the_options_of_a_server_are_told() -> None:
    served = jupyter_livestate("serve", "--port=0", "todo_channel")
    assert served.returncode == 1
    assert "expected modules in front of the options, got todo_channel behind" in served.stderr


def test_a_config_file_that_is_not_there_is_made(place: Path) -> None:
    assert main(["gen", "channel", "Todo", "--config", "config/jupyter_server_config.py"]) == 0
    assert (place / "config" / "jupyter_server_config.py").read_text().splitlines() == [
        "c = get_config()  # noqa: F821",
        'c.LiveStateApp.channels.update({"todo:*": "todo_channel:Todo"})',
    ]


def test_without_a_config_file_the_line_for_it_is_printed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["gen", "channel", "Todo"])
    line = 'c.LiveStateApp.channels.update({"todo:*": "todo_channel:Todo"})'
    assert line in capsys.readouterr().out
    assert sorted(texts(place)) == ["test_todo_channel.py", "todo_channel.py"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("c.LiveStateApp.channels = {\n", "jupyter livestate: a config file cannot be loaded: "),
        ("c.LiveStateApp.channels = ['todo']\n", "FAILED  the config of LiveStateApp"),
        ("c.LiveStateApp.connect = 'gone:away'\n", "FAILED  LiveStateApp.connect = 'gone:away'"),
    ],
)
def test_the_list_says_what_is_wrong_with_the_config(
    place: Path, text: str, complaint: str
) -> None:
    (place / "config").mkdir()
    (place / "config" / "jupyter_server_config.py").write_text(text)
    listed = jupyter_livestate("list")
    assert listed.returncode == 1
    assert complaint in listed.stdout + listed.stderr


def test_where_nothing_is_hosted_the_list_says_how() -> None:
    listed = jupyter_livestate("list")
    assert listed.returncode == 0
    assert listed.stdout.startswith("no channels: put this into jupyter_server_config.py\n")


@pytest.mark.parametrize(
    "words",
    [[], ["gen"], ["gen", "channel"], ["gen", "element"], ["types"], ["list"], ["serve"]],
    ids=" ".join,
)
def test_every_command_explains_itself(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main([*words, "--help"])
    except SystemExit as ended:  # as argparse does
        status = ended.code
    usage = " ".join(["usage: jupyter livestate", *words])
    assert (status, capsys.readouterr().out[: len(usage)]) == (0, usage)


def test_an_unknown_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sreve"])
    assert ended.value.code == 2
    assert "invalid choice: 'sreve'" in capsys.readouterr().err

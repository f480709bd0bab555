"""Generate a channel, its test, and the line that registers it.

It must not know servers.
"""

from pathlib import Path
from string import Template
from typing import Final

from livestate_nb_server.gen.files import CommandError, snake, write

_NEW_CONFIG: Final = "c = get_config()  # noqa: F821\n"


def gen_channel(name: str, directory: Path, *, config: Path | None, force: bool) -> str:
    """Write a channel's module and its test, and say what was done and what to do next.

    Args:
        name: the class's name.
        directory: where to write: a package or any other directory.
        config: a ``jupyter_server_config.py`` to register the channel in; None only says how.
        force: whether to replace files that exist.

    Raises:
        CommandError: the name is none, or a file exists or cannot be written.
    """
    words = _words(name)
    module = f"{words['snake']}_channel"
    words["module"] = ".".join([*_package(directory), module])
    files = {
        directory / f"{module}.py": _MODULE.substitute(words),
        directory / f"test_{module}.py": _TEST.substitute(words),
    }
    if config is not None and config.suffix != ".py":
        raise CommandError(f"expected a jupyter_server_config.py as --config, got {config}")
    told = write(files, force=force)
    line = _REGISTRATION.substitute(words)
    if config is not None:
        return f"{told}\n{_register(config, line)}"
    return f"{told}\n{_NEXT.substitute(words, line=line)}"


def channel_cell(name: str) -> str:
    """Return a notebook cell with a channel that it shows.

    Raises:
        CommandError: the name is none.
    """
    return _CELL.substitute(_words(name))


def _words(name: str) -> dict[str, str]:
    return {"name": name, "snake": snake(name)}


def _package(directory: Path) -> list[str]:
    """Return the names of the packages that a directory is in, outermost first."""
    names: list[str] = []
    place = directory.resolve()
    while (place / "__init__.py").exists():
        names.insert(0, place.name)
        place = place.parent
    return names


def _register(config: Path, line: str) -> str:
    text = config.read_text(encoding="utf-8") if config.exists() else _NEW_CONFIG
    if line in text.splitlines():
        return f"{config} registers it already"
    separator = "" if text.endswith("\n") else "\n"
    write({config: f"{text}{separator}{line}\n"}, force=True)
    return f"added to {config}: {line}"


_BODY: Final = '''\
class $name(Channel, topic="$snake:*"):
    """Keep a list of items for who joins ``$snake:...``."""

    def init(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the first state."""
        return {"items": []}

    @on("add")
    def add(self, payload: dict[str, Any], state: dict[str, Any]) -> None:
        """Put an item at the end."""
        state["items"].append(payload["title"])
'''

_MODULE: Final = Template(f'''\
"""The channel $name."""

from typing import Any

from livestate_nb import Channel, on


{_BODY}''')

_CELL: Final = Template(f"""\
%load_ext livestate_nb
from typing import Any

from livestate_nb import Channel, on


{_BODY}

handle = $name.show("$snake:1")
""")

_TEST: Final = Template('''\
"""Tests of the channel $name; the fixture livestate comes with livestate_nb[testing]."""

from livestate_nb.testing import Rig

from $module import $name


def test_the_first_state_has_no_items(livestate: Rig) -> None:
    livestate.declare($name)
    joined = livestate.join("$snake:1")
    joined.assert_state_change({"items": []})


def test_an_item_is_added_at_the_end(livestate: Rig) -> None:
    livestate.declare($name)
    joined = livestate.join("$snake:1")
    joined.send_event("add", {"title": "first"})
    joined.send_event("add", {"title": "second"})
    joined.assert_state_patch(state={"items": ["first", "second"]})
''')

_REGISTRATION: Final = Template('c.LiveStateApp.channels.update({"$snake:*": "$module:$name"})')

_NEXT: Final = Template("""\
to host it, put this line into jupyter_server_config.py, or generate with --config FILE:
    $line
or run a server with only this: jupyter livestate serve $module""")

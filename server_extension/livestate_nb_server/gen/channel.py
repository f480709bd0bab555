"""Generate a channel, its test, and the line that registers it.

It must not know servers.
"""

import keyword
import shlex
from pathlib import Path
from string import Template
from typing import Final

from jupyter_core.paths import jupyter_config_dir, jupyter_config_path

from livestate_nb_server.errors import CommandError
from livestate_nb_server.gen.files import read, snake, write

_NEW_CONFIG: Final = "c = get_config()  # noqa: F821\n"
_READ: Final = ("jupyter_server_config.py", "jupyter_config.py")
"""Config files that every Jupyter server reads, in the directories of jupyter_core."""


def gen_channel(name: str, directory: Path, *, config: Path | None, force: bool) -> str:
    """Write a channel's module and its test, and say what was done and what to do next.

    Args:
        name: the class's name.
        directory: where to write: a package or any other directory.
        config: a ``jupyter_server_config.py`` to register the channel in; None only says how.
        force: whether to replace files that exist.

    Raises:
        CommandError: the name is none, a file exists or cannot be written, the directory is in a
            package that no import can name, or the config file cannot be read.
    """
    words = _words(name)
    module = f"{words['snake']}_channel"
    words["module"] = ".".join([*_package(directory), module])
    files = {
        directory / f"{module}.py": _MODULE.substitute(words),
        directory / f"test_{module}.py": _TEST.substitute(words),
    }
    line = _REGISTRATION.substitute(words)
    if config is None:
        return f"{write(files, force=force)}\n{_NEXT.substitute(words, line=line)}"
    if config.suffix != ".py":
        raise CommandError(f"expected a jupyter_server_config.py as --config, got {config}")
    amended, told = _registered(config, line)
    return "\n".join([write(files, force=force, amended=amended), told, *_advice(config)])


def channel_cell(name: str) -> str:
    """Return a notebook cell with a channel that it shows.

    Raises:
        CommandError: the name is none.
    """
    return _CELL.substitute(_words(name))


def _words(name: str) -> dict[str, str]:
    return {"name": name, "snake": snake(name)}


def _package(directory: Path) -> list[str]:
    """Return the names of the packages that a directory is in, outermost first.

    Raises:
        CommandError: one of them has a name that no import can have.
    """
    names: list[str] = []
    place = directory.resolve()
    while (place / "__init__.py").exists():
        if not place.name.isidentifier() or keyword.iskeyword(place.name):
            raise CommandError(
                f"expected packages that can be imported, got {place}: rename it, or choose "
                "another --directory"
            )
        names.insert(0, place.name)
        place = place.parent
    return names


def _registered(config: Path, line: str) -> tuple[dict[Path, str], str]:
    """Return what to write so that a config file has a line, and what to say of it."""
    text = read(config)
    if text is None:
        text = _NEW_CONFIG
    if line in text.splitlines():
        return {}, f"{config} registers it already"
    separator = "" if text.endswith("\n") else "\n"
    return {config: f"{text}{separator}{line}\n"}, f"added to {config}: {line}"


def _advice(config: Path) -> list[str]:
    """Return what to do where Jupyter does not read a config file by itself."""
    place = config.resolve()
    places = [Path(path).resolve() for path in jupyter_config_path()]
    if place.parent in places and place.name in _READ:
        return []
    return [_UNREAD.substitute(path=shlex.quote(str(place)), place=Path(jupyter_config_dir()))]


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

_UNREAD: Final = Template("""\
Jupyter does not look for it there: start a server with --config=$path,
or add the line to $place/jupyter_server_config.py""")

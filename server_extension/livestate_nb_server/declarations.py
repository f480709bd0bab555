"""Write the types of channels as TypeScript or JSON Schema, or check that a file has them.

It must not know how types are read.
"""

import json
import os
import sys
from pathlib import Path

from livestate_nb import Channel, LiveStateError
from livestate_nb.channel import contract_by_class
from livestate_nb.schema import schema_of, typescript_of
from livestate_nb_server.errors import CommandError
from livestate_nb_server.hosted import Failed, load


def declarations(names: list[str], *, is_schema: bool) -> str:
    """Return the types of some channels.

    Args:
        names: of their classes, each ``"package.module:Class"``.
        is_schema: whether to write JSON Schema, not TypeScript.

    Raises:
        CommandError: one cannot be imported or is no channel, or its types cannot be told.
    """
    sys.path.insert(0, os.getcwd())  # as for `python -m`: a script has its own directory there
    channels = [_channel(name) for name in names]
    try:
        document = schema_of([contract_by_class(channel) for channel in channels])
    except LiveStateError as error:
        raise CommandError(str(error)) from error
    if is_schema:
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return typescript_of(document)


def save(text: str, path: Path) -> str:
    """Write types into a file, in the place of those that were there, and say so.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from error
    return f"wrote {path}"


def check(text: str, path: Path) -> str:
    """Say that a file has these types.

    Raises:
        CommandError: it has others, or cannot be read.
    """
    try:
        there = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"cannot read {path}: {error.reason}") from error
    if there != text:
        raise CommandError(f"{path} is not up to date: the same command without --check writes it")
    return f"{path} is up to date"


def _channel(name: str) -> type[Channel]:
    value = load(name, name, "Class")
    if isinstance(value, Failed):
        raise CommandError(value.message)
    if not (isinstance(value, type) and issubclass(value, Channel)):
        raise CommandError(f"expected a subclass of livestate_nb.Channel as {name}, got {value!r}")
    return value

"""What generated code is called, and writing it without harm to what is there.

It must not know what is generated.
"""

import keyword
import re
from pathlib import Path
from typing import Final

from livestate_nb.errors import LiveStateError

_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_TAG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_IMPORTED: Final = frozenset({"Any", "Channel", "LitElement", "LiveElement", "LiveState", "Rig"})
"""Names that generated code imports."""

_RESERVED: Final = frozenset(
    {
        "annotation-xml",
        "color-profile",
        "font-face",
        "font-face-format",
        "font-face-name",
        "font-face-src",
        "font-face-uri",
        "missing-glyph",
    }
)
"""Tags with a hyphen that no custom element may have (HTML, valid custom element name)."""

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class CommandError(LiveStateError):
    """Say why a command cannot do what it was asked for."""


def snake(name: str) -> str:
    """Return a class's name as modules are named.

    Raises:
        CommandError: it is no name that a class should have.

    Example:
        >>> snake("ContactForm"), snake("HTTPLog")
        ('contact_form', 'http_log')
    """
    if not _CLASS.fullmatch(name) or keyword.iskeyword(name) or name in _IMPORTED:
        raise CommandError(f"expected a class's name such as Todo or ContactForm, got {name!r}")
    return _WORD.sub("_", name).lower()


def element_class(tag: str) -> str:
    """Return what the class of an element is called.

    Args:
        tag: the element's tag.

    Raises:
        CommandError: it is none that a custom element of ours can have.

    Example:
        >>> element_class("todo-list")
        'TodoList'
    """
    name = "".join(part.capitalize() for part in tag.split("-"))
    if not _TAG.fullmatch(tag) or tag in _RESERVED or name in _IMPORTED:
        raise CommandError(
            f"expected a tag in lower case with a hyphen, such as todo-list, got {tag!r}"
        )
    return name


def write(files: dict[Path, str], *, force: bool) -> str:
    """Write all files or none, and say which.

    Args:
        files: path -> text.
        force: whether to replace what exists.

    Raises:
        CommandError: one exists, or cannot be written.
    """
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        raise CommandError(f"{', '.join(there)} exists already: --force replaces it")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror}") from error
    return "\n".join(f"wrote {path}" for path in files)

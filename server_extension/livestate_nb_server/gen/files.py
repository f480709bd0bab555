"""What generated code is called, and writing it without harm to what is there.

It must not know what is generated.
"""

import keyword
import re
from pathlib import Path
from typing import Final

from livestate_nb_server.errors import CommandError

_CLASS: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_TAG: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_TAKEN: Final = frozenset(
    {
        *("Any", "Channel", "LitElement", "LiveElement", "LiveState", "Rig"),
        *("CustomEvent", "FormData", "SubmitEvent"),
    }
)
"""Names that generated code imports, or has from the browser."""

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


def snake(name: str) -> str:
    """Return a class's name as modules are named.

    Raises:
        CommandError: it is no name that a class should have.

    Example:
        >>> snake("ContactForm"), snake("HTTPLog")
        ('contact_form', 'http_log')
    """
    if not _CLASS.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
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
    if not _TAG.fullmatch(tag) or tag in _RESERVED or name in _TAKEN:
        raise CommandError(
            f"expected a tag in lower case with a hyphen, such as todo-list, got {tag!r}"
        )
    return name


def read(path: Path) -> str | None:
    """Return the text of a file; None if there is none.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"cannot read {path}, which is not UTF-8: {error.reason}") from error


def write(files: dict[Path, str], *, force: bool, amended: dict[Path, str] | None = None) -> str:
    """Write all files or none, and say which of the new ones.

    Args:
        files: path -> text.
        force: whether to replace what exists.
        amended: path -> text of files that are there to be changed.

    Raises:
        CommandError: one exists, or cannot be written.
    """
    there = [str(path) for path in files if path.exists()]
    if there and not force:
        raise CommandError(f"{', '.join(there)} exists already: --force replaces it")
    before: dict[Path, bytes | None] = {}
    for path, text in {**files, **(amended or {})}.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            before[path] = path.read_bytes() if path.exists() else None
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            _restore(before)
            raise CommandError(f"cannot write {path}: {error.strerror}") from error
    return "\n".join(f"wrote {path}" for path in files)


def _restore(before: dict[Path, bytes | None]) -> None:
    """Give files the bytes that they had, and remove those that were not there."""
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)

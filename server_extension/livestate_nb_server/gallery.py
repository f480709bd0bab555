"""The elements that the server gives to pages: files that its config names, and kernels' own.

It must not know requests.
"""

import asyncio
import json
from collections.abc import Sequence
from importlib.resources import files as files_of
from importlib.resources.abc import Traversable
from pathlib import Path

from livestate_nb.declaration import check_tag
from livestate_nb.errors import DeclarationError
from livestate_nb_server.hosted import Failed
from livestate_nb_server.relay import Relay


def find(configured: dict[str, str]) -> tuple[dict[str, Traversable], list[Failed]]:
    """Return the files of elements by their tags, and what is none.

    Args:
        configured: tag -> file, as in ``LiveStateApp.elements``.
    """
    found: dict[str, Traversable] = {}
    failed: list[Failed] = []
    for tag, name in configured.items():
        file = _find(tag, name)
        if isinstance(file, str):
            failed.append(Failed(f"LiveStateApp.elements[{tag!r}] = {name!r}", file))
        else:
            found[tag] = file
    return found, failed


def _find(tag: str, name: str) -> Traversable | str:
    """Return an element's file, or why there is none."""
    try:
        check_tag(tag)
    except DeclarationError as error:
        return str(error)
    package, colon, path = name.partition(":")
    file: Traversable = Path(name)
    if not Path(name).is_absolute():
        if not (package and colon and path):
            return "expected an absolute path, or 'package:file.js'"
        try:
            file = files_of(package).joinpath(path)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a package may raise anything
            return f"cannot import {package!r}: {type(error).__name__}: {error}"
    return file if file.is_file() else "there is no such file"


class Gallery:
    """Find elements by their tags; what config names is not taken over by kernels.

    Args:
        files: tag -> file, as `find` returns them.
        relay: leads to what kernels show.
    """

    def __init__(self, files: dict[str, Traversable], relay: Relay) -> None:
        self.files = files
        self._relay = relay

    async def source(self, tag: str, topics: Sequence[str] | None = None) -> str | None:
        """Return the source of an element as it is now; None where there is no such element.

        Args:
            tag: its tag.
            topics: patterns; kernels give elements of channels that serve one of them. None for
                those of all channels.

        Raises:
            TimeoutError: the kernel that shows it does not answer.
            OSError: its file cannot be read (UnicodeDecodeError: it is not UTF-8).
        """
        file = self.files.get(tag)
        if file is None:
            return await self._relay.element(tag, topics)
        return await asyncio.to_thread(file.read_text, "utf-8")


def module(tag: str, source: str, static: str = "../static/") -> str:
    """Return the ES module that defines an element in a page.

    It hands the source to the page's one loader of elements, as a notebook's cell does.

    Args:
        tag: the element's tag.
        source: its own module.
        static: where the library lies, from where the module does.
    """
    return (
        f'import {{ define }} from "{static}served.js";\n'
        f"export default await define({json.dumps(tag)}, {json.dumps(source)});\n"
    )

"""What js/build.mjs has built, as the package carries it.

It must not know who loads it.
"""

from pathlib import Path
from typing import Final

_STATIC: Final = Path(__file__).parent / "static"

LOADER: Final = _STATIC / "loader.js"
"""What each widget carries: it loads the rest."""

CARD: Final = _STATIC / "card.js"
"""What shows a share, with all that it needs."""

PAGE: Final = _STATIC / "page"
"""The modules that a Jupyter server gives to pages."""


def widget_file() -> str:
    """Return which of these modules the loader loads first: a path below `PAGE`."""
    [file] = PAGE.glob("hashed/widget-*.js")
    return file.relative_to(PAGE).as_posix()


def whole() -> str:
    """Return the source of the widget with all that it needs."""
    return (_STATIC / "widget.js").read_text("utf-8")

"""What js/build.mjs has built, as the package carries it.

It must not know who loads it.
"""

from pathlib import Path
from typing import Final

_STATIC: Final = Path(__file__).parent / "static"

PAGE: Final = _STATIC / "page"
"""The modules that a Jupyter server gives to pages."""


def loader() -> str:
    """Return the source of a widget that loads the rest from its page's server."""
    return (_STATIC / "loader.js").read_text("utf-8")


def whole() -> str:
    """Return the source of the widget with all that it needs."""
    return (_STATIC / "widget.js").read_text("utf-8")

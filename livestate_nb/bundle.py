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


def whole() -> str:
    """Return the source of the widget with all that it needs."""
    return (_STATIC / "widget.js").read_text("utf-8")

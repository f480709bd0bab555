"""The origins of pages, as browsers send them, and which of them a share is for.

It must not know shares.
"""

import re
from collections.abc import Sequence
from typing import Final

from livestate_nb.transports.uplink_wire import ALL

NULL: Final = "null"
"""The origin of pages without one: files, and frames in a sandbox."""

MAX_ORIGIN: Final = 300

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(:(?P<port>[0-9]{1,5}))?"
)
_DEFAULTS: Final = {"http": "80", "https": "443"}


def is_origin(text: str) -> bool:
    """Return whether a text is an origin as browsers send them (RFC 6454 section 6.2).

    Example:
        >>> is_origin("https://example.org"), is_origin("https://example.org/"), is_origin("null")
        (True, False, True)
    """
    if text == NULL:
        return True
    found = _ORIGIN.fullmatch(text) if len(text) <= MAX_ORIGIN else None
    if found is None:
        return False
    return found["port"] is None or found["port"] != _DEFAULTS.get(found["scheme"])


def allows(origins: Sequence[str], origin: str | None) -> bool:
    """Return whether a page of this origin is among those that were named.

    A star stands for all origins, and for clients that send none as they are no pages; only for
    pages without an origin `NULL` has to be named.

    Args:
        origins: origins, and ``"*"``.
        origin: what a client sent; None for nothing.

    Example:
        >>> allows(["*"], "https://example.org"), allows(["*"], None), allows(["*"], "null")
        (True, True, False)
    """
    if origin is None:
        return ALL in origins
    return origin in origins or (ALL in origins and origin != NULL and is_origin(origin))

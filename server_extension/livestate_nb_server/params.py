"""Connect params: what clients put into the query of the socket's address, and their authToken.

It must not know handlers or what the params mean.
"""

import base64
import re
from typing import Final
from urllib.parse import parse_qsl

from livestate_nb.codec import Json

AUTH_PROTOCOL: Final = "base64url.bearer.phx."
"""In front of an authToken that phoenix.js offers as a subprotocol (phoenix transport.ex)."""

AUTH_HEADER: Final = "X-Phoenix-AuthToken"
"""Where requests that are for no WebSocket have an authToken (phoenix longpoll.js)."""

MAX_PARAMS: Final = 1000
"""Params in one address; more are refused."""

_OURS: Final = frozenset({"vsn", "token", "_xsrf"})
"""What the server takes for itself: the version, and credentials."""

_MAX_DEPTH: Final = 32
_KEYS = re.compile(r"\[([^\[\]]*)\]")
_NESTED = re.compile(r"([^\[]+)((?:\[[^\[\]]*\])+)", re.DOTALL)


def connect_params(query: str) -> dict[str, Json]:
    """Return the connect params in a query, nested as their brackets say; all values are texts.

    Names without brackets stand for themselves, ``a[b]`` for a key of an object and ``a[]`` for
    an item of a list (plug query.ex; phoenix.js writes the items of a list as ``a[0]``, which are
    keys). Where two cannot both hold the later one does.

    Args:
        query: what follows the question mark.

    Raises:
        ValueError: there are more than `MAX_PARAMS`.

    Example:
        >>> connect_params("vsn=2.0.0&a[b]=1&a[c]=2&l[]=x&l[]=y")
        {'a': {'b': '1', 'c': '2'}, 'l': ['x', 'y']}
    """
    found: dict[str, Json] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMS):
        if name not in _OURS:
            _put(found, _path(name), value)
    return found


def auth_token(subprotocols: str) -> str | None:
    """Return the authToken among the subprotocols that a client offers; None if there is none.

    Args:
        subprotocols: the header's value, such as ``phoenix, base64url.bearer.phx.c2VjcmV0``.

    Raises:
        ValueError: it is not base64 of a UTF-8 text.

    Example:
        >>> auth_token("phoenix, base64url.bearer.phx.c2VjcmV0")
        'secret'
    """
    for offered in subprotocols.split(","):
        encoded = offered.strip()
        if encoded.startswith(AUTH_PROTOCOL):
            # the name promises base64url, phoenix.js writes the older alphabet
            text = encoded.removeprefix(AUTH_PROTOCOL).replace("-", "+").replace("_", "/")
            padding = "=" * (-len(text) % 4)
            return base64.b64decode(text + padding, validate=True).decode()
    return None


def _path(name: str) -> list[str]:
    nested = _NESTED.fullmatch(name)
    if nested is None:
        return [name]
    keys = _KEYS.findall(nested[2])
    return [name] if len(keys) > _MAX_DEPTH else [nested[1], *keys]


def _put(place: Json, path: list[str], value: str) -> None:
    """Put a value where a path leads to, an empty key being the end of a list."""
    for key, following in zip(path, [*path[1:], None], strict=True):
        item: Json = value if following is None else [] if following == "" else {}
        if isinstance(place, list):
            place.append(item)
        elif following is None or type(place.get(key)) is not type(item):
            place[key] = item
        place = place[-1] if isinstance(place, list) else place[key]

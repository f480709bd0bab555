"""RFC 6901 pointers: where something is inside a document, and why something cannot be there.

It knows which keys may go on the wire. It must not know types of values, or operations.
"""

from collections.abc import Iterable

from livestate_nb.errors import EncodeError

UNSAFE_KEYS = frozenset({"constructor", "prototype"})
"""Keys that a path must not contain: a client library throws at them. They are fine in values."""

FORBIDDEN_KEY = "__proto__"
"""A key that is refused: browsers take it for the object's prototype."""


class Refusal(Exception):
    """Carry why a value has no JSON form up to who knows where it is.

    Each container on the way adds the key or index under which it holds the value, so that no
    path is made where nothing goes wrong.

    Attributes:
        reason: what is wrong and what to do about it.
        value: the value, or the key.
        keys: str keys and int indices that lead to it, the innermost first.
    """

    def __init__(self, reason: str, value: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.keys: list[object] = []

    def error(self, path: str) -> EncodeError:
        """Return the error to raise.

        Args:
            path: RFC 6901 pointer to the container that came last.
        """
        path += pointer(reversed(self.keys))
        return EncodeError(
            f"The state has no JSON form at {path!r}: {self.reason}", path, self.value
        )


def pointer(keys: Iterable[object]) -> str:
    """Return the pointer that follows some keys and indices.

    Example:
        >>> pointer(["rows", 3, "a/b"])
        '/rows/3/a~1b'
    """
    return "".join(f"/{_escaped(str(key))}" for key in keys)


def checked_key(key: object) -> str:
    """Return an object's key as the plain str that goes on the wire.

    Args:
        key: the key; a subclass of str (a StrEnum's member) becomes the text it stands for.

    Raises:
        Refusal: the key is no str, has a lone surrogate, or is ``__proto__`` (one client library
            drops it, another throws).
    """
    if not isinstance(key, str):
        raise Refusal(
            f"keys of an object must be str, got {type(key).__name__} {key!r}. Write str(key)", key
        )
    if key == FORBIDDEN_KEY:
        raise Refusal(
            f"browsers take the key {key!r} for the object's prototype. Choose another name", key
        )
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError as error:
            raise Refusal(
                f"the key {key!r} has a lone surrogate, which UTF-8 cannot carry", key
            ) from error
    return key if type(key) is str else str.__str__(key)


def member(path: str, key: object) -> str:
    """Return the pointer to an object's member (RFC 6901 section 3).

    Args:
        path: RFC 6901 pointer to the object.
        key: the member's key, unescaped.

    Raises:
        EncodeError: the key is no str, has a lone surrogate, or is ``__proto__``.

    Example:
        >>> member("/files", "a/b~c")
        '/files/a~1b~0c'
    """
    if type(key) is str and key.isidentifier() and key != FORBIDDEN_KEY:
        return f"{path}/{key}"
    try:
        text = checked_key(key)
    except Refusal as refusal:
        raise refusal.error(path) from refusal
    return f"{path}/{_escaped(text)}"


def _escaped(key: str) -> str:
    if "~" in key:
        key = key.replace("~", "~0")
    return key.replace("/", "~1") if "/" in key else key


def too_deep(value: object, path: str = "") -> EncodeError:
    """Return the error for a value whose nesting Python's recursion limit does not allow."""
    return EncodeError(
        f"The state has no JSON form at {path!r}: it is nested too deeply, or contains itself. A "
        "state must be a tree",
        path,
        value,
    )

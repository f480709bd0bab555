"""Grant, list and revoke shares at the command line: what `jupyter livestate token` does.

Running servers of the same user follow within seconds. It must not know servers.
"""

from datetime import datetime
from typing import Final

from livestate_nb.errors import ShareError
from livestate_nb.transports.uplink_wire import ALL
from livestate_nb_server.errors import CommandError
from livestate_nb_server.shares import Share, Shares, Wish, default_directory

EVERY: Final = "all"
"""Stands for all shares."""


def grant(wish: Wish) -> tuple[str, str]:
    """Make a share.

    Returns:
        its token, and what it is, for people.

    Raises:
        CommandError: there can be no such share, or it cannot be kept.
    """
    try:
        share, token = _shares().make(wish)
    except ShareError as error:
        raise CommandError(str(error)) from error
    except (OSError, RuntimeError) as error:
        raise CommandError(f"the share cannot be kept: {error}") from error
    return token, _describe(share)


def listed() -> str:
    """Return a text that tells which shares hold."""
    return "\n".join(map(_describe, _shares().all())) or "Nothing is shared."


def revoke(name: str) -> str:
    """End a share, or all of them, and say so.

    Args:
        name: the share's id, or `EVERY`.

    Raises:
        CommandError: there is no such share, or it cannot be removed.
    """
    shares = _shares()
    names = [share.id for share in shares.all()] if name == EVERY else [name]
    try:
        ended = [one for one in names if shares.revoke(one)]
    except OSError as error:
        raise CommandError(f"a share cannot be revoked: {error}") from error
    if not ended and name != EVERY:
        raise CommandError(f"there is no share {name!r}: --list shows those that hold")
    return "\n".join(f"revoked {one}" for one in ended) or "Nothing is shared."


def rotate() -> str:
    """Let a new key sign from now on, and say so.

    Raises:
        CommandError: the key cannot be kept.
    """
    try:
        _shares().keys.rotate()
    except (OSError, RuntimeError) as error:
        raise CommandError(f"the key cannot be kept: {error}") from error
    return "A new key signs from now on; shares that older ones signed hold until they are over."


def _shares() -> Shares:
    return Shares(default_directory())


def _describe(share: Share) -> str:
    until = datetime.fromtimestamp(share.expires).astimezone().isoformat(" ", "seconds")
    events = "all events" if share.events == ALL else ", ".join(share.events) or "read only"
    lines = [
        f"{share.id}  until {until}",
        f"    topics   {', '.join(share.topics)}",
        f"    events   {events}",
        f"    origins  {', '.join(share.origins)}",
    ]
    if share.tag is not None:
        lines.append(f"    element  {share.tag}")
    if share.kernel_id is not None:
        lines.append(f"    kernel   {share.kernel_id}")
    return "\n".join(lines)

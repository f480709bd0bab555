"""The errors of the command line and of shares; see `livestate_nb.errors` for the tree.

They must not know how they are told.
"""

from livestate_nb.errors import LiveStateError, ShareError


class CommandError(LiveStateError):
    """Say why a command cannot do what it was asked for."""


class ShareRefused(ShareError):
    """Say that a share does not open what a client asks for; its text is what the client is told.

    Args:
        reason: a text without anything of the token.
    """

    reason = "refused"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason or self.reason)


class Expired(ShareRefused):
    """Say that a share's time is over."""

    reason = "share expired"


class Revoked(ShareRefused):
    """Say that there is no such share any more."""

    reason = "share revoked"


class Altered(ShareRefused):
    """Say that a token is not as this server wrote it."""

    reason = "share altered"


class UnknownKey(ShareRefused):
    """Say that a token is signed by a key that this server does not have."""

    reason = "share signed with an unknown key"


class ForeignOrigin(ShareRefused):
    """Say that a share is not for the page that brings it."""

    reason = "share not for this origin"

"""The error of the command line.

It must not know commands.
"""

from livestate_nb.errors import LiveStateError


class CommandError(LiveStateError):
    """Say why a command cannot do what it was asked for."""

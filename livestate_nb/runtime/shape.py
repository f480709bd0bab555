"""Tell whether two classes have the same `migrate`, wherever it stands.

It must not know what it makes of a state.
"""

import inspect
from types import CodeType

from livestate_nb.channel import Channel


def shape_of(channel: type[Channel]) -> object:
    """Return what tells whether a state was made by, or for, the same `migrate`.

    Returns:
        the code of the class's `migrate`, wherever it stands; None where it has none.
    """
    if channel.migrate is Channel.migrate:
        return None
    return _substance(inspect.unwrap(channel.migrate).__code__)


def _substance(code: CodeType) -> tuple[object, ...]:
    """Return what a code does, without where it stands in its file or cell."""
    constants = (_substance(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.co_code, code.co_names, tuple(constants)

"""Take a session's state along when its class changes.

It must not know why the class changed or whose turn it is.
"""

import inspect
import logging
from collections.abc import Callable
from types import CodeType
from typing import Any, Protocol

from livestate_nb.channel import Channel, Turn, current_turn, options_of
from livestate_nb.declaration import Options
from livestate_nb.runtime.failure import cut
from livestate_nb.runtime.ledger import Ledger, Outgoing
from livestate_nb.runtime.mailbox import Mailbox
from livestate_nb.runtime.work import Work, run

_log = logging.getLogger("livestate_nb")


class Heir(Protocol):
    """What a session offers: it inherits the state of the class before."""

    channel: Channel
    topic: str
    ledger: Ledger
    mailbox: Mailbox
    shape: object

    def work(self, function: Callable[..., Any], *args: Any) -> Work:
        """Return a run of one of the channel's callbacks."""

    def send_update(self, update: Outgoing | None) -> None:
        """Send an update to all members."""

    def reconfigure(self, options: Options) -> None:
        """Take the options of another class."""


def shape_of(channel: type[Channel]) -> object:
    """Return what tells whether a state was made by, or for, the same `migrate`.

    Returns:
        the code of the class's `migrate`, wherever it stands; None where it has none.
    """
    if channel.migrate is Channel.migrate:
        return None
    return _substance(inspect.unwrap(channel.migrate).__code__)


async def take_over(heir: Heir, channel: type[Channel]) -> None:
    """Give a session another class; its `migrate`, if it is a new one, makes the state fit.

    Where that raises the session keeps the class and the state that it had.
    """
    before, options = type(heir.channel), heir.ledger.options
    heir.channel.__class__ = channel
    heir.reconfigure(options_of(channel))
    shape = shape_of(channel)
    if shape in (None, heir.shape) or heir.ledger.version is None:
        heir.shape = shape
        return
    turn = Turn(heir.channel, None)
    current_turn.set(turn)
    working = heir.ledger.open()
    try:
        state = await run(heir.work(heir.channel.migrate, working))
        update = heir.ledger.commit(working, state)
    except BaseException as error:
        heir.ledger.abort(working)
        if heir.mailbox.is_closed:
            raise
        heir.channel.__class__ = before
        heir.reconfigure(options)
        _log.error(
            "%s on %s keeps its class and state, since migrate failed",
            channel.__name__,
            cut(heir.topic),
            exc_info=error,
        )
        return
    finally:
        turn.is_over = True
    heir.shape = shape
    heir.send_update(update)


def _substance(code: CodeType) -> tuple[object, ...]:
    """Return what a code does, without where it stands in its file or cell."""
    constants = (_substance(one) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.co_code, code.co_names, tuple(constants)

"""Take a session's state along when its class changes.

It must not know why the class changed or whose turn it is.
"""

import logging
from typing import Protocol

from livestate_nb.channel import Channel, Turn, current_turn, options_of
from livestate_nb.declaration import Options
from livestate_nb.runtime.failure import cut
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.life import Life
from livestate_nb.runtime.shape import shape_of
from livestate_nb.runtime.work import run

_log = logging.getLogger("livestate_nb")


class Heir(Protocol):
    """What a session does for the class that inherits its state."""

    def send_update(self, update: Outgoing | None) -> None:
        """Send an update to all members."""

    def reconfigure(self, options: Options) -> None:
        """Take the options of another class."""


async def take_over(life: Life, heir: Heir, channel: type[Channel]) -> None:
    """Give a session another class; its `migrate`, if it is a new one, makes the state fit.

    Where that raises the session keeps the class and the state that it had.
    """
    before, options = type(life.channel), life.ledger.options
    life.channel.__class__ = channel
    heir.reconfigure(options_of(channel))
    shape = shape_of(channel)
    if shape in (None, life.shape) or life.ledger.version is None or life.is_over:
        life.shape = shape
        return
    turn = Turn(life.channel, None)
    current_turn.set(turn)
    working = life.ledger.open()
    try:
        state = await run(life.work(life.channel.migrate, working))
        update = life.ledger.commit(working, state)
    except BaseException as error:
        life.ledger.abort(working)
        life.channel.__class__ = before
        if life.is_over:
            raise
        heir.reconfigure(options)
        _log.error(
            "%s on %s keeps its class and state, since migrate failed",
            channel.__name__,
            cut(life.topic),
            exc_info=error,
        )
        return
    finally:
        turn.is_over = True
    life.shape = shape
    if not life.is_over:
        heir.send_update(update)

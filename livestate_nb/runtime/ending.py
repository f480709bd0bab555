"""End a life: its `ended`, once, when what it has begun has come to its end.

It must not know why it ends, nor who was joined.
"""

import asyncio
import logging
import time
from typing import Final

from livestate_nb.channel import Turn, current_turn
from livestate_nb.runtime.failure import cut
from livestate_nb.runtime.fault import log_fault
from livestate_nb.runtime.handling import Kind, measure
from livestate_nb.runtime.life import Life
from livestate_nb.runtime.meter import Meter, Outcome
from livestate_nb.runtime.work import run

_PATIENCE: Final = 2.0
"""Seconds that `ended` waits for what still runs: the endpoint, when it closes, has 5 for all."""

_log = logging.getLogger("livestate_nb")


async def finish(life: Life, meter: Meter) -> None:
    """Run `ended` of a life that is over, with a copy of its last state; failures are logged.

    What still runs is waited for first, 2 seconds at most: nothing can stop a thread.

    Args:
        life: one that had a state.
        meter: is told.
    """
    await life.mailbox.wound_up(_PATIENCE)
    turn = Turn(life.channel, None)
    current_turn.set(turn)
    begun, outcome, working = time.perf_counter(), Outcome.FAILED, None
    try:
        working = life.ledger.open()
        await run(life.work(life.channel.ended, working))
        outcome = Outcome.OK
    except BaseException as error:
        task = asyncio.current_task()
        if task is None or not task.cancelling():
            log_fault(life.channel, "ended", error)
            return
        name = type(life.channel).__name__
        _log.error("%s on %s is given up: its ended takes too long", name, cut(life.topic))
        outcome = Outcome.DROPPED
        raise
    finally:
        turn.is_over = True
        life.ledger.abort(working)
        measure(meter, life, Kind.END, outcome, time.perf_counter() - begun)

"""The desk: where an app's connect callback is asked about each client.

It must not know requests.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, Final, TypeAlias

from livestate_nb.codec import Json
from livestate_nb.errors import Refuse, ReturnError
from livestate_nb.roles import User
from livestate_nb.runtime.failure import brief
from livestate_nb.runtime.threads import Workers
from livestate_nb.state.encoder import encode

PATIENCE: Final = 10.0
"""Seconds that a connect callback may take: phoenix.js waits 20 for an answer to its poll."""

_WORKERS: Final = 40

Connect: TypeAlias = Callable[
    [dict[str, Json], User, str | None],
    Awaitable[dict[str, Any] | None] | dict[str, Any] | None,
]
"""What an app says to a client that connects; see `LiveStateApp.connect`."""

_log = logging.getLogger("livestate_nb")


class Desk:
    """Ask an app about its clients.

    A plain callback runs in a thread, one of its own pool's: a stuck one harms nothing else.

    Args:
        connect: what the app says; None lets everybody in.
        patience: seconds that it may take.

    Example:
        >>> desk = Desk(lambda params, user, token: {"team": params["team"]})
        >>> asyncio.run(desk.ask({"team": "7"}, User("ann"), None))
        {'team': '7'}
        >>> desk.close()
    """

    def __init__(self, connect: Connect | None, patience: float = PATIENCE) -> None:
        self._connect = connect
        self._patience = patience
        self._workers = Workers(_WORKERS)

    async def ask(
        self, params: dict[str, Json], user: User, auth_token: str | None
    ) -> dict[str, Json]:
        """Return the assigns that the app gives to a client.

        Raises:
            Refuse: the app refuses it, fails, or takes too long.
        """
        if self._connect is None:
            return {}
        limit = asyncio.timeout(self._patience)
        try:
            async with limit:
                return _assigns(await self._call(self._connect, params, user, auth_token))
        except Refuse as error:
            _log.info("the connect callback refused a connection: %s", brief(error))
            raise
        except Exception as error:
            if limit.expired():
                _log.error(
                    "the connect callback took %g s: a connection is refused", self._patience
                )
            else:
                _log.exception("the connect callback failed: a connection is refused")
            raise Refuse("the app could not be asked") from error

    def close(self) -> None:
        """Let the threads end when they are done."""
        self._workers.shutdown()

    async def _call(self, connect: Connect, *told: Any) -> object:
        """Call a callback, in a thread unless it is async; await what it gives if that waits."""
        if inspect.iscoroutinefunction(connect):
            return await connect(*told)
        loop = asyncio.get_running_loop()
        given = await loop.run_in_executor(self._workers, copy_context().run, connect, *told)
        return await given if inspect.isawaitable(given) else given


def _assigns(given: object) -> dict[str, Json]:
    """Return what the connect callback gave as JSON, so that it can go to kernels."""
    assigns = {} if given is None else encode(given)
    if not isinstance(assigns, dict):
        raise ReturnError(
            f"expected connect to return a dict or None, got {type(given).__name__}", given
        )
    return assigns

"""Who may come in: authentication, the version, and what the app's connect callback says.

All transports ask here, before a client has a connection. It must not know frames or topics.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError, Refuse, ReturnError
from livestate_nb.protocol import serializer_for
from livestate_nb.roles import User
from livestate_nb.state.encoder import encode
from livestate_nb_server.params import connect_params

AUTH_RESOURCE: Final = "livestate"

BY_TOKEN: Final = "token"  # noqa: S105 - no token, but that there was one
"""The principal of who authenticated by Jupyter's token: a new anonymous user each time."""

ANYBODY: Final = ""
"""The principal of everybody where the server's authentication is off."""

Connect: TypeAlias = Callable[
    [dict[str, Json], User, str | None],
    Awaitable[dict[str, Any] | None] | dict[str, Any] | None,
]
"""What an app says to a client that connects; see `LiveStateApp.connect`."""

_log = logging.getLogger("livestate_nb")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Hold who has been let in.

    Args:
        vsn: the version of the wire that the client speaks, one that we do.
        user: who the server authenticated.
        principal: names who its resume tokens are bound to.
        assigns: what the connect callback gave, JSON.
    """

    vsn: str
    user: User
    principal: str
    assigns: dict[str, Json]


class AdmissionHandler(JupyterHandler):
    """Let clients in; the base of the transports' handlers."""

    auth_resource = AUTH_RESOURCE

    async def authorize(self) -> None:
        """Check that who the server authenticated may execute in this server.

        Raises:
            HTTPError: 403, they may not.
        """
        await self._must_execute(self.auth_resource)

    async def _must_execute(self, resource: str) -> None:
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", resource)
        )
        if not allowed:
            raise web.HTTPError(403)

    async def admit(self, connect: Connect | None, token: Callable[[], str | None]) -> Visitor:
        """Let a client in that the server has authenticated and authorized.

        Args:
            connect: what the app says to it; None lets everybody in.
            token: returns its authToken.

        Raises:
            HTTPError: 403, it speaks a version that we do not, its query or authToken is none, or
                the app refuses it.
        """
        try:
            vsn = str(self.get_query_argument("vsn", "1.0.0"))
            serializer_for(vsn)
            params, auth_token = connect_params(self.request.query), token()
        except (ProtocolError, ValueError) as error:
            raise web.HTTPError(403, f"a connection is refused: {error}") from error
        user = _user(self.current_user)
        assigns = {} if connect is None else await _ask(connect, params, user, auth_token)
        return Visitor(vsn, user, self.principal, assigns)

    @property
    def principal(self) -> str:
        """Who the client is, the same whenever it connects."""
        if self.identity_provider.is_token_authenticated(self):
            return BY_TOKEN
        if not self.identity_provider.auth_enabled:
            return ANYBODY
        return str(self.current_user.username)


async def _ask(
    connect: Connect, params: dict[str, Json], user: User, auth_token: str | None
) -> dict[str, Json]:
    """Return what the app gives to a client; refuse it where the app does, or fails."""
    try:
        if inspect.iscoroutinefunction(connect):
            given = await connect(params, user, auth_token)
        else:
            given = await asyncio.to_thread(connect, params, user, auth_token)
        return _assigns(given)
    except Refuse as error:
        raise web.HTTPError(403, "the connect callback refused a connection") from error
    except Exception as error:
        _log.exception("the connect callback failed: the connection is refused")
        raise web.HTTPError(403) from error


def _assigns(given: object) -> dict[str, Json]:
    """Return what the connect callback gave as JSON, so that it can go to kernels."""
    assigns = {} if given is None else encode(given)
    if not isinstance(assigns, dict):
        raise ReturnError(
            f"expected connect to return a dict or None, got {type(given).__name__}", given
        )
    return assigns


def _user(user: Any) -> User:
    """Return who jupyter_server authenticated, in words that kernels know."""
    return User(
        user.username, user.name, user.display_name, user.initials, user.avatar_url, user.color
    )

"""Who may come in: authentication, the version, and what the app says.

All transports ask here, before a client has a connection. It must not know frames or topics.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from livestate_nb.codec import Json
from livestate_nb.errors import ProtocolError, Refuse
from livestate_nb.protocol import serializer_for
from livestate_nb.roles import User
from livestate_nb.runtime.meter import Refusal, username
from livestate_nb_server.desk import Desk
from livestate_nb_server.observer import Observer, Rejection
from livestate_nb_server.params import connect_params

AUTH_RESOURCE: Final = "livestate"

BY_TOKEN: Final = "token"  # noqa: S105 - no token, but that there was one
"""The principal of who has the server's own token: it is nobody's, each time a new user's."""

ANYBODY: Final = ""
"""The principal of everybody where the server's authentication is off."""


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


class Rejected(web.HTTPError):
    """Say that a client is not let in, 403.

    Args:
        rejection: by which rule.
        why: for the log; "" where that has been told there.
    """

    def __init__(self, rejection: Rejection, why: str = "") -> None:
        super().__init__(403, why or None)
        self.rejection = rejection


class AdmissionHandler(JupyterHandler):
    """Let clients in; the base of the transports' handlers."""

    auth_resource = AUTH_RESOURCE
    observer: Observer
    """Measures; each handler's `initialize` takes it."""

    async def authorize(self) -> None:
        """Check that who the server authenticated may execute in this server.

        Raises:
            Rejected: they may not.
        """
        await self._must_execute(self.auth_resource)

    async def _must_execute(self, resource: str) -> None:
        allowed = await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "execute", resource)
        )
        if not allowed:
            raise Rejected(Rejection.PERMISSION)

    async def admit(self, desk: Desk, token: Callable[[], str | None]) -> Visitor:
        """Let a client in that the server has authenticated and authorized.

        Args:
            desk: asks what the app says to it.
            token: returns its authToken.

        Raises:
            Rejected: it speaks a version that we do not, its query or authToken is none, or the
                app refuses it.
        """
        try:
            vsn = str(self.get_query_argument("vsn", "1.0.0"))
            serializer_for(vsn)
            params, auth_token = connect_params(self.request.query), token()
        except (ProtocolError, ValueError) as error:
            raise Rejected(Rejection.REQUEST, f"a connection is refused: {error}") from error
        user = _user(self.current_user)
        try:
            assigns = await desk.ask(params, user, auth_token)
        except Refuse as error:
            raise Rejected(Rejection.CONNECT) from error
        return Visitor(vsn, user, self.principal, assigns)

    def reject(self, rejection: Refusal | Rejection) -> None:
        """Note that the client is not let in."""
        user = username(getattr(self, "_jupyter_current_user", None))
        self.observer.rejected(rejection, "", user, "")

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Note a refusal, by Jupyter too, and log as tornado does."""
        if isinstance(value, web.HTTPError) and value.status_code == 403:
            self.reject(value.rejection if isinstance(value, Rejected) else Rejection.LOGIN)
        self._forget_query()
        super().log_exception(typ, value, tb)

    def _log(self) -> None:
        """Let the server log the request."""
        self._forget_query()
        super()._log()

    def _forget_query(self) -> None:
        """Keep the query out of the log: it has the client's params, and may have a token."""
        self.request.uri = self.request.path

    @property
    def principal(self) -> str:
        """Who the client is, the same whenever it connects."""
        provider = self.identity_provider
        if provider.is_token_authenticated(self) and provider.get_token(self) == self.token:
            return BY_TOKEN  # others, such as JupyterHub's, are some user's
        if not provider.auth_enabled:
            return ANYBODY
        return f"user {self.current_user.username}"


class KernelAdmissionHandler(AdmissionHandler):
    """Let clients of one kernel in: all that it has declared and shows is for them.

    So that is for who may run code in the server's kernels, and not for who may only join.
    """

    async def authorize(self) -> None:
        """Check that who the server authenticated may execute in this server and its kernels."""
        await super().authorize()
        await self._must_execute("kernels")


def _user(user: Any) -> User:
    """Return who jupyter_server authenticated, in words that kernels know."""
    return User(
        user.username, user.name, user.display_name, user.initials, user.avatar_url, user.color
    )

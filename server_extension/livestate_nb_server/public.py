"""What is public: requests of anybody, for what a share opens.

No identity counts here: neither cookies nor Jupyter's token are looked at. It must not know what
channels do, nor how shares are kept.
"""

import asyncio
import logging
import secrets
from typing import Any
from urllib.parse import unquote_plus

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from livestate_nb.errors import Refuse
from livestate_nb.roles import User
from livestate_nb.runtime.failure import brief, cut
from livestate_nb_server.desk import Desk
from livestate_nb_server.gallery import Gallery, module
from livestate_nb_server.lobby import Lobby
from livestate_nb_server.origins import allows
from livestate_nb_server.params import AUTH_HEADER, connect_params
from livestate_nb_server.shares import Share
from livestate_nb_server.tokens import PREFIX

_log = logging.getLogger("livestate_nb")


class PublicHandler(web.RequestHandler):
    """Take requests of anybody, as long as they are not too many; the base of the handlers."""

    def initialize(self, desk: Desk, lobby: Lobby) -> None:
        """Take what asks the app about clients, and what has the shares.

        No log shows the query of an address from here on, nor the address of the page that asks:
        there may be a token in them.
        """
        self.request.uri = "" if _has_token(self.request.path) else self.request.path
        self.request.headers.pop("Referer", None)
        self.desk = desk
        self.lobby = lobby

    @property
    def log(self) -> logging.Logger:
        """Where Jupyter logs requests."""
        return _log

    @property
    def address(self) -> str:
        """Where the client is, as far as proxies tell; see `livestate_nb_server.addresses`."""
        return self.request.remote_ip or ""

    @property
    def origin(self) -> str | None:
        """The origin of the page that asks; None where the client sends none."""
        return self.request.headers.get("Origin")

    def prepare(self) -> None:
        """Refuse who asks too often, and tokens in addresses.

        Raises:
            HTTPError: 429, the address asks too often; 400, there is what looks like a token in
                the address, which logs and histories on the way have seen now.
        """
        if not self.lobby.may_come(self.address):
            raise web.HTTPError(429, "too many requests from one address: wait a minute")
        if _has_token(self.request.path) or _has_token(self.request.query):
            raise web.HTTPError(400, "a share never goes into an address: revoke it and share anew")

    def check_xsrf_cookie(self) -> None:
        """Check none: no cookie counts here."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - tornado's
        """Answer with why a request is refused."""
        error = kwargs.get("exc_info", (None, None))[1]
        text = None
        if isinstance(error, web.HTTPError) and error.log_message:
            text = error.log_message % error.args
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", "Origin")
        self.finish(f"{text or self._reason}\n")


class NothingHandler(PublicHandler):
    """Say that nothing is there, and hide tokens that come in addresses."""

    @allow_unauthenticated
    async def get(self, *_path: str) -> None:
        """Answer that nothing is there.

        Raises:
            HTTPError: 404.
        """
        raise web.HTTPError(404)

    post = get


class PublicElementHandler(PublicHandler):
    """Give the element of a share, as a module, to the pages that the share is for."""

    def initialize(  # type: ignore[override]  # tornado gives each handler arguments of its own
        self, gallery: Gallery, desk: Desk, lobby: Lobby
    ) -> None:
        """Take what finds elements, what asks the app, and what has the shares."""
        super().initialize(desk, lobby)
        self._gallery = gallery

    @allow_unauthenticated
    async def get(self, share_id: str, tag: str) -> None:
        """Answer with the module as it is now.

        Raises:
            HTTPError: 404, the share has no such element, or is not for pages of this origin, or
                the app lets no guest in; 504, the kernel that shows it does not answer.
        """
        self.set_header("Vary", "Origin")
        share = await asyncio.to_thread(self.lobby.shares.find, share_id)
        if share is None or share.tag != tag or not allows(share.origins, self.origin):
            raise web.HTTPError(404)
        source = await self._source(share, tag)
        if source is None:
            raise web.HTTPError(404)
        self.set_header("Access-Control-Allow-Origin", self.origin or "*")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")
        await self.finish(module(tag, source, "../../static/"))

    async def _source(self, share: Share, tag: str) -> str | None:
        try:
            params = connect_params(self.request.query)
            await self.desk.ask(params, guest(), self.request.headers.get(AUTH_HEADER))
            return await self._gallery.source(tag, share.topics)
        except TimeoutError as error:
            raise web.HTTPError(504) from error
        except (Refuse, ValueError, OSError) as error:
            _log.warning("the element %s is not given to an outsider: %s", cut(tag), brief(error))
            raise web.HTTPError(404) from error


def _has_token(text: str) -> bool:
    """Return whether there is what looks like a token in a part of an address."""
    return PREFIX in unquote_plus(unquote_plus(text))


def guest() -> User:
    """Return who an outsider is: nobody in particular, and another one for each connection."""
    return User(f"guest-{secrets.token_hex(8)}", "Guest", "Guest")

"""The long-poll route, for clients whose WebSocket is refused on the way (phoenix longpoll.ex).

Every answer is JSON with the real status inside. It must not know what frames mean.
"""

import base64
import binascii
from collections.abc import Awaitable
from typing import Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated, ws_authenticated
from tornado import web

from livestate_nb.codec import Json, dumps
from livestate_nb.errors import ProtocolError
from livestate_nb.runtime.meter import Refusal
from livestate_nb_server.admission import AdmissionHandler, Rejected
from livestate_nb_server.desk import Desk
from livestate_nb_server.observer import Rejection
from livestate_nb_server.params import AUTH_HEADER
from livestate_nb_server.polls import TOKEN_PREFIX, Poll, Polls

MAX_LINES: Final = 100
"""Frames of one request; the rest is ignored."""

TOKEN_HEADER: Final = "X-Phoenix-Longpoll-Token"  # noqa: S105 - a name, no secret

_NDJSON: Final = "application/x-ndjson"


class LongPollHandler(AdmissionHandler):
    """Fetch and take the frames of long-poll sessions.

    A cookie counts from the server's own origin only (and those that Jupyter's `allow_origin`
    names): other pages may use the route if they send Jupyter's token, and no browser gives
    their scripts an answer to a request with cookies.
    """

    def initialize(self, polls: Polls, desk: Desk) -> None:
        """Take the sessions, and what asks the app about clients that connect."""
        super().initialize()
        self.observer = polls.observer
        self._polls = polls
        self._desk = desk
        self._token: str | None = None
        self._fetching: Poll | None = None

    async def prepare(  # type: ignore[override]  # as JupyterHandler's own
        self, *, _redirect_to_login: bool = False
    ) -> Awaitable[None] | None:
        """Take the session's token out of the query, where Jupyter would take it for its own."""
        self._token = self.request.headers.get(TOKEN_HEADER)
        for arguments in (self.request.arguments, self.request.query_arguments):
            tokens = [one for one in arguments.pop("token", []) if _is_text(one)]
            ours = [one for one in tokens if one.startswith(TOKEN_PREFIX.encode())]
            if theirs := [one for one in tokens if one not in ours]:
                arguments["token"] = theirs
            self._token = ours[-1].decode() if ours else self._token
        return await super().prepare(_redirect_to_login=_redirect_to_login)

    def check_xsrf_cookie(self) -> None:
        """Let requests in that name a session of the client.

        Its token is as good as Jupyter's double one: only who read the answer that began the
        session has it, and no page of another origin reads that.
        """
        is_known = getattr(self, "_jupyter_current_user", None) is not None
        if is_known and self._polls.find(self._token, self.principal) is not None:
            return
        super().check_xsrf_cookie()

    def set_cors_headers(self) -> None:
        """Open answers to pages of all origins, where no cookie let the request in.

        No browser gives an answer with a star to a script whose request had cookies.
        """
        if self.token_authenticated and not self.allow_origin and not self.allow_origin_pat:
            self.set_header("Access-Control-Allow-Origin", "*")
        else:
            super().set_cors_headers()
        self.set_header("Cache-Control", "no-store")

    async def _is_foreign(self) -> bool:
        """Authorize a request; answer it if it comes from a page that may not ask."""
        await self.authorize()
        if self.check_origin():
            return False
        self.reject(Rejection.ORIGIN)
        self._answer({"status": 403})
        return True

    @ws_authenticated
    async def get(self) -> None:
        """Answer with what waits for the client; without a session, begin one."""
        if await self._is_foreign():
            return
        poll = self._polls.find(self._token, self.principal)
        if poll is None:
            await self._begin()
            return
        self._fetching = poll
        frames = await poll.fetch()
        status = 200 if frames else 410 if poll.is_over else 204
        self._answer({"status": status, "token": poll.token, "messages": frames})

    @ws_authenticated
    async def post(self) -> None:
        """Take frames of the client."""
        if await self._is_foreign():
            return
        poll = self._polls.find(self._token, self.principal)
        if poll is None:
            self._answer({"status": 410})
            return
        try:
            frames = self._frames()
        except (ProtocolError, UnicodeDecodeError, binascii.Error):
            poll.end()
            frames = []
        for frame in frames:
            poll.client.feed(frame)
        self._answer({"status": 408 if poll.client.is_closed else 200})

    @allow_unauthenticated
    async def options(self) -> None:
        """Allow what a page of another origin asks to send; cookies are not among it."""
        if not (self.allow_origin or self.allow_origin_pat):
            self.set_header("Access-Control-Allow-Origin", "*")
        asked = self.request.headers.get("Access-Control-Request-Headers", "")
        self.set_header("Access-Control-Allow-Headers", asked)
        self.set_header("Access-Control-Allow-Methods", "get, post, options")
        self.set_header("Access-Control-Max-Age", "3600")
        await self.finish()

    @ws_authenticated
    async def put(self) -> None:
        """Refuse: there is nothing to put here."""
        raise web.HTTPError(400)

    delete = patch = head = put

    def on_connection_close(self) -> None:
        """Keep frames for the next poll when nobody waits for the answer any more."""
        super().on_connection_close()
        if self._fetching is not None:
            self._fetching.give_up()

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Answer in JSON, too, when a request is refused or fails."""
        self._answer({"status": status_code})

    async def _begin(self) -> None:
        if not self._is_from_here():
            self.reject(Rejection.ORIGIN)
            self._answer({"status": 403})
            return
        try:
            header = self.request.headers.get(AUTH_HEADER)
            visitor = await self.admit(self._desk, lambda: header)
        except Rejected as error:
            self.reject(error.rejection)
            self._answer({"status": error.status_code})
            return
        poll = self._polls.open(visitor)
        if poll is None:
            self.reject(Refusal.LIMIT)
            self._answer({"status": 500})
        else:
            self._answer({"status": 410, "token": poll.token, "messages": []})

    def _is_from_here(self) -> bool:
        """Return whether a request may begin a session that no token came with.

        Images and links of foreign pages send cookies and no origin; our own pages' scripts send
        none either, but say where they stand.
        """
        if self.token_authenticated or "Origin" in self.request.headers:
            return True  # which has been checked
        return self.request.headers.get("Sec-Fetch-Site") == "same-origin" or self.check_referer()

    def _frames(self) -> list[str | bytes]:
        """Return the frames in a request's body.

        Raises:
            ProtocolError: there are too many bytes.
            UnicodeDecodeError: it is no UTF-8.
            binascii.Error: a line is neither a text frame nor base64 of a binary one.
        """
        body = self.request.body
        most = self._polls.limits.frame_bytes
        if len(body) > most:
            raise ProtocolError(f"expected at most {most} bytes, got {len(body)}")
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind.lower() != _NDJSON:
            return [body.decode()]
        lines = [line.strip() for line in body.split(b"\n", MAX_LINES)[:MAX_LINES]]
        return [_frame(line) for line in lines if line]

    def _answer(self, body: Json) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(dumps(body))


def _is_text(value: bytes) -> bool:
    """Return whether a value of the query is UTF-8; Jupyter fails on a token that is none."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _frame(line: bytes) -> str | bytes:
    return line.decode() if line.startswith(b"[") else base64.b64decode(line, validate=True)

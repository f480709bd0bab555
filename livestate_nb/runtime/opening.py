"""Begin a session: its `init`, once, with the params of whoever came first.

It must not know what is done with the state.
"""

import logging
from typing import Protocol

from livestate_nb.channel import Turn, current_turn, options_of
from livestate_nb.codec import Json
from livestate_nb.errors import Refuse
from livestate_nb.runtime.failure import brief, cut, describe, error_message, refusal
from livestate_nb.runtime.ledger import Outgoing
from livestate_nb.runtime.life import Life
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.work import run

_log = logging.getLogger("livestate_nb")


class Founded(Protocol):
    """What a session offers to its beginning."""

    life: Life

    @property
    def joined(self) -> list[JoinedMember]:
        """Who is joined."""

    def begun(self, whole: Outgoing) -> None:
        """Tell all members the first state."""

    def init_refused(self, member: JoinedMember) -> None:
        """Note that a member gets no state."""

    def crash(self) -> None:
        """End the session: members join again."""


class Opening:
    """Run `init` where a session has no state.

    Args:
        session: the session.
    """

    __slots__ = ("_params", "_session")

    def __init__(self, session: Founded) -> None:
        self._session = session
        self._params: dict[str, Json] | None = None
        """The join params of Python, which come before those of members."""

    async def open(self, params: dict[str, Json] | None) -> bool:
        """Run `init` for Python; what it raises comes out.

        Args:
            params: the join params for `init`; None takes those that there are, or else none.

        Returns:
            whether the session runs with these params.
        """
        if self._params is None:
            self._params = {} if params is None else params
        chosen = self._params if params is None else params
        life = self._session.life
        await life.mailbox.do(lambda: self._init(life, chosen, None))
        return self._params == chosen

    async def revive(self) -> None:
        """Run `init` again where a session that Python holds has crashed."""
        if self._session.life.ledger.version is None and self._params is not None:
            await self.open(self._params)

    async def start(self, life: Life, member: JoinedMember) -> None:
        """Run `init` for a member, in the session's turn; the members are told how it fails."""
        session = self._session
        params = member.params if self._params is None else self._params
        try:
            await self._init(life, params, member)
        except Refuse as error:
            _log.info("init of %s refused: %s", cut(life.topic), brief(error))
            member.send(error_message(refusal(error, "message")))
            session.init_refused(member)
        except BaseException as error:
            if life.is_over:
                raise
            _log.error("init of %s failed", cut(life.topic), exc_info=error)
            if options_of(type(life.channel)).on_error == "keep":
                for receiver in session.joined:
                    told = describe(error, "init", None, is_local=receiver.line.is_local)
                    receiver.send(error_message(told))
            session.crash()

    async def _init(self, life: Life, params: dict[str, Json], member: JoinedMember | None) -> None:
        if life.ledger.version is not None:
            return
        turn = Turn(life.channel, None if life.ledger.options.shared else member)
        current_turn.set(turn)
        try:
            state = await run(life.work(life.channel.init, params))
            self._session.begun(life.ledger.start(state))
        finally:
            turn.is_over = True

"""The endpoint with several clients, against interleavings of all that they and it may do."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livestate_nb.runtime import Endpoint, Session
from livestate_nb.runtime.places import Owner
from tests.fuzz.cases import bounded, ran
from tests.fuzz.channels import KINDS, Ledger, channels
from tests.fuzz.loops import StillLoop, settle
from tests.fuzz.players import Player

TOPICS = ["board:1", "board:1", "board:2", "mine:1", "frail:1", "fleeting:1"]
TURNS = [0, 0, 0, 1, 2, 5, 20, None]
"""Turns of the loop between two steps; None until nothing is left to do."""

turns = st.sampled_from(TURNS)
topics = st.sampled_from(TOPICS)
players = st.integers(0, 3)


STEP = 0.4
"""Seconds that pass at once: of more the loop would think that it stood still."""


class EndpointMachine(RuleBasedStateMachine):
    """Let clients do what they like, and look at what each was told and what the server has."""

    def __init__(self) -> None:
        super().__init__()
        ran.cases += 1
        self.loop = StillLoop()
        self.is_settled = True
        self.news = 0
        Ledger.lives.clear()
        self.endpoint = Endpoint(clock=self.loop.time, idle_timeout=1e9)
        self.declare()
        own = {"ann": True, "bob": True, "cat": False, "dan": True}
        self.players = [Player(self.endpoint, name, is_own=is_own) for name, is_own in own.items()]
        for player in self.players:
            self.run(player.connect, 0)
        self.reaper = asyncio.all_tasks(self.loop)

    # clients

    @rule(player=players, topic=topics, turns=turns)
    def join(self, player: int, topic: str, turns: int | None) -> None:
        self.act(player, lambda one: one.join(topic), turns)

    @rule(player=players, topic=topics, name=st.sampled_from(KINDS), turns=turns)
    def dispatch(self, player: int, topic: str, name: str, turns: int | None) -> None:
        self.act(player, lambda one: one.dispatch(topic, name), turns)

    @rule(player=players, name=st.sampled_from(KINDS), turns=turns)
    def dispatch_to_what_is_joined(self, player: int, name: str, turns: int | None) -> None:
        for topic in list(self.players[player].seats):
            self.act(player, lambda one, topic=topic: one.dispatch(topic, name), turns)

    @rule(some=st.lists(st.tuples(players, topics), max_size=6), turns=turns)
    def join_many(self, some: list[tuple[int, str]], turns: int | None) -> None:
        for player, topic in some:
            self.come_back(player, 0)
            self.join(player, topic, 0)
        self.run(lambda: None, turns)

    @rule(player=players, topic=topics, turns=turns)
    def leave(self, player: int, topic: str, turns: int | None) -> None:
        self.act(player, lambda one: one.leave(topic), turns)

    @rule(player=players, topic=topics, turns=turns)
    def refresh(self, player: int, topic: str, turns: int | None) -> None:
        self.act(player, lambda one: one.refresh(topic), turns)

    @rule(player=players, turns=turns)
    def repeat(self, player: int, turns: int | None) -> None:
        for topic in list(self.players[player].seats):
            self.act(player, lambda one, topic=topic: one.repeat(topic), turns)

    @rule(player=players)
    def sync(self, player: int) -> None:
        for _ in range(2):  # what is read may let it send
            self.run(self.players[player].read, None)
        for topic in list(self.players[player].seats):
            self.act(player, lambda one, topic=topic: one.sync(topic), None)

    @rule(player=players, is_told=st.booleans(), turns=turns)
    def lose(self, player: int, is_told: bool, turns: int | None) -> None:
        """Lose a connection; the server hears of it at once, or some time."""
        self.act(player, lambda one: one.vanish(), turns if not is_told else 0)
        if is_told:
            self.notice(player, turns)

    @rule(player=players, turns=turns)
    def notice(self, player: int, turns: int | None) -> None:
        lost, self.players[player].lost = self.players[player].lost, []
        for connection in lost:
            self.run(connection.lost, turns)

    @rule(player=players, turns=turns)
    def come_back(self, player: int, turns: int | None) -> None:
        one = self.players[player]
        if one.way is None:
            self.run(one.come_back, turns)

    @precondition(lambda self: any(one.claims for one in self.players))
    @rule(data=st.data(), player=players, turns=turns)
    def steal(self, data: Any, player: int, turns: int | None) -> None:
        """Join with the claim of another client."""
        thief = self.players[player]
        claims = [claim for one in self.players if one is not thief for claim in one.claims[-3:]]
        if claims and thief.is_own:
            topic, claim = data.draw(st.sampled_from(claims))
            self.act(player, lambda one: one.join(topic, claim), turns)

    @rule(player=players, victim=players, topic=topics, turns=turns)
    def intrude(self, player: int, victim: int, topic: str, turns: int | None) -> None:
        """Send an event with the join_ref of another client."""
        seat = self.players[victim].seats.get(topic)
        mine = self.players[player].seats.get(topic)
        if player != victim and seat is not None and (mine is None or mine.ref != seat.ref):
            self.act(player, lambda one: one.intrude(topic, seat.ref), turns)

    # the server

    @rule(turns=turns)
    def swap_classes(self, turns: int | None) -> None:
        self.run(self.declare, turns)

    @rule(turns=turns, which=st.integers(0, 3))
    def withdraw(self, turns: int | None, which: int) -> None:
        pattern = list(self.endpoint.channels)[which]
        for session in self.endpoint.sessions_of(pattern):
            if isinstance(session.channel, Ledger) and session.ledger.version is not None:
                session.channel.life.is_cut_short = True
        self.run(lambda: self.endpoint.withdraw(pattern), 0)
        self.run(self.declare, turns)

    @rule(turns=turns)
    def publish(self, turns: int | None) -> None:
        self.news += 1
        self.run(lambda: self.endpoint.broadcast("news", f"news:{self.news}"), turns)

    @rule(seconds=st.sampled_from([10.0, 40.0]))
    def let_time_pass(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP)):
            self.loop.now += STEP
            self.run(lambda: None, 1)
        self.run(lambda: None, 5)

    # what holds

    @invariant()
    def all_is_well(self) -> None:
        ran.steps += 1
        turns = None if self.is_settled else 0
        for player in self.players * 2:  # the first time some of them may send
            self.run(player.read, turns)
        if turns is None:
            self.check()

    def check(self) -> None:
        sessions = {one.ledger.state["life"]: one for one in self.sessions}
        for session in sessions.values():
            check_items(session.ledger.state)
            for member in session.joined:
                assert not member.line.is_closed
        for player in self.players:
            for seat, told in player.settled():
                state = seat.view.state
                session = sessions[state["life"]]
                assert state == session.ledger.state
                assert seat.view.version == session.ledger.version
                assert set(told) <= set(state["items"])

    @property
    def sessions(self) -> list[Session]:
        return [one for one in self.endpoint.sessions if one.ledger.version is not None]

    def teardown(self) -> None:
        try:
            self.go()
        finally:
            self.loop.run_until_complete(self.endpoint.close())
            self.loop.close()

    def go(self) -> None:
        """Let all leave: nothing of theirs stays."""
        for number, player in enumerate(self.players):
            self.come_back(number, None)
            for topic in list(player.seats):
                self.leave(number, topic, None)
        self.is_settled = True
        self.all_is_well()
        for number, player in enumerate(self.players):
            assert all(seat.view.read().has_ended for seat in player.seats.values())
            self.lose(number, True, None)
        for _ in range(2):  # places are given up, and then what nobody has joined
            self.let_time_pass(40.0)
            self.run(lambda: None, None)
        assert self.endpoint.sessions == []
        for player in self.players:
            for topic, claim in player.claims:
                owner = Owner(player.name, False, topic)
                assert self.endpoint.places.claim(claim["resume"]["token"], owner, 0) is None
        assert asyncio.all_tasks(self.loop) == self.reaper
        for life in Ledger.lives:
            assert life.ended == 1
            assert len({*life.came}) == len(life.came)
            assert len({*life.went}) == len(life.went)
            assert {*life.went} <= {*life.came}
            if not life.is_cut_short:
                assert {*life.went} == {*life.came}

    # inside

    def declare(self) -> None:
        for channel in channels():
            self.endpoint.declare(channel)

    def act(self, player: int, function: Callable[[Player], object], turns: int | None) -> None:
        one = self.players[player]
        if one.way is not None:
            self.run(lambda: function(one), turns)

    def run(self, function: Callable[[], object], turns: int | None) -> None:
        """Do something, and let the loop make some turns."""

        async def do() -> None:
            function()
            if turns is None:
                await settle(self.reaper)
            for _ in range(turns or 0):
                await asyncio.sleep(0)

        self.loop.run_until_complete(do())
        self.is_settled = turns is None


def check_items(state: dict[str, Any]) -> None:
    """Check that no event was handled twice, none that failed, and those of a client in order."""
    items = state["items"]
    assert [item for item, count in Counter(items).items() if count > 1] == []
    assert not any(item.endswith(":fail") or item == "intruder" for item in items)
    for name in ("ann", "bob", "cat", "dan"):
        numbers = [
            int(item.split(":")[1])
            for item in items
            if item.startswith(f"{name}:") and not item.endswith("shout")
        ]
        assert numbers == sorted(numbers)


EndpointMachine.TestCase.settings = bounded(60, steps=40)
TestEndpointMachine = EndpointMachine.TestCase

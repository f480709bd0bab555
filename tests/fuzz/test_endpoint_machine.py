"""The endpoint with several clients, against interleavings of all that they and it may do."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint, Session
from livestate_nb.runtime.places import Owner
from tests.fuzz.cases import bounded, ran
from tests.fuzz.channels import HERE, KINDS, NEWS, STEPS, Ledger, channels, running
from tests.fuzz.checks import by_ref, check_items, check_shape, tokens_of
from tests.fuzz.loops import StillLoop, settle
from tests.fuzz.players import Player, Seat

TOPICS = [
    "board:1", "board:1", "board:2", "mine:1", "frail:1", "fleeting:1",
    "paced:1", "paced:1", "hall:1", "hall:1", "booth:1", "club:1",
]  # fmt: skip
KEPT = ("board:", "paced:", "hall:")
"""What topics begin with whose one session stays for its grace time, whatever happens."""

TURNS = [0, 0, 0, 1, 2, 5, 20, None, None]
"""Turns of the loop between two steps; None until nothing is left to do."""

turns = st.sampled_from(TURNS)
topics = st.sampled_from(TOPICS)
players = st.integers(0, 5)

STEP = 0.4
"""Seconds that pass at once: of more the loop would think that it stood still."""

SECONDS = [10.0, 20.0, 40.0]
"""Within the grace time of 30 seconds, and after it."""

KEPT_FOR = 29.0
"""Seconds for which a shared session surely stays without anybody: it has 30."""


class EndpointMachine(RuleBasedStateMachine):
    """Let clients do what they like, and look at what each was told and what the server has."""

    def __init__(self) -> None:
        super().__init__()
        ran.cases += 1
        running.clear()
        self.loop = StillLoop()
        self.is_settled = True
        self.news = 0
        Ledger.lives.clear()
        self.generation = 0
        self.lives: dict[str, tuple[int, float]] = {}
        """The session that a topic had when somebody was joined last, and when that was."""
        self.ended = set[str]()
        """Tokens of generators that ran when who started them was gone."""
        self.endpoint = Endpoint(clock=self.loop.time, idle_timeout=1e9)
        self.declare()
        self.players = [
            Player(self.endpoint, "ann", "team", is_own=True),
            Player(self.endpoint, "bob", "bob", is_own=True),
            Player(self.endpoint, "cat", "team"),
            Player(self.endpoint, "dan", "team", is_own=True),
            Player(self.endpoint, "eve", "bob", vsn="1.0.0"),
            Player(self.endpoint, "fay", "fay", vsn="1.0.0 told"),
        ]
        for player in self.players:
            self.run(player.connect, 0)
        self.reaper = asyncio.all_tasks(self.loop)

    @initialize(messages=st.sampled_from([1, 3, Limits().resume_messages]))
    def remember(self, messages: int) -> None:
        """Keep more or less for who comes back."""
        self.endpoint.limits = replace(self.endpoint.limits, resume_messages=messages)

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

    @rule(player=players, is_slow=st.booleans(), turns=turns)
    def read_slowly(self, player: int, is_slow: bool, turns: int | None) -> None:
        """Read too slowly for updates, or have caught up."""
        one = self.players[player]
        if one.way is None or one.way.is_congested == is_slow:
            return
        one.way.is_congested = is_slow
        if not is_slow:
            self.run(one.connection.drained, turns)

    @rule(player=players, other=players, is_told=st.booleans(), turns=turns)
    def miss_what_it_reads_slowly(
        self, player: int, other: int, is_told: bool, turns: int | None
    ) -> None:
        """Lose the connection with all that is on its way to who is behind."""
        self.read_slowly(player, True, None)
        self.dispatch_to_what_is_joined(other, "add", None)
        self.dispatch_to_what_is_joined(player, "tell", 0)
        self.lose(player, is_told, None)
        self.come_back(player, turns)

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
        one = self.players[player]
        for connection in one.lost:
            self.run(connection.lost, turns)
        one.noticed()

    @rule(player=players, turns=turns)
    def come_back(self, player: int, turns: int | None) -> None:
        one = self.players[player]
        if one.way is None:
            self.run(one.come_back, turns)

    @rule(player=players, seconds=st.sampled_from(SECONDS), turns=turns)
    def be_away(self, player: int, seconds: float, turns: int | None) -> None:
        """Lose the connection, and come back within the grace time or after it."""
        self.lose(player, True, turns)
        self.let_time_pass(seconds, 0)
        self.come_back(player, turns)

    @rule(player=players, turns=st.integers(0, 10))
    def go_while_generators_run(self, player: int, turns: int) -> None:
        """Lose the connection; who may not come back leaves no generator running."""
        one = self.players[player]
        if one.way is None:
            return
        for topic in list(one.seats):
            self.dispatch(player, topic, "run", turns)
        self.act(player, lambda one: one.vanish(), 0)

        def lose() -> None:
            if not one.is_own:
                self.ended |= {token for token in running if token.startswith(f"{one.name}:")}
            for connection in one.lost:
                connection.lost()
            one.noticed()

        self.run(lose, 0)

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

    @rule(turns=turns, which=st.integers(0, 7))
    def withdraw(self, turns: int | None, which: int) -> None:
        pattern = list(self.endpoint.channels)[which]
        for session in self.endpoint.sessions_of(pattern):
            if isinstance(session.channel, Ledger) and session.ledger.version is not None:
                session.channel.life.is_cut_short = True
        self.run(lambda: self.endpoint.withdraw(pattern), 0)
        for topic in TOPICS:
            if topic.startswith(pattern.removesuffix("*")):
                self.lives.pop(topic, None)
                for player in self.players:
                    if topic in player.seats:
                        player.seats[topic].has_place = False
        self.run(self.declare, turns)

    @rule(turns=turns)
    def publish(self, turns: int | None) -> None:
        self.news += 1
        self.run(lambda: self.endpoint.broadcast(NEWS, f"{NEWS}:{self.news}"), turns)

    @rule(seconds=st.sampled_from(SECONDS), turns=turns)
    def let_time_pass(self, seconds: float, turns: int | None) -> None:
        for _ in range(int(seconds / STEP)):
            self.loop.now += STEP
            self.run(lambda: None, 1)
        self.run(lambda: None, 5)
        self.run(lambda: None, turns)

    @rule()
    def rest(self) -> None:
        """Do all that is to be done, and let two seconds pass: nothing is held back then."""
        self.run(lambda: None, None)
        self.let_time_pass(2.0, None)
        assert not any(session.ledger.is_ahead for session in self.sessions)

    @rule(seconds=st.sampled_from(SECONDS), turns=turns)
    def be_alone(self, seconds: float, turns: int | None) -> None:
        """Let all go, and time pass."""
        for number in range(len(self.players)):
            self.lose(number, True, 0)
        self.let_time_pass(seconds, turns)

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
        assert running == set()
        for session in sessions.values():
            check_items(session.ledger.state, self.news)
            check_shape(session, self.endpoint)
            steps = session.ledger.state["steps"]
            assert all(steps.get(token, 0) < STEPS["run"] - 1 for token in self.ended)
            for member in session.joined:
                assert not member.line.is_closed
        self.check_lives(sessions)
        joined: dict[str, list[Seat]] = {}
        gets_all = self.endpoint.limits.resume_messages == Limits().resume_messages
        for player in self.players:
            for topic, (seat, told) in player.settled(gets_all=gets_all).items():
                joined.setdefault(topic, []).append(seat)
                state = seat.view.state
                session = sessions[state["life"]]
                assert session.topic == topic
                if player.way is not None and player.way.is_congested:
                    continue
                is_paced = session.ledger.options.fps is not None
                assert state == session.ledger.state or (session.ledger.is_ahead and is_paced)
                assert seat.view.version == session.ledger.version
                assert set(told) <= set(state["items"])
        for topic in set(TOPICS):
            self.check_joined(topic)
            self.check_presences(topic, joined.get(topic, []))

    def check_joined(self, topic: str) -> None:
        """Check that those are joined who believe that, and else only lost connections."""
        there = [one.line.name for session in self.sessions_of(topic) for one in session.joined]
        assert len(set(there)) == len(there)
        live = {one.connection.name for one in self.players if topic in one.settled(gets_all=False)}
        lost = {connection.name for one in self.players for connection in one.lost}
        assert live <= set(there) <= live | lost

    def check_presences(self, topic: str, seats: list[Seat]) -> None:
        """Check that clients know who is present: who was tracked and is joined."""
        present: dict[str, list[str]] = {}
        is_told = True
        for session in self.sessions_of(topic):
            is_told = session.ledger.options.presence
            for member in session.joined if is_told else []:
                if HERE in member.assigns:
                    key, token = member.assigns[HERE]
                    present.setdefault(key, []).append(token)
        known = self.endpoint.presences.metas(topic)
        assert tokens_of(known) == {key: sorted(tokens) for key, tokens in present.items()}
        for seat in seats if is_told else []:
            assert by_ref(seat.present.metas) == by_ref(known)

    def check_lives(self, sessions: dict[int, Session]) -> None:
        """Check that a topic's one session stays for its grace time when all have gone."""
        now = self.loop.now
        shared = {one.topic: life for life, one in sessions.items() if one.topic.startswith(KEPT)}
        for topic, (life, since) in list(self.lives.items()):
            if now - since < KEPT_FOR:
                assert shared.get(topic) == life
            else:
                del self.lives[topic]
        for topic, life in shared.items():
            if sessions[life].receivers:
                self.lives[topic] = life, now

    @property
    def sessions(self) -> list[Session]:
        return [one for one in self.endpoint.sessions if one.ledger.version is not None]

    def sessions_of(self, topic: str) -> list[Session]:
        return [one for one in self.sessions if one.topic == topic]

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
            self.let_time_pass(40.0, None)
        assert self.endpoint.sessions == []
        for player in self.players:
            for topic, claim in player.claims:
                owner = Owner(player.name, False, topic)
                assert self.endpoint.places.claim(claim["resume"]["token"], owner, 0) is None
        assert asyncio.all_tasks(self.loop) == self.reaper
        assert not any(self.endpoint.presences.metas(topic) for topic in TOPICS)
        for life in Ledger.lives:
            assert life.ended == 1
            assert len({*life.came}) == len(life.came)
            assert len({*life.went}) == len(life.went)
            assert {*life.went} <= {*life.came}
            if not life.is_cut_short:
                assert {*life.went} == {*life.came}

    # inside

    def declare(self) -> None:
        for channel in channels(self.generation):
            self.endpoint.declare(channel)
        self.generation += 1

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


EndpointMachine.TestCase.settings = bounded(60, steps=40)
TestEndpointMachine = EndpointMachine.TestCase

"""A page on a bad network, as chance has it: frames are late, lost with their connection, or come
to a server that does not know yet that the page is back."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import jsonpatch
import pytest
import pytest_asyncio

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.codec import Json, loads
from livestate_nb.runtime import Endpoint
from tests.clients import Client

pytestmark = pytest.mark.asyncio

STEPS = 60


class Numbers(Channel, topic="numbers", max_version=20):
    def init(self, params: Any) -> Any:
        return {"seen": []}

    @on("add")
    async def add(self, payload: Any, state: Any) -> Any:
        await asyncio.sleep(0)
        state["seen"].append(payload["n"])
        return Reply(state, Event("added", payload))

    @on("steps")
    async def steps(self, payload: Any, state: Any) -> Any:
        state["seen"].append(payload["n"])
        yield Reply(None, Event("added", payload))
        await asyncio.sleep(0)


class Page:
    """A client as ours is: what it has heard, and what it has sent without an answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.count = 0
        self.heard: list[int] = []
        self.state: Any = None
        self.unanswered: dict[str, tuple[str, Json]] = {}
        self._version: int | None = None
        self._ref = 0
        self._received, self._token = 0, ""
        self._line: Client | None = None
        self._join = ""
        self._is_joined = False

    def connect(self) -> None:
        """Join on a new connection; the server may not have missed the old one yet."""
        self._line, self._read, self._is_joined = Client(self.endpoint), 0, False
        resume = {"token": self._token, "received": self._received}
        self._line.writer.last = self._ref
        ours = {"resume": resume} if self._token else {}
        self._join = self._line.push("numbers", "phx_join", {"livestate": ours})
        self._ref += 1

    def lose(self, *, is_noticed: bool) -> None:
        """Lose the connection, and whatever was on its way."""
        if self._line is not None and is_noticed:
            self._line.connection.lost()
        self._line = None

    def dispatch(self, event: str) -> None:
        self._ref += 1
        self.unanswered[str(self._ref)] = (event, {"n": self.count})
        self.count += 1
        if self._is_joined and self._line is not None:
            self._send(str(self._ref))

    def read(self, most: int = 1_000_000) -> None:
        """Take so many of the frames that are on their way."""
        if self._line is not None:
            frames = self._line.frames[self._read : self._read + most]
            self._read += len(frames)
            for frame in frames:
                self._take(*loads(frame))

    def _send(self, ref: str) -> None:
        assert self._line is not None
        event, payload = self.unanswered[ref]
        self._line.writer.last = int(ref) - 1
        self._line.dispatch("numbers", event, payload)

    def _take(self, _join: Json, ref: Json, _topic: str, event: str, payload: Any) -> None:
        if event == "phx_reply":
            assert payload["status"] == "ok"
            if ref == self._join:
                self._joined(payload["response"]["livestate"])
            self.unanswered.pop(ref, None)
            return
        assert event in ("state:change", "state:patch", "added"), event
        self._received += 1
        if event == "added":
            self.heard.append(payload["n"])
        elif event == "state:change":
            self.state, self._version = payload["state"], payload["version"]
        else:
            assert self._version is not None
            assert payload["version"] == (self._version + 1) % 21
            self._version = payload["version"]
            self.state = jsonpatch.apply_patch(self.state, payload["patch"])

    def _joined(self, terms: Any) -> None:
        assert terms["resumed"] or not self._token
        self._token, self._received, self._is_joined = terms["token"], terms["received"], True
        for ref in self.unanswered:
            self._send(ref)


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.declare(Numbers)
    yield endpoint
    await endpoint.close()


@pytest.mark.parametrize("seed", range(150))
async def test_nothing_is_lost_or_comes_twice(endpoint: Endpoint, seed: int) -> None:
    chance = random.Random(seed)
    page = Page(endpoint)
    page.connect()
    while not page._is_joined:  # before the first answer there is nothing to come back to
        await asyncio.sleep(0)
        page.read(1)
    for _ in range(STEPS):
        match chance.randrange(6):
            case 0:
                page.lose(is_noticed=chance.random() < 0.5)
            case 1:
                page.connect()
            case 2 | 3:
                page.dispatch(chance.choice(["add", "steps"]))
            case 4:
                page.read(chance.randrange(6))
            case 5:
                for _ in range(chance.randrange(8)):
                    await asyncio.sleep(0)
    page.lose(is_noticed=False)
    page.connect()
    async with asyncio.timeout(5):
        while page.unanswered or not page._is_joined or page.state is None:
            await asyncio.sleep(0)
            page.read()
    assert len(endpoint.sessions) == 1
    assert sorted(page.state["seen"]) == list(range(page.count))
    assert page.heard == page.state["seen"]
    assert page.state == endpoint.sessions[0].ledger.snapshot()

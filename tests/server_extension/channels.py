"""Channels that the tests' servers host."""

import asyncio
import threading
import time
from typing import Any, Literal, TypedDict

from livestate_nb import Channel, Event, Refuse, Reply, User, on

NO_CHANNEL = {"a": "dict"}


class Counter(Channel, topic="counter:*"):
    def init(self, params: Any) -> Any:
        return {"count": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["count"] += 1


class Sleeper(Channel, topic="sleep:*"):
    def init(self, params: Any) -> Any:
        return {"slept": 0}

    @on("sleep")
    def sleep(self, payload: Any, state: Any) -> None:
        time.sleep(payload["seconds"])
        state["slept"] += 1


class Who(Channel, topic="who"):
    def init(self, params: Any) -> Any:
        assert self.member is not None
        return {"username": self.member.user.username, "name": self.member.user.name}


class News(Channel, topic="news"):
    def init(self, params: Any) -> Any:
        self.subscribe("paper:*")
        return {"news": []}

    def handle_message(self, message: Any, state: Any) -> None:
        state["news"].append(message)


class Assigned(Channel, topic="assigned:*"):
    def init(self, params: Any) -> Any:
        assert self.member is not None
        return dict(self.member.assigns)

    @on("spoil")
    async def spoil(self, payload: Any, state: Any) -> None:
        assert self.member is not None
        self.member.assigns["user"]["name"] = "spoilt"

    @on("again")
    async def again(self, payload: Any, state: Any) -> Any:
        assert self.member is not None
        return dict(self.member.assigns)

    @on("bytes")
    async def send_bytes(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("image", b"\x89PNG"))

    @on("take")
    async def take(self, payload: Any, state: Any) -> Any:
        state["took"] = payload.hex()


CALLS: list[Any] = []


def connect(params: Any, user: User, auth_token: str | None) -> dict[str, Any] | None:
    CALLS.append((params, user.username, auth_token))
    match params.get("as"):
        case "nobody":
            raise Refuse("go away")
        case "none":
            return None
        case "list":
            return ["no dict"]  # type: ignore[return-value]
        case "object":
            return {"object": object()}
        case "fail":
            raise RuntimeError("raised on purpose")
    return {"user": {"name": params.get("as")}, "auth_token": auth_token}


async def connect_async(params: Any, user: User, auth_token: str | None) -> dict[str, Any]:
    return {"user": "async"}


GATE = asyncio.Event()


async def connect_behind_gate(params: Any, user: User, auth_token: str | None) -> None:
    CALLS.append((params, user.username, auth_token))
    await GATE.wait()


NO_FUNCTION = 7


class Topicless(Channel):
    def init(self, params: Any) -> Any:
        return {"topic": self.topic}


class OnMain(Channel, topic="on_main:*"):
    @on("plot", run_on="main")
    def plot(self, payload: Any, state: Any) -> None: ...


class Shared(Counter, topic="shared:*", shared=True): ...


class Params(Channel, topic="params:*"):
    def init(self, params: Any) -> Any:
        return {"params": params}


OPEN = threading.Event()


class Gated(Channel, topic="gated:*"):
    """Handles nothing while `OPEN` is not set."""

    @on("wait")
    def wait(self, payload: Any, state: Any) -> None:
        assert OPEN.wait(20)


class Choice(TypedDict):
    kind: Literal["a", "b"]


class Strict(Channel, topic="strict:*"):
    """Refuses in every way that there is."""

    def authorize(self, params: Any) -> bool:
        return "no" not in params

    def init(self, params: Any) -> Any:
        if "no_state" in params:
            raise Refuse("no state for you")
        return {"n": 0}

    @on("add")
    async def add(self, payload: dict[str, int], state: Any) -> None:
        state["n"] += payload["n"]

    @on("choose")
    async def choose(self, payload: Choice, state: Any) -> None:
        state["n"] = payload["kind"]

    @on("refuse")
    async def refuse(self, payload: Any, state: Any) -> None:
        raise Refuse("not this one")

    @on("fail")
    async def fail(self, payload: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")

    @on("count")
    async def count(self, payload: Any, state: Any) -> Any:
        for n in range(payload["to"]):
            state["n"] = n
            yield

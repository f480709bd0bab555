"""The testbed's channels, which behave as those of the original's testbed."""

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from livestate_nb import Channel, Event, Refuse, Reply, User, on
from livestate_nb.state import register


def connect(params: dict[str, Any], _user: User, auth_token: str | None) -> dict[str, Any]:
    """Let all in but those whose query has reject=true."""
    if params.get("reject") == "true":
        raise Refuse("rejected as asked")
    return {"user_id": params.get("user_id"), "auth_token": auth_token}


class Todo(Channel, topic="todo:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"todos": []}

    @on("add_todo")
    def add(self, payload: Any, state: Any) -> None:
        state["todos"].insert(0, payload)

    @on("add_todo_with_one_reply")
    async def add_with_one_reply(self, payload: Any, state: Any) -> Any:
        state["todos"].insert(0, payload)
        return Reply(state, Event("reply_event", {"foo": "bar"}))

    @on("add_todo_with_two_replies")
    def add_with_two_replies(self, payload: Any, state: Any) -> Any:
        state["todos"].insert(0, payload)
        return Reply(
            state, Event("reply_event1", {"foo": "bar"}), Event("reply_event2", {"bing": "baz"})
        )

    @on("remove_todo")
    def remove(self, payload: Any, state: Any) -> None:
        del state["todos"][payload["i"]]

    @on("noop")
    def noop(self, payload: Any, state: Any) -> None:
        pass


class Patch(Channel, topic="patch:*", on_error="crash", max_version=10):
    def init(self, params: Any) -> Any:
        return {"foo": "bar"}

    @on("change_foo")
    def change_foo(self, payload: Any, state: Any) -> Any:
        return {"foo": payload["foo"]}


class JoinParams(Channel, topic="join_params", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"result": params.get("api_key")}


class InitError(Channel, topic="init_error:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        match self.topic:
            case "init_error:map":
                raise Refuse({"code": 42, "why": "map error"})
            case "init_error:raise":
                raise RuntimeError("raised on purpose")
        raise Refuse("you stink")


class Authorized(Channel, topic="authorized:*", on_error="crash"):
    def authorize(self, params: Any) -> bool:
        if params.get("password") == "secret":
            return True
        match self.topic:
            case "authorized:map":
                raise Refuse({"reason": "unauthorized"})
            case "authorized:raise":
                raise RuntimeError("raised on purpose")
        raise Refuse("Go away!")

    def init(self, params: Any) -> Any:
        return {"authorized": True}


class Counter(Channel, topic="counter:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        rows = [self._row(n) for n in range(int(params.get("rows", 0)))]
        return {"count": 0, "rows": rows}

    @on("inc")
    async def inc(self, payload: Any, state: Any) -> None:
        state["count"] += 1

    @on("toggle")
    async def toggle(self, payload: Any, state: Any) -> None:
        row = state["rows"][payload["i"]]
        row["done"] = not row["done"]

    @on("bump_first")
    async def bump_first(self, payload: Any, state: Any) -> None:
        state["rows"].insert(0, self._row(len(state["rows"])))

    def _row(self, n: int) -> dict[str, Any]:
        return {"id": n, "name": f"row {n}", "done": False, "note": "n" * 40}


class Shared(Channel, topic="shared:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.subscribe(self.topic)
        return {"messages": []}

    @on("say")
    def say(self, payload: Any, state: Any) -> None:
        self.broadcast(self.topic, payload["text"])

    def handle_message(self, message: Any, state: Any) -> None:
        state["messages"].append(message)


class Crash(Channel, topic="crash:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        if params.get("exit_init") in (True, "true"):  # an attribute of an element is a text
            raise RuntimeError("raised on purpose")
        self.own = f"crash:{secrets.token_hex(8)}"
        self.subscribe(self.own)
        return {"n": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")

    @on("stop")
    def stop(self, payload: Any, state: Any) -> None:
        self.broadcast(self.own, "stop")

    def handle_message(self, message: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")


class Replies(Channel, topic="replies", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"count": 0}

    @on("one")
    def one(self, payload: Any, state: Any) -> Any:
        state["count"] += 1
        return Reply(state, Event("first", {"n": state["count"]}))

    @on("two")
    def two(self, payload: Any, state: Any) -> Any:
        state["count"] += 1
        n = {"n": state["count"]}
        return Reply(state, Event("first", n), Event("second", n))

    @on("unchanged")
    def unchanged(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("first", {"n": state["count"]}))

    @on("echo")
    def echo(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("echoed", {"payload": payload}))

    @on("ns:sub:echo")
    def namespaced_echo(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("ns:echoed", {"payload": payload}))

    @on("sleep")
    async def sleep(self, payload: Any, state: Any) -> None:
        await asyncio.sleep(payload["ms"] / 1000)
        state["count"] += 1

    @on("binary")
    def binary(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("binary_echo", payload + b"\x03\x04"))


@dataclass(frozen=True)
class Thing:
    baz: str
    bing: str
    wuzzle: str = "secret"


register(Thing, exclude={"wuzzle"})

MOMENT: Final = datetime(2024, 3, 16, 17, 2, 19, tzinfo=UTC)


class Encoder(Channel, topic="encoder", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {
            "dt": MOMENT,
            "naive": MOMENT.replace(tzinfo=None),
            "date": MOMENT.date(),
            "time": time(12, 0),
            "thing": Thing("baz", "bing"),
            "things": [Thing("1", "2")],
        }

    @on("change_baz")
    def change_baz(self, payload: Any, state: Any) -> None:
        state["thing"] = replace(state["thing"], baz=payload["baz"])

    @on("tick")
    def tick(self, payload: Any, state: Any) -> None:
        state["dt"] += timedelta(seconds=1)
        state["date"] += timedelta(days=1)

    @on("add_thing")
    def add_thing(self, payload: Any, state: Any) -> None:
        state["things"].append(Thing("3", "4"))


class Echo(Channel, topic="echo:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return params

    @on("set")
    def set(self, payload: Any, state: Any) -> Any:
        return payload


class ConnectParams(Channel, topic="connect_params", on_error="crash"):
    def init(self, params: Any) -> Any:
        assert self.member is not None
        return {name: self.member.assigns.get(name) for name in ("user_id", "auth_token")}


CHANNELS: list[type[Channel]] = [
    Todo,
    Patch,
    JoinParams,
    InitError,
    Authorized,
    Counter,
    Shared,
    Crash,
    Replies,
    Encoder,
    Echo,
    ConnectParams,
]

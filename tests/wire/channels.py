"""The channels that the original's transcripts were recorded with, written for livestate_nb."""

import asyncio
from typing import Any

from livestate_nb import Channel, Event, Refuse, Reply, on


class Todo(Channel, topic="todo:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"todos": []}

    @on("add_todo")
    def add(self, payload: Any, state: Any) -> None:
        state["todos"].insert(0, payload)

    @on("remove_todo")
    def remove(self, payload: Any, state: Any) -> None:
        del state["todos"][payload["i"]]

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

    @on("noop")
    def noop(self, payload: Any, state: Any) -> None:
        pass


class JoinParams(Channel, topic="join_params", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"result": params.get("api_key")}


class Authorized(Channel, topic="authorized:*", on_error="crash"):
    def authorize(self, params: Any) -> bool:
        if self.topic == "authorized:map":
            raise Refuse({"reason": "unauthorized"})
        if self.topic == "authorized:raise":
            raise RuntimeError("raised on purpose")
        if params.get("password") != "secret":
            raise Refuse("Go away!")
        return True

    def init(self, params: Any) -> Any:
        return {"authorized": True}


class InitError(Channel, topic="init_error:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        match self.topic:
            case "init_error:map":
                raise Refuse({"code": 42, "why": "map error"})
            case "init_error:raise":
                raise RuntimeError("raised on purpose")
            case "init_error:notmap":
                return "not a map"
        raise Refuse("you stink")

    @on("x")
    def x(self, payload: Any, state: Any) -> None:
        pass


class Sockety(Channel, topic="sockety:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.baz = "bing"
        return {"foo": "bar"}

    @on("something")
    def something(self, payload: Any, state: Any) -> Any:
        was, self.baz = self.baz, payload["baz"]
        return Reply({"foo": f"altered {state['foo']}"}, Event("was", {"old": was}))


class Crash(Channel, topic="crash:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.subscribe(f"stop:{id(self)}")
        return {"n": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1

    @on("boom")
    def boom(self, payload: Any, state: Any) -> None:
        raise RuntimeError("raised on purpose")

    @on("bad_return")
    def bad_return(self, payload: Any, state: Any) -> Any:
        return 7

    @on("stop")
    def stop(self, payload: Any, state: Any) -> None:
        self.broadcast(f"stop:{id(self)}", "stop")

    @on("slow")
    async def slow(self, payload: Any, state: Any) -> None:
        await asyncio.sleep(0.3)
        state["n"] += 100

    @on("bad_detail")
    def bad_detail(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("ev", "not a map"))

    @on("state_nil")
    def state_nil(self, payload: Any, state: Any) -> Any:
        return 0

    def handle_message(self, message: Any, state: Any) -> Any:
        raise RuntimeError("raised on purpose")


class Patch(Channel, topic="patch:*", on_error="crash", max_version=10):
    def init(self, params: Any) -> Any:
        return {"foo": "bar"}

    @on("change_foo")
    def change_foo(self, payload: Any, state: Any) -> Any:
        return {"foo": payload["foo"]}


class Plain(Channel, topic="plain:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"x": 1}


class Room(Channel, topic="shared:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.subscribe(self.topic)
        return {"messages": []}

    @on("say")
    def say(self, payload: Any, state: Any) -> None:
        self.broadcast(self.topic, payload["text"])

    def handle_message(self, message: Any, state: Any) -> None:
        state["messages"].append(message)


class Echoed(Channel, topic="echo:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return params

    @on("set")
    def set(self, payload: Any, state: Any) -> Any:
        return payload


CHANNELS: list[type[Channel]] = [
    Todo,
    JoinParams,
    Authorized,
    InitError,
    Sockety,
    Crash,
    Patch,
    Plain,
    Room,
    Echoed,
]

"""Further channels of the recorded transcripts, and what they ask of channels of the testbed."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from livestate_nb import Channel, Event, Reply, WholeStates, on
from tests.testbed import channels


class Plain(Channel, topic="plain:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {"x": 1}


class Keyed(Channel, topic="keyed:*", on_error="crash"):
    """Its state key, a field of Phoenix's socket, has no counterpart here."""

    def init(self, params: Any) -> Any:
        return {"k": 1}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["k"] += 1


class Full(Channel, topic="full:*", on_error="crash", message_builder=WholeStates):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("inc")
    def inc(self, payload: Any, state: Any) -> None:
        state["n"] += 1


class Types(Channel, topic="types:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        return {
            "a": "atom",
            "b": True,
            "big": 12345678901234567890,
            "d": date(2024, 1, 2),
            "dt": datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
            "e": 1.0e25,
            "f": 1.0,
            "n": None,
            "nd": datetime(2024, 1, 2, 3, 4, 5),
            "nested": {"k": 1, "__meta__": 1},
            "small": 1.0e-7,
            "t": time(3, 4, 5, 500_000),
            "u": 'é \u2028 </script> \x01 "',
            "__meta__": {"hidden": 1},
        }

    @on("later")
    def later(self, payload: Any, state: Any) -> None:
        state["dt"] += timedelta(seconds=1)
        state["f"] = 1
        state["n"] = {"x": 1, "__meta__": 2}

    @on("unencodable")
    def unencodable(self, payload: Any, state: Any) -> None:
        state["n"] = object()


class Sockety(Channel, topic="sockety:*", on_error="crash"):
    def init(self, params: Any) -> Any:
        self.baz = "bing"
        return {"foo": "bar"}

    @on("something")
    def something(self, payload: Any, state: Any) -> Any:
        was, self.baz = self.baz, payload["baz"]
        return Reply({"foo": f"altered {state['foo']}"}, Event("was", {"old": was}))


class Crash(channels.Crash, topic="crash:*", on_error="crash"):
    """The testbed's, with the further events that were recorded."""

    @on("bad_return")
    def bad_return(self, payload: Any, state: Any) -> Any:
        return 7

    @on("slow")
    async def slow(self, payload: Any, state: Any) -> None:
        await asyncio.sleep(0.3)
        state["n"] += 100

    @on("bad_detail")
    def bad_detail(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("ev", "not a map"))

    @on("bad_first")
    def bad_first(self, payload: Any, state: Any) -> Any:
        return Reply(state, Event("ev1", {"a": 1}), "no event")  # type: ignore[arg-type]

    @on("state_nil")
    def state_nil(self, payload: Any, state: Any) -> Any:
        return 0

    @on("state_list")
    def state_list(self, payload: Any, state: Any) -> Any:
        return [1, 2]


class InitError(channels.InitError, topic="init_error:*", on_error="crash"):
    """The testbed's, with the further topic that was recorded."""

    def init(self, params: Any) -> Any:
        return "not a map" if self.topic == "init_error:notmap" else super().init(params)


CHANNELS: list[type[Channel]] = [Plain, Keyed, Full, Types, Sockety, Crash, InitError]

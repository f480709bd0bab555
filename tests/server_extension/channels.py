"""Channels that the tests' servers host."""

import time
from typing import Any

from livestate_nb import Channel, on

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


class Topicless(Channel):
    def init(self, params: Any) -> Any:
        return {"topic": self.topic}


class OnMain(Channel, topic="on_main:*"):
    @on("plot", run_on="main")
    def plot(self, payload: Any, state: Any) -> None: ...

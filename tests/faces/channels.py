"""What the pages show."""

from typing import Any

from livestate_nb import Channel, Refuse, on


class Todos(Channel, topic="todos:*", shared=True):
    def init(self, params: Any) -> Any:
        return {"items": [], "query": "", "user": {"name": "Ada"}, "next": 1, "size": "L"}

    @on("add_todo")
    def add(self, payload: Any, state: Any) -> None:
        if not payload["title"]:
            raise Refuse("A todo needs a title.")
        item = {"id": f"{state['next']}", "title": payload["title"], "done": False}
        state["items"].insert(0, item)
        state["next"] += 1

    @on("toggle")
    def toggle(self, payload: Any, state: Any) -> None:
        item = _find(payload, state)
        item["done"] = not item["done"]

    @on("rename")
    def rename(self, payload: Any, state: Any) -> None:
        _find(payload, state)["title"] = payload["title"].strip()

    @on("remove")
    def remove(self, payload: Any, state: Any) -> None:
        state["items"].remove(_find(payload, state))

    @on("raise")
    def move_up(self, payload: Any, state: Any) -> None:
        item = _find(payload, state)
        state["items"].remove(item)
        state["items"].insert(0, item)

    @on("search")
    def search(self, payload: Any, state: Any) -> None:
        state["query"] = payload["q"]

    @on("resize")
    def resize(self, payload: Any, state: Any) -> None:
        state["size"] = payload["size"]


def _find(payload: Any, state: Any) -> Any:
    return next(item for item in state["items"] if item["id"] == payload["id"])


class Note(Channel, topic="note:*"):
    def init(self, params: Any) -> Any:
        return {"text": f"a note on {self.topic.removeprefix('note:')}"}

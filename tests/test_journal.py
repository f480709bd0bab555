"""What handlers print and how they fail, as it is kept and captured."""

import asyncio
import gc
import io
import logging
import sys
import weakref
from typing import Any, Self

import pytest

from livestate_nb import Channel, on
from livestate_nb.capture import Capture
from livestate_nb.journal import MAX_ENTRIES, MAX_TEXT, MAX_TITLE, Journal
from livestate_nb.roles import Seat
from livestate_nb.runtime import SessionHandle
from tests.sides import Side


class Talker(Channel, topic="talker:*"):
    @on("say")
    def say(self, payload: Any, state: Any) -> None:
        print(payload, end="")

    @on("say_later")
    async def say_later(self, payload: Any, state: Any) -> None:
        async def later() -> None:
            print("later", end="")

        self.task = asyncio.create_task(later())
        print("now", end="")

    @on("complain")
    def complain(self, payload: Any, state: Any) -> None:
        sys.stderr.write("oh")
        sys.stderr.writelines([" ", "no"])

    @on("look_up")
    def look_up(self, payload: Any, state: Any) -> None:
        state[payload["id"]]

    @on("fail")
    def fail(self, payload: Any, state: Any) -> None:
        raise ValueError("the fuse has blown")


class Desk:
    """A side with a journal, and what would have gone to the cell."""

    def __init__(self) -> None:
        self.told: list[Seat] = []
        self.cell = io.StringIO()
        self.side = Side()
        self.journal = Journal(self.told.append)
        self.handle: SessionHandle = self.side.show(Talker, "talker:a")

    def __enter__(self) -> Self:
        self._streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self.cell
        self.capture = Capture(self.journal)
        return self

    def __exit__(self, *error: object) -> None:
        self.capture.close()
        sys.stdout, sys.stderr = self._streams
        self.side.close()

    def printed(self) -> list[str]:
        return [entry.text for entry in self.journal.entries("print")]


def test_what_a_handler_prints_is_its_sessions_and_no_cells() -> None:
    with Desk() as desk:
        desk.handle.dispatch("say", "hello ")
        print("in a cell")
        desk.handle.dispatch("say", "again")
        assert desk.cell.getvalue() == "in a cell\n"
        assert desk.printed() == ["hello again"]
        assert desk.told == [desk.handle._session] * 2


def test_what_a_handlers_task_prints_later_is_its_sessions_too() -> None:
    with Desk() as desk:
        desk.handle.dispatch("say_later")
        desk.side.until(lambda: desk.printed() == ["nowlater"])


def test_standard_error_is_the_same() -> None:
    with Desk() as desk:
        desk.handle.dispatch("complain")
        assert desk.printed() == ["oh no"]


def test_sessions_are_kept_apart() -> None:
    with Desk() as desk:
        other = desk.side.show(Talker, "talker:b")
        for handle in (desk.handle, other, desk.handle):
            handle.dispatch("say", "x")
        assert [entry.topic for entry in desk.journal.entries()] == [
            "talker:a",
            "talker:b",
            "talker:a",
        ]


def test_a_progress_bar_takes_the_place_of_what_it_showed() -> None:
    with Desk() as desk:
        for part in ("working\n", "\r10 %", "\r20 %", "\r100 %\r\n"):
            desk.handle.dispatch("say", part)
        assert desk.printed() == ["working\n100 %\r\n"]


def test_the_journal_is_bounded() -> None:
    with Desk() as desk:
        other = desk.side.show(Talker, "talker:b")
        for _ in range(MAX_ENTRIES // 2 + 1):
            desk.handle.dispatch("say", "a")
            other.dispatch("say", "b")
        assert len(desk.printed()) == MAX_ENTRIES
        desk.handle.dispatch("say", "y" * (2 * MAX_TEXT))
        assert desk.printed()[-1] == "…" + "y" * (MAX_TEXT - 1)


@pytest.mark.parametrize("event", ["say", "fail"])
def test_the_journal_keeps_no_session(event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest keeps what is logged, with its traceback
    monkeypatch.setattr(logging.getLogger("livestate_nb"), "propagate", False)
    with Desk() as desk:
        handle = desk.side.show(Talker, "talker:b")
        page = desk.side.join(handle)
        session = weakref.ref(handle._session)
        desk.side.loop.loop.call_soon_threadsafe(page.dispatch, "talker:b", event, "x")
        desk.side.until(lambda: desk.journal.entries() != [])
        handle.close()
        del handle, page
        desk.told.clear()

        def is_gone() -> bool:
            gc.collect()
            return session() is None

        desk.side.until(is_gone)
        assert [entry.topic for entry in desk.journal.entries()] == ["talker:b"]


def test_a_failure_that_a_client_caused_is_kept_with_the_authors_part_of_its_traceback() -> None:
    with Desk() as desk:
        page = desk.side.join(desk.handle)
        desk.side.loop.loop.call_soon_threadsafe(page.dispatch, "talker:a", "fail")
        desk.side.until(lambda: bool(desk.journal.entries("error")))
        [entry] = desk.journal.entries("error")
        assert entry.title == (
            "Talker on 'talker:a' failed on 'fail': ValueError: the fuse has blown"
        )
        assert "in fail" in entry.text
        assert "livestate_nb/runtime" not in entry.text


def test_the_title_of_an_error_is_cut() -> None:
    with Desk() as desk:
        page = desk.side.join(desk.handle)
        lookup = {"id": "x" * 100_000}
        desk.side.loop.loop.call_soon_threadsafe(page.dispatch, "talker:a", "look_up", lookup)
        desk.side.until(lambda: bool(desk.journal.entries("error")))
        [entry] = desk.journal.entries("error")
        assert "KeyError: 'xxx" in entry.title
        assert len(entry.title) == MAX_TITLE


def test_a_warning_of_no_channel_is_written_as_before() -> None:
    with Desk() as desk:
        root, handlers = logging.getLogger(), list(logging.getLogger().handlers)
        for handler in handlers:
            root.removeHandler(handler)
        try:
            logging.getLogger("livestate_nb").warning("mind the gap")
        finally:
            for handler in handlers:
                root.addHandler(handler)
        assert desk.cell.getvalue() == "mind the gap\n"
        assert desk.journal.entries() == []


def test_closing_puts_the_streams_back_but_not_over_those_of_others() -> None:
    with Desk() as desk:
        theirs = io.StringIO()
        sys.stderr = theirs
        desk.capture.close()
        assert sys.stdout is desk.cell
        assert sys.stderr is theirs
        desk.handle.dispatch("say", "late")
        assert desk.cell.getvalue() == "late"
        assert desk.printed() == []

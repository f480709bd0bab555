"""What the servers and kernels of these tests host; run there, not in pytest."""

import asyncio
import gc
import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from livestate_nb import Channel, Event, Reply, on
from livestate_nb.runtime import Connection, Session

BOOK = Path("book.sqlite")
"""Below the server's root directory, or where the kernel runs."""


class Tally(Channel, topic="tally:*", shared=True, grace=20):
    """Note each event that was handled, and tell its sender."""

    def init(self, params: Any) -> Any:
        """Start with none."""
        return {"handled": []}

    @on("add")
    async def add(self, payload: Any, state: Any) -> Reply:
        """Note one."""
        state["handled"].append([payload["name"], payload["n"]])
        return Reply(state, Event("counted", {"n": payload["n"]}))


class Brief(Tally, topic="brief:*", shared=True, grace=0.5):
    """Do the same, and end soon."""


class Book(Channel, topic="book:*", shared=True, grace=0):
    """Keep entries in a database, two rows to each."""

    def init(self, params: Any) -> Any:
        """Read what there is."""
        with closing(_database()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS entry (n INTEGER, side TEXT, text TEXT)")
            [(count,)] = database.execute("SELECT count(*) FROM entry")
        return {"entries": count // 2}

    @on("enter")
    def enter(self, payload: Any, state: Any) -> None:
        """Enter both rows or none."""
        state["entries"] += 1
        text = "x" * payload.get("size", 100)
        with closing(_database()) as database, database:
            for side in ("debit", "credit"):
                database.execute("INSERT INTO entry VALUES (?, ?, ?)", (payload["n"], side, text))

    @on("enter_many")
    def enter_many(self, payload: Any, state: Any) -> Any:
        """Enter for ever."""
        while True:
            self.enter({"n": state["entries"]}, state)
            yield

    @on("clear")
    def clear(self, payload: Any, state: Any) -> None:
        """Take all out."""
        state["entries"] = 0
        with closing(_database()) as database:
            with database:
                database.execute("DELETE FROM entry")
            database.execute("VACUUM")


class Census(Channel, topic="census", grace=0):
    """Count what this process has open."""

    @on("count")
    async def count(self, payload: Any, state: Any) -> Reply:
        """Tell the counts; the client that asks is among them."""
        gc.collect()
        found = gc.get_objects()
        counts = {
            "sessions": sum(type(one) is Session and not one.is_closed for one in found),
            "connections": sum(type(one) is Connection and not one.is_closed for one in found),
            "tasks": len(asyncio.all_tasks()),
            "threads": sum(not _is_worker(one) for one in threading.enumerate()),
            "descriptors": len(os.listdir("/dev/fd")),
        }
        return Reply(state, Event("counted", counts))


class Unruly(Channel, topic="unruly:*", grace=0):
    """Do what no handler should."""

    def init(self, params: Any) -> Any:
        """Start at none."""
        return {"n": 0, "held": ""}

    @on("count")
    async def count(self, payload: Any, state: Any) -> None:
        """Behave."""
        state["n"] += 1

    @on("count_plain")
    def count_plain(self, payload: Any, state: Any) -> None:
        """Behave, in a thread."""
        state["n"] += 1

    @on("never_return")
    async def never_return(self, payload: Any, state: Any) -> None:
        """Wait for what does not come."""
        state["n"] = -1
        await asyncio.Event().wait()

    @on("never_return_plain")
    def never_return_plain(self, payload: Any, state: Any) -> None:
        """Wait in a thread for what does not come."""
        state["n"] = -1
        threading.Event().wait()

    @on("block")
    async def block(self, payload: Any, state: Any) -> None:
        """Keep the loop from everybody else."""
        time.sleep(payload["seconds"])  # noqa: ASYNC251 - that is the fault

    @on("allocate")
    def allocate(self, payload: Any, state: Any) -> None:
        """Take all memory that there is."""
        state["n"] = -1
        held = []
        while True:
            held.append(bytearray(16_000_000))


def _database() -> sqlite3.Connection:
    database = sqlite3.connect(BOOK)
    database.execute("PRAGMA synchronous = OFF")  # a killed process loses nothing by that
    return database


def _is_worker(thread: threading.Thread) -> bool:
    """Return whether a thread is one of the pool's, which stay for the next plain handler."""
    return thread.name == "livestate-worker"

"""Worker threads: as many as there may be, and those that wait are not counted."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from livestate_nb import Channel, on
from livestate_nb.errors import Overloaded
from livestate_nb.runtime import SessionHandle
from livestate_nb.runtime.threads import MOST_WAITING, Workers, waiting
from tests.clients import PATIENCE, Client
from tests.sides import Side

WORKERS = 40


class Room(Channel, topic="room", shared=True):
    def init(self, params: Any) -> Any:
        return {"n": 0}

    @on("add")
    def add(self, payload: Any, state: Any) -> None:
        state["n"] += 1


class Desk(Channel, topic="desk:*"):
    """Its handlers wait for the room when all threads are theirs."""

    room: SessionHandle
    begun: threading.Semaphore
    are_all_taken: threading.Event

    @on("tell")
    def tell(self, payload: Any, state: Any) -> None:
        if not self.begun.acquire(blocking=False):
            self.are_all_taken.set()
        self.are_all_taken.wait(PATIENCE)
        self.room.dispatch("add")


@pytest.fixture
def side() -> Iterator[Side]:
    side = Side()
    yield side
    side.close()


def test_any_number_of_plain_handlers_may_wait_for_a_session(side: Side) -> None:
    Desk.room = side.show(Room, "room")
    Desk.begun, Desk.are_all_taken = threading.Semaphore(WORKERS - 1), threading.Event()
    side.show(Desk, "desk:0")

    async def join(number: int) -> Client:
        client = Client(side.endpoint)
        await client.join(f"desk:{number}")
        return client

    async def go(client: Client, number: int) -> None:
        client.dispatch(f"desk:{number}", "tell")

    clients = [side.run(join(number)) for number in range(WORKERS + 10)]
    for number, client in enumerate(clients):
        side.run(go(client, number))
    for client in clients:
        side.run(client.wait("state:patch", 1))
        assert client.received("error") == []
    assert Desk.room.state == {"n": len(clients)}


class Crowd:
    """Functions that wait on workers' threads until they are told to go on."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.waiting = threading.Semaphore(0)
        self.go = threading.Event()

    def _wait(self) -> None:
        with waiting():
            self.waiting.release()
            self.go.wait(PATIENCE)

    def begin(self, count: int) -> "list[Future[None]]":
        """Let so many wait; return when they do."""
        futures = [self.workers.submit(self._wait) for _ in range(count)]
        for _ in futures:
            assert self.waiting.acquire(timeout=PATIENCE)
        return futures


def workers_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "livestate-worker"}


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    workers = Workers(2)
    crowd = Crowd(workers)
    yield crowd
    crowd.go.set()
    workers.shutdown()


def test_what_waits_keeps_no_thread_from_others(crowd: Crowd) -> None:
    futures = crowd.begin(5)
    assert crowd.workers.submit(pow, 2, 5).result(PATIENCE) == 32
    crowd.go.set()
    for future in futures:
        future.result(PATIENCE)


def test_threads_too_many_end_as_they_are_done(crowd: Crowd) -> None:
    others = workers_threads()
    crowd.begin(10)
    crowd.go.set()
    deadline = time.monotonic() + PATIENCE
    while len(workers_threads() - others) > 2:
        assert time.monotonic() < deadline
        assert crowd.workers.submit(pow, 2, 5).result(PATIENCE) == 32


def test_more_than_may_wait_are_told(crowd: Crowd) -> None:
    crowd.begin(MOST_WAITING)
    with pytest.raises(Overloaded, match=f"at most {MOST_WAITING} plain handlers"):
        crowd.workers.submit(crowd._wait).result(PATIENCE)
    assert crowd.workers.submit(pow, 2, 5).result(PATIENCE) == 32


def test_who_is_no_worker_just_waits() -> None:
    with waiting(), waiting():
        assert threading.current_thread() is threading.main_thread()


# at the end of the interpreter, where new threads may be forbidden


LAST = """
import atexit
from livestate_nb.runtime.threads import Workers

def last():
    print(workers.submit(pow, 2, 5).result(), workers.submit(pow, 2, 6).result())

workers = Workers(2)
atexit.register(last)
"""


def test_what_is_submitted_when_the_interpreter_ends_is_run() -> None:
    command = [sys.executable, "-c", LAST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("32 64\n", "")

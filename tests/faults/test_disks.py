"""A disk that is full under a handler's database: the event fails, the database stays whole."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.channels import BOOK
from tests.faults.site import census, entries, no_leak, visiting
from tests.servers import Server

pytestmark = pytest.mark.asyncio

LARGE = 200_000
"""Characters of an entry."""


async def test_a_full_disk_fails_the_event_and_harms_nothing(server: Server) -> None:
    before = await census(server)
    async with visiting(server) as client:
        book, other = await client.join("book:1"), await client.join("unruly:1")
        book.send_event("enter", {"n": 0})
        await book.settle()
        there = entries(server)
        with full(server):
            for n in (1, 2):
                book.send_event("enter", {"n": n, "size": LARGE})
                assert (await book.assert_event("error"))["type"] == "raised"
                assert book.state == {"entries": there}
            other.send_event("count")
            await other.settle()
            assert entries(server) == there
        book.send_event("enter", {"n": 3, "size": LARGE})
        await book.settle()
        assert book.state == {"entries": there + 1}
        assert entries(server) == there + 1
        book.send_event("clear")
        await book.settle()
        assert entries(server) == 0
    await no_leak(server, before)


@contextmanager
def full(server: Server) -> Iterator[None]:
    """Let the server write no file larger than its database plus one small entry."""
    pid, kind = server.process.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, kind)
    most = (server.root / BOOK).stat().st_size + LARGE
    resource.prlimit(pid, kind, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)

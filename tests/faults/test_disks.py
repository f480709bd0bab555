"""A disk that is full under a handler's database: the event fails, the database stays whole."""

import resource
from pathlib import Path

import pytest

from livestate_nb.testing import connect_async
from tests.faults.channels import BOOK
from tests.faults.site import PATIENCE, address, census, entries, no_leak, site
from tests.servers import TOKEN

pytestmark = pytest.mark.asyncio

LARGE = 200_000
"""Characters of an entry."""


async def test_a_full_disk_fails_the_event_and_harms_nothing(tmp_path: Path) -> None:
    with site(tmp_path) as server:
        before = await census(server)
        async with connect_async(address(server), token=TOKEN, timeout=PATIENCE) as client:
            book, other = await client.join("book:1"), await client.join("unruly:1")
            book.send_event("enter", {"n": 0})
            await book.settle()
            pid, kind = server.process.pid, resource.RLIMIT_FSIZE
            most = (server.root / BOOK).stat().st_size + LARGE
            unlimited = resource.prlimit(pid, kind, (most, resource.RLIM_INFINITY))
            for n in (1, 2):
                book.send_event("enter", {"n": n, "size": LARGE})
                assert (await book.assert_event("error"))["type"] == "raised"
                assert book.state == {"entries": 1}
            other.send_event("count")
            await other.settle()
            assert entries(server) == 1
            resource.prlimit(pid, kind, unlimited)
            book.send_event("enter", {"n": 3, "size": LARGE})
            await book.settle()
            assert book.state == {"entries": 2}
            assert entries(server) == 2
        await no_leak(server, before)

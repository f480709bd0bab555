"""Networks that lose what they carry: our client loses nothing, and nothing is left behind."""

from urllib.parse import urlsplit

import pytest

from tests.faults.page import Program, agreed, opened
from tests.faults.site import HEARTBEAT, IDLE, address, census, no_leak
from tests.outage.proxy import proxy
from tests.servers import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60 + 10 * IDLE)]


def port_of(server: Server) -> int:
    return urlsplit(server.url).port or 0


async def test_a_half_open_connection_is_found_out_by_both_ends(
    server: Server, program: Program
) -> None:
    before = await census(server)
    async with proxy(port_of(server)) as (carrier, port):
        direct, way, topic = address(server), address(server, port), "tally:half-open"
        async with (
            opened(program, direct, topic, "ann", heartbeat=HEARTBEAT) as ann,
            opened(program, way, topic, "bob", heartbeat=HEARTBEAT) as bob,
        ):
            for page in (ann, bob):
                page.dispatch(3)
            await agreed(ann, bob)
            carrier.silence()
            for page in (ann, bob):
                page.dispatch(3)
            await agreed(ann, bob)
            assert "offline" in bob.statuses
            # the dead connection still stands at the server: it gives up a silent client
            await no_leak(server, {"connections": before["connections"] + 2})
    await no_leak(server, {**before, "sessions": before["sessions"] + 1})


async def test_heartbeats_keep_a_proxy_from_cutting_what_is_idle(
    server: Server, program: Program
) -> None:
    # the server would cut what is idle after IDLE: the proxy comes first
    async with proxy(port_of(server), idle=0.8 * IDLE) as (carrier, port):
        way = address(server, port)
        async with (
            opened(program, way, "tally:idle", "ann", heartbeat=HEARTBEAT) as ann,
            opened(program, way, "tally:idle", "bob", heartbeat=9 * HEARTBEAT) as bob,
        ):
            ann.dispatch()
            await agreed(ann, bob)
            await bob.until(lambda has: has["status"] == "offline")
            await bob.until(lambda has: has["status"] == "live")
            ann.dispatch()
            bob.dispatch()
            await agreed(ann, bob)
            assert carrier.cuts == bob.statuses.count("offline") > 0

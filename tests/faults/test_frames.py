"""Messages that are lost, doubled or swapped on the way between client, server and kernel.

No WebSocket does that by itself; what stands in its way may, and a notebook's comm does.
"""

from urllib.parse import urlsplit

import pytest

from tests.clients import until
from tests.faults.page import Page, Program, agreed, opened
from tests.faults.relay import Faults, Kind, Message, relay
from tests.faults.site import HEARTBEAT, IDLE, IS_LONG, address, census, no_leak
from tests.faults.test_processes import CELLS, NAMES
from tests.outage.kernel import KernelOf
from tests.servers import Server

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120 + 10 * IDLE)]

KINDS: list[Kind] = ["lose", "double", "swap"]
ROUNDS = 30 if IS_LONG else 3
EVENTS = 10
"""Of each client in one round."""


def may_be_harmed(message: Message) -> bool:
    """Return whether a frame is neither a join nor a heartbeat, which phoenix.js times out."""
    words = ('"phx_join"', '"max_version"', '"heartbeat"', '"phoenix"')
    return isinstance(message, str) and not any(word in message for word in words)


async def rounds(faults: Faults, ann: Page, bob: Page) -> None:
    """Let two clients dispatch while messages are harmed, and compare them when they are not."""
    for number in range(1, ROUNDS + 1):
        faults.is_on = True
        for page in (ann, bob):
            page.dispatch(EVENTS)
        await until(lambda number=number: faults.count >= 2 * number)  # type: ignore[misc]
        faults.is_on = False
        for page in (ann, bob):
            page.dispatch()
        await agreed(ann, bob)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_happens_between_client_and_server_is_mended(
    server: Server, program: Program, kind: Kind
) -> None:
    before = await census(server)
    faults = Faults([kind], 7, may_be_harmed)
    topic = f"tally:{kind}"
    async with (
        relay(urlsplit(server.url).port or 0, faults) as port,
        opened(program, address(server, port), topic, "ann") as ann,
        opened(program, address(server, port), topic, "bob") as bob,
    ):
        await rounds(faults, ann, bob)
    await no_leak(server, {**before, "sessions": before["sessions"] + 1})


@pytest.mark.parametrize("word", ['"lvs_evt:', '"state:patch"', '"counted"', '"phx_reply"'])
async def test_the_last_message_may_be_lost(server: Server, program: Program, word: str) -> None:
    faults = Faults(["lose"], 1, lambda message: isinstance(message, str) and word in message)
    topic = f"tally:last:{word.strip(chr(34))}"
    async with (
        relay(urlsplit(server.url).port or 0, faults) as port,
        opened(program, address(server, port), topic, "ann", heartbeat=HEARTBEAT) as ann,
        opened(program, address(server), topic, "bob", heartbeat=HEARTBEAT) as bob,
    ):
        faults.is_on = True
        ann.dispatch()
        await until(lambda: faults.count >= 1)
        faults.is_on = False
        await agreed(ann, bob)


async def test_what_happens_between_server_and_kernel_is_mended(
    server: Server, program: Program
) -> None:
    faults = Faults(KINDS, 23, lambda _: True)
    kernel = await KernelOf.start(server, server.root.parent / "runtime")
    async with relay(kernel.uplink_port, faults) as port:
        await kernel.host(CELLS, port, *NAMES)
        async with (
            opened(program, address(server), "cells:1", "ann") as ann,
            opened(program, address(server), "cells:1", "bob") as bob,
        ):
            await rounds(faults, ann, bob)
        await kernel.close()

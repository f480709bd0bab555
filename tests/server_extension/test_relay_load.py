"""A kernel's channel under load: many clients of one topic, and its cell run again and again."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.server_extension.kernels import PATIENCE, SETUP, Bind, Kernel
from tests.server_extension.web import Connect, Web

Start = Callable[[], Awaitable[Kernel]]

CLIENTS = 200
MAX_VERSION = 1000
RUNS = 50
COUNT_ENCODINGS = """
from livestate_nb.runtime import ledger

encoded, encode = [], ledger.outgoing

def counted(event, payload):
    encoded.append(event)
    return encode(event, payload)

ledger.outgoing = counted
"""
COUNT = """
import asyncio, gc, threading
extension = get_ipython().livestate._notebook
gc.collect()
print(
    len(extension._endpoint.sessions),
    len(extension._endpoint._tasks),
    threading.active_count(),
    len(get_ipython().kernel.comm_manager.comms),
)
"""


async def test_a_change_is_encoded_once_for_200_clients(
    kernels: Start, bind: Bind, connect: Connect
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    await kernel.run("Counter.publish()")
    first = await bind(kernel.id)
    await first.join("cells:a")
    others = [await connect() for _ in range(CLIENTS - 1)]
    for web in others:
        await web.join("cells:a")
    await kernel.run(COUNT_ENCODINGS)
    await others[-1].dispatch("cells:a", "inc")
    for web in [first, *others]:
        patch = await web.wait("state:patch")
        assert patch["patch"] == [{"op": "replace", "path": "/n", "value": 1}]
    assert await kernel.run("print(encoded, len(Counter.at('cells:a').members))") == (
        f"['state:patch'] {CLIENTS}\n"
    )


async def test_a_cell_run_50_times_under_load_loses_no_event_and_leaks_nothing(
    kernels: Start, bind: Bind
) -> None:
    kernel = await kernels()
    cell = f"{SETUP}\nshown = Counter.show('cells:a', name='a')"
    await kernel.run(cell, "one")
    webs = [await bind(kernel.id) for _ in range(3)]
    for web in webs:
        await web.join("cells:a")
    before = await kernel.run(COUNT)
    is_done = asyncio.Event()

    async def load(web: Web) -> int:
        sent = 0
        while not is_done.is_set():
            await web.dispatch("cells:a", "inc")
            sent += 1
            await asyncio.sleep(0.005)
        return sent

    loads = [asyncio.create_task(load(web)) for web in webs]
    for run in range(RUNS):
        changed = cell.replace('state["n"] += 1', f'state["n"] += 1; state["run"] = {run}')
        await kernel.run(changed, "one")
    is_done.set()
    sent = sum(await asyncio.gather(*loads))
    for web in webs:
        events = [event for event in await said_until(web, sent) if event.startswith("phx_")]
        assert "phx_error" not in events
        assert "phx_close" not in events
    assert await kernel.run("print(shown.state['n'])") == f"{sent}\n"
    async with asyncio.timeout(PATIENCE):
        while not has_no_more(await kernel.run(COUNT), before):
            pass


def has_no_more(now: str, before: str) -> bool:
    """Return whether no count has grown; a task may be just ending."""
    return all(int(a) <= int(b) for a, b in zip(now.split(), before.split(), strict=True))


async def said_until(web: Web, patches: int) -> list[str]:
    """Return the names of the events that a client gets up to its patch of this number."""
    events: list[str] = []
    version = 0
    while events.count("state:patch") < patches:
        _, _, _, event, payload = await web.read()
        events.append(event)
        if event == "state:patch":
            version = version + 1 if version < MAX_VERSION else 0
            assert payload["version"] == version
    return events


async def test_a_cell_that_runs_sees_a_client_leave(
    kernels: Start, bind: Bind, connect: Connect
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    await kernel.run("Counter.publish()\nshown = Counter.show('cells:a')")
    web = await bind(kernel.id)
    await web.join("cells:a")
    outsider = await connect()
    await outsider.join("cells:a")
    await kernel.start(
        "import time; print('it runs')\n"
        "while len(Counter.at('cells:a').members) > 1: time.sleep(0.01)\n"
    )
    outsider.close()
    assert await kernel.run("print(len(shown.members))") == "1\n"

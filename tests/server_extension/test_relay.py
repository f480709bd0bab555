"""Channels of real kernels through a real server: bound sockets, published topics, ends."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.websocket import WebSocketClosedError

from livestate_nb.transports.uplink_wire import SECRET_VARIABLE, URL_VARIABLE
from tests.metrics import here, labels
from tests.seen import check, close, message
from tests.server_extension.kernels import SETUP, Bind, CellError, Kernel, frozen
from tests.server_extension.test_handlers import Denying
from tests.server_extension.web import OUTSIDER, Connect, Web, status

Start = Callable[[], Awaitable[Kernel]]


class NoKernels(Authorizer):
    """Denies to execute in kernels, and nothing else."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return (action, resource) != ("execute", "kernels")


async def lost(web: Web) -> list[str]:
    """Rejoin as often as the topic is lost; return the reasons, the last that of a refusal."""
    reasons: list[str] = []
    while True:
        _, _, topic, event, payload = await web.read()
        if event == "phx_error":
            reasons.append(payload["reason"])
            await web.push(topic, "phx_join")
        elif event == "phx_reply" and payload["status"] == "error":
            return [*reasons, payload["response"]["reason"]]


async def test_channels_of_a_kernel_from_the_first_join_to_its_end(
    kernels: Start, bind: Bind, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secret = os.environ[SECRET_VARIABLE]
    kernel = await kernels()
    await kernel.run(SETUP)
    web, outsider = await bind(kernel.id), await connect()
    assert (await web.join("cells:a"))["state"] == {"n": 0}

    # while a cell runs
    await kernel.start("import time; print('it runs')\nwhile True: time.sleep(0.05)")
    for count in range(1, 4):
        await web.dispatch("cells:a", "inc")
        patch = await web.wait("state:patch")
        assert patch["patch"] == [{"op": "replace", "path": "/n", "value": count}]
    await kernel.interrupt()

    # bytes
    sent = b"\x00\x01\x01\x07\x0c19cells:alvs_evt:echo\xff\x00"
    await web.socket.write_message(sent, binary=True)
    assert await web.wait("echoed") == b"\xff\x00!"
    assert (await web.wait("state:patch"))["patch"] == []

    # published
    await outsider.push("cells:a", "phx_join")
    refused = await outsider.wait("phx_reply")
    assert refused["response"] == {"reason": "unmatched topic"}
    await kernel.run("Counter.publish()")
    assert (await outsider.join("cells:a"))["state"] == {"n": 3}
    told = await kernel.run("%livestate")
    assert "cells:a  Counter  version 4  2 joined: Anonymous " in told
    await outsider.dispatch("cells:a", "who")
    who = (await web.wait("state:patch"))["patch"][0]["value"]
    assert who[0] == "User"
    assert len(who[1]) == 32  # jupyter names who comes with a token at random
    with pytest.raises(CellError, match="the server itself hosts 'counter:"):
        await kernel.run("class Theirs(Channel, topic='counter:1'): pass\nTheirs.publish()")
    assert (await outsider.join("counter:1"))["state"] == {"count": 0}

    # restarted
    await kernel.restart()
    assert (await web.wait("phx_error"))["reason"] == "kernel restarting"
    assert (await outsider.wait("phx_error"))["reason"] == "kernel restarting"
    await web.push("cells:a", "phx_join")
    await outsider.push("cells:a", "phx_join")
    await kernel.run(SETUP)
    assert (await web.wait("state:change"))["state"] == {"n": 0}
    await outsider.dispatch("counter:1", "inc")  # the socket was kept, and the held join harms none
    assert (await outsider.wait("state:patch"))["version"] == 1
    opened = await kernel.run("%livestate publish cells:*")
    assert opened == "cells:* is open to the server's other clients\n"
    assert (await outsider.wait("state:change"))["state"] == {"n": 0}

    # shut down
    await kernel.shut_down()
    assert (await lost(web))[-1] == "kernel gone"
    assert (await lost(outsider))[-1] in ("kernel gone", "unmatched topic")
    await outsider.dispatch("counter:1", "inc")
    assert (await outsider.wait("state:patch"))["version"] == 2
    assert secret not in caplog.text
    assert "state:patch" not in caplog.text


async def test_a_voila_visitors_kernel_takes_no_joins_of_others(
    kernels: Start, connect: Connect, bind: Bind, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await kernels()
    await author.run(f"{SETUP}\nCounter.publish()")
    monkeypatch.setenv("VOILA_PREHEAT", "False")  # as Voila sets it for a kernel that it starts
    visitors = await kernels()
    monkeypatch.delenv("VOILA_PREHEAT")
    await visitors.run(f"{SETUP}\nCounter.publish()")
    told = await visitors.run("%livestate publish cells:*")
    assert told == "cells:* stays closed: this kernel is one Voila visitor's own\n"

    outsider, visitor = await connect(), await bind(visitors.id)
    await outsider.join("cells:a")
    await visitor.join("cells:a")
    await outsider.dispatch("cells:a", "inc")
    assert (await outsider.wait("state:patch"))["version"] == 1
    assert await author.run("print(Counter.at('cells:a').state)") == "{'n': 1}\n"
    assert await visitors.run("print(Counter.at('cells:a').state)") == "{'n': 0}\n"


async def test_a_crash_is_told_at_once(kernels: Start, bind: Bind) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    web = await bind(kernel.id)
    await web.join("cells:a")
    async with asyncio.timeout(5):
        await kernel.crash()
        assert (await web.wait("phx_error"))["reason"] == "kernel lost"
    kernel.disconnect()


FROZEN = {"kernel_unread_per_client": 2_000_000, "kernel_unread": 8_000_000}


async def fill(web: Web, topic: str, is_over: "asyncio.Future[Any]") -> None:
    """Send large events until the socket is closed, or else it is over."""
    closed = asyncio.ensure_future(web.closed())
    while not (closed.done() or is_over.done()):
        with suppress(WebSocketClosedError):
            await web.dispatch(topic, "inc", {"pad": "x" * 1_000_000})
        await asyncio.sleep(0)
    closed.cancel()


@pytest.mark.parametrize("options", [{"LiveStateApp": {"limits": FROZEN}}], ids=["limited"])
async def test_a_frozen_kernel_costs_no_socket_but_that_of_who_floods_it(
    kernels: Start, bind: Bind
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    pid = int(await kernel.run("import os; print(os.getpid())"))
    web, flood = await bind(kernel.id), await bind(kernel.id)
    await web.join("cells:a")
    await flood.join("cells:b")
    before = here()
    async with frozen(pid):
        await web.dispatch("cells:a", "inc")
        ref = await web.push("phoenix", "heartbeat")
        assert (await web.read())[1:3] == [ref, "phoenix"]
        await fill(flood, "cells:b", asyncio.Future())
        seen = close(flood.socket.close_code, flood.socket.close_reason)
        counted = here() - before
        assert counted["livestate_unsent_characters", labels(by="kernels")] > 0
        assert counted["livestate_refusals_total", labels(kind="slow")] >= 1
    assert (await web.wait("state:patch"))["version"] == 1
    check("kernel_unread_per_client", 2_000_000, seen)


@pytest.mark.parametrize("options", [{"LiveStateApp": {"limits": FROZEN}}], ids=["limited"])
async def test_a_frozen_kernel_is_hung_up_on_when_too_much_waits_and_comes_back(
    kernels: Start, bind: Bind
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    pid = int(await kernel.run("import os; print(os.getpid())"))
    web = await bind(kernel.id)
    await web.join("cells:a")
    floods = [await bind(kernel.id) for _ in range(6)]
    for flood in floods:
        await flood.join("cells:b")
    async with frozen(pid):
        lost = asyncio.ensure_future(web.wait("phx_error"))
        for flood in floods:
            await fill(flood, "cells:b", lost)
        seen = message("phx_error", await lost)
    assert (await web.join("cells:a"))["state"] == {"n": 0}  # as soon as it has dialled again
    check("kernel_unread", 8_000_000, f"{seen}; joins wait until the kernel has dialled again")


async def test_a_slow_client_skips_updates_and_harms_no_other(kernels: Start, bind: Bind) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    slow, quick = await bind(kernel.id), await bind(kernel.id)
    await slow.join("cells:a")
    await quick.join("cells:a")
    count = 60
    for number in range(1, count + 1):
        await quick.dispatch("cells:a", "pad", {"size": 300_000 + number})
        assert (await quick.wait("state:patch"))["version"] == number
    patches, version = 0, 0
    while version < count:
        _, _, _, event, payload = await slow.read()
        patches += event == "state:patch"
        version = payload["version"]
    assert event == "state:change"
    assert patches < count


async def test_the_way_of_kernels_is_in_the_environment_as_long_as_the_server_runs(
    jp_serverapp: Any,
) -> None:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    assert os.environ[URL_VARIABLE].startswith("ws://127.0.0.1:")
    assert len(os.environ[SECRET_VARIABLE]) == 64
    await app.stop_extension()
    assert URL_VARIABLE not in os.environ
    assert SECRET_VARIABLE not in os.environ


# who may connect


async def test_a_kernel_s_socket_needs_authentication(bind: Bind) -> None:
    assert await status(bind("k1", headers={**OUTSIDER})) == 403
    assert await status(bind("k1", headers={**OUTSIDER, "Authorization": "token wrong"})) == 403
    assert await status(bind("k1")) == 101


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"authorizer_class": NoKernels}}], ids=["denying"]
)
async def test_who_may_join_but_not_run_code_gets_no_kernel_s_socket(
    bind: Bind, connect: Connect
) -> None:
    assert await status(bind("k1")) == 403
    await connect()


@pytest.mark.parametrize("options", [{"ServerApp": {"authorizer_class": Denying}}], ids=["denying"])
async def test_a_kernel_s_socket_needs_authorization(bind: Bind) -> None:
    assert await status(bind("k1")) == 403


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"allow_origin": "http://friend.example"}}], ids=["a friend"]
)
async def test_a_kernel_s_socket_takes_the_origins_that_config_allows(
    bind: Bind, login: Any
) -> None:
    _, headers = await login()
    assert await status(bind("k1", headers={**headers})) == 101
    friend = {**headers, "Origin": "http://friend.example"}
    assert await status(bind("k1", headers=friend)) == 101
    evil = {**headers, "Origin": "http://evil.example"}
    assert await status(bind("k1", headers=evil)) == 403


async def test_a_kernel_that_is_not_run_is_refused_with_a_reason(bind: Bind) -> None:
    web = await bind("no-such-kernel")
    await web.push("cells:a", "phx_join")
    assert (await web.wait("phx_reply"))["response"] == {"reason": "kernel gone"}
    await web.push("phoenix", "heartbeat")
    assert (await web.wait("phx_reply"))["status"] == "ok"

"""The desk: all kinds of connect callbacks, and those that do not return."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from livestate_nb import Refuse, User
from livestate_nb_server.desk import Desk

GIVEN = {"team": "7"}


async def give(params: Any, user: User, auth_token: str | None) -> dict[str, Any]:
    await asyncio.sleep(0)
    return GIVEN


def give_later(params: Any, user: User, auth_token: str | None) -> Any:
    return give(params, user, auth_token)


class Giver:
    async def __call__(self, params: Any, user: User, auth_token: str | None) -> dict[str, Any]:
        return await give(params, user, auth_token)


async def ask(desk: Desk) -> Any:
    return await desk.ask({}, User("ann"), None)


async def refusal(desk: Desk) -> str:
    with pytest.raises(Refuse) as refused:
        await ask(desk)
    return str(refused.value)


@pytest.mark.parametrize(
    "connect",
    [give, Giver(), give_later, lambda *_told: GIVEN],
    ids=["async", "object", "gives what waits", "plain"],
)
async def test_a_callback_is_what_can_be_called_and_what_it_gives_is_awaited(connect: Any) -> None:
    desk = Desk(connect)
    assert await ask(desk) == GIVEN
    desk.close()


async def test_why_a_client_was_refused_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_told: Any) -> None:
        raise Refuse("log in first")

    caplog.set_level(logging.INFO, "livestate_nb")
    desk = Desk(refuse)
    assert "log in first" in await refusal(desk)
    assert "log in first" in caplog.text
    desk.close()


async def test_callbacks_that_are_stuck_stop_neither_others_nor_the_loop_s_threads() -> None:
    stuck = threading.Event()
    count = 35  # more than asyncio's own threads, on a machine with few cores

    def connect(params: Any, *_told: Any) -> dict[str, Any]:
        if params:
            stuck.wait()
        return GIVEN

    desk = Desk(connect)
    waiting = [asyncio.ensure_future(desk.ask({"n": "1"}, User("a"), None)) for _ in range(count)]
    async with asyncio.timeout(10):
        assert await ask(desk) == GIVEN
        assert await asyncio.to_thread(lambda: 1) == 1
    stuck.set()
    assert await asyncio.gather(*waiting) == [GIVEN] * count
    desk.close()


@pytest.mark.parametrize("is_async", [True, False])
async def test_who_is_not_answered_in_time_is_refused(
    is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = threading.Event()

    async def wait(*_told: Any) -> None:
        await asyncio.Event().wait()

    desk = Desk(wait if is_async else lambda *_told: stuck.wait(), patience=0.05)  # type: ignore[arg-type,return-value]
    await refusal(desk)
    assert "took 0.05 s" in caplog.text
    stuck.set()
    desk.close()


async def test_a_time_out_of_the_callback_s_own_is_a_failure_like_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_told: Any) -> None:
        raise TimeoutError("the database")

    desk = Desk(fail)
    assert "database" not in await refusal(desk)
    assert "failed" in caplog.text
    assert "the database" in caplog.text
    desk.close()

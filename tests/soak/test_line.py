"""A line that is read all the time: what is asked, what nobody waits for, and its end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.soak.line import Line
from tests.clients import PATIENCE, until
from tests.soak.conftest import Handler

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def line(port: int) -> AsyncIterator[Line]:
    line = await Line.open(f"ws://127.0.0.1:{port}/")
    yield line
    await line.close()


async def test_what_nobody_waits_for_is_read_all_the_same(line: Line) -> None:
    await line.send("1000")
    await until(lambda: b"1000" in Handler.pongs)
    heard: list[str | bytes] = []

    def is_last(frame: str | bytes) -> bool:
        heard.append(frame)
        return frame == "3"

    await line.ask("3", is_last)
    assert heard == ["1", "2", "3"]


async def test_a_closed_line_answers_nothing(line: Line) -> None:
    with pytest.raises(ConnectionError, match="the server has closed the connection"):
        async with asyncio.timeout(PATIENCE):
            await line.ask("end", lambda _: True)

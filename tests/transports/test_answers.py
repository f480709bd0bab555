"""Requests on an uplink: who waits gets the answer, whatever comes at the same moment."""

import asyncio

import pytest

from livestate_nb.errors import HostError
from livestate_nb.transports.answers import Answers

pytestmark = pytest.mark.asyncio


async def test_answers_come_to_who_asked_in_whatever_order() -> None:
    answers, sent = Answers(), list[int]()
    asked = [asyncio.create_task(answers.to(sent.append)) for _ in range(2)]
    await asyncio.sleep(0)
    first, second = sent
    answers.came(second, "two")
    answers.came(first, "one")
    assert [await one for one in asked] == ["one", "two"]


async def test_an_answer_that_nobody_waits_for_is_dropped() -> None:
    answers = Answers()
    answers.came(1, "late")
    answers.lost()


async def test_who_waits_when_the_way_is_lost_is_told() -> None:
    answers = Answers()
    asked = asyncio.create_task(answers.to(lambda number: None))
    await asyncio.sleep(0)
    answers.lost()
    with pytest.raises(HostError, match="the way to the Jupyter server was lost"):
        await asked


@pytest.mark.parametrize("end", ["answer", "loss"])
async def test_a_request_that_is_given_up_as_its_end_comes_harms_nothing(end: str) -> None:
    answers, sent = Answers(), list[int]()
    asked = asyncio.create_task(answers.to(sent.append))
    await asyncio.sleep(0)
    asked.cancel()
    if end == "answer":
        answers.came(sent[0], "too late")
    else:
        answers.lost()
    with pytest.raises(asyncio.CancelledError):
        await asked

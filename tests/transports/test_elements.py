"""Elements that kernels show, asked for by their server over an uplink."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from livestate_nb import Channel
from livestate_nb.transports.uplink_wire import Shown
from livestate_nb_server import questions
from tests.clients import until
from tests.relays import Dialled, Place

pytestmark = pytest.mark.asyncio


class Counter(Channel, topic="cells:*"):
    def init(self, params: Any) -> Any:
        return {"n": 0}


class Notes(Channel, topic="notes"):
    def init(self, params: Any) -> Any:
        return {"notes": []}


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    yield place
    await place.close()


async def show(kernel: Dialled, tag: str, pattern: str, source: str) -> None:
    """Show an element as a cell does."""
    kernel.gallery.shown[tag] = pattern, source
    kernel.uplink.shown()


async def element(place: Place, tag: str, source: str | None) -> None:
    """Wait until the server has this source for an element, or has none."""
    async with asyncio.timeout(10):
        while await place.relay.element(tag) != source:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def test_only_elements_of_published_channels_are_given(place: Place) -> None:
    kernel = await place.dial("k1", Counter, Notes)
    await show(kernel, "x-count", "cells:*", "count")
    await show(kernel, "x-notes", "notes", "notes")
    await kernel.uplink.publish("cells:*")
    assert await place.relay.element("x-count") == "count"
    assert await place.relay.element("x-notes") is None
    assert await place.relay.element("x-other") is None
    await kernel.uplink.publish("notes")
    assert await place.relay.element("x-notes") == "notes"
    kernel.withdraw("notes")
    await element(place, "x-notes", None)
    assert await place.relay.element("x-count") == "count"


async def test_an_element_is_given_as_it_is_now(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    await kernel.uplink.publish("cells:*")
    assert await place.relay.element("x-count") is None
    await show(kernel, "x-count", "cells:*", "count")
    await element(place, "x-count", "count")
    await show(kernel, "x-count", "cells:*", "count again")
    assert await place.relay.element("x-count") == "count again"
    del kernel.gallery.shown["x-count"]
    assert await place.relay.element("x-count") is None


async def test_the_kernel_that_takes_new_joins_gives_the_element(place: Place) -> None:
    first, second = await place.dial("k1", Counter), await place.dial("k2", Counter)
    for kernel, source in ((first, "first"), (second, "second")):
        await show(kernel, "x-count", "cells:*", source)
        await kernel.uplink.publish("cells:*")
    assert await place.relay.element("x-count") == "second"
    await first.uplink.publish("cells:*")
    assert await place.relay.element("x-count") == "first"
    await first.close()
    await until(lambda: not place.is_connected("k1"))  # who is asked till then does not answer
    await element(place, "x-count", "second")


async def test_a_kernel_that_does_not_answer_is_not_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PATIENCE", 0.1)
    kernel = await place.dial("k1", Counter)
    await show(kernel, "x-count", "cells:*", "count")
    await kernel.uplink.publish("cells:*")
    kernel.gallery.answers.clear()
    with pytest.raises(TimeoutError):
        await place.relay.element("x-count")
    monkeypatch.undo()
    kernel.gallery.answers.set()  # the late answer harms nobody
    assert await place.relay.element("x-count") == "count"


async def test_a_kernel_that_is_lost_is_not_waited_for(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    await show(kernel, "x-count", "cells:*", "count")
    await kernel.uplink.publish("cells:*")
    kernel.gallery.answers.clear()
    asking = asyncio.ensure_future(place.relay.element("x-count"))
    await asyncio.sleep(0)
    kernel.changes.clear()
    async with asyncio.timeout(questions.PATIENCE / 2):
        place.cut("k1")
        with pytest.raises(TimeoutError, match="the uplink of the kernel is lost"):
            await asking
    kernel.gallery.answers.set()
    await until(lambda: True in kernel.changes)
    await element(place, "x-count", "count")  # offered again, without being shown again


async def test_a_kernel_tells_its_server_of_its_widgets(place: Place) -> None:
    kernel = await place.dial("k1", Counter)
    kernel.gallery.models["m1"] = {"topic": "cells:a"}
    told = Shown("hashed/widget-test.js", {"m1": {"topic": "cells:a"}})
    assert await place.relay.widgets("k1") == told
    await place.dial("k2", Notes)
    assert await place.relay.widgets("k2") == Shown("hashed/widget-test.js")


async def test_a_kernel_that_has_not_dialled_tells_of_no_widgets(place: Place) -> None:
    place.address("k1")
    assert await place.relay.widgets("k1") == Shown()
    assert await place.relay.widgets("unknown") == Shown()


@pytest.mark.parametrize("text", ["x" * 16_000_000, "half a character: \ud800"], ids=len)
async def test_widgets_that_no_message_can_hold_end_no_uplink(place: Place, text: str) -> None:
    kernel = await place.dial("k1", Counter)
    kernel.gallery.models["m1"] = {"log": [{"kind": "print", "title": "", "text": text}]}
    assert await place.relay.widgets("k1") == Shown()
    assert kernel.changes == [True]
    kernel.gallery.models.clear()
    assert await place.relay.widgets("k1") == Shown("hashed/widget-test.js")

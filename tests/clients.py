"""Clients that speak frames to an endpoint in this process; no server between."""

import asyncio
from collections.abc import Callable
from typing import Any

from livestate_nb.channel import Channel
from livestate_nb.codec import Json
from livestate_nb.runtime import Connection, Endpoint
from livestate_nb.testing import frames
from livestate_nb.testing.frames import Writer
from livestate_nb.testing.inbox import Inbox

PATIENCE = 20.0


class Client(Inbox):
    """A client of the testing kit taken apart: its frames can be looked at, one by one.

    It joins as Phoenix's clients do, without our own client's key.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        vsn: str = "2.0.0",
        user: object = None,
        is_local: bool = False,
        principal: str = "",
        **more: Any,
    ) -> None:
        super().__init__(PATIENCE)
        self.writer = Writer()
        self.connection: Connection = endpoint.connect(
            self, vsn=vsn, user=user, is_local=is_local, principal=principal, **more
        )

    def feed(self, frame: str | bytes) -> None:
        self.connection.feed(frame)

    def push(self, topic: str, event: str, payload: Json = None) -> str:
        """Send a message of a joined topic and return its ref."""
        ref, frame = self.writer.write(topic, event, {} if payload is None else payload)
        self.feed(frame)
        return ref

    def dispatch(self, topic: str, event: str, payload: Json = None) -> str:
        return self.push(topic, f"lvs_evt:{event}", payload)

    async def join(self, topic: str, params: Json = None) -> Json:
        """Join and return the payload of the first state."""
        self.push(topic, "phx_join", params)
        return (await self.wait("state:change", 1))[-1][4]

    def decoded(self, position: int) -> list[list[Any]]:
        """Return the frame at a position, decoded, if it has come."""
        return [decode(frame) for frame in self.frames[position : position + 1]]

    def received(self, event: str) -> list[list[Any]]:
        """Return the frames with this event, decoded."""
        return [frame for frame in map(decode, self.frames) if frame[3] == event]

    def payloads(self, *events: str) -> list[tuple[str, Json]]:
        """Return (event, payload) of the frames with these events, in order."""
        return [(f[3], f[4]) for f in map(decode, self.frames) if f[3] in events]

    async def wait(self, event: str, count: int) -> list[list[Any]]:
        """Wait until so many frames with this event have come, and return them."""
        await self.until(lambda: len(self.received(event)) >= count)
        return self.received(event)

    async def settle(self, topic: str) -> None:
        """Wait until all that was sent on a topic before is handled."""
        count = len(self.received("state:change"))
        self.push(topic, "lvs_refresh")
        await self.wait("state:change", count + 1)


async def join(
    endpoint: Endpoint, channel: type[Channel], topic: str, params: Json = None, **who: Any
) -> Client:
    """Declare a channel and join a topic of it; return the client."""
    endpoint.declare(channel)
    client = Client(endpoint, **who)
    await client.join(topic, params)
    return client


def decode(frame: str | bytes) -> list[Any]:
    """Return the five members of a V2 frame."""
    return list(frames.decode(frame))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds that no frame tells of."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)

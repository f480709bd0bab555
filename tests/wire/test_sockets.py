"""The transcripts of WebSocket's own frames, pings and closes, replayed against a real server."""

import ast
import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from livestate_nb.codec import loads
from tests.raw import CLOSE, TEXT, Raw
from tests.testbed.starting import Testbed, run_testbed
from tests.wire.vectors import OF_SOCKETS, TRANSCRIPTS

PATIENCE = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with run_testbed(tmp_path_factory.mktemp("testbed") / "log") as running:
        yield running


@pytest.mark.asyncio
@pytest.mark.parametrize("name", OF_SOCKETS)
async def test_the_server_answers_pings_and_closes_as_the_original(
    server: Testbed, name: str
) -> None:
    url = f"{server.url}/websocket?vsn=2.0.0"
    async with asyncio.timeout(PATIENCE), await Raw.open(url) as raw:
        for line in TRANSCRIPTS[name]:
            if line.is_from_client:
                raw.send(*sent(line.frame))
            else:
                assert told(await raw.read()) == received(line.frame)


def sent(recorded: str) -> tuple[int, bytes]:
    """Return the opcode and payload of a recorded frame of a client."""
    found = re.fullmatch(r"\(opcode (\d+)\) (b'.*')", recorded)
    return (int(found[1]), ast.literal_eval(found[2])) if found else (TEXT, recorded.encode())


def received(recorded: str) -> Any:
    """Return a recorded frame of the server; messages decoded, since keys have no order."""
    return loads(recorded) if recorded.startswith("[") else recorded


def told(frame: tuple[int, bytes] | None) -> Any:
    """Return the same of a frame that has come."""
    match frame:
        case None:
            return "TCP EOF"
        case opcode, payload if opcode == TEXT:
            return loads(payload)
        case opcode, payload if opcode == CLOSE:
            return f"CLOSE code={int.from_bytes(payload[:2])} reason={payload[2:].decode()!r}"
        case opcode, payload:
            return f"FRAME op={0x80 | opcode:#x} {payload!r}"

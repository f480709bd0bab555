"""A client that does not read, on a real socket: the server's memory and the other client."""

from pathlib import Path

from bench.client import Client
from bench.load import Load, resident, server
from tests.servers import TOKEN, serve

UNREAD = 4_000_000
CONFIG = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
c.LiveStateApp.channels = {{"limited:*": "tests.server_extension.limited:Limited"}}
c.LiveStateApp.limits = {{"unread_most": {UNREAD}}}
"""


def test_a_client_that_does_not_read_costs_little_and_gets_the_latest_state() -> None:
    with server() as running:
        _, grown, came = Load(running).slow_reader(updates=1_000, length=100_000)
    assert grown < 30  # of 100 MB
    assert came < 200


def test_a_client_that_does_not_read_what_must_not_be_skipped_is_closed(tmp_path: Path) -> None:
    with serve(tmp_path, config=CONFIG) as running:
        url = f"{running.ws_url}livestate/websocket"
        slow, quick = Client(url, TOKEN), Client(url, TOKEN)
        for client in (slow, quick):
            client.join("limited:x")
        before = peak = resident(running)
        tell = quick.frame("lvs_evt:tell", {"size": 100_000})
        for _ in range(500):  # 50 MB
            quick.socket.sendall(tell)
            quick.until(b'"told"')
            peak = max(peak, resident(running))
        got = 0
        try:
            while came := slow.socket.recv(1 << 20):
                got += len(came)
        except ConnectionResetError:
            pass
        slow.close()
        quick.close()
    print(f"the server grew by {(peak - before) / 1e3:.1f} MB, the client got {got / 1e6:.1f} MB")
    assert peak - before < 2 * UNREAD / 1e3 + 10_000  # kB
    assert got < 30_000_000

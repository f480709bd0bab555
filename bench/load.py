"""The load run: a real Jupyter server, our channels, and a bare handler in the same server.

Prints markdown tables. Figures of two things that are compared come from the same run, taken in
turns, so that the ratio means something on a shared machine.
"""

import argparse
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.client import Client, Crowd
from tests.servers import TOKEN, Server, serve

REPOSITORY = Path(__file__).parents[1]
CONFIG = """
c.LiveStateApp.channels = {
    "counter:*": "bench.channels:Counter",
    "plain:*": "bench.channels:PlainCounter",
    "own:*": "bench.channels:Own",
    "shared:*": "bench.channels:Shared",
    "flood:*": "bench.channels:Flood",
}
c.LiveStateApp.limits = {"events_per_second": 1e9, "events_at_once": 10**9}
c.ServerApp.jpserver_extensions = {"bench.bare": True}
c.ServerApp.log_level = "WARN"
import sys
sys.path.insert(0, %r)
"""


@contextmanager
def server() -> Iterator[Server]:
    """Run a fresh Jupyter server until the block ends."""
    config = CONFIG % str(REPOSITORY)
    with (
        tempfile.TemporaryDirectory() as directory,
        serve(Path(directory), config=config) as running,
    ):
        yield running


class Load:
    """The measurements against one server."""

    def __init__(self, running: Server) -> None:
        self._server = running
        self._ours = f"{running.ws_url}livestate/websocket"
        self._bare = f"{running.ws_url}bare/websocket"

    def client(self, topic: str, rows: int = 0) -> Client:
        """Return a client that has joined; the topic ``bare`` is the bare handler's."""
        client = Client(self._bare if topic == "bare" else self._ours, TOKEN)
        client.join(topic, {"rows": rows} if rows else {})
        return client

    def round_trips(self, rounds: int) -> dict[str, float]:
        """Return the median round trip of a small event, in ms, taken in turns."""
        names = {"bare handler": "bare", "async def": "counter:b", "plain def": "plain:b"}
        clients = {name: self.client(topic) for name, topic in names.items()}
        times: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(rounds + 1):
            for name, client in clients.items():
                taken = [_round_trip(client, client.frame("lvs_evt:inc", {})) for _ in range(200)]
                times[name] += taken if turn else []
        for client in clients.values():
            client.close()
        return {name: statistics.median(taken) * 1e3 for name, taken in times.items()}

    def throughput(self, seconds: float, crowd: int = 50) -> dict[str, float]:
        """Return events a second of 50 clients that each wait for their patch, taken in turns."""
        rates: dict[str, list[float]] = {"bare handler": [], "async def": [], "plain def": []}
        topics = {"bare handler": "bare", "async def": "counter:{}", "plain def": "plain:{}"}
        for _ in range(3):
            for name, topic in topics.items():
                clients = Crowd([self.client(topic.format(number)) for number in range(crowd)])
                frames = {client: client.frame("lvs_evt:inc", {}) for client in clients.clients}
                for client, frame in frames.items():
                    client.socket.sendall(frame)
                handled, start = 0, time.perf_counter()
                while (now := time.perf_counter()) - start < seconds:
                    for client, message in clients.answers():
                        if b'"state:patch"' in message:
                            handled += 1
                            client.socket.sendall(frames[client])
                rates[name].append(handled / (now - start))
                clients.close()
        return {name: statistics.median(taken) for name, taken in rates.items()}

    def rows(self, count: int) -> dict[str, tuple[float, float, int]]:
        """Measure events on a state with so many rows, in turns with one on a small state.

        Returns:
            median ms, how many times the small state's they are, and the bytes of a frame.
        """
        client, small = self.client(f"counter:rows{count}", count), self.client("counter:small")
        chance = random.Random(7)
        frames: dict[str, Callable[[], bytes]] = {
            "inc": lambda: client.frame("lvs_evt:inc", {}),
            "toggle": lambda: client.frame("lvs_evt:toggle", {"i": chance.randrange(count)}),
            "bump_first": lambda: client.frame("lvs_evt:bump_first", {}),
        }
        result = {}
        for name, frame in frames.items():
            plain = small.frame("lvs_evt:inc", {})
            turns = [(_round_trip(client, frame()), _round_trip(small, plain)) for _ in range(220)]
            taken, taken_by_small = map(statistics.median, zip(*turns[20:], strict=True))
            client.socket.sendall(frame())
            size = len(client.until(b'"state:patch"'))
            result[name] = taken * 1e3, taken / taken_by_small, size
        client.close()
        small.close()
        return result

    def fan_out(self, topic: str, crowd: int, rounds: int = 30) -> float:
        """Return the median ms until all clients of a room have what one of them said."""
        clients = Crowd([self.client(topic) for _ in range(crowd)])
        times = []
        for number in range(rounds + 3):
            text = f"say-{number:04d}-{random.randrange(1 << 30)}"
            mark, left = text.encode(), crowd
            sender = clients.clients[number % crowd]
            start = time.perf_counter()
            sender.socket.sendall(sender.frame("lvs_evt:say", {"text": text}))
            while left:
                left -= sum(mark in message for _, message in clients.answers())
            times.append(time.perf_counter() - start)
        clients.close()
        return statistics.median(times[3:]) * 1e3

    def slow_reader(self, updates: int = 2_000, length: int = 100_000) -> tuple[float, float, int]:
        """Let one client read nothing while another one has the shared text replaced.

        Returns:
            MB that the quick client got, MB that the server's memory grew by, and how many
            updates and states the slow one got when it read at last; its state is the latest.
        """
        slow, quick = self.client("flood:x"), self.client("flood:x")
        before = peak = resident(self._server)
        quick.socket.sendall(quick.frame("lvs_evt:flood", {"updates": updates, "length": length}))
        last = f'"n":{updates},'.encode(), f'"path":"/n","value":{updates}}}'.encode()
        got = 0
        while True:
            messages = list(quick.read())
            got += sum(map(len, messages))
            peak = max(peak, resident(self._server))
            if any(mark in message for message in messages for mark in last):
                break
        came = 1
        while last[0] not in slow.until(b'"version"'):
            came += 1
        slow.close()
        quick.close()
        return got / 1e6, (peak - before) / 1e3, came


def memory(topic: str, rows: int, crowd: int = 500) -> float:
    """Return kB of a fresh server's memory for one joined idle client."""
    with server() as running:
        load = Load(running)
        warm = [load.client(topic.format(f"warm{number}"), rows) for number in range(20)]
        time.sleep(1)
        before = resident(running)
        clients = [load.client(topic.format(number), rows) for number in range(crowd)]
        time.sleep(2)
        after = resident(running)
        for client in warm + clients:
            client.close()
    return (after - before) / crowd


def resident(running: Server) -> int:
    """Return kB of a server's memory."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _round_trip(client: Client, frame: bytes) -> float:
    start = time.perf_counter()
    client.socket.sendall(frame)
    client.until(b'"state:patch"')
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no memory figures")
    quick = parser.parse_args().quick
    print(f"{machine()}\n")
    with server() as running:
        load = Load(running)
        trips = load.round_trips(3 if quick else 10)
        rates = load.throughput(1 if quick else 4)
        print("| small state | " + " | ".join(trips) + " |\n" + "|---" * (len(trips) + 1) + "|")
        print("| event to patch, ms | " + _ratios(trips, "{:.3f}") + " |")
        print("| events a second, 50 clients | " + _ratios(rates, "{:.0f}") + " |\n")
        print("| work (beside `count` on a small state) | 1,000 rows | 10,000 rows |")
        print("|---|---|---|")
        few, many = load.rows(1_000), load.rows(10_000)
        for name in few:
            cells = [
                f"{ms:.2f} ms ({ratio:.2f}x), {size} B"
                for ms, ratio, size in (few[name], many[name])
            ]
            print(f"| {name} | " + " | ".join(cells) + " |")
        print("\n| all clients of a room have it | one shared state | a state each | ratio |")
        print("|---|---|---|---|")
        for crowd in (100,) if quick else (100, 500):
            shared, own = load.fan_out("shared:x", crowd), load.fan_out("own:x", crowd)
            print(f"| {crowd} clients | {shared:.1f} ms | {own:.1f} ms | {shared / own:.2f} |")
        sent, grown, came = load.slow_reader(200 if quick else 2_000)
        print(
            f"\nA client that reads nothing while another one gets {sent:.0f} MB of updates: the "
            f"server grows by {grown:.1f} MB; then it reads {came} messages, the last one the "
            "latest state."
        )
    if not quick:
        print("\n| memory, kB for one idle client | bare handler | ours |\n|---|---|---|")
        for name, rows in (("empty state", 0), ("100 rows", 100)):
            print(f"| {name} | {memory('bare', rows):.1f} | {memory('counter:{}', rows):.1f} |")


def _ratios(figures: dict[str, float], form: str) -> str:
    bare = figures["bare handler"]
    return " | ".join(f"{form.format(value)} ({value / bare:.2f}x)" for value in figures.values())


def machine() -> str:
    """Return when and where this runs, for people."""
    day = datetime.now(UTC).date()
    return f"{day}, {_processor()}, Python {platform.python_version()}"


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{len(names)} cores of {names[0] if names else platform.processor()}"


if __name__ == "__main__":
    main()

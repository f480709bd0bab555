"""The Prometheus metrics, on the `/metrics` of the Jupyter server.

Prometheus has one registry for a process, and so these are one for a process, as Jupyter's own:
what several servers in it do adds up. It must not know who measures what.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

EVENTS: Final = Counter(
    "livestate_events",
    "Events, and messages to channels, that have been handled",
    ["topic", "kind", "outcome"],
)
HANDLER_SECONDS: Final = Histogram(
    "livestate_handler_seconds",
    "From the turn of an event or message to its update, or to the first of a generator",
    ["topic", "kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
PATCH_BYTES: Final = Histogram(
    "livestate_patch_bytes",
    "Bytes of one update, however many clients receive it",
    ["topic"],
    buckets=(64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 8_388_608),
)
REFUSALS: Final = Counter(
    "livestate_refusals", "Connections, joins and events that were refused", ["kind"]
)
RELAYED_FRAMES: Final = Counter(
    "livestate_relayed_frames", "Frames between clients and channels in kernels", ["to"]
)
RELAYED_CHARACTERS: Final = Counter(
    "livestate_relayed_characters", "Characters, or bytes, of these frames", ["to"]
)


@dataclass(slots=True)
class Sample:
    """Hold how much there is at a moment.

    Args:
        connections: of clients, by the way they came.
        sessions: open ones, by the pattern of their channel.
        waiting: messages that wait for their turn in these sessions, by the same.
        unsent: characters that wait to be read, by who is to read them.
        kernels: those that are connected.
    """

    connections: Tally[str] = field(default_factory=Tally)
    sessions: Tally[str] = field(default_factory=Tally)
    waiting: Tally[str] = field(default_factory=Tally)
    unsent: Tally[str] = field(default_factory=Tally)
    kernels: int = 0


class Source(Protocol):
    """Say how much there is now."""

    def sample(self, total: Sample) -> None:
        """Add it to a sample."""


class Gauges(Collector):
    """Ask sources at each scrape: what is counted so costs nothing while nobody looks."""

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def add(self, source: Source) -> None:
        """Ask a source from now on."""
        self._sources.append(source)

    def remove(self, source: Source) -> None:
        """Ask it no longer."""
        if source in self._sources:
            self._sources.remove(source)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges, so that none of them is registered twice."""
        return _families(Sample())

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges as they are now, the sum over all sources."""
        total = Sample()
        for source in self._sources:
            source.sample(total)
        return _families(total)


def _families(sample: Sample) -> Iterator[GaugeMetricFamily]:
    yield _family("livestate_connections", "Connections of clients", "way", sample.connections)
    yield _family("livestate_sessions", "Sessions that are open", "topic", sample.sessions)
    yield _family(
        "livestate_waiting_messages",
        "Messages that wait for their turn in a session",
        "topic",
        sample.waiting,
    )
    yield _family(
        "livestate_unsent_characters", "Characters that wait to be read", "by", sample.unsent
    )
    yield GaugeMetricFamily("livestate_kernels", "Kernels that are connected", value=sample.kernels)


def _family(name: str, text: str, label: str, values: Tally[str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


GAUGES: Final = Gauges()
REGISTRY.register(GAUGES)

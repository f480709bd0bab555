"""What Prometheus reads of livestate: the samples in a text of /metrics."""

from collections import Counter
from typing import TypeAlias

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

Labels: TypeAlias = tuple[tuple[str, str], ...]


def samples(text: str) -> "Counter[tuple[str, Labels]]":
    """Return the value of each sample by its name and its labels."""
    found: Counter[tuple[str, Labels]] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith("livestate_") and not sample.name.endswith("_created"):
                found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value  # type: ignore[assignment]
    return found


def here() -> "Counter[tuple[str, Labels]]":
    """Return the samples of this process."""
    return samples(generate_latest(REGISTRY).decode())


def labels(**values: str) -> Labels:
    return tuple(sorted(values.items()))

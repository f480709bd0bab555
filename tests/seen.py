"""What a test of a limit has seen, held against the table in docs/reliability.md."""

from pathlib import Path
from typing import Any

from livestate_nb.codec import dumps
from livestate_nb.limits import Limits

TABLE = Path(__file__).parents[1] / "docs" / "reliability.md"


def row(limit: str, tried: float, saw: str) -> str:
    """Return the row of the table for a limit.

    Args:
        limit: its name.
        tried: its value in the test.
        saw: what the client saw.
    """
    default = getattr(Limits(), limit)
    return f"| `{limit}` | {number(default)} | {number(tried)} | {saw} |"


def number(value: float) -> str:
    """Return a number as the tables write it: 8,000,000."""
    return f"{value:,}".removesuffix(".0")


def told(payload: Any) -> str:
    """Return JSON that came, as a cell of the table."""
    return f"`{dumps(payload).decode()}`"


def message(event: str, payload: Any) -> str:
    """Return a message that came, as a cell of the table."""
    return f"`{event}` {told(payload)}"


def close(code: int | None, reason: str | None) -> str:
    """Return how a socket was closed, as a cell of the table."""
    return f"close {code}, `{reason}`"


def check(limit: str, tried: float, saw: str) -> None:
    """Check that the table says what a client saw."""
    expected = row(limit, tried, saw)
    assert expected in TABLE.read_text().splitlines(), f"docs/reliability.md lacks\n{expected}"

"""How many cases a fuzz test runs, and how many were run.

In `make test` they are few and the same each time. HYPOTHESIS_PROFILE=nightly, as `make fuzz` sets
it, runs a hundred times as many, and others each time. It must not know what is tried.
"""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

IS_LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
_TIMES: Final = 100 if IS_LONG else 1


@dataclass(slots=True)
class Ran:
    """Count what was run.

    Args:
        cases: inputs, or runs of a state machine.
        steps: of state machines.
    """

    cases: int = 0
    steps: int = 0


ran: Final = Ran()


def bounded(cases: int, steps: int = 50) -> settings:
    """Return the settings for a test of so many cases, and so many steps in each at most."""
    return settings(
        max_examples=cases * _TIMES,
        stateful_step_count=steps,
        derandomize=not IS_LONG,
        database=None,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.large_base_example,
        ],
    )


def fuzz(
    cases: int, *strategies: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with so many cases of what the strategies make."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def counted(**drawn: Any) -> None:
            ran.cases += 1
            test(**drawn)

        return bounded(cases)(given(*strategies)(counted))

    return decorate

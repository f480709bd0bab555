"""Profiles for the property tests: HYPOTHESIS_PROFILE=nightly runs 100,000 examples of each."""

import os

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("quick", max_examples=400, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "nightly", max_examples=100_000, deadline=None, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

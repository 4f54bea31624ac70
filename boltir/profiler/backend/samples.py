"""How often to measure: until the times agree, or until it is clear that the candidate is not the fastest."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from boltir.profiler.measurement import Measurement, Status

FEWEST, MOST = 5, 30
SETTLED = 0.01  # the spread at which more samples would tell nothing new
HOPELESS = 1.2  # times the fastest candidate


def measure_adaptively(sample: Callable[[], float], fastest: float | None) -> Measurement:
    """The median of as many samples (seconds) as it takes; few where even the shortest is far behind `fastest`."""
    seconds = [sample(), sample()]
    while len(seconds) < MOST and not _is_enough(seconds, fastest):
        seconds.append(sample())
    return Measurement(Status.OK, statistics.median(seconds), spread_of(seconds), len(seconds))


def spread_of(seconds: Sequence[float]) -> float:
    """The distance between the quartiles, as a part of the median."""
    low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return (high - low) / median if median > 0 else 0.0


def _is_enough(seconds: Sequence[float], fastest: float | None) -> bool:
    if fastest is not None and min(seconds) > HOPELESS * fastest:
        return True
    return len(seconds) >= FEWEST and spread_of(seconds) <= SETTLED

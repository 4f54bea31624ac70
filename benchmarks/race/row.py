"""What a benchmark knows of one subject when it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

BOLTIR = "boltir"
"""The contender that the others are compared with: the default pipeline."""

LIBRARY, EAGER, COMPILED = TORCH = ("torch's fused call", "torch eager", "torch.compile")

TOLERANCE = 1e-2
"""Largest deviation from fp32 that counts as right, relative to the largest output: about one step of an i8."""


@dataclass
class Row:
    """One subject: microseconds per run of each contender.

    Attributes:
        shapes: of the first input and the first weight.
        moved: bytes of inputs, weights and outputs.
        memory: microseconds that these take at peak bandwidth.
        limit: the same, or what the FLOPs take at peak rate if that is longer.
        microseconds: the samples of each contender that there is.
        errors: largest deviation from fp32 over inputs and outputs, relative to the largest value of the output.
        absent: why there is no such contender.
        kernels: by boltir's contenders, the template and the microseconds of each launch, from the profile.
    """

    group: str
    name: str
    detail: str
    shapes: str
    moved: int
    memory: float
    limit: float
    microseconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    errors: dict[str, float] = field(default_factory=dict[str, float])
    absent: dict[str, str] = field(default_factory=dict[str, str])
    kernels: dict[str, list[tuple[str, float]]] = field(default_factory=dict[str, list[tuple[str, float]]])

    @property
    def title(self) -> str:
        return f"{self.name}: {self.detail}"

    def median(self, contender: str) -> float:
        return statistics.median(self.microseconds[contender])

    def speedup(self, others: Iterable[str], contender: str = BOLTIR) -> float | None:
        """How many times faster a contender is than the fastest of others; None if it or all of them are absent."""
        present = [self.median(other) for other in others if other in self.microseconds]
        return min(present) / self.median(contender) if present and contender in self.microseconds else None

    @property
    def faster(self) -> list[str]:
        """Who is faster than boltir."""
        return [name for name in self.microseconds if (speedup := self.speedup([name])) and speedup < 1.0]

    @property
    def wrong(self) -> list[str]:
        """Whose results are not those of fp32."""
        return [name for name, error in self.errors.items() if not error <= TOLERANCE]


def lead(name: str, speedups: Iterable[float | None]) -> str:
    """How far ahead of `name` some speedups are on average; empty without any."""
    known = [speedup for speedup in speedups if speedup is not None]
    if not known:
        return ""
    mean, won = statistics.geometric_mean(known), sum(speedup >= 1.0 for speedup in known)
    return f"{mean:.2f} times faster than {name}: geometric mean of {len(known)}, ahead in {won}"

"""Measured times of a network's kernels, against what the target could do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from boltir.runtime.library import KernelLaunch
from boltir.target import Target


@dataclass(frozen=True)
class Measured:
    """The time of one launch, or of all launches of one kernel.

    Attributes:
        kernel: its name.
        family: the template it instantiates.
        origin: the graph operations it computes, each once.
        launches: how many launches were added up.
        bytes: of device memory that they read and write, by the definition of their operands.
        flops: floating-point operations; 0 where only memory counts.
        microseconds: the median over the repetitions, added up.
    """

    kernel: str
    family: str
    origin: tuple[str, ...]
    launches: int
    bytes: int
    flops: int
    microseconds: float

    @property
    def bandwidth(self) -> float:
        """Achieved bytes per second."""
        return _rate(self.bytes, self.microseconds)

    @property
    def flop_rate(self) -> float:
        """Achieved floating-point operations per second."""
        return _rate(self.flops, self.microseconds)

    def bound(self, target: Target) -> str:
        """What would bound the time on ideal hardware: `memory` or `compute` (the roofline model, Williams 2009)."""
        compute, memory = self.flops / target.tensor_flops, self.bytes / target.memory_bandwidth
        return "compute" if compute > memory else "memory"


@dataclass(frozen=True)
class Profile:
    """Where the time of a run goes.

    Attributes:
        target: the architecture whose peak rates are compared with.
        launches: each launch, in order; one ends before the next begins.
        run_microseconds: one whole run as a CUDA graph.
    """

    target: str
    launches: Sequence[Measured]
    run_microseconds: float

    @property
    def kernel_microseconds(self) -> float:
        """The times of all launches added up."""
        return sum(launch.microseconds for launch in self.launches)

    @property
    def overhead_microseconds(self) -> float:
        """What a run takes beyond its kernels; negative where launches overlap."""
        return self.run_microseconds - self.kernel_microseconds

    def kernels(self) -> list[Measured]:
        """The launches of each kernel added up, the longest first."""
        groups: dict[str, list[Measured]] = {}
        for launch in self.launches:
            groups.setdefault(launch.kernel, []).append(launch)
        return sorted(map(_sum, groups.values()), key=lambda kernel: -kernel.microseconds)

    def data(self) -> dict[str, object]:
        """Everything as plain values, for JSON."""
        return {
            "target": self.target,
            "run_microseconds": self.run_microseconds,
            "kernel_microseconds": self.kernel_microseconds,
            "launches": [asdict(launch) for launch in self.launches],
        }


def profile_of(
    target: str, launches: Sequence[KernelLaunch], microseconds: Sequence[float], run_microseconds: float
) -> Profile:
    """The profile of a run whose launches took `microseconds` each."""
    measured = [
        Measured(launch.kernel, launch.family, launch.origin, 1, launch.bytes, launch.flops, time)
        for launch, time in zip(launches, microseconds, strict=True)
    ]
    return Profile(target, measured, run_microseconds)


def _sum(launches: Sequence[Measured]) -> Measured:
    first = launches[0]
    return Measured(
        kernel=first.kernel,
        family=first.family,
        origin=tuple(dict.fromkeys(name for launch in launches for name in launch.origin)),
        launches=len(launches),
        bytes=sum(launch.bytes for launch in launches),
        flops=sum(launch.flops for launch in launches),
        microseconds=sum(launch.microseconds for launch in launches),
    )


def _rate(amount: int, microseconds: float) -> float:
    return amount / microseconds * 1e6 if microseconds > 0 else 0.0

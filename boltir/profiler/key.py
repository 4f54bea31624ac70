"""What a measurement holds for: the problem, and everything else that decides a kernel's time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boltir

if TYPE_CHECKING:
    from boltir.profiler.problem import Kernel, Problem
    from boltir.runtime.build import Builder


def versions_of(builder: Builder) -> str:
    """What writes and compiles the kernels: `boltir 0.1.0, CUTLASS 4.2.0, CUDA 13.0.88`."""
    return f"boltir {boltir.__version__}, CUTLASS {builder.cutlass.version}, CUDA {builder.nvcc.version}"


@dataclass(frozen=True)
class Machine:
    """Where kernels run, and what builds them.

    Attributes:
        target: the architecture they are compiled for, as `sm_90a`.
        device: the GPU as its driver calls it, as `NVIDIA H100 80GB HBM3`.
        versions: as `versions_of` gives them.
    """

    target: str
    device: str
    versions: str


@dataclass(frozen=True)
class TuningKey:
    """A problem on a machine: measurements under equal keys can be compared, and no others.

    Attributes:
        summary: the problem in some words, for people.
        problem: the problem's text, which has shapes, element types, layouts and the epilogue.
    """

    summary: str
    problem: str
    machine: Machine

    @staticmethod
    def of(op: Kernel, machine: Machine) -> TuningKey:
        from boltir.profiler.problem import Problem

        return TuningKey.for_problem(Problem.of(op), machine)

    @staticmethod
    def for_problem(problem: Problem, machine: Machine) -> TuningKey:
        return TuningKey(problem.summary, problem.text, machine)

    @property
    def digest(self) -> str:
        """Stands for the key where all of it would be too long: SHA-256 in hex."""
        parts = (self.machine.target, self.machine.device, self.machine.versions, self.problem)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

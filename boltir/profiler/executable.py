"""What runs a problem, as plain data: it goes to other processes, which need nothing of the compiler."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from boltir.runtime.kernel_source import KernelSource


@dataclass(frozen=True)
class Operand:
    """An input or output: elements of one type, densely."""

    element: str
    count: int
    nbytes: int


class Area(Enum):
    """Where an operand of a launch lies: in an input or output, or in the memory for what passes between launches."""

    INPUT = "input"
    OUTPUT = "output"
    ARENA = "arena"


@dataclass(frozen=True)
class Step:
    """One launch.

    Attributes:
        kernel: the position of its kernel.
        places: of its operands: the area, and which input or output, or the byte in the arena.
    """

    kernel: int
    places: tuple[tuple[Area, int], ...]
    integers: tuple[int, ...]


@dataclass(frozen=True)
class Executable:
    """Kernels and their launches.

    Attributes:
        arena_bytes: memory for what passes between launches.
        flops: floating-point operations of all launches.
    """

    kernels: tuple[KernelSource, ...]
    steps: tuple[Step, ...]
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    arena_bytes: int
    flops: int


@dataclass(frozen=True)
class Entry:
    """A built kernel: a function of a shared library."""

    library: Path
    symbol: str

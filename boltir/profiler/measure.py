"""What measures candidates: built executables go in, measurements come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from boltir.errors import BoltError
from boltir.profiler.executable import Entry, Executable
from boltir.profiler.measurement import Measurement


@dataclass(frozen=True)
class Built:
    """An executable and its kernels, in its order."""

    executable: Executable
    kernels: tuple[Entry, ...]


@dataclass(frozen=True)
class Workload:
    """A problem to measure candidates on.

    Attributes:
        name: which problem it is, for errors.
        reference: computes the right results, by kernels that are trusted.
        fill: the kernel that makes up data: backend/fill.cu.
        compare: the kernel that compares results: backend/compare.cu.
    """

    name: str
    reference: Built
    fill: Entry
    compare: Entry


@dataclass(frozen=True)
class DeviceFacts:
    """What a backend measures on.

    Attributes:
        name: as the driver calls it.
        capability: compute capability as one number, 90 for 9.0.
    """

    name: str
    capability: int


class ReferenceFailedError(BoltError):
    """Right results cannot be computed, so no candidate of the problem can be checked."""


class Backend(Protocol):
    """One device. It is used from one thread, and stopped from any."""

    def facts(self) -> DeviceFacts:
        """What device it is.

        Raises:
            BoltError: it cannot be used.
        """
        ...

    def measure(self, workload: Workload, candidates: Sequence[Built], fastest: float | None) -> Iterator[Measurement]:
        """One measurement per candidate, in their order, each as soon as it is there.

        A candidate that fails, hangs or ends its process costs only itself. One that is clearly slower than `fastest`
        (seconds) is not measured any more precisely than that.

        Raises:
            ReferenceFailedError: the workload's reference fails.
            BoltError: the device cannot be used any more.
        """
        ...

    def start(self) -> None:
        """Be ready to measure, also after `stop`."""
        ...

    def stop(self) -> None:
        """End whatever runs, at once; a `measure` that waits for it ends without the rest of its measurements."""
        ...

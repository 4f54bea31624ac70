"""What a launch has the multiprocessors do, whichever template it is of, and how long that takes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from boltir.target import Target

L2_OVER_MEMORY = 4.0
"""L2 bandwidth over that of device memory: 13.4e12 bytes per second on an H100."""
FRAGMENT = 3.0
"""What a narrow fragment costs: rows or columns whose multiplication would take as long as reading the operands."""


class Bound(StrEnum):
    """What a kernel's time is spent on for the most part."""

    TENSOR_CORES = "tensor cores"
    L2 = "L2 loads"
    ACCESSES = "narrow accesses"
    LATENCY = "latency of the mainloop"
    EPILOGUE = "epilogue"
    MEMORY = "device memory"
    LAUNCH = "launch"


@dataclass(frozen=True)
class Pace:
    """The seconds that a kind of mainloop takes beside its multiplications and loads.

    Attributes:
        launch: a launch of one threadblock with nothing to multiply.
        restart: until another threadblock has taken the place of one that ended.
        sync: between two steps, whatever they are bound by.
        store: to pass 64 x 64 accumulators through the epilogue, 16-bit elements stored.
        tile: of every tile besides.
        hides_epilogue: whether an epilogue runs under another tile's mainloop.
    """

    launch: float
    restart: float
    sync: float
    store: float
    tile: float = 0.0
    hides_epilogue: bool = False


@dataclass(frozen=True)
class Work:
    """A launch, as threadblocks that repeat steps.

    Attributes:
        blocks: threadblocks, or tiles where a threadblock takes several in turn; slices and padding count.
        slots: multiprocessors that can work at once.
        resident: threadblocks that share a multiprocessor.
        steps: of the mainloop of one tile, with those that fill the pipeline.
        multiply: seconds that one step takes the tensor cores of a multiprocessor, by the part of them that works.
        loaded: bytes that one step loads.
        latency: seconds that one step takes at least, however many threadblocks share the multiprocessor.
        store: seconds of the epilogue of one tile.
        access: seconds that the instructions of one step that load take a multiprocessor, where they are many.
    """

    blocks: int
    slots: int
    resident: int
    steps: int
    multiply: Callable[[float], float]
    loaded: float
    latency: float
    store: float
    access: float = 0.0

    def throughput_seconds(self, busy: float, target: Target) -> tuple[float, Bound]:
        """How long a step takes a multiprocessor that others do not keep waiting, while this part of them works."""
        load = self.loaded * busy * target.multiprocessors / (L2_OVER_MEMORY * target.memory_bandwidth)
        bounds = ((self.multiply(busy), Bound.TENSOR_CORES), (load, Bound.L2), (self.access, Bound.ACCESSES))
        return max(bounds, key=lambda bound: bound[0])


def working_seconds(work: Work, pace: Pace, target: Target) -> tuple[float, Bound]:
    """How long the multiprocessors work, the launch included, and on what for the most part.

    They take rounds of tiles; in the last one only those work for which there are tiles left. What is resident
    at once shares tensor cores and loads, but waits together.
    """
    full, left = divmod(work.blocks, work.slots)
    rounds = full + (left > 0)
    shared = min(work.resident, rounds)
    whole, bound = work.throughput_seconds(work.slots / target.multiprocessors, target)
    last, last_bound = work.throughput_seconds(left / target.multiprocessors, target)
    mainloop = work.steps * (full * (whole + pace.sync) + (left > 0) * (last + pace.sync))
    waiting = work.steps * work.latency * rounds / shared
    tail = ceil(rounds / shared) - 1
    multiplying = max(mainloop, waiting)
    store = work.store + pace.tile
    exposed = max(store, rounds * store - multiplying) if pace.hides_epilogue else rounds * store
    parts = {
        Bound.LAUNCH: pace.launch + tail * pace.restart,
        Bound.EPILOGUE: exposed,
        Bound.LATENCY if waiting > mainloop else (bound if full else last_bound): multiplying,
    }
    return sum(parts.values()), max(parts, key=lambda part: parts[part])


def instruction_seconds(count: float, target: Target) -> float:
    """How long the ordinary cores of all multiprocessors take for so many instructions on one element each."""
    return 2 * count / target.simt_flops  # a multiplication with its addition is one instruction


def multiply_seconds(
    tile: tuple[int, int, int], fragment: tuple[int, int], element_bytes: int, target: Target
) -> float:
    """How long the tensor cores of one multiprocessor take for a tile at their peak.

    They take half as many 32-bit operands (tf32) per second as 16-bit ones, twice as many of 8 bits: so many bytes.
    """
    m, n, k = tile
    peak = target.tensor_flops / target.multiprocessors
    return element_bytes * m * n * k / peak * (1 + FRAGMENT * (1 / fragment[0] + 1 / fragment[1]))

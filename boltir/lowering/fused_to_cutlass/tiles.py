"""Which tile of a tensor-core template suits a problem: the shipped tiles, and an estimate of their time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.target import Target

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Tile:
    """A threadblock tile (M, N, K), the warps that share it along M, N and K, and the stages of its mainloop."""

    threadblock: Triple
    warps: Triple
    stages: int

    @property
    def warp(self) -> Triple:
        (m, n, k), (warps_m, warps_n, warps_k) = self.threadblock, self.warps
        return (m // warps_m, n // warps_n, k // warps_k)


def tile_table(rows: str) -> tuple[Tile, ...]:
    """Reads `M N K warpsM warpsN warpsK stages` per line."""
    numbers = [tuple(map(int, row.split())) for row in rows.strip().splitlines()]
    return tuple(Tile((m, n, k), (wm, wn, wk), stages) for m, n, k, wm, wn, wk, stages in numbers)


# What cutlass_library's generator.py ships for f16 with f32 accumulation (GenerateSM75_TensorOp_1688,
# GenerateSM80_TensorOp_16816), smallest first: on a tie the first is taken.
REGISTER_STAGED_TILES = tile_table("""
    64 64 32    2 2 1  2
    64 128 32   2 2 1  2
    128 64 32   2 2 1  2
    64 256 32   1 4 1  2
    256 64 32   4 1 1  2
    128 128 32  2 2 1  2
    128 256 32  2 4 1  2
    256 128 32  4 2 1  2
""")
"""Tiles whose two stages pass through registers: all of sm_75, and accesses too narrow for cp.async."""

ASYNC_TILES = tile_table("""
    64 64 32    2 2 1  4
    64 64 32    2 2 1  10
    64 64 64    2 2 1  5
    128 16 32   2 1 1  5
    128 16 64   2 1 1  5
    128 32 32   2 2 1  5
    128 32 64   2 2 1  5
    64 128 32   2 2 1  6
    64 128 64   2 2 1  3
    128 64 32   2 2 1  6
    128 64 64   2 2 1  3
    128 64 64   2 2 1  4
    128 128 32  2 2 1  3
    128 128 32  2 2 1  4
    128 128 32  2 2 1  5
    128 128 64  2 2 1  3
    128 128 64  2 2 1  4
    64 256 32   1 4 1  4
    256 64 32   4 1 1  4
    64 256 64   1 4 1  4
    256 64 64   4 1 1  4
    128 256 32  2 4 1  3
    256 128 32  4 2 1  3
    128 256 64  2 4 1  3
    256 128 64  4 2 1  3
""")
"""Tiles whose stages are filled by cp.async: sm_80 and later."""


@dataclass(frozen=True)
class HopperTile:
    """A tile of the 3.x template, for 16-bit operands, with the schedule and cluster it is used with."""

    tile: Triple
    schedule: Schedule
    cluster: Triple = (1, 1, 1)

    def at_depth_of(self, math: Math) -> Triple:
        """The tile for other operands: as many bytes deep."""
        m, n, k = self.tile
        return (m, n, 2 * k // math.bytes)


@dataclass(frozen=True)
class Problem:
    """A batch of matrix products: [m, k] @ [k, n]."""

    m: int
    n: int
    k: int
    batch: int = 1


@dataclass(frozen=True)
class Footprint:
    """What one threadblock of a kernel occupies. `fragment` is the (M, N) part that shares operand registers."""

    tile: Triple
    fragment: tuple[int, int]
    stages: int
    threads: int
    registers: int
    shared_memory: int
    element_bytes: int


REGISTERS_PER_MULTIPROCESSOR = 65536
ADDRESSING_REGISTERS = 32  # beside accumulators and fragments
L2_OVER_MEMORY = 3.0  # L2 bandwidth over that of device memory, about the same from T4 to H100
LOAD_LATENCY = 0.7e-6  # seconds until a load from device memory arrives
PROLOGUE = 1.5e-6  # seconds to fill the pipeline and to store a tile


def estimate_seconds(problem: Problem, footprint: Footprint, target: Target) -> float:
    """The time of a kernel: waves of threadblocks, each bound by arithmetic, by traffic or by latency.

    Padding up to whole tiles counts as work, a last wave as a full one. Only good for ranking.
    """
    m, n, k = footprint.tile
    blocks = -(-problem.m // m) * -(-problem.n // n) * problem.batch
    resident = min(
        target.shared_memory_per_multiprocessor // (footprint.shared_memory + 1024),
        target.max_threads_per_multiprocessor // footprint.threads,
        REGISTERS_PER_MULTIPROCESSOR // ((footprint.registers + ADDRESSING_REGISTERS) * footprint.threads),
    )
    sharing = max(1, min(resident, -(-blocks // target.multiprocessors)))
    waves = -(-blocks // (target.multiprocessors * sharing))
    steps = -(-problem.k // k)
    # Small fragments read their operands from shared memory more often per multiplication.
    overhead = 1 + 8 * (1 / footprint.fragment[0] + 1 / footprint.fragment[1])
    # Tensor cores take half as many tf32 operands per second as 16-bit ones: so many bytes.
    arithmetic = overhead * footprint.element_bytes * m * n * k * target.multiprocessors / target.tensor_flops
    traffic = (
        footprint.element_bytes * (m + n) * k * target.multiprocessors / (L2_OVER_MEMORY * target.memory_bandwidth)
    )
    latency = LOAD_LATENCY * -(-steps // (footprint.stages - 1))
    return waves * (max(steps * sharing * max(arithmetic, traffic), latency) + PROLOGUE)


def power_of_two_divisor(limit: int, values: Iterable[int]) -> int:
    """The largest power of two up to `limit` that divides all `values`."""
    divisor = limit
    while any(value % divisor for value in values):
        divisor //= 2
    return divisor


Template = TypeVar("Template", bound=TemplateAttr)


def legal(
    candidates: Iterable[Callable[[], Template]], target: Target, signature: KernelSignature
) -> tuple[Template, ...] | Refusal:
    """The candidates that are legal on `target`.

    Without any, the refusal gives the rule that the last candidate, the most modest, breaks.
    """
    templates: list[Template] = []
    refusal = Refusal("there is no candidate tile")
    for build in candidates:
        try:
            template = build()
            template.check_legal(target, signature)
        except VerifyException as error:
            refusal = Refusal(str(error))
            continue
        templates.append(template)
    return tuple(templates) or refusal


def fastest(templates: tuple[Template, ...] | Refusal, seconds: Callable[[Template], float]) -> Template | Refusal:
    """The template of the least estimated time, the first on a tie."""
    return templates if isinstance(templates, Refusal) else min(templates, key=seconds)

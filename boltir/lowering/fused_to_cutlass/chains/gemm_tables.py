"""The parameters of boltir's own kernels of dependent products that are tried for a chain."""

from collections.abc import Iterator
from itertools import product
from math import gcd

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_gemm_sm90 import MOST_COLUMNS, ROWS, SWIZZLED, ChainGemmSm90Attr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.simt import MAX_VECTOR
from boltir.dialects.cutlass.template import ParameterValue
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target

Parameters = dict[str, ParameterValue]

SPLITS = (1, 2)
"""Thread blocks that share the columns of the first product."""
CONSUMERS = (2, 1, 3, 4)
CHUNKS = (192, 128, 96, 64)
"""Columns of the first product that are computed at a time, where not all of them are."""
MOST_STAGES = 8
LEAST_SLOTS = 3


def hopper_gemm_parameters(problem: ChainProblem, math: Math, target: Target) -> list[Parameters]:
    """Those whose weights all stay in shared memory; if there are none, those whose weights pass through it.

    Each has as many stages as fit. Where nothing fits, the rules say why.
    """
    plans = list(_plans(problem, math))
    for fitting in (_staying, _passing):
        found = [parameters for plan in plans if (parameters := fitting(plan, target)) is not None]
        if found:
            return found
    return [{**plan, "stages": 1, "slots": 0} for plan in plans]


def _plans(problem: ChainProblem, math: Math) -> Iterator[Parameters]:
    """How the work could be divided."""
    for split, consumers in product(SPLITS, CONSUMERS):
        for chunk in _chunks(problem.extents[1], split):
            yield {
                "math": math.value,
                "extents": problem.extents,
                "chunk": chunk,
                "consumers": consumers,
                "split": split,
                "layout_b": problem.layout_b.value,
            }


def simt_gemm_parameters(problem: ChainProblem, math: Math) -> Parameters:
    """Those of the kernel in which a thread computes a row."""
    vector = gcd(problem.extents[0], problem.extents[-1], MAX_VECTOR)
    return {
        "math": math.value,
        "extents": problem.extents,
        "vector": vector,
        "layout_b": problem.layout_b.value,
    }


def _chunks(columns: int, split: int) -> list[int]:
    """Of each part of the columns, the largest first."""
    part = -(-columns // (16 * split)) * 16
    whole = [part] if part <= MOST_COLUMNS else []
    return [*whole, *(chunk for chunk in CHUNKS if chunk < part and part % chunk == 0)]


def _staying(plan: Parameters, target: Target) -> Parameters | None:
    """`plan` with weights that stay, if a tile of A is on its way besides."""
    least = _template({**plan, "stages": 1, "slots": 0})
    if least is None:
        return None
    stages = 1 + _room(least, target) // (least.consumers.data * ROWS * 2 * SWIZZLED)
    blocks = min(least.depth_blocks, 2) if least.chunks == 1 else least.depth_blocks
    return {**plan, "stages": min(stages, MOST_STAGES), "slots": 0} if stages >= blocks else None


def _passing(plan: Parameters, target: Target) -> Parameters | None:
    """`plan` with weights that pass through, while a tile of A stays."""
    least = _template({**plan, "stages": 1, "slots": LEAST_SLOTS})
    if least is None:
        return None
    room = _room(least, target) - (least.depth_blocks - 1) * least.consumers.data * ROWS * 2 * SWIZZLED
    slots = LEAST_SLOTS + room // (2 * SWIZZLED * least.slot_rows)
    return {**plan, "stages": least.depth_blocks, "slots": slots} if slots >= LEAST_SLOTS else None


def _template(parameters: Parameters) -> ChainGemmSm90Attr | None:
    try:
        return ChainGemmSm90Attr.of(**parameters)
    except VerifyException:
        return None


def _room(template: ChainGemmSm90Attr, target: Target) -> int:
    """Bytes of shared memory that are left."""
    return target.shared_memory_per_block - template.shared_memory - 512  # for the barriers of what is added

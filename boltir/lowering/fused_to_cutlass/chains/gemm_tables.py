"""The parameters of boltir's own kernels of dependent products that are tried for a chain."""

from collections.abc import Iterator
from itertools import product
from math import ceil, gcd

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_gemm_sm90 import MOST_COLUMNS, STAGE_BYTES, SWIZZLED, ChainGemmSm90Attr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.simt import MAX_VECTOR
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.shapes import round_up
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target

Parameters = dict[str, ParameterValue]

PARTNERS = (1, 2)
"""Consumers that share a tile of rows."""
CONSUMERS = (2, 1, 3, 4)
CHUNKS = (192, 128, 96, 64)
"""Columns of the first product that are computed at a time, where not all of them are."""
MOST_STAGES = 8


def hopper_gemm_parameters(problem: ChainProblem, math: Math, target: Target) -> list[Parameters]:
    """Those whose weights all stay in shared memory; if there are none, those whose weights pass through it.

    Each has as many stages as fit. Where nothing fits, the rules say why.
    """
    plans = list(_plans(problem, math))
    for fit in (_staying, _passing):
        found = [parameters for plan in plans if (parameters := fit(plan, target)) is not None]
        if found:
            return found
    return [{**plan, "stages": 2, "slots": 0} for plan in plans]


def _plans(problem: ChainProblem, math: Math) -> Iterator[Parameters]:
    """How the work could be divided, with more stages than are of use."""
    stages = max(MOST_STAGES, ceil(problem.extents[0] / SWIZZLED))
    for partners, consumers in product(PARTNERS, CONSUMERS):
        for chunk in _chunks(problem.extents[1]):
            yield {
                "math": math.value,
                "extents": problem.extents,
                "chunk": chunk,
                "consumers": consumers,
                "stages": stages,
                "partners": partners,
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


def _chunks(columns: int) -> list[int]:
    """The largest first."""
    whole = [round_up(columns, 16)] if columns <= MOST_COLUMNS else []
    return [*whole, *(chunk for chunk in CHUNKS if chunk < columns and columns % chunk == 0)]


def _staying(plan: Parameters, target: Target) -> Parameters | None:
    """`plan` with weights that stay."""
    return _fitting({**plan, "slots": 0}, target)


def _passing(plan: Parameters, target: Target) -> Parameters | None:
    """`plan` with weights that pass through, of as many chunks at a time as fit."""
    resident = _template({**plan, "slots": 0})
    if resident is None:
        return None
    partners = resident.partners.data
    attempts = (_fitting({**plan, "slots": slots}, target) for slots in range(resident.chunks - partners, 0, -partners))
    return next((parameters for parameters in attempts if parameters is not None), None)


def _fitting(plan: Parameters, target: Target) -> Parameters | None:
    """`plan` with as many stages as fit; None if a tile of A cannot stay while it is needed."""
    most = _template(plan)
    if most is None:
        return None
    least = min(most.depth_blocks, 2) if most.chunks == most.partners.data else most.depth_blocks
    excess = most.shared_memory - target.shared_memory_per_block
    stages = most.stages.data - max(0, ceil(excess / (most.teams * STAGE_BYTES)))
    return {**plan, "stages": stages} if stages >= least else None


def _template(parameters: Parameters) -> ChainGemmSm90Attr | None:
    try:
        return ChainGemmSm90Attr.of(**parameters)
    except VerifyException:
        return None

"""Chains of products on Hopper as work: fitted to 52 launches on an H100, from whose times it is 5% away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

from boltir.cost_model.chain_epilogue import arithmetic_seconds
from boltir.cost_model.work import L2_OVER_MEMORY, Pace, Work, multiply_seconds
from boltir.dialects.cutlass.chain_gemm_sm90 import ROWS, ChainGemmSm90Attr
from boltir.target import Target

PACE = Pace(launch=2.1e-6, restart=0.0, sync=0.0, store=0.0)
OVERLAP = 0.3
"""The part of a launch that passes while the one before it computes, where that leaves all multiprocessors idle."""
EFFICIENCY = 1.25
"""What products take over the peak of the tensor cores, where warpgroups take turns."""
INSTRUCTIONS = 3.6
"""For each element of each product besides those of its epilogue: to round it, and to find and store it."""
EXPOSED = 0.75
"""The part of the epilogues during which nothing is multiplied, where the next chunk's product is under way."""
STEP = 0.14e-6
"""Seconds that one warpgroup waits for each block of 64 elements along K."""
EXCHANGE = 0.17e-6
"""Seconds for partners to add up 64 x 64 elements."""


def gemm_sm90_work(
    template: ChainGemmSm90Attr, integers: Mapping[str, int], target: Target, instructions: Sequence[int]
) -> tuple[Work, Pace]:
    """The work of a launch, whose epilogues execute these further `instructions`.

    A threadblock is a tile of 64 rows here; or those that it computes side by side, where the weights pass by for all
    of them.
    """
    partners, extents, slots = template.partners.data, template.extents.data, target.multiprocessors
    tiles = ceil(template.rows(integers) / ROWS)
    beside = 1 if template.is_resident else template.teams
    peak = sum(multiply_seconds((ROWS, n, k), (ROWS, n), 2, target) for k, n in pairwise(extents))
    epilogues = arithmetic_seconds(ROWS, extents[1:], [INSTRUCTIONS + count for count in instructions], target)
    exposed = EXPOSED if template.is_pipelined else 1.0
    weights = 2 * sum(k * n for k, n in pairwise(extents))
    work = Work(
        blocks=ceil(tiles / beside),
        slots=slots,
        resident=template.teams // beside,
        steps=1,
        multiply=lambda busy: beside * (EFFICIENCY * peak + exposed * epilogues),
        loaded=2 * beside * ROWS * extents[0] + (0 if template.is_resident else weights),
        latency=(peak + epilogues + STEP * template.chunks * template.depth_blocks) / partners,
        store=EXCHANGE * extents[-1] / ROWS if partners > 1 else 0.0,
    )
    filling = weights * slots / (L2_OVER_MEMORY * target.memory_bandwidth) if template.is_resident else 0.0
    overlap = OVERLAP * max(0.0, 1 - work.blocks / slots)
    return work, replace(PACE, launch=(1 - overlap) * (PACE.launch + filling))

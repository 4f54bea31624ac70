"""Chains of products on Hopper as work: fitted to 36 launches on an H100, from whose times it is 10% away.

What a GELU adds is not fitted: four of five launches with one are at most 9% away (tests/unit/cost_model), three
consumers 29%.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

from boltir.cost_model.chain_epilogue import epilogue_seconds
from boltir.cost_model.work import L2_OVER_MEMORY, Pace, Work, instruction_seconds, multiply_seconds
from boltir.dialects.cutlass.chain_gemm_sm90 import ROWS, ChainGemmSm90Attr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

PACE = Pace(launch=1.4e-6, restart=0.0, sync=0.0, store=0.15e-6, tile=0.15e-6, hides_epilogue=True)
INTERMEDIATE = 0.05e-6
"""Seconds for the epilogue of 64 x 64 accumulators between two products."""
EFFICIENCY = 1.65
"""What products take over the peak of the tensor cores: warpgroups that do an epilogue do not multiply."""
BESIDE_OTHERS = 0.5
"""What the epilogue of each further warpgroup adds, of the time of one alone."""
CLUSTER = 1.7e-6
"""Seconds for two thread blocks to find each other, and to add up what they have computed."""
SAME_LINES = 2.0
"""How much longer weights take to load than other data: all multiprocessors read the same lines at about one time."""
STEP = 0.03e-6
"""Seconds between two wgmma of 64 elements along K, of one warpgroup among several."""


def gemm_sm90_work(
    template: ChainGemmSm90Attr,
    integers: Mapping[str, int],
    signature: KernelSignature,
    target: Target,
    instructions: Sequence[int],
) -> tuple[Work, Pace]:
    """The work of a launch.

    A threadblock is the tiles here that its consumers compute side by side; `split` of them work on one. Nothing is
    multiplied while they execute the further `instructions` of epilogues.
    """
    consumers, split = template.consumers.data, template.split.data
    tiles, rows = ceil(template.rows(integers) / ROWS), ROWS * consumers
    extents = template.extents.data
    weights = 2 * sum(k * n for k, n in pairwise(extents)) / split
    slots = target.multiprocessors // split
    filling = weights * slots * split / (L2_OVER_MEMORY * target.memory_bandwidth) if template.is_resident else 0.0
    peak = sum(multiply_seconds((rows, n, k), (ROWS, n), 2, target) for k, n in pairwise(extents)) / split
    executed = sum(rows * n * count for n, count in zip(extents[1:], instructions, strict=True)) / split
    arithmetic = target.multiprocessors * instruction_seconds(executed, target)
    store = epilogue_seconds(ROWS, extents[1:], signature.outputs[0], PACE.store, INTERMEDIATE)
    work = Work(
        blocks=ceil(tiles / consumers),
        slots=slots,
        resident=1,
        steps=1,
        multiply=lambda busy: EFFICIENCY * peak,
        loaded=2 * rows * extents[0] + (0 if template.is_resident else SAME_LINES * weights),
        latency=STEP * template.chunks * template.depth_blocks,
        store=store / split * (1 + BESIDE_OTHERS * (consumers - 1)),
    )
    launch = PACE.launch + filling + (CLUSTER if split > 1 else 0.0)
    return work, replace(PACE, launch=launch, sync=arithmetic, hides_epilogue=consumers > 1)

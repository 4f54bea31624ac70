"""Chains that begin with a convolution on Hopper as work: fitted to 18 launches on an H100."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil

from boltir.cost_model.chain_epilogue import INTERMEDIATE, arithmetic_seconds, epilogue_seconds
from boltir.cost_model.traffic import window_elements
from boltir.cost_model.work import L2_OVER_MEMORY, Pace, Work
from boltir.dialects.cutlass.chain_conv2d_sm90 import TILE, ChainConv2dSm90Attr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

PACE = Pace(launch=2.5e-6, restart=0.0, sync=0.0, store=0.25e-6, tile=0.25e-6)
GATHER = 165
"""Columns that tensor cores multiply while a warpgroup gathers as many steps of its windows."""
EFFICIENCY = 1.35
"""What products take over the peak of the tensor cores."""
BESIDE_OTHERS = 0.2
"""The part of its epilogue that each further warpgroup hides under the products of others."""
CLUSTERED = 1.0e-6
"""Seconds that a cluster takes longer: its threadblocks wait for each other before they load and before they end."""
STRIDED = 2.0
"""The same over that, for windows that skip pixels: lanes then gather from the same banks of shared memory."""


def conv2d_sm90_work(
    template: ChainConv2dSm90Attr,
    integers: Mapping[str, int],
    signature: KernelSignature,
    target: Target,
    instructions: Sequence[int],
) -> tuple[Work, Pace]:
    """The work of a launch, whose epilogues execute these further `instructions`.

    A threadblock is one tile of 64 pixels here: consumers take turns on the tensor cores of a multiprocessor. There are
    no more multiprocessors at work than it takes to give each consumer a tile.
    """
    extents = (template.depth(integers), *template.columns(integers))
    weights = 2 * sum(k * n for k, n in pairwise(extents))
    tiles = ceil(template.rows(integers) / TILE)
    consumers, cluster = template.consumers.data, template.cluster.data
    slots = min(target.multiprocessors // cluster, ceil(tiles / consumers / cluster)) * cluster
    rounds = ceil(tiles / slots)
    image = 2 * window_elements(integers) / tiles
    shared = min(consumers, rounds) * cluster
    store = epilogue_seconds(TILE, extents[1:], signature.outputs[0], PACE.store, INTERMEDIATE)
    store += arithmetic_seconds(TILE, extents[1:], instructions, target)
    streamed = 0.0 if template.resident.data else weights / shared
    filling = weights * slots / cluster if template.resident.data else 0.0
    skips = max(integers["stride_h"], integers["stride_w"]) > 1
    products = enumerate(pairwise(extents))
    waiting = GATHER / min(consumers, rounds)
    seconds = sum(_multiply_seconds(n, k, target, waiting if product == 0 else 0) for product, (k, n) in products)
    work = Work(
        blocks=tiles,
        slots=slots,
        resident=1,
        steps=1,
        multiply=lambda busy: EFFICIENCY * (STRIDED if skips else 1) * seconds,
        loaded=image + streamed,
        latency=0.0,
        store=(store + PACE.tile) * (1 - BESIDE_OTHERS * (consumers - 1)),
    )
    launch = PACE.launch + filling / (L2_OVER_MEMORY * target.memory_bandwidth)
    if cluster > 1:
        launch += CLUSTERED
    return work, replace(PACE, launch=launch, tile=0.0)


def _multiply_seconds(columns: int, depth: int, target: Target, waiting: float) -> float:
    """Seconds for 64 rows at the peak.

    Narrow products wait for their windows, which ldmatrix gathers (measured).

    Args:
        waiting: the columns in whose time the windows of the first product arrive; 0 for the others.
    """
    peak = target.tensor_flops / target.multiprocessors
    steps = ceil(depth / 16) * 16
    return 2 * TILE * steps * (max(columns, 33 + 0.75 * columns, waiting) if waiting else columns) / peak

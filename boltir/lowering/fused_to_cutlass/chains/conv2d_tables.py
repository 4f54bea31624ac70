"""The parameters of `#cutlass.chain_conv2d_sm90` that are tried: what fills the shared memory of a threadblock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

from boltir.dialects.cutlass.chain_conv2d_sm90 import (
    CLUSTERS,
    CONSUMERS,
    SharedMemory,
    input_chunks,
    weight_blocks,
)
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.template import ParameterValue
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target

PASSES = (256, 128, 64)
"""Columns of the last product that are computed at a time, where it has more."""
STORE_STAGES = (2, 1)
WEIGHT_STAGES = 16
"""More blocks of weights do not pass through faster."""


def hopper_conv2d_parameters(problem: ChainProblem, math: Math, target: Target) -> Iterator[dict[str, ParameterValue]]:
    """Weights that stay if they fit, else pass through as many stages as fit; clusters share them or not."""
    integers = problem.arguments
    *before, last = problem.extents[1:]
    inner = tuple(-(-n // 16) * 16 for n in before)
    whole = (-(-last // 8) * 8,) if last <= max(PASSES) else ()
    window = (integers["r"], integers["s"])
    for consumers, cluster, stores in product(CONSUMERS, CLUSTERS, STORE_STAGES):
        for tile in (*whole, *(n for n in PASSES if n < last)):
            tile_n = (*inner, tile)
            empty = SharedMemory(integers["c"], tile_n, consumers, stores, 0, 0)
            room = target.shared_memory_per_block
            yield {
                "math": math.value,
                "filter": window,
                "channels": integers["c"],
                "tile_n": tile_n,
                "consumers": consumers,
                **_stages(empty, integers, weight_blocks(window, integers["c"], tile_n, last), room),
                "store_stages": stores,
                "cluster": cluster,
            }


def _stages(empty: SharedMemory, integers: Mapping[str, int], blocks: int, room: int) -> dict[str, ParameterValue]:
    """How many chunks of the input and blocks of weights there is room for."""
    least, most = (input_chunks(integers, tiles) for tiles in (1, 2 * empty.consumers))
    resident = _largest(lambda chunks: replace(empty, chunks=chunks, blocks=blocks), most, room)
    if resident >= least:
        return {"input_stages": resident, "weight_stages": blocks, "resident": True}
    chunks = input_chunks(integers, empty.consumers)
    stages = _largest(lambda stages: replace(empty, chunks=chunks, blocks=stages), WEIGHT_STAGES, room)
    return {"input_stages": chunks, "weight_stages": stages, "resident": False}


def _largest(memory: Callable[[int], SharedMemory], most: int, room: int) -> int:
    """The largest number up to `most` for which `memory` fits; 0 if none does."""
    return next((number for number in range(most, 0, -1) if memory(number).size <= room), 0)

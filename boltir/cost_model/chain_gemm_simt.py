"""Chains of narrow products on the ordinary cores as work."""

from collections.abc import Mapping, Sequence
from math import ceil

from boltir.cost_model.chain_epilogue import arithmetic_seconds
from boltir.cost_model.work import Pace, Work
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.target import Target

PACE = Pace(launch=2.3e-6, restart=0.0, sync=0.0, store=0.0)
THREADS = 512
"""Rows that a multiprocessor computes at once, one per thread."""
FLOPS = 60e9
"""Operations per second that a multiprocessor does with weights that all threads read from the cache."""


def simt_work(
    template: ChainGemmSimtAttr, integers: Mapping[str, int], target: Target, instructions: Sequence[int]
) -> tuple[Work, Pace]:
    """The work of a launch of `chain_gemm_simt`, whose epilogues execute these further `instructions`.

    A thread computes a row.
    """
    epilogues = arithmetic_seconds(THREADS, template.extents.data[1:], instructions, target)
    seconds = 2 * template.weights * THREADS / FLOPS + epilogues
    work = Work(
        blocks=ceil(template.rows(integers) / THREADS),
        slots=target.multiprocessors,
        resident=1,
        steps=1,
        multiply=lambda busy: seconds,
        loaded=0.0,
        latency=0.0,
        store=0.0,
    )
    return work, PACE

"""Chains of narrow products on the ordinary cores as work."""

from collections.abc import Mapping
from math import ceil

from boltir.cost_model.work import Pace, Work
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.target import Target

PACE = Pace(launch=2.3e-6, restart=0.0, sync=0.0, store=0.0)
THREADS = 512
"""Rows that a multiprocessor computes at once, one per thread."""
FLOPS = 60e9
"""Operations per second that a multiprocessor does with weights that all threads read from the cache."""


def simt_work(template: ChainGemmSimtAttr, integers: Mapping[str, int], target: Target) -> tuple[Work, Pace]:
    """The work of a launch of `chain_gemm_simt`: a thread computes a row."""
    flops = 2 * template.weights * THREADS
    work = Work(
        blocks=ceil(template.rows(integers) / THREADS),
        slots=target.multiprocessors,
        resident=1,
        steps=1,
        multiply=lambda busy: flops / FLOPS,
        loaded=0.0,
        latency=0.0,
        store=0.0,
    )
    return work, PACE

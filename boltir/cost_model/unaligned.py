"""The product of unaligned rows as work: a threadblock loads all of its part of K, then multiplies it.

Fitted to five products on an H100, of 96 to 3072 threadblocks and K from 46 to 1003.
"""

from collections.abc import Mapping

from boltir.cost_model.traffic import epilogue_bytes_per_element
from boltir.cost_model.work import Pace, Work
from boltir.dialects.cutlass.gemm_unaligned import TILE, GemmUnalignedAttr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

PACE = Pace(launch=2.0e-6, restart=0.0, sync=0.0, store=0.5e-6, tile=0.3e-6)
SHIFTING = 11e-9
"""Seconds for one element of K of a tile's rows and columns: to load it, shift it into place and multiply it."""


def unaligned_work(
    template: GemmUnalignedAttr, integers: Mapping[str, int], signature: KernelSignature, target: Target
) -> tuple[Work, Pace]:
    """The work of a launch."""
    depth = integers["k"]
    work = Work(
        blocks=template.blocks(integers),
        slots=target.multiprocessors,
        resident=1,
        steps=1,
        multiply=lambda _: SHIFTING * depth,
        loaded=template.math.data.bytes * depth * 2 * TILE,
        latency=0.0,
        store=PACE.store * TILE * TILE / (64 * 64) * epilogue_bytes_per_element(signature) / 2,
    )
    return work, PACE

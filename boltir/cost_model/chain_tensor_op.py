"""Chains of CUTLASS 2.x as work: a threadblock computes all columns of its rows, product after product."""

from collections.abc import Mapping
from itertools import pairwise
from math import ceil

from boltir.cost_model.chain_epilogue import INTERMEDIATE, epilogue_seconds
from boltir.cost_model.tensor_op import EFFICIENCY, EFFICIENCY_BESIDE_WGMMA, PACE, STAGE_LATENCY, resident_blocks
from boltir.cost_model.work import Pace, Work, multiply_seconds
from boltir.dialects.cutlass.chain_tensor_op import ChainTensorOpAttr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.chain import Residence
from boltir.target import Target

THROUGH_SHARED_MEMORY = 0.2e-6
"""Seconds for the epilogue of 64 x 64 accumulators that pass through shared memory."""
BACK_TO_BACK = 1.25
"""What multiplications take over what they do otherwise, where a warp holds whole rows of its products.

Two chains in registers were measured on an H100.
"""
OTHER_REGISTERS = 80  # beside accumulators: fragments and addresses


def tensor_op_chain_work(
    template: ChainTensorOpAttr, integers: Mapping[str, int], signature: KernelSignature, target: Target
) -> tuple[Work, Pace]:
    """The work of a launch: a step is one of the mainloop of any of the products."""
    rows, stages = template.threadblock_m.data, template.stages.data
    extents = (template.depth(integers), *template.columns(integers))
    depths = template.threadblock_k.data
    warps = zip(template.warp_m.data, template.warp_n.data, strict=True)
    peak = sum(
        multiply_seconds((rows, n, k), warp, 2, target) for (k, n), warp in zip(pairwise(extents), warps, strict=True)
    )
    peak *= BACK_TO_BACK * (EFFICIENCY_BESIDE_WGMMA if target.has_warpgroup_mma else EFFICIENCY)
    steps = sum(ceil(k / depth) + stages - 1 for k, depth in zip(extents, depths, strict=False))
    stays = template.intermediates is Residence.RF
    between = INTERMEDIATE if stays else THROUGH_SHARED_MEMORY
    work = Work(
        blocks=ceil(template.rows(integers) / rows),
        slots=target.multiprocessors,
        resident=_resident(template, target),
        steps=steps,
        multiply=lambda busy: peak / steps,
        loaded=2 * (rows * extents[0] + sum(k * n for k, n in pairwise(extents))) / steps,
        latency=STAGE_LATENCY / (stages - 1) + peak / steps / 2,
        store=epilogue_seconds(rows, extents[1:], signature.outputs[0], PACE.store, between),
    )
    return work, PACE


def _resident(template: ChainTensorOpAttr, target: Target) -> int:
    """Threadblocks that one multiprocessor holds."""
    registers = template.accumulators + OTHER_REGISTERS
    return resident_blocks(template.shared_memory, template.threads, registers, target)

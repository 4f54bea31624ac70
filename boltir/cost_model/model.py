"""The estimated time of a launch, and what bounds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod

from boltir.cost_model.chain import chain_traffic, chain_work
from boltir.cost_model.hopper import hopper_work
from boltir.cost_model.tensor_op import tensor_op_work
from boltir.cost_model.tile_order import tile_grid
from boltir.cost_model.traffic import Raster, Traffic, device_memory_bytes, traffic_of
from boltir.cost_model.unaligned import unaligned_work
from boltir.cost_model.work import Bound, Pace, Work, instruction_seconds, working_seconds
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.gemm_unaligned import TILE, GemmUnalignedAttr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.target import Target

MEMORY_EFFICIENCY = 0.9
"""The part of the bandwidth of device memory that a kernel reaches."""
FIRST_LOAD = 1.5e-6
"""Seconds until a launch reads device memory at full speed."""
DISTURBANCE = 0.2
"""How much of the shorter is added to the longer of the times for working and for moving data: they share the L2."""


@dataclass(frozen=True)
class Estimate:
    """What a launch takes.

    Attributes:
        seconds: in a stream of launches, with operands that are not in the caches.
        bound: what it spends most of them on.
        flops: floating-point operations of the problem, without padding.
        memory_bytes: what the problem moves from and to device memory at least.
        rounds: tiles that each multiprocessor computes; the last round counts as a whole one.
        roof_seconds: what the peaks of tensor cores and device memory allow at best.
    """

    seconds: float
    bound: Bound
    flops: int
    memory_bytes: int
    rounds: int
    roof_seconds: float


LEAST_SAVING = 0.05
"""The part of a kernel's time that a change must be expected to save; less is within the model's error."""
MEASURED_INSTRUCTIONS = 2
"""Of the epilogues that the model is fitted to, for each element: a bias and a ReLU."""


def estimate(
    template: TemplateAttr,
    integers: Mapping[str, int],
    signature: KernelSignature,
    target: Target,
    instructions: int | Sequence[int] = MEASURED_INSTRUCTIONS,
) -> Estimate | None:
    """The estimate for a launch of `template` with these integers; None for families that have no model.

    Products, convolutions and chains of them on tensor cores have one. It is only good for ranking, and for telling
    what bounds a kernel: on the measurements that it is fitted to it is wrong by 10% on average.

    Args:
        instructions: of the epilogue for each element (`epilogue_instructions`), or of each epilogue of a chain.
    """
    counts = (instructions,) * template.products if isinstance(instructions, int) else instructions
    beyond = [max(0, count - MEASURED_INSTRUCTIONS) for count in counts]
    match template:
        case Sm90Attr():
            work, pace = hopper_work(template, integers, signature, target)
            tiles, swizzle = tile_grid(template, integers), integers.get("swizzle", 1)
            result_tile = template.result_tile
        case TensorOpAttr():
            work, pace = tensor_op_work(template, integers, signature, target)
            _, rows, columns = template.result_extents(integers)
            result_tile = m, n = template.threadblock.data[:2]
            tiles, swizzle = (ceil(rows / m), ceil(columns / n)), template.swizzle.data
        case ChainAttr():
            work, pace = chain_work(template, integers, signature, target, beyond)
            traffic, flops = chain_traffic(template, integers, signature), template.flops(integers)
            return _estimate(work, pace, traffic, traffic.total, flops, template.math.data, target)
        case GemmUnalignedAttr():
            work, pace = unaligned_work(template, integers, signature, target)
            result_tile = m, n = TILE, TILE
            tiles, swizzle = (ceil(integers["m"] / m), ceil(integers["n"] / n)), 1
        case _:
            return None
    arithmetic = target.multiprocessors * instruction_seconds(prod(result_tile) * sum(beyond), target)
    work = replace(work, store=work.store + arithmetic)
    traffic = traffic_of(template, integers, signature)
    resident = work.slots * work.resident
    batch = template.result_extents(integers)[0]
    raster = Raster(integers.get("raster", 0))
    moved = device_memory_bytes(traffic, tiles, resident, swizzle, target, batch, raster)
    return _estimate(work, pace, traffic, moved, template.flops(integers), template.math.data, target)


def _estimate(
    work: Work, pace: Pace, traffic: Traffic, moved: float, flops: int, math: Math, target: Target
) -> Estimate:
    working, bound = working_seconds(work, pace, target)
    moving = moved / (MEMORY_EFFICIENCY * target.memory_bandwidth)
    floor = FIRST_LOAD + moving
    return Estimate(
        seconds=max(working, floor) + DISTURBANCE * min(working, moving),
        bound=bound if working >= floor else Bound.MEMORY,
        flops=flops,
        memory_bytes=traffic.total,
        rounds=ceil(work.blocks / work.slots),
        roof_seconds=roof_seconds(flops, traffic.total, math, target),
    )


def roof_seconds(flops: int, memory_bytes: int, math: Math, target: Target) -> float:
    """What the peaks allow: of the tensor cores for operands of `math`, and of device memory."""
    return max(flops * math.bytes / 2 / target.tensor_flops, memory_bytes / target.memory_bandwidth)

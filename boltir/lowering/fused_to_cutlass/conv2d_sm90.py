"""fused.conv2d -> cutlass.conv2d_sm90: which convolutions TMA can read, and the fastest tile for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.cutlass.template import KernelSignature
from boltir.lowering.fused_to_cutlass.hopper import CLUSTERED, slice_counts
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.tensor_op import math_of
from boltir.lowering.fused_to_cutlass.tiles import HopperTile, legal, power_of_two_divisor
from boltir.target import Target

SWIZZLED = 128
"""Bytes of channels that a step of the mainloop multiplies."""


@dataclass(frozen=True)
class Rates:
    """What a tile takes on an H100, in microseconds.

    Attributes:
        alone: a step of the mainloop on a multiprocessor while the others are idle.
        loaded: the same while all of them work.
        epilogue: what is not hidden under another tile's mainloop.
    """

    alone: float
    loaded: float
    epilogue: float


CONV2D_TILES = {
    HopperTile((64, 32, 64), Schedule.WARP_SPECIALIZED): Rates(0.11, 0.24, 0.2),
    HopperTile((64, 64, 64), Schedule.WARP_SPECIALIZED): Rates(0.12, 0.28, 0.2),
    HopperTile((64, 64, 64), Schedule.PINGPONG): Rates(0.10, 0.17, 0.6),
    HopperTile((64, 128, 64), Schedule.PINGPONG): Rates(0.12, 0.25, 1.2),
    HopperTile((64, 256, 64), Schedule.PINGPONG): Rates(0.24, 0.36, 2.7),
    HopperTile((128, 64, 64), Schedule.PINGPONG): Rates(0.16, 0.29, 0.9),
    HopperTile((128, 128, 64), Schedule.PINGPONG, (1, 2, 1)): Rates(0.24, 0.36, 2.5),
    HopperTile((192, 64, 64), Schedule.PINGPONG): Rates(0.23, 0.40, 1.5),
    HopperTile((192, 96, 64), Schedule.PINGPONG): Rates(0.24, 0.46, 3.7),
    HopperTile((192, 128, 64), Schedule.PINGPONG): Rates(0.34, 0.53, 4.2),
    HopperTile((256, 64, 64), Schedule.PINGPONG, (2, 1, 1)): Rates(0.28, 0.69, 2.3),
    HopperTile((64, 64, 64), Schedule.SPLIT_K): Rates(0.12, 0.28, 2.7),
    HopperTile((128, 64, 64), Schedule.SPLIT_K): Rates(0.16, 0.40, 3.1),
}
"""The fastest of 38 tiles for the layers of ResNet, VGG and RepVGG, fitted to 52 measured convolutions each."""


def hopper_conv2d(arguments: Mapping[str, int], signature: KernelSignature, target: Target) -> Selection | Refusal:
    """The fastest Hopper kernel for a convolution with these launch integers, and the slices of K it may need."""
    math = math_of(signature)
    if isinstance(math, Refusal):
        return math
    step, channels = SWIZZLED // math.bytes, arguments["c"]
    if 2 * channels < step:
        return Refusal(f"c = {channels} fills less than half of the {step} channels that a step on Hopper multiplies")
    alignments = (power_of_two_divisor(math.vector, (channels,)), power_of_two_divisor(8, (arguments["k"],)))
    templates = _legal_templates(target, signature, math, *alignments)
    if isinstance(templates, Refusal):
        return templates
    try:
        templates[0].check_launch({**arguments, "slices": 1})
    except VerifyException as error:
        return Refusal(str(error))
    m = arguments["n"] * arguments["p"] * arguments["q"]
    steps = arguments["r"] * arguments["s"] * -(-channels // step)
    options = ((template, slices) for template in templates for slices in slice_counts(template, steps))
    template, slices = min(options, key=lambda option: _microseconds(*option, m, arguments["k"], steps, target))
    return Selection(template, {**arguments, **dict.fromkeys(template.slice_parameters, slices)})


@lru_cache(maxsize=1024)
def _legal_templates(
    target: Target, signature: KernelSignature, math: Math, alignment: int, alignment_c: int
) -> tuple[Conv2dSm90Attr, ...] | Refusal:
    def build(tile: HopperTile) -> Conv2dSm90Attr:
        return Conv2dSm90Attr.of(
            math=math.value,
            tile=tile.at_depth_of(math),
            cluster=tile.cluster,
            schedule=tile.schedule.value,
            swizzle=1,
            alignment_a=alignment,
            alignment_b=alignment,
            alignment_c=alignment_c,
        )

    return legal((partial(build, tile) for tile in CONV2D_TILES), target, signature)


def _microseconds(template: Conv2dSm90Attr, slices: int, m: int, n: int, steps: int, target: Target) -> float:
    """The time of m pixels, n filters and so many steps of the mainloop, without the launch. Only good for ranking."""
    (tile_m, tile_n, _), cluster, schedule = template.tile.data, template.cluster.data, template.schedule.data
    rates = CONV2D_TILES[HopperTile((tile_m, tile_n, 64), schedule, (cluster[0], cluster[1], 1))]
    blocks = cluster[0] * -(-m // (tile_m * cluster[0])) * cluster[1] * -(-n // (tile_n * cluster[1]))
    busy = blocks / target.multiprocessors
    if schedule is Schedule.SPLIT_K:
        busy *= slices / CLUSTERED
        step = max(rates.alone, rates.loaded * min(1, busy))
        return ceil(busy) * (ceil(steps / slices) * step + rates.epilogue)
    if schedule is Schedule.WARP_SPECIALIZED:
        return steps * max(rates.alone, rates.loaded * busy) + rates.epilogue * max(1, busy)
    return ceil(busy) * steps * max(rates.alone, rates.loaded * min(1, busy)) + rates.epilogue

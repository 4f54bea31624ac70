"""The tiles of the 3.x templates for Hopper, and an estimate of their time fitted to measurements on an H100."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from boltir.dialects.cutlass.sm90 import MOST_SLICES, Schedule, Sm90Attr
from boltir.lowering.fused_to_cutlass.tiles import HopperTile, Problem
from boltir.target import Target

HOPPER_TILES = (
    HopperTile((64, 64, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((64, 128, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 128, 64), Schedule.WARP_SPECIALIZED),
    HopperTile((128, 128, 64), Schedule.PINGPONG),
    HopperTile((128, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 128, 64), Schedule.PINGPONG),
    HopperTile((64, 64, 64), Schedule.PINGPONG),
    HopperTile((64, 192, 64), Schedule.PINGPONG),
    HopperTile((64, 256, 64), Schedule.PINGPONG),
    HopperTile((128, 192, 64), Schedule.COOPERATIVE),
    HopperTile((256, 128, 64), Schedule.COOPERATIVE),
    HopperTile((128, 256, 64), Schedule.COOPERATIVE),
    HopperTile((64, 64, 64), Schedule.SPLIT_K),
    HopperTile((128, 64, 64), Schedule.SPLIT_K),
)
"""The fastest of 41 for the matrix products of ResNet, VGG, BERT and ViT, measured on an H100; the first on a tie."""

# Fitted to the times of these tiles in CUDA graphs on an H100, for 59 matrix products and 99 convolutions: within 12%
# on average. What it chooses for the products takes 3% longer on average than the fastest measured, 24% at worst.
OVERHEAD = {
    Schedule.WARP_SPECIALIZED: 2.9e-6,
    Schedule.PINGPONG: 3.2e-6,
    Schedule.COOPERATIVE: 4.0e-6,
    Schedule.SPLIT_K: 5.6e-6,
}
"""Seconds of a launch with nothing to multiply: the first load, the last store, and the sum of the slices."""

STORE = 0.41e-6  # seconds to pass 64 x 64 accumulators through the epilogue
RESTART = 1.0e-6  # seconds until another threadblock has taken the place of one that is not persistent
LOAD_BANDWIDTH = 177e9  # bytes per second that one multiprocessor loads from L2
L2_BANDWIDTH = 11.3e12  # bytes per second that all of them load together
NARROW = 2.0  # what a narrow tile costs: rows or columns whose multiplication would take as long
CLUSTERED = 0.75  # the part of the multiprocessors that clusters of several threadblocks reach at once

Template = TypeVar("Template", bound=Sm90Attr)


def fastest_on_hopper(
    templates: Iterable[Template], problem: Problem, target: Target
) -> tuple[Template, Mapping[str, int]]:
    """The template of the least estimated time, the first on a tie, with the launch integers of its schedule."""
    options = (
        (template, slices) for template in templates for slices in slice_counts(template, _steps(template, problem))
    )
    template, slices = min(options, key=lambda option: hopper_seconds(*option, problem, target))
    return template, dict.fromkeys(template.slice_parameters, slices)


def slice_counts(template: Sm90Attr, steps: int) -> range:
    """In how many slices the kernel may cut so many steps along K; one where it cuts nothing."""
    return range(2, min(MOST_SLICES, steps) + 1) if template.schedule.data is Schedule.SPLIT_K else range(1, 2)


def _steps(template: Sm90Attr, problem: Problem) -> int:
    return _ceil_div(problem.k, template.tile.data[2])


def hopper_seconds(template: Sm90Attr, slices: int, problem: Problem, target: Target) -> float:
    """The time of a kernel: rounds of tiles, each a mainloop bound by arithmetic or by loads, then an epilogue.

    Padding up to whole tiles counts as work. Device memory is left out: its time is the same for all.
    """
    (m, n, k), (cluster_m, cluster_n, _) = template.tile.data, template.cluster.data
    schedule, element = template.schedule.data, template.math.data.bytes
    rows, columns = _ceil_div(problem.m, m * cluster_m) * cluster_m, _ceil_div(problem.n, n * cluster_n) * cluster_n
    blocks = rows * columns * problem.batch * slices
    slots = target.multiprocessors if slices == 1 else int(target.multiprocessors * CLUSTERED)
    rounds = _ceil_div(blocks, slots)
    # Tensor cores take half as many tf32 operands per second as 16-bit ones: so many bytes.
    peak = target.tensor_flops / target.multiprocessors
    arithmetic = element * m * n * k / peak * (1 + NARROW * (1 / m + 1 / n))
    loads = element * (m + n) * k
    busy = min(blocks, target.multiprocessors)
    step = max(arithmetic, loads / LOAD_BANDWIDTH, loads * busy / L2_BANDWIDTH)
    mainloop = step * _ceil_div(_steps(template, problem), slices)
    store = STORE * m * n / (64 * 64)
    match schedule:
        case Schedule.PINGPONG:  # the one's epilogue lies under the other's mainloop
            work = max(rounds * mainloop + store, rounds * store)
        case Schedule.COOPERATIVE:
            work = rounds * (mainloop + store)
        case Schedule.WARP_SPECIALIZED | Schedule.SPLIT_K:
            work = rounds * (mainloop + store) + (rounds - 1) * RESTART
    return OVERHEAD[schedule] + work


def _ceil_div(extent: int, step: int) -> int:
    return -(-extent // step)

"""The 3.x templates for Hopper as work: rings of stages filled by TMA, and warpgroups that multiply.

Fitted to the times of 59 matrix products and 103 convolutions, each by up to 60 kernels, on an H100
(benchmarks/data, benchmarks/cost_model.py); what windows take to load, to kernels whose launches overlap.
"""

from collections.abc import Mapping
from dataclasses import replace

from boltir.cost_model.traffic import epilogue_bytes_per_element
from boltir.cost_model.work import Pace, Work, multiply_seconds
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.sm90 import Schedule, Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

PACE = {
    Schedule.WARP_SPECIALIZED: Pace(launch=1.9e-6, restart=1.45e-6, sync=0.0, store=0.25e-6, tile=0.7e-6),
    Schedule.PINGPONG: Pace(3.0e-6, 0.0, 0.0, 0.25e-6, 0.7e-6, hides_epilogue=True),
    Schedule.COOPERATIVE: Pace(2.8e-6, 0.0, 0.0, 0.25e-6, 0.7e-6),
    Schedule.SPLIT_K: Pace(5.75e-6, 1.45e-6, 0.0, 0.25e-6, 0.7e-6),
}
INSTRUCTION_ROWS = 64  # of one wgmma
STEP = 0.09e-6
"""Seconds between two steps of a mainloop that waits for nothing but its own pipeline."""
WINDOW_STEP = 1.7
"""The same, times this, for convolutions whose threadblocks do not persist."""
ALONE, TOGETHER = 0.91, 1.22
"""What tensor cores take over their peak: of one multiprocessor, and of all at once, which power makes slower."""
DEEP_WINDOW_ROW = 4.3e-9
"""Seconds per row of A and B for a step of a convolution that is deeper than a line: TMA then gathers row by row."""
LINE = 128  # bytes
PARTIAL_LINE = 1.5
"""How much longer TMA takes for a row of channels that ends within a line."""
OUTSIDE = 5.0
"""How much longer TMA takes to fill a row with zeros that lies behind the last column of B."""
WINDOW = 1.5
"""How much longer TMA takes for a line of pixels than for one of a matrix."""
BESIDE = 0.7
"""The part of that where other columns of tiles are computed beside: they read the same pixels at about one time."""
IMAGE_ROW = 3.5
"""Going on to another row of the image takes as long as so many lines of a matrix."""
FILTER = 0.63
"""The part of a matrix's line that one of filters takes: many threadblocks read it at about one time."""
FROM_REGISTERS = 2.1
"""How much longer an epilogue takes that stores from registers: measured on products with permuted stores."""
SLICED = 0.8
"""The part of the multiprocessors that clusters of slices reach at once."""
CLUSTER_SYNC = 0.03e-6
"""Seconds per step for the threadblocks of a cluster to wait for each other's shared memory; nothing is left of it for
those that share the pixels of windows."""


def hopper_work(
    template: Sm90Attr, integers: Mapping[str, int], signature: KernelSignature, target: Target
) -> tuple[Work, Pace]:
    """The work of a launch of a 3.x kernel."""
    (m, n, k), element = template.tile.data, template.math.data.bytes
    slices, convolves = integers.get("slices", 1), isinstance(template, Conv2dSm90Attr)
    rows, columns = tile_grid(template, integers)
    blocks = template.result_extents(integers)[0] * rows * columns * slices
    outside = n - template.result_extents(integers)[2] / columns
    peak = multiply_seconds((m, n, k), (INSTRUCTION_ROWS, n), element, target)
    line = PARTIAL_LINE if convolves and integers["c"] * element % LINE else 1.0
    pixels, filters = (_line_of_pixels(template, columns, integers), FILTER) if convolves else (1.0, 1.0)
    pace = PACE[template.schedule.data]
    if _cluster(template) > 1 and not (convolves and template.cluster.data[0] == 1):
        pace = replace(pace, sync=CLUSTER_SYNC)
    if template.epilogue(signature).uses_registers:
        pace = replace(pace, store=FROM_REGISTERS * pace.store, tile=FROM_REGISTERS * pace.tile)
    work = Work(
        blocks=blocks,
        slots=_slots(template, target),
        resident=1,
        steps=-(-template.steps(integers) // slices),
        multiply=lambda busy: (ALONE + (TOGETHER - ALONE) * busy) * peak,
        loaded=element * k * (pixels * line * m + filters * ((n - outside) * line + outside * OUTSIDE)),
        latency=_latency(template),
        store=pace.store * m * n / (64 * 64) * epilogue_bytes_per_element(signature) / 2,
    )
    return work, pace


def _line_of_pixels(template: Sm90Attr, columns: int, integers: Mapping[str, int]) -> float:
    """How much longer than a line of a matrix one of the pixels that a window sees takes to load.

    Threadblocks beside each other share it by multicast in clusters along the columns, or because they ask the L2 cache
    at about one time; clusters along the rows keep those apart.

    Args:
        columns: of tiles.
    """
    cluster_m, cluster_n, _ = template.cluster.data
    beside = cluster_n > 1 or (cluster_m == 1 and columns > 1)
    share = BESIDE / max(1, cluster_n / 2) if beside else 1.0
    return WINDOW * share + IMAGE_ROW / integers["q"]


def _latency(template: Sm90Attr) -> float:
    (m, n, k), element = template.tile.data, template.math.data.bytes
    if not isinstance(template, Conv2dSm90Attr):
        return STEP
    if k * element > LINE:
        return DEEP_WINDOW_ROW * (m + n)
    return STEP * (WINDOW_STEP if template.schedule.data is Schedule.WARP_SPECIALIZED else 1)


def _slots(template: Sm90Attr, target: Target) -> int:
    if template.schedule.data is Schedule.SPLIT_K:
        return int(target.multiprocessors * SLICED)
    return target.multiprocessors // _cluster(template) * _cluster(template)


def _cluster(template: Sm90Attr) -> int:
    """The threadblocks of a cluster of tiles."""
    return template.cluster.data[0] * template.cluster.data[1]


def tile_grid(template: Sm90Attr, integers: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of tiles of one matrix, those included that lie outside of it.

    Source: gemm/kernel/tile_scheduler_params.h, initialize: whole clusters, and of them whole groups of `swizzle`.
    """
    _, m, n = template.result_extents(integers)
    (tile_m, tile_n, _), (cluster_m, cluster_n, _) = template.tile.data, template.cluster.data
    rows, columns = -(-m // tile_m), -(-n // tile_n)
    group = effective_swizzle(integers.get("swizzle", 1), min(_up(rows, cluster_m), _up(columns, cluster_n)))
    return _up(rows, cluster_m * group), _up(columns, cluster_n * group)


def effective_swizzle(most: int, tiles: int) -> int:
    """Tiles that are visited together, where the shorter extent has so many (get_log_swizzle_size, the same file)."""
    return next((size for size, fewest in ((8, 6), (4, 3), (2, 2)) if most >= size and tiles >= fewest), 1)


def _up(extent: int, step: int) -> int:
    return -(-extent // step) * step

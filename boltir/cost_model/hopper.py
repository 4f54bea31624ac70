"""The 3.x templates for Hopper as work: rings of stages filled by TMA, and warpgroups that multiply.

Fitted to 12,500 times of 71 matrix products and 99 convolutions, each by up to 131 kernels, on an H100
(benchmarks/data, benchmarks/cost_model.py). Launches overlap, as they do in a network.
"""

from collections.abc import Mapping
from dataclasses import replace

from boltir.cost_model.hopper_loads import LINE, loaded_bytes
from boltir.cost_model.tile_order import tile_grid
from boltir.cost_model.traffic import epilogue_bytes_per_element
from boltir.cost_model.work import Pace, Work, multiply_seconds
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.sm90 import Schedule, Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target

PACE = {
    Schedule.WARP_SPECIALIZED: Pace(launch=1.32e-6, restart=1.1e-6, sync=0.0, store=0.38e-6, tile=0.24e-6),
    Schedule.PINGPONG: Pace(1.75e-6, 0.0, 0.0, 0.38e-6, 0.24e-6, hides_epilogue=True),
    Schedule.COOPERATIVE: Pace(1.85e-6, 0.0, 0.0, 0.38e-6, 0.24e-6),
    Schedule.SPLIT_K: Pace(5.0e-6, 1.1e-6, 0.0, 0.38e-6, 0.24e-6),
}
INSTRUCTION_ROWS = 64  # of one wgmma
STEP = 0.118e-6
"""Seconds between two steps of a mainloop that waits for nothing but its own pipeline."""
ROUND_TRIP = 1.38e-6
"""Seconds from asking for a stage until it is there; meanwhile all others but one can be on their way."""
WINDOW_STEP = 1.26
"""The same, times this, for convolutions whose threadblocks do not persist."""
ALONE, TOGETHER = 0.9, 1.0
"""What tensor cores take over their peak: of one multiprocessor, and of all at once, which power makes slower."""
DEEP_WINDOW_ROW = 4.3e-9
"""Seconds per row of A and B for a step of a convolution that is deeper than a line: TMA then gathers row by row."""
FROM_REGISTERS = 2.0
"""How much longer an epilogue takes that stores from registers: measured on permuted stores and on odd columns."""
SLICED = 0.8
"""The part of the multiprocessors that clusters of slices reach at once."""
WITHIN_PROCESSORS = 0.91
"""The part that clusters of more than two reach, 120 of 132: not all processing clusters have a multiple of four."""


def hopper_work(
    template: Sm90Attr, integers: Mapping[str, int], signature: KernelSignature, target: Target
) -> tuple[Work, Pace]:
    """The work of a launch of a 3.x kernel."""
    (m, n, k), element = template.tile.data, template.math.data.bytes
    slices = integers.get("slices", 1)
    rows, columns = tile_grid(template, integers)
    blocks = template.result_extents(integers)[0] * rows * columns * slices
    peak = multiply_seconds((m, n, k), (INSTRUCTION_ROWS, n), element, target)
    pace = PACE[template.schedule.data]
    if template.epilogue(signature).uses_registers:
        pace = replace(pace, store=FROM_REGISTERS * pace.store, tile=FROM_REGISTERS * pace.tile)
    work = Work(
        blocks=blocks,
        slots=_slots(template, target),
        resident=1,
        steps=-(-template.steps(integers) // slices),
        multiply=lambda busy: (ALONE + (TOGETHER - ALONE) * busy) * peak,
        loaded=loaded_bytes(template, (rows, columns), integers),
        latency=max(_latency(template), ROUND_TRIP / max(1, template.stages(target, signature) - 1)),
        store=pace.store * m * n / (64 * 64) * epilogue_bytes_per_element(signature) / 2,
    )
    return work, pace


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
    cluster = _cluster(template)
    reached = int(target.multiprocessors * (WITHIN_PROCESSORS if cluster > 2 else 1))
    return reached // cluster * cluster


def _cluster(template: Sm90Attr) -> int:
    """The threadblocks of a cluster of tiles."""
    return template.cluster.data[0] * template.cluster.data[1]

"""The 2.x templates as work: threads that compute addresses and load, and warps that multiply.

Fitted to 3,000 times of 66 matrix products and 113 convolutions, each by up to 25 kernels, on an H100
(benchmarks/data, benchmarks/cost_model.py). Other architectures get the same seconds of latency and their own rates.
"""

from collections.abc import Mapping

from boltir.cost_model.traffic import epilogue_bytes_per_element
from boltir.cost_model.work import Pace, Work, multiply_seconds
from boltir.dialects.cutlass.conv2d import Conv2dAttr, IteratorAlgorithm
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.target import Target

PACE = Pace(launch=3.15e-6, restart=1.7e-6, sync=0.08e-6, store=0.5e-6)
EFFICIENCY = 1.05
"""What warps of `mma` instructions take over the peak of the tensor cores."""
EFFICIENCY_BESIDE_WGMMA = 1.56
"""The same where only warpgroups reach that peak."""
STAGE_LATENCY = 0.35e-6
"""Seconds until a stage has arrived; with more stages, as many are under way."""
EXPOSED = 0.5
"""The part of a step's multiplications during which a threadblock issues nothing."""
ISSUE = 0.015e-6
"""Seconds for a thread to find an address and load from it."""
NARROW_ACCESS = 4.4e-9
"""Seconds of a multiprocessor for one access of a warp to less than 16 bytes per thread."""
MOST_WINDOW_ACCESSES, SPILLED = 16, 4.6
"""Accesses to windows whose addresses a thread keeps in registers, and how much longer all take if there are more."""
FEW_CHANNELS_ISSUE = 6.2
"""How much longer that takes where an access spans positions of the window."""
WINDOWS = 1.3
"""How much longer windows take to load than rows of a matrix."""
WARP = 32
RESERVED_SHARED_MEMORY = 1024  # bytes that the driver keeps of each threadblock's
REGISTERS = 65536  # of a multiprocessor
ADDRESSING_REGISTERS = 32  # beside accumulators and fragments


def tensor_op_work(
    template: TensorOpAttr, integers: Mapping[str, int], signature: KernelSignature, target: Target
) -> tuple[Work, Pace]:
    """The work of a launch of a 2.x kernel."""
    m, n, k = template.threadblock.data
    element, stages = template.math.data.bytes, template.stages.data
    batch, rows, columns = template.result_extents(integers)
    windows = isinstance(template, Conv2dAttr)
    few = windows and _spans_positions(template)
    warp_m, warp_n, _ = template.warp.data
    multiply = multiply_seconds((m, n, k), (warp_m, warp_n), element, target)
    multiply *= EFFICIENCY_BESIDE_WGMMA if target.has_warpgroup_mma else EFFICIENCY
    accesses = (m / template.alignment_a.data + n / template.alignment_b.data) * k / template.threads
    issue = ISSUE * accesses * (FEW_CHANNELS_ISSUE if few else 1)
    work = Work(
        blocks=batch * -(-rows // m) * -(-columns // n),
        slots=target.multiprocessors,
        resident=_resident(template, signature, target),
        steps=_steps(template, integers) + stages - 1,
        multiply=lambda _: multiply,
        loaded=element * k * (m * (WINDOWS if windows else 1) + n),
        latency=STAGE_LATENCY / (stages - 1) + EXPOSED * multiply + issue,
        store=PACE.store * m * n / (64 * 64) * epilogue_bytes_per_element(signature) / 2,
        access=0.0 if few else accesses * template.threads / WARP * _narrow_access(template),
    )
    return work, PACE


def _narrow_access(template: TensorOpAttr) -> float:
    """Seconds of a multiprocessor for one access of a warp; 0 for those of 16 bytes per thread, which are few."""
    if min(template.alignment_a.data, template.alignment_b.data) >= template.math.data.vector:
        return 0.0
    m, _, k = template.threadblock.data
    of_windows = m * k / template.alignment_a.data / template.threads if isinstance(template, Conv2dAttr) else 0
    return NARROW_ACCESS * (SPILLED if of_windows > MOST_WINDOW_ACCESSES else 1)


def _spans_positions(template: Conv2dAttr) -> bool:
    """Whether one step goes over all channels of several positions of the window."""
    return template.iterator_algorithm.data in (IteratorAlgorithm.FIXED_CHANNELS, IteratorAlgorithm.FEW_CHANNELS)


def _steps(template: TensorOpAttr, integers: Mapping[str, int]) -> int:
    depth = template.threadblock.data[2]
    if not isinstance(template, Conv2dAttr):
        return -(-integers["k"] // depth)
    r, s, c = (integers[name] for name in ("r", "s", "c"))
    return -(-r * s * c // depth) if _spans_positions(template) else r * s * -(-c // depth)


def _resident(template: TensorOpAttr, signature: KernelSignature, target: Target) -> int:
    """Threadblocks that one multiprocessor holds."""
    shared_memory = template.shared_memory(signature.outputs[0])
    return resident_blocks(shared_memory, template.threads, template.registers + ADDRESSING_REGISTERS, target)


def resident_blocks(shared_memory: int, threads: int, registers: int, target: Target) -> int:
    """Threadblocks that one multiprocessor holds, at least one.

    Args:
        shared_memory: bytes of a threadblock.
        registers: of a thread.
    """
    return max(
        1,
        min(
            target.shared_memory_per_multiprocessor // (shared_memory + RESERVED_SHARED_MEMORY),
            target.max_threads_per_multiprocessor // threads,
            REGISTERS // (registers * threads),
        ),
    )

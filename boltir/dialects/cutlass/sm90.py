"""The rules of the CUTLASS 3.x templates for Hopper, which `gemm_sm90` and `conv2d_sm90` share.

One warpgroup loads tiles of A and B with TMA into a ring of stages; one or two multiply them with wgmma, and
pass their accumulators through the epilogue's own tiles in shared memory. Tuples are (M, N, K).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import MathAttr, check_input_types, is_power_of_two, require
from boltir.dialects.cutlass.sm90_epilogue import TMA_BYTES, Sm90Epilogue
from boltir.dialects.cutlass.store import StoreKind
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.cutlass.tensor_op_epilogue import accessed
from boltir.target import Target

BARRIERS = 1024  # bytes of barriers and scheduler state, rounded up
MOST_SLICES = 8  # threadblocks that a cluster holds on every part
SWIZZLES = (1, 2, 4, 8)  # gemm/kernel/tile_scheduler_params.h, get_log_swizzle_size
RASTERS = (0, 1, 2)  # RasterOrderOptions, the same file


class Schedule(StrEnum):
    """How the warpgroups share the work (gemm/dispatch_policy.hpp).

    warp_specialized: one loads, one computes; one tile per threadblock.
    pingpong: two compute different tiles, one's epilogue under the other's mainloop; persistent.
    cooperative: two compute the halves of one tile; persistent.
    split_k: one computes, over one of the launch's `slices` of K; the threadblocks of a cluster share a tile and
        add their accumulators up through distributed shared memory (templates/sm90/split_k_sm90.cuh.jinja).
    """

    WARP_SPECIALIZED = "warp_specialized"
    PINGPONG = "pingpong"
    COOPERATIVE = "cooperative"
    SPLIT_K = "split_k"

    @property
    def is_persistent(self) -> bool:
        """Whether a threadblock computes several tiles."""
        return self in (Schedule.PINGPONG, Schedule.COOPERATIVE)


@irdl_attr_definition
class ScheduleAttr(EnumAttribute[Schedule], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.schedule"


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class Sm90Attr(TemplateAttr, ABC):
    """Parameters and rules of a 3.x kernel for Hopper. Stages fill what shared memory is left.

    Alignments are in elements.
    """

    math: MathAttr
    tile: IntsAttr
    cluster: IntsAttr
    schedule: ScheduleAttr
    alignment_a: IntAttr
    alignment_b: IntAttr
    alignment_c: IntAttr

    @property
    def order_parameters(self) -> tuple[str, ...]:
        """The launch integers that the schedule adds.

        slices: into how many parts K is cut.
        swizzle: how many tiles along the shorter extent are visited together, at most.
        raster: along which extent tiles are visited first: 1 for M, 2 for N, 0 for the one with fewer tiles.
        """
        if self.schedule.data is Schedule.SPLIT_K:
            return ("slices",)
        return ("swizzle", "raster") if self.schedule.data.is_persistent else ()

    @property
    def warpgroups(self) -> int:
        """How many consumer warpgroups share a tile."""
        return 2 if self.schedule.data is Schedule.COOPERATIVE else 1

    @property
    def rows_per_warpgroup(self) -> int:
        """Rows of the tile that one consumer warpgroup accumulates."""
        return self.tile.data[0] // self.warpgroups

    @property
    def store_kinds(self) -> frozenset[StoreKind]:
        return frozenset(StoreKind)

    @property
    def result_tile(self) -> tuple[int, int]:
        return (self.tile.data[0], self.tile.data[1])

    def epilogue(self, signature: KernelSignature) -> Sm90Epilogue:
        """The epilogue of a kernel with this signature."""
        return Sm90Epilogue(signature, self.tile.data, self.warpgroups, self.alignment_c.data)

    def shared_memory(self, signature: KernelSignature) -> int:
        """Bytes of shared memory with the least number of stages, two."""
        return 2 * self._stage_bytes + self._bytes_beside_stages(signature)

    def stages(self, target: Target, signature: KernelSignature) -> int:
        """How many stages there is shared memory for: CUTLASS makes so many (StageCountAutoCarveout)."""
        return (target.shared_memory_per_block - self._bytes_beside_stages(signature)) // self._stage_bytes

    @property
    def _stage_bytes(self) -> int:
        m, n, k = self.tile.data
        return (m + n) * k * self.math.data.bytes

    def _bytes_beside_stages(self, signature: KernelSignature) -> int:
        return self.epilogue(signature).shared_memory + BARRIERS

    def verify(self) -> None:
        tile, cluster = self.tile.data, self.cluster.data
        for name, shape in (("tile", tile), ("cluster", cluster)):
            require(len(shape) == 3 and min(shape) > 0, f"{name} must be three positive numbers, got {list(shape)}")
        m, n, k = tile
        cooperative = self.schedule.data is Schedule.COOPERATIVE
        rows = (128, 256) if cooperative else (64, 128, 192, 256)
        require(m in rows, f"{self.schedule.data.value} takes tile M = {', '.join(map(str, rows))}, got {m}")
        # wgmma is 64 x N x 32 bytes with N a multiple of 8 up to 256; the epilogue stores 32 columns at a time.
        require(n % 32 == 0 and n <= 256, f"tile N must be a multiple of 32 up to 256, got {n}")
        swizzled = 128 // self.math.data.bytes
        require(
            k in (swizzled, 2 * swizzled),
            f"tile K must be {swizzled} or {2 * swizzled} elements (128-byte swizzled rows), got {k}",
        )
        accumulators = self.rows_per_warpgroup * n // 128
        require(
            accumulators <= 192,
            f"a warpgroup accumulates {self.rows_per_warpgroup} x {n} in {accumulators} registers per thread, "
            "more than 192",
        )
        powers = all(is_power_of_two(extent) for extent in cluster) and cluster[2] == 1
        require(powers, f"a cluster is powers of two along M and N and 1 along K, got {list(cluster)}")
        blocks = cluster[0] * cluster[1]
        require(blocks <= 8, f"a cluster holds at most 8 threadblocks, got {blocks}")
        if self.schedule.data is Schedule.SPLIT_K:
            require(
                blocks == 1,
                f"split_k makes clusters of the slices of K: cluster must be [1, 1, 1], got {list(cluster)}",
            )
            # All of the first full operand is loaded ahead, in the four epilogue tiles there are.
            require(m * n <= 64 * 128, f"split_k takes tiles of at most 64 x 128 elements, got {m} x {n}")
        alignment = self.alignment_c.data
        require(
            is_power_of_two(alignment) and alignment <= TMA_BYTES,
            f"alignment_c must be a power of two up to {TMA_BYTES}, got {alignment}",
        )

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        for name, value in accessed(integers).items():
            alignment = self.alignment_c.data
            require(value % alignment == 0, f"{name} = {value} is no multiple of alignment_c = {alignment}")
        if self.schedule.data.is_persistent:
            for name, allowed in (("swizzle", SWIZZLES), ("raster", RASTERS)):
                require(integers[name] in allowed, f"{name} must be one of {list(allowed)}, got {integers[name]}")
        if self.schedule.data is Schedule.SPLIT_K:
            slices, steps = integers["slices"], self.steps(integers)
            require(
                1 <= slices <= min(MOST_SLICES, steps),
                f"a cluster holds 1 to {MOST_SLICES} slices of the {steps} tiles along K, not {slices}",
            )

    @abstractmethod
    def steps(self, integers: Mapping[str, int]) -> int:
        """How many tiles along K the launch multiplies."""

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use {self.name.removesuffix('_sm90')}")
        math = self.math.data
        check_input_types(math, target, signature)
        for name, alignment in (("A", self.alignment_a.data), ("B", self.alignment_b.data)):
            require(
                alignment == math.vector,
                f"TMA moves 16-byte rows: alignment of {name} must be {math.vector} elements, got {alignment}",
            )
        self.epilogue(signature).check()
        used, limit = self.shared_memory(signature), target.shared_memory_per_block
        require(used <= limit, f"two stages need {used} bytes of shared memory, more than the {limit} of {target.name}")

"""The rules of the CUTLASS 3.x templates for Hopper, which `gemm_sm90` and `conv2d_sm90` share.

One warpgroup loads tiles of A and B with TMA into a ring of stages; one or two multiply them with wgmma, and
pass their accumulators through the epilogue's own tiles in shared memory. Tuples are (M, N, K).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import MathAttr, bytes_of, check_element_types, is_power_of_two, require
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

TMA_BYTES = 16  # what TMA wants every row to be a multiple of
BARRIERS = 1024  # bytes of barriers and scheduler state, rounded up
MOST_SLICES = 8  # threadblocks that a cluster holds on every part


class Schedule(StrEnum):
    """How the warpgroups share the work (gemm/dispatch_policy.hpp).

    warp_specialized: one loads, one computes; one tile per threadblock.
    pingpong: two compute different tiles, one's epilogue under the other's mainloop; persistent.
    cooperative: two compute the halves of one tile; persistent.
    split_k: one computes, over one of the launch's `slices` of K; the threadblocks of a cluster share a tile and
        add their accumulators up through distributed shared memory (templates/split_k_sm90.cuh.jinja).
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

    `swizzle` bounds how many tiles along the shorter extent are visited together; alignments are in elements.
    """

    math: MathAttr
    tile: IntsAttr
    cluster: IntsAttr
    schedule: ScheduleAttr
    swizzle: IntAttr
    alignment_a: IntAttr
    alignment_b: IntAttr
    alignment_c: IntAttr

    @property
    def slice_parameters(self) -> tuple[str, ...]:
        """The launch integers that splitting K adds."""
        return ("slices",) if self.schedule.data is Schedule.SPLIT_K else ()

    @property
    def rows_per_warpgroup(self) -> int:
        """Rows of the tile that one consumer warpgroup accumulates."""
        return self.tile.data[0] // (2 if self.schedule.data is Schedule.COOPERATIVE else 1)

    def shared_memory(self, signature: KernelSignature) -> int:
        """Bytes of shared memory with the least number of stages, two.

        Source: epilogue/collective/builders/sm90_builder.inl (epilogue tiles of 32 columns: two in flight to
        D, up to four from C, shared where C and D are equally wide).
        """
        m, n, k = self.tile.data
        rows = min(128 if self.schedule.data is Schedule.COOPERATIVE else 64, m)
        tiles = (m // rows) * max(1, n // 32)
        output = bytes_of(signature.outputs[0])
        staged = min(tiles, 2) * output
        source = next((e for e, kind in _operands(signature) if kind is Broadcast.FULL), None)
        if source is not None:
            separate = staged + min(tiles, 4) * bytes_of(source)
            shared = max(min(tiles, 4), min(tiles, 2) + 1) * output
            staged = shared if bytes_of(source) == output else separate
        vectors = sum(
            bytes_of(element) * (n if kind is Broadcast.ROW else m)
            for element, kind in _operands(signature)
            if kind in (Broadcast.ROW, Broadcast.COLUMN)
        )
        return 2 * (m + n) * k * self.math.data.bytes + rows * 32 * staged + vectors + BARRIERS

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
        allowed = (1, 2, 4, 8) if self.schedule.data.is_persistent else (1,)
        require(self.swizzle.data in allowed, f"swizzle must be one of {list(allowed)}, got {self.swizzle.data}")
        if self.schedule.data is Schedule.SPLIT_K:
            require(
                blocks == 1,
                f"split_k makes clusters of the slices of K: cluster must be [1, 1, 1], got {list(cluster)}",
            )
            # All of the first full operand is loaded ahead, in the four epilogue tiles there are.
            require(m * n <= 64 * 128, f"split_k takes tiles of at most 64 x 128 elements, got {m} x {n}")

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
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
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use {self.name.removesuffix('_sm90')}")
        math = self.math.data
        check_element_types(math, target, signature)
        for name, alignment in (("A", self.alignment_a.data), ("B", self.alignment_b.data)):
            require(
                alignment == math.vector,
                f"TMA moves 16-byte rows: alignment of {name} must be {math.vector} elements, got {alignment}",
            )
        fulls = (element for element, kind in _operands(signature) if kind is Broadcast.FULL)
        for element in (*signature.outputs, *fulls):
            aligned = self.alignment_c.data * bytes_of(element)
            require(aligned % TMA_BYTES == 0, f"alignment_c is {aligned} bytes of {element}; TMA moves 16-byte rows")
        used, limit = self.shared_memory(signature), target.shared_memory_per_block
        require(used <= limit, f"two stages need {used} bytes of shared memory, more than the {limit} of {target.name}")


def _operands(signature: KernelSignature) -> Iterator[tuple[Attribute, Broadcast]]:
    """The epilogue operands as (element type, kind)."""
    return zip(signature.epilogue_operands, signature.broadcasts, strict=True)

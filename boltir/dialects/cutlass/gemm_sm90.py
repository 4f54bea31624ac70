"""`#cutlass.gemm_sm90`: the matrix product of CUTLASS 3.x for Hopper (TMA and wgmma, CollectiveBuilder)."""

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import (
    GEMM_PARAMETERS,
    LayoutAttr,
    bytes_of,
    check_element_types,
    gemm_divisors,
    is_power_of_two,
    require,
)
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

TMA_BYTES = 16  # what TMA wants every row to be a multiple of
BARRIERS = 1024  # bytes of barriers and scheduler state, rounded up


class Schedule(StrEnum):
    """How the warpgroups share the work (gemm/dispatch_policy.hpp).

    warp_specialized: one loads, one computes; one tile per threadblock.
    pingpong: two compute different tiles, one's epilogue under the other's mainloop; persistent.
    cooperative: two compute the halves of one tile; persistent.
    """

    WARP_SPECIALIZED = "warp_specialized"
    PINGPONG = "pingpong"
    COOPERATIVE = "cooperative"


@irdl_attr_definition
class ScheduleAttr(EnumAttribute[Schedule], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.schedule"


@irdl_attr_definition
class GemmSm90Attr(TemplateAttr):
    """D = epilogue(A @ B) for 16-bit A and B; D is row-major. Tuples are (M, N, K); stages fill what memory is left.

    `swizzle` bounds how many tiles along the shorter extent are visited together; alignments are in elements.
    """

    name = "cutlass.gemm_sm90"
    tile: IntsAttr
    cluster: IntsAttr
    schedule: ScheduleAttr
    swizzle: IntAttr
    alignment_a: IntAttr
    alignment_b: IntAttr
    alignment_c: IntAttr
    layout_a: LayoutAttr
    layout_b: LayoutAttr

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return GEMM_PARAMETERS

    @property
    def divisors(self) -> Mapping[str, int]:
        return gemm_divisors(self.alignment_a.data, self.alignment_b.data, self.alignment_c.data)

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
        return 2 * (m + n) * k * 2 + rows * 32 * staged + vectors + BARRIERS

    def verify(self) -> None:
        tile, cluster = self.tile.data, self.cluster.data
        for name, shape in (("tile", tile), ("cluster", cluster)):
            require(len(shape) == 3 and min(shape) > 0, f"{name} must be three positive numbers, got {list(shape)}")
        m, n, k = tile
        cooperative = self.schedule.data is Schedule.COOPERATIVE
        require(
            m in ((128, 256) if cooperative else (64, 128)),
            f"{self.schedule.data.value} takes tile M = {'128 or 256' if cooperative else '64 or 128'}, got {m}",
        )
        # wgmma is 64 x N x 16 with N a multiple of 8 up to 256; the epilogue stores 32 columns at a time.
        require(n % 32 == 0 and n <= 256, f"tile N must be a multiple of 32 up to 256, got {n}")
        require(k in (64, 128), f"tile K must be 64 or 128 elements (128-byte swizzled rows), got {k}")
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
        persistent = self.schedule.data is not Schedule.WARP_SPECIALIZED
        allowed = (1, 2, 4, 8) if persistent else (1,)
        require(self.swizzle.data in allowed, f"swizzle must be one of {list(allowed)}, got {self.swizzle.data}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use cutlass.gemm")
        check_element_types(target, signature)
        for name, alignment in (("A", self.alignment_a.data), ("B", self.alignment_b.data)):
            require(alignment == 8, f"TMA moves 16-byte rows: alignment of {name} must be 8 elements, got {alignment}")
        fulls = (element for element, kind in _operands(signature) if kind is Broadcast.FULL)
        for element in (*signature.outputs, *fulls):
            aligned = self.alignment_c.data * bytes_of(element)
            require(aligned % TMA_BYTES == 0, f"alignment_c is {aligned} bytes of {element}; TMA moves 16-byte rows")
        used, limit = self.shared_memory(signature), target.shared_memory_per_block
        require(used <= limit, f"two stages need {used} bytes of shared memory, more than the {limit} of {target.name}")


def _operands(signature: KernelSignature) -> Iterator[tuple[Attribute, Broadcast]]:
    """The epilogue operands as (element type, kind)."""
    return zip(signature.epilogue_operands, signature.broadcasts, strict=True)

"""`#cutlass.gemm_unaligned`: boltir's own matrix product on tensor cores of rows that begin at any address."""

from collections.abc import Mapping
from math import prod

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.gemm import GemmParameters
from boltir.dialects.cutlass.matrix import Layout, LayoutAttr, Math, MathAttr, check_input_types, gemm_extents, require
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

TILE = 32
"""Rows and columns of the result that a threadblock computes."""
LARGEST_GRID = 2**31 - 1


@irdl_attr_definition
class GemmUnalignedAttr(GemmParameters):
    """D = epilogue(A @ B) with a row-major A and a column-major B, whose rows lie along K; D is row-major.

    Results are stored `alignment_c` elements at a time.
    """

    name = "cutlass.gemm_unaligned"
    math: MathAttr
    alignment_c: IntAttr
    layout_a: LayoutAttr
    layout_b: LayoutAttr

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"n": self.alignment_c.data, "ldd": self.alignment_c.data}

    def blocks(self, integers: Mapping[str, int]) -> int:
        """The threadblocks of a launch."""
        batch, *extents = gemm_extents(integers)
        return batch * prod(-(-extent // TILE) for extent in extents)

    def verify(self) -> None:
        require(self.math.data is not Math.TF32, "the template multiplies 16-bit operands, not tf32")
        layouts = (self.layout_a.data, self.layout_b.data)
        require(layouts == (Layout.ROW, Layout.COLUMN), "rows along K are read: A must be row-major, B column-major")
        alignment = self.alignment_c.data
        require(alignment in (1, 2, 4), f"alignment_c must be 1, 2 or 4, got {alignment}")

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        blocks = self.blocks(integers)
        require(blocks <= LARGEST_GRID, f"{blocks} tiles exceed the largest grid")
        batches = integers["batch"] == 1 or integers["batch_stride_d"] == integers["m"] * integers["ldd"]
        require(batches, "the matrices of a batch must follow one another in D")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_async_copy, f"{target.name} has no mma of 16 x 8 x 16")
        check_input_types(self.math.data, target, signature)
        require(Broadcast.GENERAL not in signature.broadcasts, "the template reads no operands with strides")

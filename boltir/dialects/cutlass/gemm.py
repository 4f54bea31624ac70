"""`#cutlass.gemm`: the matrix product of CUTLASS 2.x (GemmUniversal, GemmUniversalWithBroadcast)."""

from abc import ABC
from collections.abc import Mapping

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.matrix import (
    GEMM_PARAMETERS,
    Layout,
    LayoutAttr,
    gemm_divisors,
    gemm_extents,
    gemm_flops,
    require,
)
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr


class GemmParameters(TemplateAttr, ABC):
    """The launch of a product of row-major or column-major matrices, one or a batch."""

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return GEMM_PARAMETERS

    def flops(self, integers: Mapping[str, int]) -> int:
        return gemm_flops(integers)

    def result_extents(self, integers: Mapping[str, int]) -> tuple[int, int, int]:
        return gemm_extents(integers)


@irdl_attr_definition
class GemmAttr(GemmParameters, TensorOpAttr):
    """D = epilogue(A @ B); D is row-major."""

    name = "cutlass.gemm"
    layout_a: LayoutAttr
    layout_b: LayoutAttr

    @property
    def divisors(self) -> Mapping[str, int]:
        return gemm_divisors(self.alignment_a.data, self.alignment_b.data, self.alignment_c.data)

    def verify(self) -> None:
        super().verify()
        # layout/tensor_op_multiplicand_sm75.h: TensorOpMultiplicandCongruous swizzles 128 bytes. Measured on an H100: a
        # row-major f16 B under a tile 32 wide reads outside its memory.
        m, n, _ = self.threadblock.data
        swizzled = 128 // self.math.data.bytes
        for name, layout, contiguous, extent in (
            ("A", self.layout_a.data, Layout.COLUMN, m),
            ("B", self.layout_b.data, Layout.ROW, n),
        ):
            require(
                layout is not contiguous or extent % swizzled == 0,
                f"a {layout.value}-major {name} is swizzled by {swizzled} elements, which threadblock extent {extent} "
                "is no multiple of",
            )

    @property
    def sources(self) -> int:
        return 2

    @property
    def most_accumulators(self) -> int:
        return 2

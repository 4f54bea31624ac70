"""`#cutlass.gemm`: the matrix product of CUTLASS 2.x (GemmUniversalWithBroadcast)."""

from collections.abc import Mapping

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Layout, LayoutAttr, gemm_divisors, require
from boltir.dialects.cutlass.tensor_op import TensorOpAttr


@irdl_attr_definition
class GemmAttr(TensorOpAttr):
    """D = epilogue(A @ B) for 16-bit A and B; D is row-major."""

    name = "cutlass.gemm"
    layout_a: LayoutAttr
    layout_b: LayoutAttr

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return GEMM_PARAMETERS

    @property
    def divisors(self) -> Mapping[str, int]:
        return gemm_divisors(self.alignment_a.data, self.alignment_b.data, self.alignment_c.data)

    def verify(self) -> None:
        super().verify()
        # layout/tensor_op_multiplicand_sm75.h: TensorOpMultiplicandCongruous swizzles 64 elements of 16 bits. Measured
        # on an H100: a row-major B under a tile 32 wide reads outside its memory.
        m, n, _ = self.threadblock.data
        for name, layout, contiguous, extent in (
            ("A", self.layout_a.data, Layout.COLUMN, m),
            ("B", self.layout_b.data, Layout.ROW, n),
        ):
            require(
                layout is not contiguous or extent % 64 == 0,
                f"a {layout.value}-major {name} is swizzled by 64 elements, which threadblock extent {extent} is no "
                "multiple of",
            )

    @property
    def sources(self) -> int:
        return 2

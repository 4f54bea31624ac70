"""`#cutlass.gemm_sm90`: the matrix product of CUTLASS 3.x for Hopper (TMA and wgmma, CollectiveBuilder)."""

from collections.abc import Mapping

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.gemm import GemmParameters
from boltir.dialects.cutlass.matrix import Layout, LayoutAttr, Math, gemm_divisors, require
from boltir.dialects.cutlass.sm90 import Sm90Attr


@irdl_attr_definition
class GemmSm90Attr(GemmParameters, Sm90Attr):
    """D = epilogue(A @ B); D is row-major."""

    name = "cutlass.gemm_sm90"
    layout_a: LayoutAttr
    layout_b: LayoutAttr

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return (*super().launch_parameters, *self.order_parameters)

    @property
    def most_accumulators(self) -> int:
        return 2

    @property
    def divisors(self) -> Mapping[str, int]:
        return gemm_divisors(self.alignment_a.data, self.alignment_b.data, self.alignment_c.data)

    def steps(self, integers: Mapping[str, int]) -> int:
        return -(-integers["k"] // self.tile.data[2])

    def verify(self) -> None:
        super().verify()
        # cute/arch/mma_sm90_gmma.hpp: the tf32 instructions have no transposed operands. Measured on an H100: where
        # CUTLASS exchanges A and B instead (sm90_mma_tma_gmma_rs_warpspecialized.hpp), results stay unwritten.
        require(
            self.math.data is not Math.TF32 or (self.layout_a.data, self.layout_b.data) == (Layout.ROW, Layout.COLUMN),
            "wgmma reads tf32 operands along K: A must be row-major and B column-major",
        )

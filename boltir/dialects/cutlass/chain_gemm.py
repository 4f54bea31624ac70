"""`#cutlass.chain_gemm`: dependent matrix products of CUTLASS 2.x in one kernel (example 13)."""

from collections.abc import Mapping

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.chain import VECTOR, ChainGemmParameters
from boltir.dialects.cutlass.chain_tensor_op import ChainTensorOpAttr
from boltir.dialects.cutlass.matrix import Layout, LayoutAttr, require

SWIZZLED = 64
"""Elements in the 128 bytes over which shared memory holds a row of B."""


@irdl_attr_definition
class ChainGemmAttr(ChainGemmParameters, ChainTensorOpAttr):
    """D = epilogue_1(epilogue_0(A @ B_0) @ B_1), and so on."""

    name = "cutlass.chain_gemm"
    layout_b: LayoutAttr

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"k0": VECTOR}

    def verify(self) -> None:
        super().verify()
        # As in `#cutlass.gemm`: layout/tensor_op_multiplicand_sm75.h, TensorOpMultiplicandCongruous.
        for product, columns in enumerate(self.threadblock_n.data):
            require(
                self.layout_b.data is Layout.COLUMN or columns % SWIZZLED == 0,
                f"product {product}: a row-major B is swizzled by {SWIZZLED} elements, which threadblock N = {columns} "
                "is no multiple of",
            )

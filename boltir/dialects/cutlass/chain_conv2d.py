"""`#cutlass.chain_conv2d`: a convolution and 1x1 convolutions behind it in one kernel of CUTLASS 2.x (example 13)."""

from collections.abc import Mapping

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.chain import VECTOR, ChainConv2dParameters
from boltir.dialects.cutlass.chain_tensor_op import ChainTensorOpAttr
from boltir.dialects.cutlass.matrix import require

LARGEST_WINDOW = 32
"""Filter rows and columns for which the optimized iterator has mask bits."""


@irdl_attr_definition
class ChainConv2dAttr(ChainConv2dParameters, ChainTensorOpAttr):
    """Y = epilogue_1(epilogue_0(convolution of X with a filter) @ B_1), and so on."""

    name = "cutlass.chain_conv2d"

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": VECTOR}

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        r, s = integers["r"], integers["s"]
        require(max(r, s) <= LARGEST_WINDOW, f"filters have at most {LARGEST_WINDOW} rows and columns, not {r} x {s}")

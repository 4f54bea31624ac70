"""The kernel that lays windows of an image out as channels."""

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.matrix import require
from boltir.dialects.cutlass.simt import SimtAttr, check_input_count, check_positive
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature
from boltir.target import Target


@irdl_attr_definition
class UnfoldAttr(SimtAttr):
    """Windows `kernel_shape` of an image of `channels` channels, in any order of its dimensions, as rows [n, p, q].

    A row is rows, columns and channels of the window, then zeros up to `columns`. A thread stores one vector.
    """

    name = "cutlass.unfold"
    kernel_shape: IntsAttr
    channels: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        image = ("n", "h", "w", "c", "p", "q", "columns")
        strides = tuple(f"x_{d}_stride" for d in ("n", "h", "w", "c"))
        return (*image, *strides, "stride_h", "stride_w", "pad_top", "pad_left")

    def verify(self) -> None:
        super().verify()
        check_positive("kernel_shape", self.kernel_shape.data, 2)
        require(self.channels.data > 0, f"channels must be positive, got {self.channels.data}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)

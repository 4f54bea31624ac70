"""`#cutlass.conv2d`: the implicit-GEMM convolution of CUTLASS 2.x (DefaultConv2dFprop, and that WithBroadcast)."""

from abc import ABC
from collections.abc import Mapping
from math import prod

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import require
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr

CONV2D_PARAMETERS = (
    "n", "h", "w", "c", "k", "r", "s", "p", "q",
    "pad_top", "pad_left", "stride_h", "stride_w", "dilation_h", "dilation_w",
)  # fmt: skip
"""The launch integers of every implicit-GEMM convolution; padding after the image follows from p and q."""

FEW_CHANNELS = 4
"""Up to so many channels an access of `few_channels` reads at once."""


def conv2d_extents(integers: Mapping[str, int]) -> tuple[int, int, int]:
    """Batch, rows and columns of the product: every output pixel is a row."""
    return 1, prod(integers[name] for name in ("n", "p", "q")), integers["k"]


def conv2d_flops(integers: Mapping[str, int]) -> int:
    """Two operations per element of the filter for each output pixel."""
    return 2 * prod(integers[name] for name in ("n", "p", "q", "k", "r", "s", "c"))


class IteratorAlgorithm(StrEnum):
    """How the addresses of the implicit matrix are found (conv/convolution.h).

    optimized: precomputed offsets; filters of at most 32 x 32.
    analytic: computed anew for every access; any filter.
    fixed_channels: as many input channels as one access holds (4 or 8), for first layers.
    few_channels: an access spans several positions, for 1 or 2 channels at a time.
    """

    OPTIMIZED = "optimized"
    ANALYTIC = "analytic"
    FIXED_CHANNELS = "fixed_channels"
    FEW_CHANNELS = "few_channels"


@irdl_attr_definition
class IteratorAlgorithmAttr(EnumAttribute[IteratorAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.iterator_algorithm"


class Conv2dParameters(TemplateAttr, ABC):
    """The launch of a convolution of X [N, H, W, C] with a filter [K, R, S, C]."""

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return CONV2D_PARAMETERS

    def flops(self, integers: Mapping[str, int]) -> int:
        return conv2d_flops(integers)

    def result_extents(self, integers: Mapping[str, int]) -> tuple[int, int, int]:
        return conv2d_extents(integers)


@irdl_attr_definition
class Conv2dAttr(Conv2dParameters, TensorOpAttr):
    """Y = epilogue(convolution of X [N, H, W, C] with a filter [K, R, S, C]): M = N*P*Q, N = K, K = R*S*C."""

    name = "cutlass.conv2d"
    iterator_algorithm: IteratorAlgorithmAttr

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": self.alignment_a.data, "k": self.alignment_c.data}

    def verify(self) -> None:
        super().verify()
        algorithm, alignment = self.iterator_algorithm.data, self.alignment_a.data
        require(
            alignment == self.alignment_b.data,
            f"input and filter are read alike: alignments {alignment} and {self.alignment_b.data} differ",
        )
        require(
            algorithm is not IteratorAlgorithm.FIXED_CHANNELS or alignment in (4, 8),
            f"fixed_channels reads 4 or 8 channels at once, not {alignment}",
        )
        require(
            algorithm is not IteratorAlgorithm.FEW_CHANNELS or alignment <= FEW_CHANNELS,
            f"few_channels reads 1, 2 or {FEW_CHANNELS} channels at once, not {alignment}",
        )

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        channels, held = integers["c"], self.alignment_a.data
        fixed = self.iterator_algorithm.data is IteratorAlgorithm.FIXED_CHANNELS
        require(not fixed or channels == held, f"fixed_channels reads {held} channels, the launch gives c = {channels}")

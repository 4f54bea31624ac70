"""`#cutlass.conv2d_sm90`: the implicit-GEMM convolution of CUTLASS 3.x for Hopper (TMA in im2col mode, wgmma)."""

from collections.abc import Mapping
from math import prod

from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.conv2d import Conv2dParameters
from boltir.dialects.cutlass.matrix import require
from boltir.dialects.cutlass.sm90 import Sm90Attr

# cuda.h, cuTensorMapEncodeIm2col, for tensors of rank 4.
LARGEST_STRIDE = 8
CORNERS = range(-128, 128)
"""How far outside the image the windows' first taps may begin (negative) or stay inside its end (negative)."""

# conv/collective/sm90_implicit_gemm_gmma_ss_warpspecialized.hpp, can_implement: offsets of taps are 8 bits wide.
LARGEST_OFFSET = 254
LARGEST_INDEX = 2**31 - 1


@irdl_attr_definition
class Conv2dSm90Attr(Conv2dParameters, Sm90Attr):
    """Y = epilogue(convolution of X [N, H, W, C] with a filter [K, R, S, C]): M = N*P*Q, N = K.

    A step of the mainloop multiplies what tile M windows see at one tap of the filter, in tile K channels.
    """

    name = "cutlass.conv2d_sm90"

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return (*super().launch_parameters, *self.order_parameters)

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": self.alignment_a.data, "k": self.alignment_c.data}

    def steps(self, integers: Mapping[str, int]) -> int:
        return -(-integers["c"] // self.tile.data[2]) * integers["r"] * integers["s"]

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        pixels = prod(integers[name] for name in ("n", "p", "q"))
        require(pixels <= LARGEST_INDEX, f"{pixels} output pixels exceed the largest 32-bit index")
        check_windows(integers)


def check_windows(integers: Mapping[str, int]) -> None:
    """Whether TMA can walk the windows of a launch.

    Raises:
        VerifyException: it cannot.
    """
    _check_direction(integers, "h", "r", "p", "pad_top")
    _check_direction(integers, "w", "s", "q", "pad_left")


def _check_direction(integers: Mapping[str, int], extent: str, taps: str, positions: str, padding: str) -> None:
    """The same along one direction, whose launch integers have these names."""
    stride, before = integers[f"stride_{extent}"], integers[padding]
    require(stride <= LARGEST_STRIDE, f"TMA strides by at most {LARGEST_STRIDE}, not stride_{extent} = {stride}")
    require(-before in CORNERS, f"TMA starts at most {-CORNERS[0]} outside the image, not {padding} = {before}")
    offset = integers[f"dilation_{extent}"] * (integers[taps] - 1)
    require(
        offset <= LARGEST_OFFSET,
        f"TMA offsets taps by at most {LARGEST_OFFSET}, the last one along {taps} is {offset} away",
    )
    first_of_last = (integers[positions] - 1) * stride - before
    after = max(0, first_of_last + offset + 1 - integers[extent])
    require(
        after - offset in CORNERS,
        f"TMA ends at most {-CORNERS[0]} before the image's end along {extent}, not {offset - after}",
    )
    # TMA walks every window that fits, row after row of the matrix: none may be left out.
    unused = integers[extent] + after - offset - 1 - first_of_last
    require(unused < stride, f"{positions} = {integers[positions]} leaves room for another window along {extent}")

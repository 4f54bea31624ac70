"""What the Hopper convolution accepts: the tiles of its kernels, and the windows that TMA can walk."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xdsl.dialects.builtin import bf16, f16, f32
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import Conv2dSm90Attr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.fused import Broadcast
from boltir.target import Target

HOPPER = Target.named("sm_90a")
PARAMETERS: dict[str, ParameterValue] = {
    "math": "f16", "tile": (128, 128, 64), "cluster": (1, 1, 1), "schedule": "pingpong",
    "alignment_a": 8, "alignment_b": 8, "alignment_c": 8,
}  # fmt: skip
WINDOW = {
    "n": 2, "h": 14, "w": 14, "c": 64, "k": 32, "r": 3, "s": 3, "p": 14, "q": 14,
    "pad_top": 1, "pad_left": 1, "stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1,
    "swizzle": 1, "raster": 0,
}  # fmt: skip


def template(**changes: ParameterValue) -> Conv2dSm90Attr:
    return Conv2dSm90Attr.of(**{**PARAMETERS, **changes})


def signature(*operands: tuple[str, Attribute], inputs: Attribute = f16, output: Attribute = f16) -> KernelSignature:
    kinds = tuple(Broadcast(kind) for kind, _ in operands)
    return KernelSignature((inputs, inputs), tuple(element for _, element in operands), kinds, (output,))


@pytest.mark.parametrize(("math", "element"), [("f16", f16), ("bf16", bf16)])
def test_the_epilogue_holds_any_mix(math: str, element: Attribute) -> None:
    operands = (("full", element), ("full", f32), ("row", f16), ("general", f32), ("column", f16), ("scalar", f16))
    template(math=math).check_legal(HOPPER, signature(*operands, inputs=element, output=element))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile": (128, 40, 64)}, "tile N must be a multiple of 32 up to 256, got 40"),
        ({"tile": (128, 128, 32)}, "tile K must be 64 or 128 elements (128-byte swizzled rows), got 32"),
        ({"tile": (128, 256, 64)}, "a warpgroup accumulates 128 x 256 in 256 registers per thread, more than 192"),
        ({"cluster": (2, 3, 1)}, "a cluster is powers of two along M and N and 1 along K, got [2, 3, 1]"),
    ],
)
def test_parameters_that_contradict_each_other_have_no_attribute(
    changes: dict[str, ParameterValue], message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template(**changes)


@pytest.mark.parametrize(
    ("kernel", "changes", "message"),
    [
        (signature(), {"alignment_b": 4}, "alignment of B must be 8 elements, got 4"),
        (
            signature(("full", f32), output=f32),
            {"tile": (256, 128, 128), "schedule": "cooperative"},
            "two stages need 263168 bytes of shared memory, more than the 232448 of sm_90a",
        ),
    ],
)
def test_a_kernel_states_the_rule_it_breaks(
    kernel: KernelSignature, changes: dict[str, ParameterValue], message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template(**changes).check_legal(HOPPER, kernel)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"c": 12}, "c = 12 is no multiple of 8"),
        ({"k": 20}, "k = 20 is no multiple of 8"),
        ({"n": 2**24}, "3288334336 output pixels exceed the largest 32-bit index"),
        ({"stride_h": 9}, "TMA strides by at most 8, not stride_h = 9"),
        ({"pad_left": 129}, "TMA starts at most 128 outside the image, not pad_left = 129"),
        ({"dilation_w": 128}, "TMA offsets taps by at most 254, the last one along s is 256 away"),
        ({"h": 200, "dilation_h": 100, "p": 2}, "TMA ends at most 128 before the image's end along h, not 199"),
        ({"h": 16}, "p = 14 leaves room for another window along h"),
        ({"q": 12}, "q = 12 leaves room for another window along w"),
        ({"swizzle": 3}, "swizzle must be one of [1, 2, 4, 8], got 3"),
        ({"raster": 3}, "raster must be one of [0, 1, 2], got 3"),
    ],
)
def test_windows_that_tma_cannot_walk_are_refused(changes: dict[str, int], message: str) -> None:
    template().check_launch(WINDOW)
    with pytest.raises(VerifyException, match=re.escape(message)):
        template().check_launch(WINDOW | changes)


@given(
    st.integers(1, 40), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)
)
def test_every_common_window_is_walked(
    extent: int, taps: int, stride: int, dilation: int, before: int, after: int
) -> None:
    """Any padding, also of less than the windows need or more than they use."""
    reach = dilation * (taps - 1)
    room = extent + before + after - reach - 1
    assume(room >= 0)
    along = {"h": extent, "r": taps, "p": room // stride + 1, "pad_top": before}
    template().check_launch(WINDOW | along | {"stride_h": stride, "dilation_h": dilation})


def test_flops_are_those_of_the_products() -> None:
    assert template().flops(WINDOW) == 2 * (2 * 14 * 14) * 32 * (3 * 3 * 64)

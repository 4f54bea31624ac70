"""What boltir's kernel of a convolution and products behind it for Hopper accepts, and what it says otherwise."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import f16, f32
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_conv2d_sm90 import TILE, ChainConv2dSm90Attr, chunk_pixels, input_chunks
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, StageSignature
from boltir.target import Target

RESIDENT: dict[str, ParameterValue] = {
    "math": "f16", "filter": (3, 3), "channels": 64, "tile_n": (64, 64), "consumers": 2, "input_stages": 8,
    "weight_stages": 10, "resident": True, "store_stages": 2, "cluster": 1,
}  # fmt: skip
STREAMED: dict[str, ParameterValue] = {**RESIDENT, "weight_stages": 4, "resident": False}
IMAGES = {
    "n": 32, "h": 56, "w": 56, "c": 64, "k": 64, "r": 3, "s": 3, "p": 56, "q": 56, "pad_top": 1, "pad_left": 1,
    "stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1, "n1": 64,
}  # fmt: skip


def kernel(base: dict[str, ParameterValue] = RESIDENT, /, **changes: ParameterValue) -> ChainConv2dSm90Attr:
    return ChainConv2dSm90Attr.of(**{**base, **changes})


def signature(output: str = "f16") -> KernelSignature:
    outputs = {"f16": f16, "f32": f32}
    return KernelSignature((f16, f16, f16), (), (), (outputs[output],), stages=(StageSignature((), ()),))


@pytest.mark.parametrize(
    ("template", "integers"),
    [
        (kernel(), IMAGES),
        (kernel(STREAMED), IMAGES),
        (kernel(STREAMED, cluster=4), IMAGES),
        (kernel(STREAMED, tile_n=(48, 40)), {**IMAGES, "k": 40, "n1": 40}),
        (kernel(STREAMED, tile_n=(64, 128), weight_stages=3), {**IMAGES, "n1": 200}),
        (kernel(weight_stages=13), {**IMAGES, "n1": 256}),
        (kernel(input_stages=12), {**IMAGES, "p": 28, "q": 28, "stride_h": 2, "stride_w": 2}),
        (kernel(STREAMED, filter=(1, 1)), {**IMAGES, "r": 1, "s": 1, "pad_top": 0, "pad_left": 0}),
    ],
)
def test_accepts(template: ChainConv2dSm90Attr, integers: dict[str, int]) -> None:
    template.check_legal(Target.named("sm_90a"), signature())
    template.check_launch(integers)


def test_stores_other_types() -> None:
    kernel().check_legal(Target.named("sm_90a"), signature("f32"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile_n": (64,)}, "a chain has 2 to 8 products, got 1"),
        ({"tile_n": (72, 64)}, "tile N before the last is a multiple of 16 up to 256, got 72"),
        ({"tile_n": (64, 260)}, "the last tile N is a multiple of 8 up to 256, got 260"),
        ({"filter": (3,)}, "a filter has two positive extents, got [3]"),
        ({"channels": 0}, "channels must be positive, got 0"),
        ({"consumers": 4}, "one to three warpgroups compute, not 4"),
        ({"cluster": 3}, "cluster must be one of [1, 2, 4], got 3"),
        ({"cluster": 4, "tile_n": (64, 40)}, "4 threadblocks do not share 40 columns by multiples of 8"),
        ({"input_stages": 1}, "input_stages must be at least 2, got 1"),
        ({"store_stages": 0}, "store_stages must be positive, got 0"),
        ({"tile_n": (256, 64), "weight_stages": 3}, "a product holds 4 blocks of weights at once, weight_stages is 3"),
        (
            {"tile_n": (256, 256), "consumers": 3},
            "tiles of [256, 256] columns need 232 registers per thread, 3 consumers have 160",
        ),
    ],
)
def test_parameters_that_do_not_fit_each_other(changes: dict[str, ParameterValue], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        kernel(STREAMED, **changes)


@pytest.mark.parametrize(
    ("template", "target", "message"),
    [
        (kernel(), "sm_80", "sm_80 has no wgmma and TMA: use chain_conv2d"),
        (
            kernel(channels=256, weight_stages=37),
            "sm_90a",
            "472064 bytes of shared memory exceed the 232448 of sm_90a",
        ),
    ],
)
def test_kernels_that_a_target_does_not_run(template: ChainConv2dSm90Attr, target: str, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template.check_legal(Target.named(target), signature())


@pytest.mark.parametrize(
    ("template", "changes", "message"),
    [
        (kernel(), {"r": 5}, "the filter is [3, 3], not [5, 3]"),
        (kernel(), {"c": 32}, "the input has 32 channels, not 64"),
        (kernel(channels=60), {"c": 60}, "c = 60 is no multiple of 8, which one access moves"),
        (kernel(), {"n1": 60}, "TMA moves 16-byte rows: 60 columns are no multiple of 8"),
        (kernel(), {"k": 48}, "48 columns before the last product do not fill a tile of 64"),
        (kernel(tile_n=(64, 40)), {"n1": 80}, "passes of 40 columns over 80 are no multiples of 64"),
        (kernel(), {"n1": 128}, "11 blocks of weights stay, there is room for 10"),
        (kernel(), {"n": 2**21}, "6576668672 pixels exceed the largest 32-bit index"),
        (
            kernel(),
            {"p": 60, "q": 56, "pad_top": 3},
            "windows reach 59 down and 55 across an image of 56 x 56: the next ones begin before",
        ),
        (
            kernel(input_stages=3),
            {},
            "the windows of the tiles at work touch 4 chunks of 64 pixels, input_stages is 3",
        ),
        (
            kernel(STREAMED, input_stages=4),
            {},
            "the windows of the tiles at work touch 5 chunks of 64 pixels, input_stages is 4",
        ),
    ],
)
def test_launches_that_are_wrong(template: ChainConv2dSm90Attr, changes: dict[str, int], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template.check_launch({**IMAGES, **changes})


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, int]:
    """Launch integers of a convolution whose windows fit the padded image."""
    integers = {"n": draw(st.integers(1, 3)), "k": 64, "c": draw(st.sampled_from((64, 256))), "n1": 64}
    names = (
        ("h", "r", "p", "pad_top", "stride_h", "dilation_h"),
        ("w", "s", "q", "pad_left", "stride_w", "dilation_w"),
    )
    for extent, taps, positions, padding, stride, dilation in names:
        size, window = draw(st.integers(4, 20)), draw(st.integers(1, 3))
        step, spread, border = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(0, 1))
        reach = spread * (window - 1) + 1
        room = (size + 2 * border - reach) // step + 1
        integers |= {
            extent: size,
            taps: window,
            padding: border,
            stride: step,
            dilation: spread,
            positions: max(1, room),
        }
    return integers


@given(convolutions(), st.integers(1, 3))
def test_the_windows_of_tiles_lie_in_so_many_chunks(integers: dict[str, int], tiles: int) -> None:
    h, w, p, q = (integers[name] for name in ("h", "w", "p", "q"))
    rows, pixels = integers["n"] * p * q, integers["n"] * h * w

    def first_tap(row: int) -> int:
        image, y, x = row // (p * q), row // q % p, row % q
        line = y * integers["stride_h"] - integers["pad_top"]
        return (image * h + line) * w + x * integers["stride_w"] - integers["pad_left"]

    chunk = chunk_pixels(integers["c"])
    window = (integers["r"] - 1) * integers["dilation_h"] * w + (integers["s"] - 1) * integers["dilation_w"]
    for begin in range(0, rows, TILE):
        first = max(0, first_tap(begin))
        last = min(pixels - 1, first_tap(min(rows, begin + tiles * TILE) - 1) + window)
        chunks = max((last - first + offset + chunk) // chunk for offset in range(chunk))
        assert chunks <= input_chunks(integers, tiles)

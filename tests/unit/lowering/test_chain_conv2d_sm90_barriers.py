"""Whatever the order of its warps' steps, boltir's kernel of convolutions in a chain for Hopper ends."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_conv2d_sm90 import (
    HELD,
    TILE,
    ChainConv2dSm90Attr,
    input_chunks,
    slices,
    weight_blocks,
)
from tests.unit.lowering.chain_conv2d_sm90_barriers import Threadblock

MULTIPROCESSORS = 132


def integers(size: int, channels: int, last: int, stride: int = 1, filter_: int = 3, batch: int = 32) -> dict[str, int]:
    p = -(-size // stride)
    return {
        "n": batch, "h": size, "w": size, "c": channels, "k": channels, "r": filter_, "s": filter_, "p": p, "q": p,
        "pad_top": filter_ // 2, "pad_left": filter_ // 2, "stride_h": stride, "stride_w": stride,
        "dilation_h": 1, "dilation_w": 1, "n1": last,
    }  # fmt: skip


def template(
    launch: dict[str, int], tile: int, consumers: int, chunks: int, blocks: int, resident: bool = False
) -> ChainConv2dSm90Attr:
    return ChainConv2dSm90Attr.of(
        math="f16",
        filter=(launch["r"], launch["s"]),
        channels=launch["c"],
        tile_n=(launch["k"], tile),
        consumers=consumers,
        input_stages=chunks,
        weight_stages=blocks,
        resident=resident,
        store_stages=1,
        cluster=1,
    )


@pytest.mark.parametrize(
    ("launch", "rings"),
    [
        (integers(56, 64, 256), (128, 3, 6, 8)),
        (integers(56, 64, 256), (128, 3, 6, 9)),
        (integers(56, 128, 512, 2), (128, 1, 8, 5)),
        (integers(56, 128, 512, 2), (64, 1, 8, 5)),
        (integers(28, 128, 512), (128, 3, 5, 6)),
        (integers(28, 128, 128), (128, 2, 4, 3)),
        (integers(14, 256, 1024), (256, 1, 4, 4)),
        (integers(56, 48, 48), (48, 2, 10, 10, True)),
        (integers(56, 64, 64), (64, 2, 8, 10, True)),
        (integers(112, 48, 48, 2), (48, 3, 29, 10, True)),
        (integers(112, 48, 48, 2), (48, 3, 11, 10, True)),
    ],
)
def test_launches_end(launch: dict[str, int], rings: tuple[int, int, int, int]) -> None:
    kernel = template(launch, *rings)
    kernel.check_launch(launch)
    tiles = -(-kernel.rows(launch) // TILE)
    blocks = min(MULTIPROCESSORS, -(-tiles // kernel.consumers.data))
    for block in (0, blocks - 1):
        assert all(Threadblock(kernel, launch, blocks, block).finishes(Random(seed)) for seed in range(8))


@given(
    st.integers(1, 3), st.sampled_from((64, 256)), st.integers(1, 2), st.sampled_from((1, 3)), st.integers(8, 40),
    st.integers(1, 4), st.booleans(), st.integers(),
)  # fmt: skip
def test_the_smallest_rings_suffice(
    consumers: int, channels: int, stride: int, filter_: int, size: int, blocks: int, resident: bool, seed: int
) -> None:
    launch = integers(size, channels, 64, stride, filter_, batch=2)
    held = max(HELD, slices(channels))
    weights = weight_blocks((filter_, filter_), channels, (channels, 64), 64) if resident else held
    chunks = max(2, input_chunks(launch, 1 if resident else consumers))
    try:
        kernel = template(launch, 64, consumers, chunks, weights, resident)
        kernel.check_launch(launch)
    except VerifyException:
        return
    for block in range(blocks):
        assert Threadblock(kernel, launch, blocks, block).finishes(Random(seed))

"""Whatever the order of its warps' and loads' steps, boltir's kernel of products in a chain for Hopper ends."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from tests.unit.lowering.chain_gemm_sm90_barriers import Threadblock


def template(
    extents: tuple[int, ...], chunk: int, consumers: int, stages: int, slots: int, partners: int
) -> ChainGemmSm90Attr:
    return ChainGemmSm90Attr.of(
        math="f16", extents=extents, chunk=chunk, consumers=consumers, stages=stages, slots=slots, partners=partners,
        layout_b="column",
    )  # fmt: skip


STREAMED = template((192, 768, 192), 64, 2, 3, 2, 2)


@pytest.mark.parametrize(
    "kernel",
    [
        template((256, 64, 16), 64, 2, 4, 0, 1),
        template((96, 384, 96), 128, 1, 2, 0, 1),
        template((96, 384, 96), 64, 2, 2, 0, 2),
        template((256, 256, 32), 64, 1, 2, 0, 1),
        template((64, 256, 64), 64, 2, 2, 0, 1),
        template((128, 512, 128), 64, 2, 2, 4, 2),
        template((128, 256, 96, 64), 64, 2, 4, 3, 1),
        STREAMED,
    ],
)
def test_launches_end(kernel: ChainGemmSm90Attr) -> None:
    for tiles in (1, 7):
        assert all(Threadblock(kernel, tiles).finishes(Random(seed)) for seed in range(8))


@given(
    st.integers(1, 3), st.integers(1, 9), st.sampled_from((16, 64, 128)), st.sampled_from((16, 192)),
    st.integers(1, 2), st.integers(1, 2), st.integers(1, 5), st.integers(0, 5), st.integers(1, 9), st.integers(),
)  # fmt: skip
def test_what_is_legal_ends(
    depth: int,
    chunks: int,
    chunk: int,
    last: int,
    teams: int,
    partners: int,
    stages: int,
    slots: int,
    tiles: int,
    seed: int,
) -> None:
    extents = (64 * depth, chunk * chunks, last)
    try:
        kernel = template(extents, chunk, teams * partners, stages, slots, partners)
    except VerifyException:
        return
    assert Threadblock(kernel, tiles).finishes(Random(seed))


def test_partners_with_an_odd_slot_take_each_others_weights() -> None:
    """A partner waits for the next lap of a slot that its partner's weights have not yet come to."""

    def often() -> bool:
        return all(Threadblock(STREAMED, 7, slots=3).finishes(Random(seed)) for seed in range(100))

    with pytest.raises(AssertionError, match="other weights than those of the product"):
        often()

"""What boltir's kernel of dependent products for Hopper accepts, and what it says otherwise."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import f16, f32
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, StageSignature
from boltir.target import Target

HOPPER = Target.named("sm_90a")
STAYS: dict[str, ParameterValue] = {
    "math": "f16", "extents": (256, 64, 16), "chunk": 64, "consumers": 2, "stages": 4, "slots": 0, "partners": 1,
    "layout_b": "column",
}  # fmt: skip
STREAMED: dict[str, ParameterValue] = {**STAYS, "extents": (192, 768, 192), "stages": 3, "slots": 2}
LAUNCH = {"m": 1000, "k0": 256, "n0": 64, "n1": 16}


def kernel(base: dict[str, ParameterValue] = STAYS, /, **changes: ParameterValue) -> ChainGemmSm90Attr:
    return ChainGemmSm90Attr.of(**{**base, **changes})


def signature(products: int = 2, output: str = "f16") -> KernelSignature:
    stages = (StageSignature((), ()),) * (products - 1)
    return KernelSignature((f16,) * (products + 1), (), (), ({"f16": f16, "f32": f32}[output],), stages=stages)


@pytest.mark.parametrize(
    "template",
    [
        kernel(),
        kernel(consumers=4, chunk=32),
        kernel(extents=(72, 40, 24), chunk=48),
        kernel(extents=(64, 256, 64), chunk=128),
        kernel(layout_b="row"),
        kernel(STREAMED),
        kernel(STREAMED, partners=2),
    ],
)
def test_accepts(template: ChainGemmSm90Attr) -> None:
    template.check_legal(HOPPER, signature())
    k0, n0, n1 = template.extents.data
    template.check_launch({"m": 1, "k0": k0, "n0": n0, "n1": n1})


def test_accepts_more_products_and_other_outputs() -> None:
    kernel(extents=(64, 64, 96, 128)).check_legal(HOPPER, signature(products=3))
    kernel().check_legal(HOPPER, signature(output="f32"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extents": (256, 64)}, "a chain has 2 to 8 products, got 1"),
        ({"extents": (256, 60, 16)}, "TMA moves rows of 16 bytes: extents are multiples of 8, got [256, 60, 16]"),
        ({"extents": (256, 64, 264)}, "products after the first have at most 256 columns, got [264]"),
        ({"chunk": 40}, "chunk is a multiple of 16 up to 256, got 40"),
        ({"consumers": 5}, "one to four warpgroups compute, not 5"),
        ({"stages": 1}, "stages must be at least 2, got 1"),
        ({"stages": 0, "extents": (64, 64, 16)}, "stages must be at least 1, got 0"),
        ({"slots": 1}, "slots are 0, for weights that stay, or fewer than the 1 chunks, got 1"),
        ({"slots": 1, "chunk": 32}, "chunks whose weights pass through are multiples of 64, got 32"),
        ({"partners": 3}, "partners must be 1 or 2, got 3"),
        ({"partners": 2, "consumers": 3, "chunk": 32}, "3 consumers are not pairs of partners"),
        ({"partners": 2}, "partners share an even number of chunks, not 1"),
        (
            {"partners": 2, "extents": (256, 256, 16), "slots": 3},
            "each slot holds the weights of one partner: slots are even, got 3",
        ),
        (
            {"partners": 2, "extents": (256, 256, 16), "stages": 3},
            "partners share a tile of A that stays: 4 stages, not 3",
        ),
        ({"partners": 2, "chunk": 32, "extents": (256, 64, 24)}, "send each other multiples of 16 columns, not 24"),
        ({"partners": 2, "chunk": 32, "extents": (64, 64, 64, 64)}, "partners add up parts of two products, not of 3"),
        ({"layout_b": "row", "extents": (256, 40, 16)}, "columns of a row-major B are multiples of 16, got [40, 16]"),
        (
            {"chunk": 256, "extents": (64, 256, 64)},
            "chunks of 256 columns need 256 registers per thread, more than the 232 of 2 consumers",
        ),
    ],
)
def test_refuses(changes: dict[str, ParameterValue], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        kernel(**changes)


def test_refuses_other_targets() -> None:
    with pytest.raises(VerifyException, match=re.escape("sm_80 has no wgmma and TMA: use cutlass.chain_gemm")):
        kernel().check_legal(Target.named("sm_80"), signature())


def test_refuses_more_shared_memory_than_there_is() -> None:
    message = "262512 bytes of shared memory exceed the 232448 of sm_90a"
    with pytest.raises(VerifyException, match=message):
        kernel(extents=(576, 128, 64), chunk=128, stages=5).check_legal(HOPPER, signature())


def test_refuses_launches_of_other_sizes() -> None:
    kernel().check_launch(LAUNCH)
    message = "the kernel is compiled for extents [256, 64, 16], the launch has [256, 64, 24]"
    with pytest.raises(VerifyException, match=re.escape(message)):
        kernel().check_launch({**LAUNCH, "n1": 24})


@pytest.mark.parametrize(
    ("template", "is_pipelined"),
    [
        (kernel(STAYS, extents=(64, 256, 64)), True),
        (kernel(STAYS, extents=(64, 64, 64)), False),  # there is no next chunk
        (kernel(STAYS, extents=(64, 320, 64)), True),
        (kernel(STAYS, extents=(64, 256, 192)), False),  # registers
        (kernel(STAYS, extents=(64, 256, 64), consumers=4), False),
        (kernel(STAYS, extents=(320, 256, 64)), False),  # A is loaded again for the next chunk
        (kernel(STREAMED, extents=(128, 512, 128), partners=2), True),
    ],
)
def test_multiplies_during_an_epilogue(template: ChainGemmSm90Attr, is_pipelined: bool) -> None:
    assert template.is_pipelined == is_pipelined
    assert template.derived == {"is_pipelined": is_pipelined}  # so the kernel's source does not decide it again


@given(st.sampled_from([16, 32, 48, 64]), st.integers(1, 2), st.integers(2, 8), st.sampled_from([1, 2]))
def test_shared_memory_holds_all_blocks(chunk: int, teams: int, stages: int, partners: int) -> None:
    """64 rows of 128 bytes per stage of A, all weights in rows of 128 bytes, and the results of all rows."""
    extents = (96, chunk * partners * 2, 32)
    template = kernel(extents=extents, chunk=chunk, consumers=teams * partners, stages=stages, partners=partners)
    weights = 2 * (extents[0] * extents[1] + extents[1] * extents[2])
    assert template.shared_memory >= weights + teams * stages * 64 * 128 + teams * 64 * 2 * extents[2]


@given(st.integers(1, 8), st.integers(1, 2))
def test_weights_that_pass_through_take_the_room_of_their_slots(chunks: int, slots: int) -> None:
    extents = (64, 64 * (chunks + 3), 64)
    fewer, more = (kernel(extents=extents, slots=count) for count in (slots, slots + 1))
    assert more.shared_memory - fewer.shared_memory == 64 * 2 * (64 + 64) + 4 * 8

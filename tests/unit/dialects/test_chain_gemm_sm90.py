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
    "math": "f16", "extents": (256, 64, 16), "chunk": 64, "consumers": 2, "stages": 4, "slots": 0, "split": 1,
    "layout_b": "column",
}  # fmt: skip
STREAMED: dict[str, ParameterValue] = {**STAYS, "extents": (192, 768, 192), "chunk": 128, "stages": 3, "slots": 4}
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
        kernel(STREAMED, split=2),
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
        ({"stages": 0}, "stages must be at least 1, got 0"),
        ({"slots": 1}, "slots must be 0 or at least 2, got 1"),
        ({"slots": 4, "chunk": 32}, "chunks whose weights pass through are multiples of 64, got 32"),
        ({"split": 3}, "split must be 1 or 2, got 3"),
        ({"split": 2, "chunk": 64}, "2 thread blocks do not compute 64 columns in whole chunks of 64"),
        ({"split": 2, "chunk": 32, "extents": (256, 64, 24)}, "send each other multiples of 16 columns, not 24"),
        (
            {"split": 2, "chunk": 32, "extents": (64, 64, 64, 64)},
            "thread blocks add up parts of two products, not of 3",
        ),
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


@given(st.sampled_from([16, 32, 48, 64]), st.integers(1, 3), st.integers(1, 8), st.sampled_from([1, 2]))
def test_shared_memory_holds_all_blocks(chunk: int, consumers: int, stages: int, split: int) -> None:
    """64 rows of 128 bytes per stage of A, and all weights in rows of 128 bytes."""
    extents = (96, chunk * split * 2, 32)
    template = kernel(extents=extents, chunk=chunk, consumers=consumers, stages=stages, split=split)
    weights = 2 * (extents[0] * extents[1] + extents[1] * extents[2]) // split
    assert template.shared_memory >= weights + consumers * stages * 64 * 128

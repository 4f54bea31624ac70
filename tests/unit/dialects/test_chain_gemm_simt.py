"""What the kernel of dependent products with a thread per row accepts, and what it says otherwise."""

import re

import pytest
from xdsl.dialects.builtin import f16
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.target import Target


def kernel(*extents: int, vector: int = 1) -> ChainGemmSimtAttr:
    return ChainGemmSimtAttr.of(math="f16", extents=extents, vector=vector, layout_b="column")


@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90a"])
def test_accepts_extents_that_nothing_divides(target: str) -> None:
    signature = KernelSignature((f16,) * 3, (), (), (f16,), stages=(StageSignature((), ()),))
    kernel(7, 1, 3).check_legal(Target.named(target), signature)
    kernel(7, 1, 3).check_launch({"m": 2464, "k0": 7, "n0": 1, "n1": 3})


@pytest.mark.parametrize(
    ("extents", "vector", "message"),
    [
        ((4, 1), 1, "a chain has 2 to 8 products, got 1"),
        ((4, 33, 4), 1, "extents are from 1 to 32, got [4, 33, 4]"),
        ((4, 1, 4), 3, "vector must be a power of two up to 8, got 3"),
        ((4, 1, 6), 4, "vector must divide the rows of A and D, got 4 for 6 elements"),
    ],
)
def test_refuses(extents: tuple[int, ...], vector: int, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        kernel(*extents, vector=vector)


def test_refuses_launches_of_other_sizes() -> None:
    message = "the kernel is compiled for extents [4, 1, 4], the launch has [4, 2, 4]"
    with pytest.raises(VerifyException, match=re.escape(message)):
        kernel(4, 1, 4).check_launch({"m": 1, "k0": 4, "n0": 2, "n1": 4})

"""boltir's kernel of a convolution and products behind it for Hopper: what it means, and what is tried."""

import pytest
from xdsl.dialects.builtin import f16

from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.lowering.fused_to_cutlass.chains.candidates import chain_candidates
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target
from tests.gpu.chain_cases import ChainCase
from tests.gpu.chain_conv2d_sm90_cases import CASES
from tests.support.chain_checks import check_meaning, compile_kernels, small

HOPPER = Target.named("sm_90a")
COMPILED = ("everything", "three", "cluster of four")


@pytest.mark.parametrize("case", small(CASES), ids=lambda case: case.name)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    check_meaning(case)


def test_nvcc_compiles() -> None:
    """Weights that pass through, alone and in clusters, and three products; the GPU tests have them all compiled."""
    cases = [case for case in CASES if case.name.startswith(COMPILED)]
    assert len(cases) == len(COMPILED)
    compile_kernels(cases, HOPPER)


def pair(size: int, channels: int, last: int) -> ChainProblem:
    """A 3x3 convolution of 32 square images that keeps their channels, and a 1x1 convolution behind it."""
    window = {
        "n": 32, "h": size, "w": size, "c": channels, "k": channels, "r": 3, "s": 3, "p": size, "q": size,
        "pad_top": 1, "pad_left": 1, "stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1,
    }  # fmt: skip
    signature = KernelSignature((f16, f16, f16), (), (), (f16,), stages=(StageSignature((), ()),))
    extents = (9 * channels, channels, last)
    return ChainProblem(tuple(window.items()), 32 * size * size, extents, Layout.COLUMN, signature)


@pytest.mark.parametrize(
    ("size", "channels", "last", "resident"),
    [(56, 48, 48, True), (56, 64, 64, True), (56, 64, 256, True), (28, 128, 128, False), (14, 256, 1024, False)],
)
def test_weights_stay_where_they_fit(size: int, channels: int, last: int, resident: bool) -> None:
    problem = pair(size, channels, last)
    ranking = chain_candidates(problem, HOPPER)
    templates = [one.template for one in ranking.candidates if isinstance(one.template, ChainConv2dSm90Attr)]
    assert templates, ranking.refusal
    assert any(template.resident.data for template in templates) == resident

"""boltir's kernel of a convolution and products behind it for Hopper: what it means, and what is tried."""

import numpy as np
import pytest
from xdsl.dialects.builtin import f16

from boltir.dialects.cutlass import KernelOp
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.lowering.fused_to_cutlass.chain import ChainProblem
from boltir.lowering.fused_to_cutlass.chain_candidates import chain_candidates
from boltir.lowering.render import render_kernel
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu.chain_cases import ChainCase
from tests.gpu.chain_conv2d_sm90_cases import CASES
from tests.gpu.epilogue_cases import TOLERANCES

HOPPER = Target.named("sm_90a")
MOST_ELEMENTS = 1_000_000
"""Of the images, for which the interpreter takes no time."""
COMPILED = ("everything", "three", "cluster of four")


def kernel_of(case: ChainCase) -> KernelOp:
    (kernel,) = (op for op in case.lowered().module.ops if isinstance(op, KernelOp))
    return kernel


@pytest.mark.parametrize(
    "case", [case for case in CASES if np.prod(case.a) < MOST_ELEMENTS], ids=lambda case: case.name
)
def test_a_launch_means_the_chain(case: ChainCase) -> None:
    network = case.lowered()
    network.module.verify()
    arguments = case.random_arguments(0)
    (output,), (exact,) = network.run(arguments), case.expected(arguments)
    assert output.shape == exact.shape
    difference = np.abs(output.astype(np.float64) - exact).max() / np.abs(exact).max()
    assert difference <= TOLERANCES[case.intermediate_dtype]


def test_nvcc_compiles() -> None:
    """Weights that pass through, alone and in clusters, and three products; the GPU tests have them all compiled."""
    sources: list[KernelSource] = []
    for i, case in enumerate(case for case in CASES if case.name.startswith(COMPILED)):
        kernel = kernel_of(case)
        kernel.sym_name = type(kernel.sym_name)(f"chain_{i}")
        sources.append(KernelSource(f"chain_{i}", render_kernel(kernel)))
    assert len(sources) == len(COMPILED)
    Builder(HOPPER, jobs=1, show_progress=False).compile_kernels(sources)


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
